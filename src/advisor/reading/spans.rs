//! What the tokens of a question stand for: phrases of the vocabulary and amounts, each once.

use super::vocabulary::{Concept, Vocabulary};
use super::words::{Shape, Token, tokens};
use crate::advisor::quantity::{self, Quantity, Unit};

/// A stretch of tokens that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::advisor) struct Span {
    /// Its first token.
    pub(in crate::advisor) start: usize,
    /// One past its last token.
    pub(in crate::advisor) end: usize,
    pub(in crate::advisor) means: Meaning,
    /// A `not`, `without` or the like stands before it.
    pub(in crate::advisor) negated: bool,
}

/// What a span stands for.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::advisor) enum Meaning {
    /// A phrase, which may stand for several things.
    Phrase(Vec<Concept>),
    /// An amount, and whether it is a limit from above or from below.
    Amount(Quantity, Option<Limit>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::advisor) enum Limit {
    Most,
    Least,
}

/// A question's tokens and what they stand for.
pub(in crate::advisor) struct Understood {
    pub(in crate::advisor) tokens: Vec<Token>,
    pub(in crate::advisor) spans: Vec<Span>,
    pub(in crate::advisor) corrections: Vec<(String, String)>,
    pub(in crate::advisor) unused: Vec<String>,
    pub(in crate::advisor) cut: bool,
}

impl Understood {
    /// The concepts of all spans, with their span.
    pub(in crate::advisor) fn concepts(&self) -> impl Iterator<Item = (&Span, &Concept)> {
        self.spans.iter().flat_map(|span| match &span.means {
            Meaning::Phrase(all) => all.iter().map(|c| (span, c)).collect::<Vec<_>>(),
            Meaning::Amount(..) => Vec::new(),
        })
    }

    /// Whether one of the spans that are not negated stands for `concept`.
    pub(in crate::advisor) fn says(&self, concept: &Concept) -> bool {
        self.concepts()
            .any(|(span, c)| c == concept && !span.negated)
    }

    /// Whether one of the tokens from `start` to `end` is one of `words`.
    pub(in crate::advisor) fn near(&self, start: usize, end: usize, words: &[&str]) -> bool {
        let end = end.min(self.tokens.len());
        self.tokens[start.min(end)..end]
            .iter()
            .any(|t| words.contains(&t.text.as_str()))
    }
}

/// Reads `question`, correcting words that name nothing and are near to one that does.
pub(in crate::advisor) fn understand(question: &str, v: &Vocabulary) -> Understood {
    let mut stems = v.stems.clone();
    let (mut found, cut) = tokens(&with_masks_named(question), &mut stems);
    let mut corrections = Vec::new();
    let first = spans(&found, v);
    for at in (0..found.len()).rev() {
        let token = &found[at];
        let known = first.iter().any(|s| (s.start..s.end).contains(&at));
        let known = known && !v.is_misspelling(&token.text);
        if known || token.shape != Shape::Word || (v.is_plain(token) && token.text.len() != 3) {
            continue;
        }
        if let Some(meant) = v.correction(&token.text) {
            corrections.push((token.text.clone(), meant.to_owned()));
            let after_break = token.after_break;
            let (mut instead, _) = tokens(meant, &mut stems);
            if let Some(first) = instead.first_mut() {
                first.after_break = after_break;
            }
            found.splice(at..=at, instead);
        }
    }
    corrections.reverse();
    let mut spans = spans(&found, v);
    other_sizes(&mut spans, &found);
    negate(&mut spans, &found);
    wave_aside(&mut spans, &found);
    let unused = found
        .iter()
        .enumerate()
        .filter(|(at, t)| {
            t.shape == Shape::Word
                && !v.is_plain(t)
                && !spans.iter().any(|s| (s.start..s.end).contains(at))
        })
        .map(|(_, t)| t.text.clone())
        .collect();
    Understood {
        tokens: found,
        spans,
        corrections,
        unused,
        cut,
    }
}

/// `[MASK]` and a gap drawn as a line are words, too.
fn with_masks_named(question: &str) -> String {
    let mut named = question.to_owned();
    for mask in ["[MASK]", "[mask]", "<mask>", "____"] {
        named = named.replace(mask, " masked token ");
    }
    named
}

fn spans(found: &[Token], v: &Vocabulary) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < found.len() {
        let phrase = v.longest(found, at);
        let amount = amount(found, at);
        let (end, means) = match (phrase, amount) {
            // `1000 examples` counts rows, whatever else the words may name.
            (_, Some((length, quantity))) if quantity.unit != Unit::None || phrase.is_none() => (
                at + length,
                Meaning::Amount(
                    quantity,
                    limit(found, at).or_else(|| or_more(found, at + length)),
                ),
            ),
            (Some((length, concepts)), _) => (
                at + length,
                Meaning::Phrase(with_inner(concepts, found, at, length, v)),
            ),
            (None, Some(_)) => (at + 1, Meaning::Phrase(Vec::new())),
            (None, None) => {
                at += 1;
                continue;
            }
        };
        spans.push(Span {
            start: at,
            end,
            means,
            negated: false,
        });
        at = end;
    }
    spans
}

/// A guide's word may hide shorter phrases: `sentiment analysis` is a topic and names a task too.
fn with_inner(
    concepts: &[Concept],
    found: &[Token],
    at: usize,
    length: usize,
    v: &Vocabulary,
) -> Vec<Concept> {
    let mut all = concepts.to_vec();
    if concepts
        .iter()
        .all(|c| matches!(c, Concept::Topic(_) | Concept::LongContext))
    {
        let inside = &found[..at + length];
        for start in at..at + length {
            let inner = v.longest_within(inside, start, length - 1);
            for concept in inner.map(|(_, c)| c).unwrap_or_default() {
                let adds = !matches!(concept, Concept::Topic(_) | Concept::Intent(_));
                if adds && !all.contains(concept) {
                    all.push(concept.clone());
                }
            }
        }
    }
    all
}

/// `two thousand`, `nine hundred`: a number in words, which counts from a hundred on; `one` and
/// `two` are words first.
fn in_words(found: &[Token], at: usize) -> Option<(f64, usize)> {
    let mut value = 0.0;
    let mut length = 0;
    let mut multiplied = false;
    for token in &found[at..] {
        match quantity::number_word(&token.text) {
            Some((factor, true)) if length > 0 => {
                value *= factor;
                multiplied = true;
            }
            Some((part, false)) => value += part,
            _ => break,
        }
        length += 1;
    }
    multiplied.then_some((value, length))
}

/// `half a gigabyte`, `half a second`, `half a million`: a half counts only before a unit.
fn half(found: &[Token], at: usize) -> Option<(f64, usize)> {
    let next = found
        .get(at + 2)
        .filter(|_| matches!(found[at + 1].text.as_str(), "a" | "an"))?;
    let word = next.text.as_str();
    (quantity::unit(word).is_some() || quantity::magnitude(word).is_some()).then_some((0.5, 2))
}

/// The amount that starts at `at`, and its length in tokens.
fn amount(found: &[Token], at: usize) -> Option<(usize, Quantity)> {
    let (mut value, mut length) = match found[at].shape {
        Shape::Number(value) => (value, 1),
        Shape::Word if found[at].text == "half" => half(found, at)?,
        Shape::Word => in_words(found, at)?,
        Shape::Sign => return None,
    };
    let mut unit = Unit::None;
    let word = |n: usize| {
        found
            .get(at + n)
            .filter(|t| !t.after_break)
            .map(|t| t.text.as_str())
    };
    let thousands = word(length) == Some("k");
    if let Some(factor) = word(length).and_then(quantity::magnitude) {
        value *= factor;
        length += 1;
        if factor > 1e3 {
            unit = Unit::Magnitude;
        }
    }
    // `1000 labelled training rows`: up to two words may stand between the number and its unit, and
    // `900 of them are labelled` counts rows as well.
    let of_them =
        word(length) == Some("of") && matches!(word(length + 1), Some("them" | "these" | "those"));
    for gap in 0..=if of_them { 3 } else { 2 } {
        let Some(next) = word(length + gap) else {
            break;
        };
        if let Some((named, factor)) = quantity::unit(next) {
            if gap > 0 && !matches!(named, Unit::Examples | Unit::Parameters | Unit::Tokens) {
                break;
            }
            if gap > 0 && word(length) == Some("million") {
                break;
            }
            value *= factor;
            unit = named;
            length += gap + 1;
            break;
        }
        if matches!(
            next,
            "and" | "to" | "in" | "for" | "on" | "or" | "with" | "is" | "on a"
        ) {
            break;
        }
    }
    // `2k tokens` of context is a power of two, as models are built.
    if unit == Unit::Tokens && thousands && value.rem_euclid(1000.0) == 0.0 {
        let thousands = value / 1000.0;
        if thousands.log2().fract() == 0.0 {
            value = thousands * 1024.0;
        }
    }
    Some((length, Quantity { value, unit }))
}

const MOST: [&str; 11] = [
    "<", "≤", "under", "below", "max", "maximum", "within", "most", "upto", "beneath", "fits",
];
const LEAST: [&str; 8] = [
    ">", "≥", "over", "above", "min", "minimum", "least", "beyond",
];
const SMALLER: [&str; 6] = ["less", "smaller", "fewer", "lower", "faster", "lighter"];
const GREATER: [&str; 5] = ["more", "greater", "bigger", "larger", "longer"];

/// Which way the number at `at` limits, by the three words before it.
fn limit(found: &[Token], at: usize) -> Option<Limit> {
    let back = |n: usize| at.checked_sub(n).map_or("", |i| found[i].text.as_str());
    for n in 1..=3 {
        let word = back(n);
        if MOST.contains(&word) || (word == "up" && n == 2) {
            return Some(Limit::Most);
        }
        if LEAST.contains(&word) {
            let denied = matches!(back(n + 1), "nothing" | "not" | "no" | "never" | "none");
            return Some(if denied { Limit::Most } else { Limit::Least });
        }
        if back(n - 1) == "than" {
            let denied = matches!(back(n + 1), "no" | "not");
            let most = (SMALLER.contains(&word)) != denied;
            if SMALLER.contains(&word) || GREATER.contains(&word) {
                return Some(if most { Limit::Most } else { Limit::Least });
            }
        }
    }
    None
}

/// `300M or more`, `8 GB at most`.
fn or_more(found: &[Token], at: usize) -> Option<Limit> {
    let word = |n: usize| found.get(at + n).map_or("", |t| t.text.as_str());
    match (word(0), word(1)) {
        ("or", "more" | "larger" | "bigger" | "longer" | "above") | ("and", "up" | "above") => {
            Some(Limit::Least)
        }
        ("at", "least") | ("minimum" | "min", _) => Some(Limit::Least),
        ("or", "less" | "fewer" | "smaller" | "below") | ("at", "most") => Some(Limit::Most),
        _ => None,
    }
}

/// Makes a name that goes on past what is known a name of its own: `gpt2-xl` is not GPT-2, and
/// `roberta large` not the base model.
fn other_sizes(spans: &mut Vec<Span>, found: &[Token]) {
    const NO_SIZE: [&str; 14] = [
        "based",
        "like",
        "style",
        "type",
        "family",
        "model",
        "models",
        "sized",
        "tuned",
        "tuning",
        "finetuned",
        "s",
        "vs",
        "or",
    ];
    let word = |at: usize| found.get(at).map_or("", |t| t.text.as_str());
    let is_model = |c: &Concept| matches!(c, Concept::Model(_));
    for span in spans.iter_mut() {
        if !matches!(&span.means, Meaning::Phrase(all) if all.iter().any(is_model)) {
            continue;
        }
        let (mut start, mut end) = (span.start, span.end);
        while found[start].joined && start > 0 {
            start -= 1;
        }
        while found.get(end).is_some_and(|t| t.joined) && !NO_SIZE.contains(&word(end)) {
            end += 1;
        }
        let billions = matches!(found.get(end).map(|t| t.shape), Some(Shape::Number(_)))
            && word(end + 1) == "b";
        if matches!(word(end), "xl" | "xxl" | "large") || billions {
            end += 1 + usize::from(billions);
        }
        if (start, end) != (span.start, span.end) {
            let typed: Vec<&str> = found[start..end].iter().map(|t| t.text.as_str()).collect();
            span.means = Meaning::Phrase(vec![Concept::Foreign(typed.join("-"))]);
            (span.start, span.end) = (start, end);
        }
    }
    // What such a name swallowed stands for nothing else.
    let foreign: Vec<(usize, usize)> = spans
        .iter()
        .filter(
            |s| matches!(&s.means, Meaning::Phrase(c) if matches!(c[..], [Concept::Foreign(_)])),
        )
        .map(|s| (s.start, s.end))
        .collect();
    spans.retain(|s| {
        !foreign
            .iter()
            .any(|(a, b)| s.start >= *a && s.end <= *b && (s.start, s.end) != (*a, *b))
    });
}

/// Marks what a negation reaches: the next phrases up to four tokens on, and what `or` and `and`
/// join to them, unless a comma or full stop ends the clause.
fn negate(spans: &mut [Span], found: &[Token]) {
    let is_negation =
        |s: &Span| matches!(&s.means, Meaning::Phrase(c) if c.contains(&Concept::Negation));
    for at in 0..spans.len() {
        if !is_negation(&spans[at]) || denies_nothing(&spans[at], found) {
            continue;
        }
        let of_verb = is_of_a_verb(&spans[at], found);
        let mut reach = spans[at].end + 4;
        for next in at + 1..spans.len() {
            let (start, end) = (spans[next].start, spans[next].end);
            let ended =
                (spans[at].end..=start).any(|i| i > spans[at].start && found[i].after_break);
            if start >= reach || ended || is_negation(&spans[next]) {
                break;
            }
            if can_be_negated(&spans[next].means) && !(of_verb && is_purpose(&spans[next].means)) {
                spans[next].negated = true;
                let joined = found
                    .get(end)
                    .is_some_and(|t| matches!(t.text.as_str(), "or" | "and" | "nor"));
                reach = if joined { end + 3 } else { end };
            }
        }
    }
}

/// `not sure which`, `no idea`, `not only`, `no matter`: words that deny nothing of a model.
fn denies_nothing(span: &Span, found: &[Token]) -> bool {
    const AFTER: [&str; 14] = [
        "sure", "idea", "only", "just", "matter", "clue", "problem", "time", "know", "enough",
        "certain", "yet", "decide", "longer",
    ];
    let after = &found[span.end..found.len().min(span.end + 2)];
    let really = |t: &Token| matches!(t.text.as_str(), "really" | "quite" | "have");
    match after {
        [first, second] if really(first) => AFTER.contains(&second.text.as_str()),
        [first, ..] => AFTER.contains(&first.text.as_str()),
        [] => false,
    }
}

/// `I can't sort these by hand` denies a doing and asks for it; `I don't want a classifier` does not.
fn is_of_a_verb(span: &Span, found: &[Token]) -> bool {
    const VERBS: [&str; 9] = [
        "can", "cant", "cannot", "don", "dont", "doesn", "doesnt", "never", "couldn",
    ];
    const WANTS: [&str; 6] = ["want", "need", "like", "care", "require", "wish"];
    let after = &found[span.end..found.len().min(span.end + 2)];
    VERBS.contains(&found[span.start].text.as_str())
        && !after.iter().any(|t| WANTS.contains(&t.text.as_str()))
}

/// What models are for, beside what they are.
fn is_purpose(means: &Meaning) -> bool {
    let Meaning::Phrase(concepts) = means else {
        return false;
    };
    concepts.iter().any(|c| {
        matches!(
            c,
            Concept::Task(_) | Concept::Subtask(_) | Concept::Domain(_) | Concept::LongContext
        )
    })
}

/// Marks what is waved aside afterwards: `speed does not matter`, `German is not needed`.
fn wave_aside(spans: &mut [Span], found: &[Token]) {
    const ASIDE: [&str; 6] = [
        "matter",
        "matters",
        "needed",
        "necessary",
        "required",
        "important",
    ];
    let word = |at: usize| found.get(at).map_or("", |t| t.text.as_str());
    for span in spans {
        let aside = (span.end..span.end + 5).find(|at| ASIDE.contains(&word(*at)));
        let Some(aside) = aside else { continue };
        let between = span.end..aside;
        let denied = between
            .clone()
            .any(|at| matches!(word(at), "not" | "no" | "t" | "doesnt" | "isnt"));
        let same_clause = between.clone().all(|at| !found[at].after_break);
        if denied && same_clause {
            span.negated = true;
        }
    }
}

fn can_be_negated(means: &Meaning) -> bool {
    let Meaning::Phrase(concepts) = means else {
        return false;
    };
    concepts.iter().any(|c| {
        matches!(
            c,
            Concept::Model(_)
                | Concept::Author(_)
                | Concept::Family(_)
                | Concept::Foreign(_)
                | Concept::Hardware(_)
                | Concept::Licence(_)
                | Concept::Language(_)
                | Concept::Commercial
                | Concept::Domain(_)
                | Concept::LongContext
                | Concept::Field(_)
                | Concept::Tune
                | Concept::Task(_)
                | Concept::Subtask(_)
                | Concept::RunHere
        )
    })
}
