//! What a comparison says in a sentence or two.

use std::sync::Arc;

use super::super::answer::Claim;
use super::super::compose::{bullet, cited, computed, joined, name, of_measurement, quoted};
use super::super::lookup::fact;
use super::super::{Desk, quantity};
use super::{Held, figures, speed};
use crate::card::Card;
use crate::text;

/// What the fields decide, at most two sentences; no winner over all.
pub(super) fn verdict(
    desk: &Desk<'_>,
    cards: &[Arc<Card>],
    names: &[String],
    wanted: &[&str],
) -> Vec<Claim> {
    let mut claims = Vec::new();
    if wanted.contains(&"parameters") || wanted.contains(&"size") {
        claims.extend(smallest(cards));
    }
    if wanted.contains(&"speed") {
        claims.push(fastest(desk, cards));
    }
    if wanted == ["quality"] {
        claims.extend(leads(cards, names));
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
    Some(cited(card, *line, text))
}

/// Who leads by a figure that all of them have with the same metric, dataset and split.
fn leads(cards: &[Arc<Card>], names: &[String]) -> Option<Claim> {
    let (at, entry) = figures::leader(cards, names)?;
    let Some(Held::Shown(cell)) = entry.held.get(at) else {
        return None;
    };
    let line = cell.citation.as_ref()?.line;
    let text = format!("{} leads by {}: {}.", names[at], entry.field, cell.text);
    Some(cited(&cards[at], line, text))
}

/// The fastest as all of them were measured here, in one precision and doing the same.
fn fastest_here(desk: &Desk<'_>, cards: &[Arc<Card>]) -> Option<Claim> {
    let mut all: Vec<(f64, &Arc<Card>, String)> = Vec::new();
    let (mut precision, mut writes) = (None, None);
    for card in cards {
        let record = desk.machine.measured(&card.id)?;
        let writing = record.figures.writing;
        let same = *precision.get_or_insert(&record.precision) == &record.precision
            && writes.get_or_insert_with(|| writing.is_some()) == &writing.is_some();
        let slowness = match writing {
            Some(writing) => -writing.decode_tok_s,
            None => record.pass(128)?,
        };
        if !same {
            return None;
        }
        all.push((slowness, card, record.speed()?));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (_, first, speed) = all.first()?;
    let others = all
        .iter()
        .skip(1)
        .map(|(_, card, speed)| format!("{} {speed}", name(card)));
    let others: Vec<String> = others.collect();
    Some(of_measurement(format!(
        "{} is the fastest here: {speed}; {}.",
        name(first),
        joined(&others)
    )))
}

/// The faster one: as they were measured here, else by a card's own claim, which is given as a factor
/// and with its hardware.
fn fastest(desk: &Desk<'_>, cards: &[Arc<Card>]) -> Claim {
    if let Some(claim) = fastest_here(desk, cards) {
        return claim;
    }
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
        let times = speed::factor(s).map_or_else(String::new, |t| format!(", that is {t} times"));
        let hardware = speed::hardware(s);
        let text = format!(
            "The card of {} says \"{}\"{times} ({hardware}); not measured here.",
            name(card),
            s.claim
        );
        return cited(card, speed.line, text::line(&text).into_owned());
    }
    let told = cards.iter().find_map(|c| {
        bullet(c, &["Speed and size"], &["faster", "slower", "speed"]).map(|s| quoted(c, s))
    });
    told.unwrap_or_else(|| computed("No card compares their speeds, and none was measured here."))
}
