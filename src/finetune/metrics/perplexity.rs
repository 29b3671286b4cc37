//! Perplexity of texts that are longer than a model reads, as transformers' documentation computes
//! it: windows that move on by a stride, each scoring only what the one before did not.

use std::ops::Range;

use super::Family;

/// What a model reads at once, and what of it is scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The tokens that are read.
    pub read: Range<usize>,
    /// How many of the last are scored; of a window that scores all, the first has nothing before
    /// it and is not.
    pub scored: usize,
}

/// The windows of a text of so many tokens.
///
/// # Panics
/// If the stride is 0 or larger than a window.
pub fn windows(tokens: usize, longest: usize, stride: usize) -> Vec<Window> {
    assert!((1..=longest).contains(&stride), "a stride within a window");
    let mut windows = Vec::new();
    let (mut start, mut scored) = (0, 0);
    while scored < tokens {
        let end = tokens.min(start + longest);
        windows.push(Window {
            read: start..end,
            scored: end - scored,
        });
        scored = end;
        start += stride;
    }
    windows
}

/// What is kept of a text.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Likelihood {
    /// The sum over tokens of `-ln p`.
    pub loss: f64,
    /// How many tokens it is of.
    pub tokens: f64,
}

impl Likelihood {
    /// Adds a window with the `-ln p` of each token that it scored.
    ///
    /// As in the documentation, a window counts for one token fewer than it scores, for the first
    /// token of the first has nothing before it: all others count a little less than they could.
    pub fn add(&mut self, window: &Window, losses: &[f64]) {
        let weight = window.scored.saturating_sub(1) as f64;
        if !losses.is_empty() {
            self.loss += losses.iter().sum::<f64>() / losses.len() as f64 * weight;
            self.tokens += weight;
        }
    }
}

/// Mean loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss;

impl Family for Loss {
    type Row = Likelihood;

    fn names(&self) -> Vec<&'static str> {
        vec!["loss"]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Likelihood>) -> Vec<f64> {
        vec![loss(rows)]
    }
}

/// The mean over the tokens of all texts.
fn loss<'a>(rows: impl Iterator<Item = &'a Likelihood>) -> f64 {
    let mut sum = Likelihood::default();
    for row in rows {
        sum.loss += row.loss;
        sum.tokens += row.tokens;
    }
    sum.loss / sum.tokens
}

/// The exponential of the mean loss, under a name, and that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Perplexity {
    /// The name of the exponential.
    pub name: &'static str,
}

impl Family for Perplexity {
    type Row = Likelihood;

    fn names(&self) -> Vec<&'static str> {
        vec![self.name, "loss"]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Likelihood>) -> Vec<f64> {
        let loss = loss(rows);
        vec![loss.exp(), loss]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_scored_once_with_as_much_before_it_as_fits() {
        for (tokens, longest, stride) in [
            (117, 64, 32),
            (117, 64, 64),
            (5, 8, 3),
            (9, 4, 1),
            (4, 4, 2),
        ] {
            let windows = windows(tokens, longest, stride);
            let scored: usize = windows.iter().map(|window| window.scored).sum();
            assert_eq!(scored, tokens);
            let mut before = 0;
            for window in windows {
                assert!(window.read.len() <= longest);
                assert_eq!(window.read.end - window.scored, before);
                before = window.read.end;
            }
        }
        assert_eq!(windows(0, 4, 2), []);
    }
}
