//! A fact of a model, or a word of the guide.

use std::fmt::Display;
use std::sync::Arc;

use super::answer::{Action, Claim, Part};
use super::compose::{
    bullet, cited, computed, figure_mark, first_bullet, joined, mark_words, name, of_measurement,
    quoted, split,
};
use super::question::Reading;
use super::{Desk, Draft, here, quantity, script};
use crate::card::{Architecture, Card, Fact, Figure, Origin, Recipe};
use crate::error::Result;
use crate::text;

/// Answers a question about a word or about a model.
pub(super) fn compose(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    if let Some(topic) = reading.topic.as_ref().and_then(|id| desk.card(id)) {
        return Ok(word(desk, topic));
    }
    let cards = desk.find(&reading.models)?;
    if cards.is_empty() {
        return super::no_card::compose(desk, reading);
    }
    let mut draft = Draft::default();
    for card in &cards {
        let only_tasks = reading.fields.iter().all(|f| f == "tasks");
        let task = reading.about_task.as_deref().filter(|_| only_tasks);
        let parts = if let Some(task) = task {
            vec![Part::Paragraph {
                claims: on_task(desk, card, task),
            }]
        } else if reading.fields.is_empty() {
            about(desk, card)
        } else {
            let claims = reading
                .fields
                .iter()
                .flat_map(|f| field(desk, card, f, &reading.question))
                .collect();
            vec![Part::Paragraph { claims }]
        };
        draft.parts.extend(parts);
        draft.actions.push(Action {
            kind: "script".to_owned(),
            label: format!("{} with transformers", card.id),
            text: script::run(card, None, &[]),
        });
    }
    Ok(draft)
}

/// A word of the guide: what it is, what it is for, where it appears here and elsewhere.
fn word(desk: &Desk<'_>, card: &Arc<Card>) -> Draft {
    let mut parts = Vec::new();
    let definition = card.summary().map(|s| quoted(card, s));
    parts.push(Part::Paragraph {
        claims: definition.into_iter().collect(),
    });
    let all = |title: &str, most: usize| -> Vec<Claim> {
        let sentences = card
            .section(title)
            .map(|s| s.sentences.as_slice())
            .unwrap_or_default();
        sentences
            .iter()
            .take(most)
            .map(|s| quoted(card, s))
            .collect()
    };
    let steps = all("How to do it", 6);
    if steps.is_empty() {
        let mut claims = all("What it is for", 2);
        claims.extend(all("How to read it", 2));
        parts.push(Part::Steps { claims });
    } else {
        parts.push(Part::Steps { claims: steps });
    }
    let mut notes = all("Here", 2);
    notes.extend(all("Elsewhere", 1));
    let see = card.facts.see.iter().filter_map(|s| desk.guide(&s.value));
    let names: Vec<String> = see.map(|c| name(c)).collect();
    if let (Some(first), false) = (card.facts.see.first(), names.is_empty()) {
        notes.push(cited(
            card,
            first.line,
            format!("See also: {}.", joined(&names)),
        ));
    }
    parts.push(Part::Notes { claims: notes });
    Draft {
        parts,
        ..Draft::default()
    }
}

/// Whether the model does a task, as the card states it.
fn on_task(desk: &Desk<'_>, card: &Card, task: &str) -> Vec<Claim> {
    let (who, label) = (name(card), desk.vocabulary.task_label(task));
    let tasks = &card.facts.tasks;
    let stated = |all: &[Fact<String>]| all.iter().find(|t| t.value == task).map(|t| t.line);
    let first = tasks.ready.first().or_else(|| tasks.tuned.first());
    let (line, says) = if let Some(line) = stated(&tasks.ready) {
        (
            line,
            format!("Yes: {who} does {label} without fine-tuning."),
        )
    } else if let Some(line) = stated(&tasks.tuned) {
        (
            line,
            format!("Not as it is: {who} does {label} once it is fine-tuned on it."),
        )
    } else {
        let line = first.map_or(1, |t| t.line);
        (
            line,
            format!(
                "No: the card of {who} does not name {label}; it names {}.",
                self::tasks(desk, card)
            ),
        )
    };
    let word = label.split(' ').next().unwrap_or(label);
    let stem: String = word.chars().take(6).collect();
    let more = bullet(card, &["Bad at", "Good at"], &[&stem]);
    std::iter::once(cited(card, line, text::line(&says).into_owned()))
        .chain(more.map(|s| quoted(card, s)))
        .collect()
}

/// What a card says in short: the model, its facts, what it is good and bad at.
fn about(desk: &Desk<'_>, card: &Card) -> Vec<Part> {
    let summary = card.summary().map(|s| quoted(card, s));
    let mut rows = Vec::new();
    for (label, wanted) in [
        ("Size", "parameters"),
        ("Reads", "context_length"),
        ("Licence", "license"),
        ("Languages", "language"),
        ("Tasks", "tasks"),
        ("Figure", "quality"),
        ("Speed", "speed"),
    ] {
        if let Some(claim) = fact(desk, card, wanted, "") {
            rows.push((label.to_owned(), claim));
        }
    }
    let state = here::here(card, desk.machine);
    rows.push(("Here".to_owned(), computed(state.words())));
    let notes = ["Good at", "Bad at", "Fine-tuning"]
        .iter()
        .filter_map(|title| first_bullet(card, title))
        .map(|s| quoted(card, s))
        .collect();
    vec![
        Part::Paragraph {
            claims: summary.into_iter().collect(),
        },
        Part::Fields { rows },
        Part::Notes { claims: notes },
    ]
}

/// One sentence on `wanted`, or that the card says nothing of it.
fn field(desk: &Desk<'_>, card: &Card, wanted: &str, question: &str) -> Vec<Claim> {
    let who = name(card);
    let sentence = |claim: Claim| {
        let text = match wanted {
            "parameters" | "size" => format!("{who} has {}.", claim.text),
            "license" => format!("{who}: licence {}.", claim.text),
            "context_length" => format!("{who} reads {}.", claim.text),
            "language" => format!("{who} knows {}.", claim.text),
            "author" => format!("{who} is by {}.", claim.text),
            "architecture" => format!("{who} is {}.", claim.text),
            "tasks" => format!("{who} is for {}.", claim.text),
            _ => format!("{who}: {}.", claim.text.trim_end_matches('.')),
        };
        Claim { text, ..claim }
    };
    if matches!(wanted, "tasks" | "fine_tuning" | "data") {
        let section = if wanted == "fine_tuning" {
            "Fine-tuning"
        } else {
            "Good at"
        };
        let more = first_bullet(card, section).map(|s| quoted(card, s));
        return fact(desk, card, wanted, question)
            .map(sentence)
            .into_iter()
            .chain(more)
            .collect();
    }
    match (fact(desk, card, wanted, question), wanted) {
        (Some(claim), "license") => {
            // What an unchecked card says of its licence in prose may be another one.
            let checked = card.origin == Origin::BuiltIn;
            let prose = bullet(card, &["Limits and licence"], &["licence", "commercial"]);
            vec![
                prose
                    .filter(|_| checked)
                    .map_or_else(|| sentence(claim), |s| quoted(card, s)),
            ]
        }
        (Some(claim), _) => vec![sentence(claim)],
        (None, _) => vec![computed(format!(
            "The card of {who} states no {}; nothing is guessed here.",
            wanted.replace('_', " ")
        ))],
    }
}

/// What the card states of a field, as words that fit a table and a sentence; of figures the one
/// that `question` asks for.
pub(super) fn fact(desk: &Desk<'_>, card: &Card, wanted: &str, question: &str) -> Option<Claim> {
    let f = &card.facts;
    let stated = |line: usize, words: &str| cited(card, line, text::line(words).into_owned());
    Some(match wanted {
        "parameters" => parameters(card)?,
        "size" => match &f.size {
            Some(s) => {
                let precision = after(" in ", s.value.precision.as_deref());
                stated(
                    s.line,
                    &format!("weights of {}{precision}{}", s.value.digits, mark_words(s)),
                )
            }
            None => parameters(card)?,
        },
        "memory" => memory(desk, card)?,
        "license" => {
            let l = f.license.as_ref()?;
            stated(l.line, &l.value)
        }
        "context_length" => {
            let l = f.context_length.as_ref()?;
            stated(
                l.line,
                &format!(
                    "{} tokens at once{}",
                    quantity::grouped(l.value),
                    mark_words(l)
                ),
            )
        }
        "language" => stated(f.languages.first()?.line, &languages(desk, card)),
        "architecture" => {
            let a = f.architecture.as_ref()?;
            stated(a.line, &architecture(&a.value))
        }
        "speed" => measured_speed(desk, card).or_else(|| {
            let s = f.speed.first()?;
            let on = super::compare::hardware(&s.value);
            Some(stated(s.line, &format!("\"{}\" ({on})", s.value.claim)))
        })?,
        "quality" => {
            let asked = asked_figure(card, question)?;
            stated(asked.line, &figure(asked))
        }
        "author" => {
            let a = f.author.as_ref()?;
            stated(a.line, &a.value)
        }
        "tasks" => {
            let line = f
                .tasks
                .ready
                .first()
                .or_else(|| f.tasks.tuned.first())?
                .line;
            stated(line, &tasks(desk, card))
        }
        "data" => {
            let names: Vec<&str> = f.datasets.iter().map(|d| d.value.as_str()).collect();
            let words = format!("trained or tuned on {}", joined(&names));
            stated(f.datasets.first()?.line, &words)
        }
        "fine_tuning" => {
            let r = f.fine_tuning.first()?;
            stated(r.line, &recipe(&r.value))
        }
        _ => return None,
    })
}

/// `before` and the value, or nothing where there is none.
fn after(before: &str, value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |v| format!("{before}{v}"))
}

fn parameters(card: &Card) -> Option<Claim> {
    let p = card.facts.parameters.as_ref()?;
    let size = card
        .facts
        .size
        .as_ref()
        .map(|s| format!("{} on disk", s.value.digits));
    let words = format!(
        "{} parameters{}{}",
        quantity::grouped(p.value),
        mark_words(p),
        after(", ", size)
    );
    Some(cited(card, p.line, text::line(&words).into_owned()))
}

/// How fast the model is here, as it was measured.
fn measured_speed(desk: &Desk<'_>, card: &Card) -> Option<Claim> {
    let record = desk.machine.measured(&card.id)?;
    let words = format!("{}, {}", record.speed()?, record.mark());
    Some(of_measurement(words))
}

fn memory(desk: &Desk<'_>, card: &Card) -> Option<Claim> {
    let run = here::memory(card, desk.machine)?;
    let train = quantity::bytes(here::training_state(card.facts.parameters.as_ref()?));
    let train = format!("{train} to fine-tune in full before activations");
    Some(match run {
        here::Memory::Measured(_) => of_measurement(format!("{} to run, {train}", run.words())),
        here::Memory::Estimate(bytes) => {
            computed(format!("about {} to run, {train}", quantity::bytes(bytes)))
        }
    })
}

fn languages(desk: &Desk<'_>, card: &Card) -> String {
    let all = card.facts.languages.iter();
    let names: Vec<&str> = all
        .map(|l| match l.value.as_str() {
            "multilingual" => "many languages",
            code => desk.vocabulary.language(code),
        })
        .collect();
    if names.len() > 8 {
        format!(
            "{} languages, {} among them",
            names.len(),
            joined(&names[..4])
        )
    } else {
        joined(&names)
    }
}

fn architecture(a: &Architecture) -> String {
    format!(
        "{}{}{}{}",
        here::architecture_name(&a.model_type),
        after(", ", a.kind.as_deref()),
        after(", ", a.layers.map(|n| format!("{n} layers"))),
        after(", ", a.hidden_size.map(|n| format!("{n} wide"))),
    )
}

/// The figure that has most of the question's words in its metric and dataset, else the first.
fn asked_figure<'a>(card: &'a Card, question: &str) -> Option<&'a Figure> {
    let words = |text: &str| -> Vec<String> {
        let split = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty());
        split.map(str::to_lowercase).collect()
    };
    let asked = words(question);
    let votes = |f: &Figure| {
        let data = f
            .dataset_name
            .as_deref()
            .or(f.dataset.as_deref())
            .unwrap_or_default();
        let named = words(&format!("{} {data}", f.metric));
        named.iter().filter(|w| asked.contains(w)).count()
    };
    card.facts.figures.iter().rev().max_by_key(|f| votes(f))
}

/// A figure with its metric, dataset and split.
pub(super) fn figure(f: &Figure) -> String {
    let data = f
        .dataset_name
        .as_deref()
        .or(f.dataset.as_deref())
        .unwrap_or("?");
    let mark = figure_mark(f);
    format!("{} {}{mark} on {data} ({})", f.metric, f.digits, split(f))
}

fn tasks(desk: &Desk<'_>, card: &Card) -> String {
    let labels = |tasks: &[Fact<String>]| {
        let all: Vec<&str> = tasks
            .iter()
            .map(|t| desk.vocabulary.task_label(&t.value))
            .collect();
        joined(&all)
    };
    let fit = &card.facts.tasks;
    match (fit.ready.is_empty(), fit.tuned.is_empty()) {
        (false, true) => labels(&fit.ready),
        (true, _) => format!("{} after fine-tuning", labels(&fit.tuned)),
        (false, false) => {
            format!(
                "{}; after fine-tuning {}",
                labels(&fit.ready),
                labels(&fit.tuned)
            )
        }
    }
}

fn recipe(r: &Recipe) -> String {
    let rate = r.learning_rate.as_ref().map(|x| format!("{:e}", x.value));
    format!(
        "{}{}{}{}",
        r.method,
        after(", learning rate ", rate),
        after(", batch ", r.batch_size.as_ref().map(|x| x.value)),
        after(", epochs ", r.epochs.as_ref().map(|x| x.value)),
    )
}
