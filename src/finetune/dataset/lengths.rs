//! How long rows are, by a sample of them.

use rayon::prelude::*;

use super::example::{Example, Row};
use super::fault::{Fault, Kind};
use super::report::Lengths;
use crate::error::Result;
use crate::model::kernels::pooled;
use crate::model::kernels::random::Stream;

/// How many rows are measured at most.
const MEASURED: usize = 20_000;
/// How many are measured at once.
const AT_ONCE: usize = 512;
/// How many rows that are cut are named.
const NAMED: usize = 5;

/// What measures a row.
pub struct Ruler<'a> {
    /// What is counted.
    pub unit: &'static str,
    /// The most that is kept of a row.
    pub limit: Option<u64>,
    /// How much a row has, and whether some of it is left out.
    pub measure: &'a (dyn Fn(&Example) -> Result<(u64, bool)> + Sync),
}

/// Rows as they are measured. Beyond the most, rows are drawn: those with the smallest numbers.
pub(super) struct Measuring<'a> {
    ruler: Option<&'a Ruler<'a>>,
    waiting: Vec<(u64, Row)>,
    /// Number, length, whether it is cut.
    measured: Vec<(u64, u64, bool)>,
    below: u64,
    rows: u64,
    first_cut: Vec<super::Place>,
    /// Rows that could not be measured.
    pub(super) faults: Vec<(Fault, super::Place)>,
}

impl<'a> Measuring<'a> {
    pub(super) fn new(ruler: Option<&'a Ruler<'a>>) -> Self {
        Self {
            ruler,
            waiting: Vec::new(),
            measured: Vec::new(),
            below: u64::MAX,
            rows: 0,
            first_cut: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Takes a row; measures now and then.
    pub(super) fn add(&mut self, row: Row) {
        let number = Stream::new(0, 0).bits(self.rows);
        self.rows += 1;
        if number < self.below {
            self.waiting.push((number, row));
        }
        if self.waiting.len() >= AT_ONCE {
            self.measure();
        }
    }

    fn measure(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let measure = |example: &Example| match self.ruler {
            Some(ruler) => (ruler.measure)(example),
            None => Ok((words(example), false)),
        };
        let lengths: Vec<Result<(u64, bool)>> = pooled(|| {
            waiting
                .par_iter()
                .map(|(_, row)| measure(&row.example))
                .collect()
        });
        for ((number, row), length) in waiting.into_iter().zip(lengths) {
            match length {
                Ok((length, is_cut)) => {
                    self.measured.push((number, length, is_cut));
                    if is_cut && self.first_cut.len() < NAMED {
                        self.first_cut.push(row.place);
                    }
                }
                Err(error) => {
                    self.faults
                        .push((Fault::new(Kind::NoTokens, error.to_string()), row.place));
                }
            }
        }
        while self.measured.len() > MEASURED {
            self.below /= 2;
            let below = self.below;
            self.measured.retain(|(number, ..)| *number < below);
        }
    }

    /// What was measured, and whether counts are projected from a part of the rows.
    pub(super) fn finish(mut self) -> (Option<Lengths>, bool, Vec<(Fault, super::Place)>) {
        self.measure();
        let mut lengths: Vec<u64> = self.measured.iter().map(|(_, length, _)| *length).collect();
        lengths.sort_unstable();
        let Some(longest) = lengths.last().copied() else {
            return (None, false, self.faults);
        };
        let is_drawn = self.below < u64::MAX;
        let cut = self.measured.iter().filter(|(.., is_cut)| *is_cut).count() as u64;
        let share = |count: u64| {
            let of = lengths.len() as f64;
            if is_drawn {
                (count as f64 / of * self.rows as f64).round() as u64
            } else {
                count
            }
        };
        let at = |percent: usize| lengths[(lengths.len() - 1) * percent / 100];
        let found = Lengths {
            unit: self.ruler.map_or("words", |ruler| ruler.unit),
            measured: lengths.len() as u64,
            median: at(50),
            p95: at(95),
            p99: at(99),
            longest,
            limit: self.ruler.and_then(|ruler| ruler.limit),
            cut: share(cut),
            first_cut: self.first_cut,
        };
        (Some(found), is_drawn, self.faults)
    }
}

/// How many words a row has.
fn words(example: &Example) -> u64 {
    let count = |text: &str| text.split_whitespace().count() as u64;
    match example {
        Example::Classified { text, pair, .. } => count(text) + pair.as_deref().map_or(0, count),
        Example::Tagged { words, .. } => words.len() as u64,
        Example::Question {
            question, context, ..
        } => count(question) + count(context),
        Example::Plain { text, .. } => count(text),
        Example::Dialogue { turns } => turns.iter().map(|turn| count(&turn.content)).sum(),
        Example::Pair { source, target } => count(source) + count(target),
    }
}
