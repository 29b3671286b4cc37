//! Which model: a verdict, at most three models side by side, what the figures do not show.

use std::sync::Arc;

use super::answer::{Action, Availability, Claim, Column, Part, Ranked, RunsHere, Table};
use super::compose::{bullet, cell, cited, cited_cell, computed, name};
use super::question::{Constraints, Prefer, Reading};
use super::rank::{Candidate, Does, Ranking, Scale, does, rank, reads_long};
use super::{Desk, Draft, no_card, quantity, script};
use crate::card::{Card, Fact, Figure, Kind, Origin, Rank, Speed};
use crate::error::Result;
use crate::index::Search;

/// Models that are shown; the others come with `m`.
const SHOWN: usize = 3;

/// Answers a question for a model.
pub(super) fn compose(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    let scale = desk.scale(&reading.question)?;
    let c = reading.constraints.clone();
    let mut ranking = rank(&desk.cards, &c, &scale);
    // A model that the question names as an example is not its answer.
    ranking
        .models
        .retain(|m| !reading.models.contains(&m.card.id));
    let from_hub = c.hub_cards || (ranking.models.is_empty() && ranking.refused.is_empty());
    if from_hub {
        let hub = hub_cards(desk, reading)?;
        ranking.models.extend(rank(&hub, &c, &scale).models);
        ranking.models.sort_by(|a, b| b.score.total_cmp(&a.score));
    }
    if ranking.models.is_empty() {
        return Ok(nothing_left(desk, &c, &ranking));
    }
    Ok(recommend(desk, &c, ranking, &scale))
}

/// Imported cards that match the question's words, as candidates.
fn hub_cards(desk: &Desk<'_>, reading: &Reading) -> Result<Vec<Arc<Card>>> {
    let search = Search {
        text: reading.question.clone(),
        origins: vec![Origin::Imported],
        limit: 50,
        ..Search::default()
    };
    let hits = desk.library.search(&search)?;
    let cards = hits.iter().map(|hit| desk.library.card(&hit.id));
    Ok(cards
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

fn recommend(desk: &Desk<'_>, c: &Constraints, ranking: Ranking, scale: &Scale<'_>) -> Draft {
    let models = ranking.models;
    let order = shown_order(&models);
    let shown: Vec<&Candidate> = order.iter().take(SHOWN).map(|at| &models[*at]).collect();
    let mut parts = vec![Part::Paragraph {
        claims: verdict(desk, c, &models),
    }];
    let metric = shared_metric(&shown, c);
    parts.push(Part::Table(table(&shown, metric.as_deref())));
    let notes = notes(desk, c, &shown, metric.as_deref());
    if !notes.is_empty() {
        parts.push(Part::Notes { claims: notes });
    }
    let task = c.task.as_deref();
    let mut actions = Vec::new();
    for model in &shown {
        let text = script::run(&model.card, task, &c.language);
        let label = format!("{} with transformers", model.card.id);
        actions.push(Action {
            kind: "script".to_owned(),
            label,
            text,
        });
    }
    if let Some(away) = shown.first().filter(|m| m.here.runs == RunsHere::No) {
        let title = format!("{} with transformers", name(&away.card));
        let text = script::run(&away.card, task, &c.language);
        parts.push(Part::Code {
            title,
            text,
            shown: false,
        });
    }
    if shown.len() > 1 {
        let ids: Vec<&str> = shown.iter().take(2).map(|m| m.card.id.as_str()).collect();
        actions.push(Action {
            kind: "compare".to_owned(),
            label: "compare the first two".to_owned(),
            text: format!("modeldesk compare {}", ids.join(" ")),
        });
    }
    let swap = swap(&models, scale);
    let models = order.iter().map(|at| ranked(&models[*at])).collect();
    Draft {
        parts,
        models,
        actions,
        swap,
        ..Draft::default()
    }
}

/// The order of the table: the best first, then, when that does not run here, the best that does.
fn shown_order(models: &[Candidate]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..models.len()).collect();
    if models[0].here.runs == RunsHere::No
        && let Some(runs) = models.iter().position(|m| m.here.runs != RunsHere::No)
        && runs > 1
    {
        order.remove(runs);
        order.insert(1, runs);
    }
    order
}

fn ranked(m: &Candidate) -> Ranked {
    Ranked {
        id: m.card.id.clone(),
        name: name(&m.card),
        score: (m.score * 10.0).round() / 10.0,
        runs_here: m.here.runs,
        availability: m.here.availability,
        reason: m.here.reason.clone(),
        why: m.why.clone(),
    }
}

/// What the models are for: `summarization of legal text`.
fn purpose(desk: &Desk<'_>, c: &Constraints) -> String {
    let task = c.task.as_deref().map(|t| desk.vocabulary.task_label(t));
    let mut purpose = match (c.subtask.as_deref(), task) {
        (Some("ner"), _) => "named entity recognition".to_owned(),
        (Some("nli"), _) => "natural language inference".to_owned(),
        (Some("sentiment"), _) => "sentiment analysis".to_owned(),
        (Some(other), _) => other.to_owned(),
        (None, Some(task)) => task.to_owned(),
        (None, None) => "work with text".to_owned(),
    };
    if let Some(domain) = &c.domain {
        purpose = format!("{purpose} of {} text", domain.replace('-', " "));
    }
    match &c.language[..] {
        [] => {}
        [from, to] if c.task.as_deref() == Some("translation") => {
            let name = |code| desk.vocabulary.language(code);
            purpose = format!("{purpose} from {} to {}", name(from), name(to));
        }
        all => {
            let names: Vec<&str> = all
                .iter()
                .map(|code| desk.vocabulary.language(code))
                .collect();
            purpose = format!("{purpose} in {}", super::compose::joined(&names));
        }
    }
    purpose
}

/// At most two sentences, each with the criterion that it decides by.
fn verdict(desk: &Desk<'_>, c: &Constraints, models: &[Candidate]) -> Vec<Claim> {
    let first = &models[0];
    let purpose = purpose(desk, c);
    let (line, because) = because(desk, c, models, first);
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
            format!("For {purpose}: {name_of}, {because}."),
        )];
    }
    let reason = first.here.reason.trim_start_matches("no: ");
    let text =
        format!("For {purpose}: {name_of}, {because}; it does not run at this desk ({reason}).");
    let mut claims = vec![cited(&first.card, line, text)];
    if let Some(here) = models.iter().find(|m| m.here.runs != RunsHere::No) {
        let (line, _) = self::because(desk, c, models, here);
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

fn price(m: &Candidate) -> String {
    match m.here.availability {
        Availability::Ready => ", ready".to_owned(),
        Availability::Fetch => {
            format!(
                ", once its {} are fetched",
                m.here.reason.trim_start_matches("fetch ")
            )
        }
        Availability::Tight => format!(
            ", {} of memory",
            m.here.reason.replace("tight: ", "tight with ")
        ),
        Availability::No => String::new(),
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
            parameters(&m.card, "small enough for any machine").filter(|_| c.task.is_none())
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
            let claim = m.card.facts.speed.first();
            let words = |s: &Fact<Speed>| {
                let text = format!("of which its card says \"{}\"", s.value.claim);
                (s.line, crate::text::line(&text).into_owned())
            };
            claim
                .map(words)
                .or_else(|| parameters(&m.card, "small, hence fast"))
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
        m.card
            .facts
            .figures
            .iter()
            .filter_map(super::rank::comparable)
            .collect()
    };
    let rivals: Vec<(String, f64)> = all
        .iter()
        .filter(|o| o.card.id != m.card.id)
        .flat_map(keyed)
        .collect();
    m.card.facts.figures.iter().find_map(|f| {
        let (key, value) = super::rank::comparable(f)?;
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

/// The metric of the column: the one that most of the shown models have a figure of.
fn shared_metric(shown: &[&Candidate], c: &Constraints) -> Option<String> {
    let of_task = |f: &&Figure| {
        c.task.is_none() || f.task.is_none() || f.task.as_deref() == c.task.as_deref()
    };
    let mut counted: Vec<(usize, &str)> = Vec::new();
    for model in shown {
        let mut seen = Vec::new();
        for figure in model.card.facts.figures.iter().filter(of_task) {
            if seen.contains(&figure.metric.as_str()) {
                continue;
            }
            seen.push(&figure.metric);
            match counted.iter_mut().find(|(_, m)| *m == figure.metric) {
                Some((n, _)) => *n += 1,
                None => counted.push((1, &figure.metric)),
            }
        }
    }
    let most = counted.iter().map(|(n, _)| *n).max()?;
    counted
        .into_iter()
        .find(|(n, _)| *n == most)
        .map(|(_, m)| m.to_owned())
}

fn table(shown: &[&Candidate], metric: Option<&str>) -> Table {
    let column = |title: &str, right, drop| Column {
        title: title.to_owned(),
        right,
        drop,
    };
    let mut columns = vec![
        column("model", false, 0),
        column("reads", true, 4),
        column("params", true, 2),
        column("licence", false, 3),
        column("here", false, 0),
    ];
    if let Some(metric) = metric {
        columns.push(column(metric, true, 5));
    }
    let rows = shown.iter().map(|m| {
        let facts = &m.card.facts;
        let unknown = || cell("?");
        let mut row = vec![
            cell(name(&m.card)),
            facts.context_length.as_ref().map_or_else(unknown, |f| {
                cited_cell(&m.card, f.line, quantity::grouped(f.value) + mark(f))
            }),
            facts.parameters.as_ref().map_or_else(unknown, |f| {
                cited_cell(&m.card, f.line, quantity::count(f.value) + mark(f))
            }),
            facts.license.as_ref().map_or_else(unknown, |f| {
                cited_cell(&m.card, f.line, crate::text::line(&f.value))
            }),
            cell(here_words(m)),
        ];
        if let Some(metric) = metric {
            let figure = facts.figures.iter().find(|f| f.metric == metric);
            row.push(figure.map_or_else(
                || cell("none"),
                |f| {
                    cited_cell(
                        &m.card,
                        f.line,
                        crate::text::line(&f.digits).into_owned() + figure_mark(f),
                    )
                },
            ));
        }
        row
    });
    Table {
        columns,
        rows: rows.collect(),
        of_models: true,
    }
}

/// `planned` until this build runs the architecture: a price alone would promise too much.
fn here_words(m: &Candidate) -> String {
    match m.here.runs {
        RunsHere::Planned => format!("planned, {}", m.here.reason.trim_start_matches("fetch ")),
        _ => m.here.reason.clone(),
    }
}

/// The mark of a fact's rank: `~` derived, `?` no source found.
pub(super) fn mark<T>(f: &Fact<T>) -> &'static str {
    let source = f.source.as_deref().unwrap_or_default().to_lowercase();
    if f.unverified {
        "?"
    } else if ["derived", "computed", "estimate"]
        .iter()
        .any(|w| source.contains(w))
    {
        "~"
    } else {
        ""
    }
}

/// The mark of a figure's rank.
pub(super) fn figure_mark(f: &Figure) -> &'static str {
    match f.rank {
        Rank::Card => "",
        Rank::Author => " A",
        Rank::Derived => " ~",
        Rank::Unverified => " ?",
    }
}

/// At most four lines: what the marks mean, what may not be compared, what settles it.
fn notes(
    desk: &Desk<'_>,
    c: &Constraints,
    shown: &[&Candidate],
    metric: Option<&str>,
) -> Vec<Claim> {
    let mut notes = Vec::new();
    let mut meanings = legend(shown, metric);
    if shown.iter().any(|m| m.here.runs == RunsHere::Planned) {
        meanings.insert(0, "planned: this build advises, it does not run models yet");
    }
    if !meanings.is_empty() {
        notes.push(computed(meanings.join(" · ")));
    }
    if let Some(metric) = metric {
        notes.extend(figure_notes(shown, metric));
    }
    if c.commercial
        && let Some(guide) = desk.guide("licences")
        && let Some(first) = guide.summary()
        && notes.len() < 4
    {
        notes.push(cited(
            guide,
            first.line,
            "Read the licence itself before you sell with a model.",
        ));
    }
    notes.truncate(4);
    notes
}

/// Whether the figures of the column can stand side by side, and whose they are.
fn figure_notes(shown: &[&Candidate], metric: &str) -> Option<Claim> {
    let figures: Vec<&Figure> = shown
        .iter()
        .filter_map(|m| m.card.facts.figures.iter().find(|f| f.metric == metric))
        .collect();
    let first = figures.first()?;
    let author = figures.iter().any(|f| f.rank == Rank::Author);
    let same = figures
        .iter()
        .all(|f| f.dataset == first.dataset && f.config == first.config && f.split == first.split);
    let named = !matches!(
        first.split.as_deref(),
        None | Some("unclear" | "not-stated" | "authors")
    );
    let text = match (author, figures.len()) {
        (true, 1) => {
            format!("A: the authors' own {metric} on their own split; nobody else's is known.")
        }
        (true, _) => format!(
            "A: the authors' own {metric}; nobody else's is known, and their splits may differ."
        ),
        (false, 1) => return None,
        (false, _) if same && named => return None,
        (false, _) => format!("The {metric} figures are not comparable: dataset or split differ."),
    };
    Some(computed(text))
}

/// What `~` and `?` mean, when they were used.
fn legend(shown: &[&Candidate], metric: Option<&str>) -> Vec<&'static str> {
    let used = |wanted: &str| {
        shown.iter().any(|m| {
            let f = &m.card.facts;
            let mut marks = vec![
                f.parameters.as_ref().map_or("?", mark),
                f.context_length.as_ref().map_or("?", mark),
                if f.license.is_some() { "" } else { "?" },
            ];
            let figure = f.figures.iter().find(|x| Some(x.metric.as_str()) == metric);
            marks.extend(figure.map(figure_mark));
            marks.iter().any(|m| m.trim() == wanted)
        })
    };
    let mut meanings = Vec::new();
    if used("~") {
        meanings.push("~ derived");
    }
    if used("?") {
        meanings.push("? no source found");
    }
    meanings
}

/// Which single criterion, left out, would swap the first two.
fn swap(models: &[Candidate], scale: &Scale<'_>) -> Option<String> {
    let _ = scale;
    let [first, second, ..] = models else {
        return None;
    };
    let gap = first.score - second.score;
    let value = |m: &Candidate, name: &str| {
        m.why
            .iter()
            .find(|w| w.name == name)
            .map_or(0.0, |w| w.value * w.weight)
    };
    let lead = first
        .why
        .iter()
        .map(|w| (value(first, &w.name) - value(second, &w.name), &w.name));
    let (by, name) = lead.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (by > gap && gap > 0.0).then(|| {
        format!(
            "Without `{name}` {} would stand before {}.",
            self::name(&second.card),
            self::name(&first.card)
        )
    })
}

/// No card satisfies all constraints: which one is broken by the nearest cards.
fn nothing_left(desk: &Desk<'_>, c: &Constraints, ranking: &Ranking) -> Draft {
    let purpose = purpose(desk, c);
    let mut claims = vec![computed(format!(
        "No card here is for {purpose} within what you asked."
    ))];
    let mut steps = Vec::new();
    for (card, broken) in ranking.refused.iter().take(SHOWN) {
        let line = card.facts.name.as_ref().map_or(1, |n| n.line);
        steps.push(cited(
            card,
            line,
            format!("{}: {}.", name(card), broken.join("; ")),
        ));
    }
    if steps.is_empty() {
        claims.push(computed(no_card::HOW_TO_ADD));
        return Draft {
            parts: vec![Part::Paragraph { claims }],
            ..Draft::default()
        };
    }
    claims.push(computed("The nearest, and what each breaks:"));
    let models = ranking.refused.iter().take(SHOWN).map(|(card, broken)| {
        let here = super::here::here(card, desk.machine);
        Ranked {
            id: card.id.clone(),
            name: name(card),
            score: 0.0,
            runs_here: here.runs,
            availability: here.availability,
            reason: format!("{}; breaks: {}", here.reason, broken.join("; ")),
            why: Vec::new(),
        }
    });
    let models = models.collect();
    debug_assert!(
        ranking
            .refused
            .iter()
            .all(|(card, _)| card.facts.kind == Kind::Model)
    );
    Draft {
        parts: vec![Part::Paragraph { claims }, Part::Steps { claims: steps }],
        models,
        ..Draft::default()
    }
}
