//! From what is wanted to rows: facets and words narrow, and a reading where words find nothing.

use std::fmt::Write as _;

use super::conditions::Condition;
use super::rows::Rows;
use super::{Catalogue, Found, Wanted};
use crate::advisor::present::field_words;
use crate::advisor::question::{Constraints, Reading};
use crate::advisor::reading::limits::{Limits, limits};
use crate::text;

/// So much of a text is read, in bytes.
const LONGEST_TEXT: usize = 1_000;

/// So many of the words that find nothing are told one by one.
const MOST_WORDS: usize = 8;

impl Catalogue {
    /// The rows that are wanted, in order. Containment of every word always wins over a reading of
    /// the text.
    pub fn find(&self, wanted: &Wanted) -> Found {
        let typed = &wanted.text[..wanted.text.floor_char_boundary(LONGEST_TEXT)];
        let words = words_of(typed);
        let chosen: Vec<Condition> = wanted
            .facets
            .iter()
            .map(|facet| self.facet_condition(facet))
            .collect();
        let within = self.met(&chosen);
        let mut rows = within.clone();
        for word in &words {
            rows = self.containing(word, rows);
        }
        if !rows.is_empty() {
            return self.found(wanted, &rows);
        }
        let mut conditions = Vec::new();
        let mut read = None;
        let limits = limits(typed, &self.vocabulary);
        if is_a_reading(&limits) {
            conditions.extend(self.conditions_of(&limits.constraints));
            let names = limits.words.iter().take(MOST_WORDS);
            conditions.extend(names.map(|pieces| self.word_condition(pieces)));
            read = Some(read_as(&limits));
        } else {
            let words = words.iter().take(MOST_WORDS);
            conditions.extend(words.map(|word| self.word_condition(std::slice::from_ref(word))));
        }
        conditions.extend(chosen);
        // Rows that hold all words were looked for above.
        let rows = if read.is_some() {
            self.met(&conditions)
        } else {
            rows
        };
        let mut found = self.found(wanted, &rows);
        found.nothing = rows.is_empty().then(|| self.nothing(&conditions));
        found.read_as = read;
        found
    }

    /// The rows of which all conditions hold.
    pub(super) fn met<'a>(&self, conditions: impl IntoIterator<Item = &'a Condition>) -> Rows {
        let mut rows = self.listed.clone();
        for condition in conditions {
            rows.keep(&condition.rows);
        }
        rows
    }

    fn found(&self, wanted: &Wanted, rows: &Rows) -> Found {
        Found {
            rows: self.orders.by(wanted.sort).pick(rows, wanted.descending),
            of: self.len(),
            facets: self.facets.counts(rows),
            ..Found::default()
        }
    }
}

/// The words of a text, each once, in lower case.
fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(str::to_lowercase) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn is_a_reading(limits: &Limits) -> bool {
    limits.constraints != Constraints::default()
        || (!limits.corrections.is_empty() && !limits.words.is_empty())
}

/// How a text was read: its limits, the words that must be contained, and what was not used.
fn read_as(limits: &Limits) -> String {
    let reading = Reading {
        constraints: limits.constraints.clone(),
        ..Reading::default()
    };
    let fields = reading.fields();
    let fields = fields.iter().filter(|field| field.name != "intent");
    let mut parts: Vec<String> = fields.map(field_words).collect();
    parts.extend(
        limits
            .words
            .iter()
            .map(|pieces| format!("\"{}\"", pieces.concat())),
    );
    let mut read = parts.join(", ");
    for (typed, meant) in &limits.corrections {
        let _ = write!(read, "; read \"{typed}\" as {meant}");
    }
    if !limits.unused.is_empty() {
        let _ = write!(read, "; not used: {}", limits.unused.join(", "));
    }
    text::line(&read).into_owned()
}
