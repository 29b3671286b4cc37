//! The limits that a few typed words set, for a filter: no question is asked, so no intent is
//! sought, and what is no limit is told from it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::constraints::constraints as constraints_of;
use super::spans::{Meaning, Span, Understood, understand};
use super::unused_denials;
use super::vocabulary::{Concept, Vocabulary};
use crate::advisor::quantity::Unit;
use crate::advisor::question::Constraints;

/// What typed words say of a model.
pub(in crate::advisor) struct Limits {
    /// The limits that facts of a list can be held against; the others are among the unused.
    pub(in crate::advisor) constraints: Constraints,
    /// Words that set no limit, names and what is not known: each in the pieces that it is typed of,
    /// as `gpt`, `2`.
    pub(in crate::advisor) words: Vec<Vec<String>>,
    /// What was understood, and is no limit here.
    pub(in crate::advisor) unused: Vec<String>,
    /// What was typed, and what it was read as.
    pub(in crate::advisor) corrections: Vec<(String, String)>,
}

/// Reads the limits in `text`: a span counts when it alone sets a limit that was kept.
pub(in crate::advisor) fn limits(text: &str, v: &Vocabulary) -> Limits {
    let mut u = understand(&crate::text::line(text), v);
    let constraints = held(constraints_of(&u, v, None));
    let mut unused = unused_denials(&u);
    let spans = std::mem::take(&mut u.spans);
    let mut left = unknown(&u, &spans);
    let mut counted = BTreeSet::new();
    let said_by = |u: &Understood| said(&held(constraints_of(u, v, None)));
    let (all, none) = (said(&constraints), said_by(&u));
    for span in spans {
        let tokens = span.start..span.end;
        u.spans = vec![span];
        let counts = said_by(&u)
            .iter()
            .any(|(name, value)| none.get(name) != Some(value) && holds(all.get(name), value));
        if counts {
            counted.extend(tokens.clone());
        } else if names_something(&u.spans[0]) {
            left.extend(tokens);
            continue;
        }
        if is_left_aside(&u, counts) {
            let words = u.tokens[tokens].iter().map(|token| token.text.as_str());
            unused.push(words.collect::<Vec<_>>().join(" "));
        }
    }
    take_in_joined(&mut left, &counted, &u);
    Limits {
        words: typed_words(&left, &u),
        corrections: u.corrections,
        constraints,
        unused,
    }
}

/// The tokens that no span holds and that are no ordinary words.
fn unknown(u: &Understood, spans: &[Span]) -> BTreeSet<usize> {
    let unknown = u.tokens.iter().enumerate().filter(|(at, token)| {
        let spanned = spans.iter().any(|s| (s.start..s.end).contains(at));
        !spanned && u.unused.contains(&token.text)
    });
    unknown.map(|(at, _)| at).collect()
}

/// Takes in what is typed in one with a token of `left` and set no limit: the `t` of `t5`, which is
/// too short to be told by itself.
fn take_in_joined(left: &mut BTreeSet<usize>, counted: &BTreeSet<usize>, u: &Understood) {
    let joined = |at: usize| u.tokens.get(at).is_some_and(|token| token.joined);
    let forwards = 1..u.tokens.len();
    for at in forwards.clone() {
        if joined(at) && left.contains(&(at - 1)) && !counted.contains(&at) {
            left.insert(at);
        }
    }
    for at in forwards.rev() {
        if joined(at) && left.contains(&at) && !counted.contains(&(at - 1)) {
            left.insert(at - 1);
        }
    }
}

/// The words that the tokens `left` were typed as, each in its pieces.
fn typed_words(left: &BTreeSet<usize>, u: &Understood) -> Vec<Vec<String>> {
    let mut words: Vec<Vec<String>> = Vec::new();
    for at in left {
        let token = &u.tokens[*at];
        let goes_on = token.joined
            && at
                .checked_sub(1)
                .is_some_and(|before| left.contains(&before));
        match words.last_mut().filter(|_| goes_on) {
            Some(word) => word.push(token.text.clone()),
            None => words.push(vec![token.text.clone()]),
        }
    }
    words
}

/// The constraints that the facts of a list can be held against.
fn held(c: Constraints) -> Constraints {
    Constraints {
        subtask: None,
        max_latency_ms: None,
        examples: None,
        hardware: None,
        prefer: None,
        trainable: false,
        hub_cards: false,
        ..c
    }
}

fn said(c: &Constraints) -> Map<String, Value> {
    match serde_json::to_value(c) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Whether all that one span said of a constraint was kept.
fn holds(all: Option<&Value>, alone: &Value) -> bool {
    match (all, alone) {
        (Some(Value::Array(all)), Value::Array(alone)) => {
            alone.iter().all(|value| all.contains(value))
        }
        (all, alone) => all == Some(alone),
    }
}

/// Whether the span names a thing whose name can be looked for; a bare number is part of a name.
fn names_something(span: &Span) -> bool {
    let concepts = match &span.means {
        Meaning::Phrase(concepts) => concepts,
        Meaning::Amount(quantity, _) => return quantity.unit == Unit::None,
    };
    let names = |concept: &Concept| {
        matches!(
            concept,
            Concept::Model(_)
                | Concept::Author(_)
                | Concept::Family(_)
                | Concept::Topic(_)
                | Concept::Modality(_)
                | Concept::Foreign(_)
        )
    };
    !span.negated && (concepts.is_empty() || concepts.iter().any(names))
}

/// Whether the only span says something that the limits leave out, rather than asks for a model.
fn is_left_aside(u: &Understood, counts: bool) -> bool {
    let amount = |span: &Span| matches!(span.means, Meaning::Amount(..));
    let aside = |(span, concept): (&Span, &Concept)| match concept {
        // Its task is a limit, and not all that was said.
        Concept::Subtask(_) => !span.negated,
        Concept::Hardware(_)
        | Concept::Prefer(_)
        | Concept::HubCards
        | Concept::Trainable
        | Concept::Tune => !counts,
        _ => false,
    };
    (!counts && u.spans.iter().any(amount)) || u.concepts().any(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Limits {
        limits(text, &Vocabulary::new(std::iter::empty()))
    }

    #[test]
    fn limits_are_told_from_names_and_wishes() {
        let found = read("smallest model that translates under 10 MB by acme");
        assert_eq!(found.constraints.task.as_deref(), Some("translation"));
        assert_eq!(found.constraints.max_size, Some(10_000_000));
        assert_eq!(found.words, [["acme"]]);
        assert_eq!(found.unused, ["smallest"]);
    }

    #[test]
    fn what_a_list_cannot_hold_is_said() {
        let found = read("sentiment on a phone within 50 ms, not legal");
        assert_eq!(
            found.constraints,
            Constraints {
                task: Some("text-classification".to_owned()),
                exclude: vec!["legal".to_owned()],
                ..Constraints::default()
            }
        );
        assert!(found.words.is_empty(), "{:?}", found.words);
        assert!(
            found.unused.iter().any(|u| u == "sentiment"),
            "{:?}",
            found.unused
        );
        assert_eq!(found.unused.len(), 3, "{:?}", found.unused);
    }

    #[test]
    fn a_bare_limit_is_a_limit() {
        let found = read("<100M params mit");
        assert_eq!(found.constraints.max_parameters, Some(100_000_000));
        assert_eq!(found.constraints.license.as_deref(), Some("mit"));
        assert!(found.words.is_empty() && found.unused.is_empty());
        let found = read("opus-mt v2, mit");
        assert_eq!(found.words, [vec!["opus", "mt"], vec!["v", "2"]]);
    }
}
