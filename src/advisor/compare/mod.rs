//! Models side by side, field by field; what may not be compared says why.

mod figures;
mod markdown;
mod speed;
mod verdict;

use std::sync::Arc;

use super::answer::{Action, Cell, Citation, Claim, Column, Comparison, Part, Reason, Row, Table};
use super::compose::{cell, cited_by, cited_cell, computed, joined, mark, name};
use super::lookup::fact;
use super::question::Reading;
use super::{Desk, Draft, quantity};
use crate::card::{Card, Fact};
use crate::error::{Error, Result};
use crate::text;
pub(super) use speed::hardware;

/// Models that fit side by side.
const MOST: usize = 5;

/// How many fields a comparison shows that names none.
const USUAL: usize = 9;

/// What a cell says of a card that is silent.
pub(super) const NOT_STATED: &str = "not stated";

/// What a cell says of a speed here that `modeldesk bench` has not measured.
pub(super) const NOT_MEASURED: &str = "not measured here";

/// What a cell says whose figure may not stand beside the others.
pub(super) const NOT_COMPARABLE: &str = "not comparable";

/// What is meant by the size of a model.
const SIZES: [&str; 3] = ["parameters", "size", "memory"];

/// A row in the making.
struct Entry {
    field: String,
    /// One a card.
    held: Vec<Held>,
    /// Why some are withheld.
    reason: Option<Reason>,
}

/// What a cell holds.
enum Held {
    Shown(Cell),
    /// A figure of this line that may not stand beside the others.
    Withheld(Citation),
}

impl Entry {
    fn plain(field: impl Into<String>, held: Vec<Held>) -> Self {
        Self {
            field: field.into(),
            held,
            reason: None,
        }
    }
}

impl Held {
    fn withheld(card: &Card, line: usize) -> Self {
        Self::Withheld(Citation {
            card: card.id.clone(),
            line,
        })
    }
}

fn not_stated() -> Held {
    Held::Shown(cell(NOT_STATED))
}

/// Sets the models of `reading` side by side.
pub(super) fn compose(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    let mut cards = desk.find(&reading.models)?;
    let mut seen = Vec::new();
    cards.retain(|c| {
        let new = !seen.contains(&c.id);
        seen.push(c.id.clone());
        new
    });
    if cards.len() < 2 {
        return lone(desk, reading);
    }
    if cards.len() > MOST {
        return Err(
            Error::usage(format!("{} models do not fit side by side", cards.len()))
                .hint(format!("name two to {MOST}")),
        );
    }
    let wanted = wanted(reading);
    let names = names(&cards);
    let entries = wanted
        .iter()
        .flat_map(|field| entries(desk, &cards, &names, field, &reading.question))
        .collect();
    let comparison = numbered(&cards, names, entries);
    let mut parts = vec![
        Part::Paragraph {
            claims: verdict::verdict(desk, &cards, &comparison.names, &wanted),
        },
        Part::Table(table(&comparison)),
    ];
    if !comparison.reasons.is_empty() {
        parts.push(Part::Reasons {
            reasons: comparison.reasons.clone(),
        });
    }
    let notes: Vec<Claim> = legend(&comparison)
        .map(computed)
        .into_iter()
        .chain(foreign_note(reading))
        .collect();
    if !notes.is_empty() {
        parts.push(Part::Notes { claims: notes });
    }
    let actions = vec![Action {
        kind: "command".to_owned(),
        label: "the same on the command line".to_owned(),
        text: format!("modeldesk compare {}", comparison.models.join(" ")),
    }];
    Ok(Draft {
        parts,
        comparison: Some(comparison),
        actions,
        ..Draft::default()
    })
}

/// One model, or none: there is nothing beside it.
fn lone(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    if reading.models.is_empty() {
        return super::no_card::compose(desk, reading);
    }
    let mut draft = super::lookup::compose(desk, reading)?;
    let said =
        foreign_note(reading).unwrap_or_else(|| computed("Name a second model to set beside it."));
    draft.parts.push(Part::Notes { claims: vec![said] });
    Ok(draft)
}

fn foreign_note(reading: &Reading) -> Option<Claim> {
    let names = &reading.foreign;
    (!names.is_empty()).then(|| computed(format!("I have no card for {}.", joined(names))))
}

/// The cards' names; two that share one are told apart by who made them, or by their ids.
fn names(cards: &[Arc<Card>]) -> Vec<String> {
    let with_org = |c: &Card| match c.id.split_once('/') {
        Some((org, _)) => format!("{} ({})", name(c), text::ident(org)),
        None => name(c),
    };
    let alone = |c: &Card, of: &dyn Fn(&Card) -> String| {
        let same = |o: &&Arc<Card>| of(o).eq_ignore_ascii_case(&of(c));
        cards.iter().filter(same).count() == 1
    };
    let told_apart = cards.iter().map(|c| {
        if alone(c, &name) {
            name(c)
        } else if alone(c, &with_org) {
            with_org(c)
        } else {
            text::ident(&c.id).into_owned()
        }
    });
    told_apart.collect()
}

/// The fields asked for; size brings all of its measures.
fn wanted(reading: &Reading) -> Vec<&'static str> {
    let mut wanted: Vec<&str> = Vec::new();
    for field in &reading.fields {
        let named = |f: &&&str| {
            if field == "size" {
                SIZES.contains(f)
            } else {
                **f == field
            }
        };
        for known in Comparison::FIELDS.iter().filter(named) {
            if !wanted.contains(known) {
                wanted.push(known);
            }
        }
    }
    if wanted.is_empty() {
        Comparison::FIELDS[..USUAL].to_vec()
    } else {
        wanted
    }
}

/// The rows of a field.
fn entries(
    desk: &Desk<'_>,
    cards: &[Arc<Card>],
    names: &[String],
    field: &str,
    question: &str,
) -> Vec<Entry> {
    let row = |title: &str, of: &dyn Fn(&Card) -> Option<Cell>| {
        let held = cards
            .iter()
            .map(|c| Held::Shown(of(c).unwrap_or_else(|| cell(NOT_STATED))));
        Entry::plain(title, held.collect())
    };
    match field {
        "parameters" => vec![row("parameters", &|c| {
            count(c, c.facts.parameters.as_ref(), "")
        })],
        "context_length" => vec![row("reads", &|c| {
            count(c, c.facts.context_length.as_ref(), " tokens")
        })],
        "size" => vec![row("weights", &weights)],
        "memory" => vec![row("memory to run", &|c| {
            super::here::memory(c, desk.machine).map(|m| cell(m.words()))
        })],
        "speed" => vec![
            speed::entry(cards, names),
            row("speed, here", &|c| {
                measured(desk, c).or_else(|| Some(cell(NOT_MEASURED)))
            }),
        ],
        "quality" => figures::entries(cards, names),
        _ => vec![row(&label(field), &|c| {
            fact(desk, c, field, question).map(to_cell)
        })],
    }
}

/// How fast the model is here, as it was measured.
fn measured(desk: &Desk<'_>, card: &Card) -> Option<Cell> {
    let record = desk.machine.measured(&card.id)?;
    Some(cell(format!("{}, {}", record.speed()?, record.mark())))
}

fn count(card: &Card, fact: Option<&Fact<u64>>, unit: &str) -> Option<Cell> {
    let fact = fact?;
    let text = format!("{}{unit}{}", quantity::grouped(fact.value), mark(fact));
    Some(cited_cell(card, fact.line, text))
}

fn weights(card: &Card) -> Option<Cell> {
    let size = card.facts.size.as_ref()?;
    let precision = size.value.precision.as_deref().unwrap_or_default();
    let words = format!("{} {precision}", size.value.digits);
    let words = text::line(words.trim()).into_owned();
    Some(cited_cell(card, size.line, words + mark(size)))
}

fn label(field: &str) -> String {
    match field {
        "license" => "licence".to_owned(),
        "language" => "languages".to_owned(),
        other => other.replace('_', " "),
    }
}

fn to_cell(claim: Claim) -> Cell {
    Cell {
        citation: cited_by(&claim),
        text: claim.text,
    }
}

/// The comparison: each reason gets its number, and the cells that it withholds name it.
fn numbered(cards: &[Arc<Card>], names: Vec<String>, entries: Vec<Entry>) -> Comparison {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut rows = Vec::new();
    for entry in entries {
        let not_comparable = entry.reason.as_ref().map(Reason::text);
        reasons.extend(entry.reason);
        let reason = not_comparable.is_some().then_some(reasons.len());
        let cells = entry.held.into_iter().map(|held| match held {
            Held::Shown(cell) => cell,
            Held::Withheld(at) => Cell {
                text: format!("{NOT_COMPARABLE} ({})", reasons.len()),
                citation: Some(at),
            },
        });
        rows.push(Row {
            field: entry.field,
            cells: cells.collect(),
            not_comparable,
            reason,
        });
    }
    Comparison {
        models: cards.iter().map(|c| c.id.clone()).collect(),
        names,
        rows,
        reasons,
    }
}

impl Reason {
    /// Its sentences as one text.
    fn text(&self) -> String {
        let sentences = self.claims.iter().map(|c| c.text.as_str());
        sentences.collect::<Vec<_>>().join(" ")
    }
}

fn table(comparison: &Comparison) -> Table {
    let column = |title: &str| Column {
        title: title.to_owned(),
        right: false,
        drop: 0,
    };
    let heads = comparison.names.iter().map(|name| column(name));
    let rows = comparison.rows.iter().map(|row| {
        let cells = row.cells.iter().cloned();
        std::iter::once(cell(row.field.clone()))
            .chain(cells)
            .collect()
    });
    Table {
        columns: std::iter::once(column("")).chain(heads).collect(),
        rows: rows.collect(),
        of_models: false,
    }
}

/// What the marks of the cells mean, for those that occur.
pub(super) fn legend(comparison: &Comparison) -> Option<String> {
    let cells = || comparison.rows.iter().flat_map(|row| &row.cells);
    let marks = [
        ("~", "~ derived"),
        ("?", "? no source found"),
        (" A", "A the authors' own figure"),
        (" est", "est computed here"),
    ];
    let used = marks
        .iter()
        .filter(|(mark, _)| cells().any(|c| c.text.ends_with(mark)));
    let used: Vec<&str> = used.map(|(_, words)| *words).collect();
    (!used.is_empty()).then(|| used.join(" · "))
}
