//! Models side by side, field by field; what may not be compared says why.

use std::sync::Arc;

use super::answer::{Action, Cell, Claim, Column, Comparison, Part, Row, Source, Table};
use super::compose::{
    bullet, cell, cited_cell, computed, figure_mark, joined, mark, name, quoted, split,
};
use super::lookup::fact;
use super::question::Reading;
use super::{Desk, Draft, quantity, rank};
use crate::card::{Card, Figure, Speed};
use crate::error::{Error, Result};
use crate::text;

/// Models that fit side by side.
const MOST: usize = 5;

/// How many fields a comparison shows that names none.
const USUAL: usize = 9;

/// Sets the models of `reading` side by side.
pub(super) fn compose(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    let cards = desk.find(&reading.models)?;
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
    let rows: Vec<Row> = wanted
        .iter()
        .flat_map(|field| rows(desk, &cards, field, &reading.question))
        .collect();
    let mut parts = vec![Part::Paragraph {
        claims: verdict(desk, &cards, &wanted),
    }];
    parts.push(Part::Table(table(&cards, &rows)));
    let reasons = rows.iter().filter_map(|r| r.not_comparable.as_ref());
    let mut notes: Vec<Claim> = reasons.map(|r| computed(r.clone())).collect();
    notes.extend(foreign_note(reading));
    notes.dedup();
    notes.truncate(4);
    if !notes.is_empty() {
        parts.push(Part::Notes { claims: notes });
    }
    let models = cards.iter().map(|c| c.id.clone()).collect::<Vec<_>>();
    let actions = vec![Action {
        kind: "command".to_owned(),
        label: "the same on the command line".to_owned(),
        text: format!("modeldesk compare {}", models.join(" ")),
    }];
    let comparison = Some(Comparison { models, rows });
    Ok(Draft {
        parts,
        comparison,
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

/// What is meant by the size of a model.
const SIZES: [&str; 3] = ["parameters", "size", "memory"];

fn rows(desk: &Desk<'_>, cards: &[Arc<Card>], field: &str, question: &str) -> Vec<Row> {
    let cells = |of: &dyn Fn(&Card) -> Cell| cards.iter().map(|c| of(c)).collect::<Vec<_>>();
    let row = |title: &str, cells, reason| Row {
        field: title.to_owned(),
        cells,
        not_comparable: reason,
    };
    let stated =
        |card: &Card| fact(desk, card, field, question).map_or_else(|| cell("not stated"), to_cell);
    match field {
        "parameters" => {
            let count = |card: &Card| {
                let p = card.facts.parameters.as_ref();
                p.map_or_else(
                    || cell("not stated"),
                    |p| cited_cell(card, p.line, quantity::grouped(p.value) + mark(p)),
                )
            };
            vec![row("parameters", cells(&count), None)]
        }
        "size" => {
            let size = |card: &Card| {
                let s = card.facts.size.as_ref();
                s.map_or_else(
                    || cell("not stated"),
                    |s| {
                        let precision = s.value.precision.as_deref().unwrap_or_default();
                        let digits = format!("{} {precision}", s.value.digits);
                        cited_cell(card, s.line, text::line(digits.trim()).into_owned())
                    },
                )
            };
            vec![row("weights", cells(&size), None)]
        }
        "memory" => {
            let memory = |card: &Card| {
                cell(super::here::memory(card).map_or_else(
                    || "not known".to_owned(),
                    |m| format!("{} est", quantity::bytes(m)),
                ))
            };
            vec![row("memory to run", cells(&memory), None)]
        }
        "speed" => {
            let measured = |_: &Card| cell("not measured here");
            vec![
                row("speed, card", cells(&stated), speed_reason(cards)),
                row("speed, here", cells(&measured), None),
            ]
        }
        "quality" => figure_rows(cards),
        _ => vec![row(&label(field), cells(&stated), None)],
    }
}

fn label(field: &str) -> String {
    match field {
        "license" => "licence".to_owned(),
        "context_length" => "reads".to_owned(),
        "language" => "languages".to_owned(),
        other => other.replace('_', " "),
    }
}

fn to_cell(claim: Claim) -> Cell {
    let citation = match claim.source {
        Source::Card { card, line } | Source::Glossary { card, line } => {
            Some(super::answer::Citation { card, line })
        }
        _ => None,
    };
    Cell {
        text: claim.text,
        citation,
    }
}

/// Speeds of two cards stand on two machines, unless one names the other as its measure.
fn speed_reason(cards: &[Arc<Card>]) -> Option<String> {
    let speeds: Vec<_> = cards.iter().filter_map(|c| c.facts.speed.first()).collect();
    let related = cards.iter().any(|c| {
        c.facts.speed.iter().any(|s| {
            s.value
                .against
                .as_ref()
                .is_some_and(|id| cards.iter().any(|other| other.id == *id))
        })
    });
    (speeds.len() > 1 && !related)
        .then(|| "The cards' speeds are not comparable: they name different hardware.".to_owned())
}

/// One row for each figure that at least two of the cards have with the same metric, dataset and
/// split; where there is none, one row with each card's first figure and the reason.
fn figure_rows(cards: &[Arc<Card>]) -> Vec<Row> {
    let mut keys: Vec<(String, String, usize)> = Vec::new();
    for card in cards {
        for figure in &card.facts.figures {
            let Some((key, _)) = rank::comparable(figure) else {
                continue;
            };
            match keys.iter_mut().find(|(k, ..)| *k == key) {
                Some((_, _, n)) => *n += 1,
                None => keys.push((key, title(figure), 1)),
            }
        }
    }
    let shared = keys.into_iter().filter(|(_, _, n)| *n > 1).take(6);
    let rows: Vec<Row> = shared
        .map(|(key, field, _)| {
            let of = |c: &Arc<Card>| {
                let found = c
                    .facts
                    .figures
                    .iter()
                    .find(|f| rank::comparable(f).is_some_and(|(k, _)| k == key));
                found.map_or_else(|| cell("none"), |f| figure_cell(c, f))
            };
            Row {
                field,
                cells: cards.iter().map(of).collect(),
                not_comparable: None,
            }
        })
        .collect();
    if !rows.is_empty() {
        return rows;
    }
    let first = |c: &Arc<Card>| {
        let Some(f) = c.facts.figures.first() else {
            return cell("none");
        };
        let of = figure_cell(c, f);
        Cell {
            text: format!("{}: {}", title(f), of.text),
            ..of
        }
    };
    let cells: Vec<Cell> = cards.iter().map(first).collect();
    let reason = "The figures are not comparable: no two have the same metric, dataset and split.";
    vec![Row {
        field: "figure".to_owned(),
        cells,
        not_comparable: Some(reason.to_owned()),
    }]
}

fn title(f: &Figure) -> String {
    let data = f
        .dataset_name
        .as_deref()
        .or(f.dataset.as_deref())
        .unwrap_or("?");
    text::line(&format!("{}, {data} ({})", f.metric, split(f))).into_owned()
}

fn figure_cell(card: &Card, f: &Figure) -> Cell {
    cited_cell(
        card,
        f.line,
        text::line(&f.digits).into_owned() + figure_mark(f),
    )
}

fn table(cards: &[Arc<Card>], rows: &[Row]) -> Table {
    let column = |title: String, drop| Column {
        title,
        right: false,
        drop,
    };
    let mut columns = vec![column(String::new(), 0)];
    columns.extend(cards.iter().map(|c| column(name(c), 0)));
    let rows = rows.iter().map(|row| {
        let mut cells = vec![cell(row.field.clone())];
        cells.extend(row.cells.iter().cloned());
        cells
    });
    Table {
        columns,
        rows: rows.collect(),
        of_models: false,
    }
}

/// What the fields decide, at most two sentences; no winner over all.
fn verdict(desk: &Desk<'_>, cards: &[Arc<Card>], wanted: &[&str]) -> Vec<Claim> {
    let mut claims = Vec::new();
    if wanted.contains(&"parameters") || wanted.contains(&"size") {
        claims.extend(smallest(cards));
    }
    if wanted.contains(&"speed") {
        claims.push(fastest(cards));
    }
    if wanted == ["quality"] {
        claims.extend(leads(cards));
    }
    if claims.is_empty() {
        let field = wanted.first().copied().unwrap_or("parameters");
        claims.extend(cards.iter().take(2).filter_map(|c| {
            let claim = fact(desk, c, field, "")?;
            Some(Claim {
                text: format!("{}: {}.", name(c), claim.text),
                ..claim
            })
        }));
    }
    if claims.is_empty() {
        claims.push(computed("The cards state nothing of this."));
    }
    claims.truncate(3);
    claims
}

fn smallest(cards: &[Arc<Card>]) -> Option<Claim> {
    let mut counted: Vec<(u64, &Arc<Card>, usize)> = cards
        .iter()
        .filter_map(|c| c.facts.parameters.as_ref().map(|p| (p.value, c, p.line)))
        .collect();
    counted.sort_by_key(|(count, ..)| *count);
    let (least, card, line) = counted.first()?;
    let (next, other, _) = counted.get(1)?;
    if least == next {
        return Some(computed("They have as many parameters as each other."));
    }
    let word = if counted.len() > 2 {
        "smallest"
    } else {
        "smaller"
    };
    let (least, next) = (quantity::grouped(*least), quantity::grouped(*next));
    let text = format!(
        "{} is the {word} in parameters: {least} against {next} of {}.",
        name(card),
        name(other)
    );
    Some(super::compose::cited(card, *line, text))
}

/// Who leads by a figure that all of them have with the same metric, dataset and split.
fn leads(cards: &[Arc<Card>]) -> Option<Claim> {
    let row = figure_rows(cards)
        .into_iter()
        .find(|r| r.not_comparable.is_none() && r.cells.iter().all(|c| c.citation.is_some()))?;
    let value = |cell: &Cell| cell.text.split(' ').next()?.parse::<f64>().ok();
    let lower_is_better = row.field.to_lowercase().starts_with("perplexity");
    let sign = if lower_is_better { -1.0 } else { 1.0 };
    let valued = row
        .cells
        .iter()
        .zip(cards)
        .filter_map(|(c, card)| Some((sign * value(c)?, c, card)));
    let (_, cell, card) = valued.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let line = cell.citation.as_ref()?.line;
    let text = format!("{} leads by {}: {}.", name(card), row.field, cell.text);
    Some(super::compose::cited(card, line, text))
}

/// The faster one by a card's own claim, which is given as a factor and with its hardware.
fn fastest(cards: &[Arc<Card>]) -> Claim {
    let claimed = cards.iter().find_map(|c| {
        let speed = c.facts.speed.iter().find(|s| {
            s.value
                .against
                .as_ref()
                .is_some_and(|id| cards.iter().any(|o| o.id == *id))
        })?;
        Some((c, speed))
    });
    if let Some((card, speed)) = claimed {
        let s = &speed.value;
        // A card that says "twice as fast" needs no factor beside it.
        let times = s.times.filter(|_| s.claim.contains('%'));
        let times = times.map_or_else(String::new, |t| format!(", that is {t} times"));
        let hardware = hardware(s);
        let text = format!(
            "The card of {} says \"{}\"{times} ({hardware}); not measured here.",
            name(card),
            s.claim
        );
        return super::compose::cited(card, speed.line, text::line(&text).into_owned());
    }
    let told = cards.iter().find_map(|c| {
        bullet(c, &["Speed and size"], &["faster", "slower", "speed"]).map(|s| quoted(c, s))
    });
    told.unwrap_or_else(|| computed("No card compares their speeds, and none was measured here."))
}

/// What a speed was measured on, in words.
pub(super) fn hardware(speed: &Speed) -> &str {
    match speed.hardware.as_deref() {
        None | Some("not stated") => "hardware not stated",
        Some(hardware) => hardware,
    }
}
