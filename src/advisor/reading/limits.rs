//! The limits that a few typed words set, for a filter: no question is asked, so no intent is
//! sought, and what is no limit is told from it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::constraints::constraints as constraints_of;
use super::spans::{Meaning, Span, Understood, understand};
use super::unused_denials;
use super::vocabulary::{Concept, Vocabulary};
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

/// Reads the limits in `text`.
pub(in crate::advisor) fn limits(text: &str, v: &Vocabulary) -> Limits {
    let mut u = understand(&crate::text::line(text), v);
    let constraints = held(constraints_of(&u, v, None));
    let mut found = Limits {
        words: Vec::new(),
        unused: unused_denials(&u),
        corrections: u.corrections.clone(),
        constraints,
    };
    let spans = std::mem::take(&mut u.spans);
    let spanned = |at: usize| {
        spans
            .iter()
            .any(|span| (span.start..span.end).contains(&at))
    };
    let mut left: BTreeSet<usize> = (0..u.tokens.len())
        .filter(|at| !spanned(*at) && u.unused.contains(&u.tokens[*at].text))
        .collect();
    let all = said(&found.constraints);
    let none = said(&held(constraints_of(&u, v, None)));
    for span in spans {
        let words = || {
            u.tokens[span.start..span.end]
                .iter()
                .map(|t| t.text.clone())
        };
        let words: Vec<String> = words().collect();
        u.spans = vec![span];
        let alone = said(&held(constraints_of(&u, v, None)));
        let span = &u.spans[0];
        let counts = alone
            .iter()
            .any(|(name, value)| none.get(name) != Some(value) && holds(all.get(name), value));
        if !counts && names_something(span) {
            left.extend(span.start..span.end);
        } else if is_left_aside(&u, span, counts) {
            found.unused.push(words.join(" "));
        }
    }
    found.words = typed_words(&left, &u);
    found
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
    let Meaning::Phrase(concepts) = &span.means else {
        return false;
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

/// Whether the span says something that the limits leave out, rather than asks for a model.
fn is_left_aside(u: &Understood, span: &Span, counts: bool) -> bool {
    if let Meaning::Amount(..) = span.means {
        return !counts;
    }
    u.concepts().any(|(_, concept)| match concept {
        // Its task is a limit, and not all that was said.
        Concept::Subtask(_) => !span.negated,
        Concept::Hardware(_)
        | Concept::Prefer(_)
        | Concept::HubCards
        | Concept::Trainable
        | Concept::Tune => !counts,
        _ => false,
    })
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
                ..Constraints::default()
            }
        );
        assert!(found.words.is_empty(), "{:?}", found.words);
        for said in ["sentiment", "not legal"] {
            assert!(found.unused.iter().any(|u| u == said), "{:?}", found.unused);
        }
        assert_eq!(found.unused.len(), 4, "{:?}", found.unused);
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
