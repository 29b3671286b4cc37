//! Published speeds side by side: only of one machine, or of one model against the other.

use std::sync::Arc;

use super::super::answer::Reason;
use super::super::compose::{cited, cited_cell, computed, joined};
use super::{Entry, Held, not_stated};
use crate::card::{Card, Fact, Speed};
use crate::text;

/// What a speed was measured on, in words.
pub(in crate::advisor) fn hardware(speed: &Speed) -> &str {
    match speed.hardware.as_deref() {
        None | Some("not stated") => "hardware not stated",
        Some(hardware) => hardware,
    }
}

/// `1.6`, where the claim itself does not give the factor.
pub(super) fn factor(speed: &Speed) -> Option<f64> {
    let claim = speed.claim.to_lowercase();
    let told = ["times", "twice", "x faster"];
    speed
        .times
        .filter(|_| !told.iter().any(|w| claim.contains(w)))
}

/// The row of what the cards say.
pub(super) fn entry(cards: &[Arc<Card>], names: &[String]) -> Entry {
    let chosen: Vec<Option<&Fact<Speed>>> = (0..cards.len()).map(|at| choose(cards, at)).collect();
    let stated: Vec<usize> = (0..cards.len())
        .filter(|at| chosen[*at].is_some())
        .collect();
    let fits = |a: usize, b: usize| {
        let (Some(one), Some(other)) = (chosen[a], chosen[b]) else {
            return false;
        };
        a == b
            || is_against(&one.value, &cards[b])
            || is_against(&other.value, &cards[a])
            || same_measure(&one.value, &other.value)
    };
    let with =
        |at: usize| -> Vec<usize> { stated.iter().copied().filter(|b| fits(at, *b)).collect() };
    let mut lead: Option<usize> = None;
    let mut shown: Vec<usize> = Vec::new();
    for at in &stated {
        let group = with(*at);
        if group.len() > shown.len() {
            (lead, shown) = (Some(*at), group);
        }
    }
    if shown.len() < 2 && stated.len() > 1 {
        shown.clear();
    }
    let held = (0..cards.len()).map(|at| match chosen[at] {
        None => not_stated(),
        Some(speed) if shown.contains(&at) => {
            Held::Shown(cited_cell(&cards[at], speed.line, words(&speed.value)))
        }
        Some(speed) => Held::withheld(&cards[at], speed.line),
    });
    let held = held.collect();
    let beside = stated.iter().copied();
    let beside: Vec<usize> = beside
        .filter(|at| !shown.contains(at) || lead == Some(*at))
        .collect();
    let reason = (shown.len() < stated.len()).then(|| reason(cards, names, &chosen, &beside));
    Entry {
        field: "speed, card".to_owned(),
        held,
        reason,
    }
}

/// Of the speeds of a card the one that another card's can stand beside, else the first.
fn choose(cards: &[Arc<Card>], at: usize) -> Option<&Fact<Speed>> {
    let speeds = &cards[at].facts.speed;
    let others = || cards.iter().enumerate().filter(|(other, _)| *other != at);
    let measured_alike = |s: &&Fact<Speed>| {
        others().any(|(_, c)| {
            c.facts
                .speed
                .iter()
                .any(|o| same_measure(&s.value, &o.value))
        })
    };
    let of_a_pair = |s: &&Fact<Speed>| others().any(|(_, c)| is_against(&s.value, c));
    let best = speeds.iter().find(measured_alike);
    best.or_else(|| speeds.iter().find(of_a_pair))
        .or_else(|| speeds.first())
}

fn is_against(speed: &Speed, card: &Card) -> bool {
    speed.against.as_deref() == Some(card.id.as_str())
}

/// Whether two speeds were taken on the same stated hardware, in the same unit or against the
/// same model.
fn same_measure(a: &Speed, b: &Speed) -> bool {
    let stated = hardware(a) != "hardware not stated";
    stated && hardware(a) == hardware(b) && measure(a) == measure(b)
}

/// The model that it is measured against, or the claim without its numbers.
fn measure(speed: &Speed) -> String {
    speed.against.clone().unwrap_or_else(|| {
        let words = speed.claim.split_whitespace();
        let words = words.filter(|w| !w.contains(|c: char| c.is_ascii_digit()));
        words.collect::<Vec<_>>().join(" ").to_lowercase()
    })
}

/// `"60% faster than BERT": 1.6 times; Intel Xeon E5-2690 v3, batch 1`.
fn words(speed: &Speed) -> String {
    let times = factor(speed).map_or_else(String::new, |t| format!(": {t} times"));
    text::line(&format!("\"{}\"{times}; {}", speed.claim, hardware(speed))).into_owned()
}

fn reason(
    cards: &[Arc<Card>],
    names: &[String],
    chosen: &[Option<&Fact<Speed>>],
    beside: &[usize],
) -> Reason {
    let stated: Vec<(usize, &Fact<Speed>)> = beside
        .iter()
        .filter_map(|at| Some((*at, chosen[*at]?)))
        .collect();
    let mut claims: Vec<_> = stated
        .iter()
        .map(|(at, s)| {
            cited(
                &cards[*at],
                s.line,
                format!("{}: {}.", names[*at], words(&s.value)),
            )
        })
        .collect();
    let mut machines: Vec<&str> = Vec::new();
    for (_, speed) in &stated {
        if !machines.contains(&hardware(&speed.value)) {
            machines.push(hardware(&speed.value));
        }
    }
    let mut why = Vec::new();
    match machines.as_slice() {
        ["hardware not stated"] => why.push("no card states the hardware".to_owned()),
        [_] => {}
        _ => why.push(format!(
            "they differ in hardware ({})",
            text::line(&machines.join("; "))
        )),
    }
    if stated
        .windows(2)
        .any(|w| measure(&w[0].1.value) != measure(&w[1].1.value))
    {
        why.push("they measure against different things".to_owned());
    }
    claims.push(computed(format!(
        "These speeds are not comparable: {}.",
        joined(&why)
    )));
    Reason { claims }
}
