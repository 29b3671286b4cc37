//! The verdict: at most two sentences, each with the criterion that it decides by.

use super::super::Desk;
use super::super::answer::{Availability, Claim, RunsHere};
use super::super::compose::{bullet, cited, computed, joined, name};
use super::super::quantity;
use super::super::question::{Constraints, Prefer};
use super::super::rank::{Candidate, Does, comparable, does, reads_long};
use crate::card::{Card, Fact, Origin, Speed};

/// What the models are for: `summarization of legal text`.
pub(super) fn purpose(desk: &Desk<'_>, c: &Constraints) -> String {
    let task = c.task.as_deref().map(|t| desk.vocabulary.task_label(t));
    let mut purpose = match (c.subtask.as_deref(), task) {
        (Some("ner"), _) => "named entity recognition".to_owned(),
        (Some("nli"), _) => "natural language inference".to_owned(),
        (Some("sentiment"), _) => "sentiment analysis".to_owned(),
        (Some(other), _) => other.to_owned(),
        (None, Some(task)) => task.to_owned(),
        (None, None) => "any task".to_owned(),
    };
    if let Some(domain) = &c.domain {
        let joint = match c.task.as_deref() {
            Some("question-answering" | "text-generation" | "fill-mask") | None => "on",
            Some(_) => "of",
        };
        purpose = format!("{purpose} {joint} {} text", domain.replace('-', " "));
    }
    match &c.language[..] {
        [] => {}
        [from, to] if c.task.as_deref() == Some("translation") => {
            let name = |code| desk.vocabulary.language(code);
            purpose = format!("{purpose} from {} to {}", name(from), name(to));
        }
        [only] if only == "multilingual" => purpose = format!("{purpose} in many languages"),
        all => {
            let names: Vec<&str> = all
                .iter()
                .map(|code| desk.vocabulary.language(code))
                .collect();
            purpose = format!("{purpose} in {}", joined(&names));
        }
    }
    purpose
}

/// At most two sentences, each with the criterion that it decides by.
pub(super) fn verdict(desk: &Desk<'_>, c: &Constraints, models: &[Candidate]) -> Vec<Claim> {
    if c.task.is_none() {
        return without_task(desk, c, models);
    }
    let first = &models[0];
    let purpose = purpose(desk, c);
    let (line, reason) = because(desk, c, models, first);
    let hub = if first.card.origin == Origin::Imported {
        " (hub card, unchecked)"
    } else {
        ""
    };
    let yours = matches!(first.card.origin, Origin::User | Origin::Run);
    let yours = if yours { " (yours)" } else { "" };
    let name_of = format!("{}{hub}{yours}", name(&first.card));
    if first.here.runs != RunsHere::No {
        return vec![cited(
            &first.card,
            line,
            format!("For {purpose}: {name_of}, {reason}."),
        )];
    }
    let lacks = first.here.reason.trim_start_matches("no: ");
    let text =
        format!("For {purpose}: {name_of}, {reason}; it does not run at this desk ({lacks}).");
    let mut claims = vec![cited(&first.card, line, text)];
    if let Some(here) = models.iter().find(|m| m.here.runs != RunsHere::No) {
        let (line, _) = because(desk, c, models, here);
        let how = task_words(&here.card, c.task.as_deref());
        let long = reads_long(c, desk.vocabulary);
        let parts = bullet(
            &here.card,
            &["Bad at", "Good at"],
            &["in parts", "parts of"],
        );
        let reads = here
            .card
            .facts
            .context_length
            .as_ref()
            .map_or(512, |l| l.value);
        let in_parts = if long && parts.is_some() {
            let tokens = quantity::grouped(reads);
            format!("; trained on {tokens} tokens, so a longer file goes in parts, then as a whole")
        } else {
            String::new()
        };
        let line = if in_parts.is_empty() {
            line
        } else {
            parts.map_or(line, |s| s.line)
        };
        let at = price(here);
        claims.push(cited(
            &here.card,
            line,
            format!("Here: {}, {how}{at}{in_parts}.", name(&here.card)),
        ));
    } else {
        claims.push(computed(
            "No model with a card here does this at this desk.",
        ));
    }
    claims
}

/// Without a task there is nothing to be best at: how many there are, and which stands first.
fn without_task(desk: &Desk<'_>, c: &Constraints, models: &[Candidate]) -> Vec<Claim> {
    let first = &models[0];
    let count = quantity::counted(models.len() as u64, "model");
    let say = if c.must_run_here {
        format!(
            "{count} with a card here run at this desk: its architectures, and this machine's memory."
        )
    } else {
        format!("{count} with a card here fit what you asked; name a task to choose among them.")
    };
    let (line, reason) = because(desk, c, models, first);
    let text = format!("First by the ranking: {}, {reason}.", name(&first.card));
    vec![computed(say), cited(&first.card, line, text)]
}

fn price(m: &Candidate) -> String {
    match m.here.availability {
        Availability::No => String::new(),
        _ => format!(" ({})", m.here.words()),
    }
}

fn task_words(card: &Card, task: Option<&str>) -> &'static str {
    match task.map(|t| does(card, t)) {
        Some(Does::Tuned) => "after fine-tuning",
        _ => "as it is",
    }
}

/// A reason in words, and the line of the card that carries it.
type Reason = (usize, String);

/// The criterion that put `m` where it is: what was preferred, else length, domain, task, language.
fn because(desk: &Desk<'_>, c: &Constraints, all: &[Candidate], m: &Candidate) -> Reason {
    let facts = &m.card.facts;
    let domain = c
        .domain
        .as_ref()
        .and_then(|d| facts.domains.iter().find(|x| x.value == *d));
    let domain = domain.map(|d| {
        (
            d.line,
            format!("whose domain is {} text", d.value.replace('-', " ")),
        )
    });
    let language = facts.languages.first().filter(|_| !c.language.is_empty());
    preferred(c, all, m)
        .or_else(|| reads_at_once(desk, c, &m.card))
        .or(domain)
        .or_else(|| task_reason(c, &m.card))
        .or_else(|| language.map(|l| (l.line, "whose card lists the language".to_owned())))
        .or_else(|| {
            parameters(&m.card, "the widest fit while no task is named")
                .filter(|_| c.task.is_none())
        })
        .or_else(|| {
            facts
                .tasks
                .ready
                .first()
                .map(|t| (t.line, "which needs no fine-tuning".to_owned()))
        })
        .unwrap_or_else(|| (1, "the nearest by its card".to_owned()))
}

fn parameters(card: &Card, words: &str) -> Option<Reason> {
    let p = card.facts.parameters.as_ref()?;
    Some((
        p.line,
        format!("{words}, {} parameters", quantity::count(p.value)),
    ))
}

fn preferred(c: &Constraints, all: &[Candidate], m: &Candidate) -> Option<Reason> {
    match c.prefer? {
        Prefer::Size if is_smallest(all, m) => parameters(&m.card, "the smallest that fits"),
        Prefer::Size => parameters(&m.card, "small for what it does"),
        Prefer::Speed => {
            let here = m.pass.map(|p| format!("{} here", p.words()));
            let claim = m.card.facts.speed.first();
            let words = |s: &Fact<Speed>| {
                let also = here.as_ref().map_or_else(String::new, |h| format!("; {h}"));
                let text = format!("of which its card says \"{}\"{also}", s.value.claim);
                (s.line, crate::text::line(&text).into_owned())
            };
            claim.map(words).or_else(|| {
                let by_size = "whose card gives no speed; by size";
                parameters(&m.card, here.as_deref().unwrap_or(by_size))
            })
        }
        Prefer::Quality => figure_words(m, all),
    }
}

fn reads_at_once(desk: &Desk<'_>, c: &Constraints, card: &Card) -> Option<Reason> {
    let length = card.facts.context_length.as_ref()?;
    let counts = reads_long(c, desk.vocabulary) && length.value > 1024 && !length.unverified;
    let tokens = quantity::grouped(length.value);
    counts.then(|| {
        (
            length.line,
            format!("which reads {tokens} tokens in one pass"),
        )
    })
}

fn task_reason(c: &Constraints, card: &Card) -> Option<Reason> {
    let task = c.task.as_deref()?;
    let tasks = &card.facts.tasks;
    if does(card, task) == Does::Tuned {
        let words = if c.trainable {
            "a base to fine-tune for it"
        } else {
            "once it is fine-tuned for it"
        };
        let stated = tasks.tuned.iter().find(|t| t.value == task)?;
        return Some((stated.line, words.to_owned()));
    }
    let stated = tasks
        .ready
        .iter()
        .find(|t| t.value == task)
        .or_else(|| tasks.ready.first())?;
    Some((stated.line, "which does it without fine-tuning".to_owned()))
}

fn is_smallest(all: &[Candidate], m: &Candidate) -> bool {
    let count = |m: &Candidate| {
        m.card
            .facts
            .parameters
            .as_ref()
            .map_or(u64::MAX, |p| p.value)
    };
    all.iter().all(|other| count(m) <= count(other))
}

/// `first by accuracy on GLUE MNLI`, where its figure leads those that it may be compared with.
fn figure_words(m: &Candidate, all: &[Candidate]) -> Option<(usize, String)> {
    let keyed = |m: &Candidate| -> Vec<(String, f64)> {
        m.card.facts.figures.iter().filter_map(comparable).collect()
    };
    let rivals: Vec<(String, f64)> = all
        .iter()
        .filter(|o| o.card.id != m.card.id)
        .flat_map(keyed)
        .collect();
    m.card.facts.figures.iter().find_map(|f| {
        let (key, value) = comparable(f)?;
        let mut same = rivals.iter().filter(|(k, _)| *k == key).peekable();
        let lower = key.starts_with("perplexity");
        let leads = same.peek().is_some()
            && same.all(|(_, other)| {
                if lower {
                    value <= *other
                } else {
                    value >= *other
                }
            });
        let data = f.dataset_name.as_deref().or(f.dataset.as_deref())?;
        leads.then(|| {
            (
                f.line,
                format!("first by {} on {data}: {}", f.metric, f.digits),
            )
        })
    })
}
