//! chrF and chrF++ (Popović, 2015 and 2017) as sacreBLEU computes them.

use super::bleu::{VERSION, number};
use super::{Family, grams, words};

/// How much more recall counts than precision.
const BETA: f64 = 2.0;

/// How chrF is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chrf {
    /// The longest runs of characters that count.
    pub characters: usize,
    /// The longest runs of words that count: 0 for chrF, 2 for chrF++.
    pub words: usize,
    /// Whether case does not count.
    pub lowercase: bool,
    /// Whether white space counts.
    pub whitespace: bool,
}

impl Chrf {
    /// chrF2, sacreBLEU's default.
    pub const PLAIN: Self = Self {
        characters: 6,
        words: 0,
        lowercase: false,
        whitespace: false,
    };

    /// chrF2++.
    pub const PLUS_PLUS: Self = Self {
        words: 2,
        ..Self::PLAIN
    };
}

/// What is kept of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment(Vec<Order>);

/// The runs of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Order {
    text: u64,
    reference: u64,
    right: u64,
}

/// A text taken apart.
struct Pieces {
    characters: Vec<char>,
    words: Vec<String>,
}

impl Chrf {
    /// Counts a text against the reference that it agrees with most.
    pub fn segment(&self, text: &str, references: &[&str]) -> Segment {
        let text = self.pieces(text);
        let mut best = (
            -1.0,
            Segment(vec![Order::default(); self.characters + self.words]),
        );
        for reference in references {
            let segment = self.compare(&text, &self.pieces(reference));
            let score = self.score([&segment].into_iter());
            if score > best.0 {
                best = (score, segment);
            }
        }
        best.1
    }

    fn pieces(&self, text: &str) -> Pieces {
        let lower = if self.lowercase {
            text.to_lowercase()
        } else {
            text.to_owned()
        };
        let counts = |c: &char| self.whitespace || !words::is_space(*c);
        let words = if self.words == 0 {
            Vec::new()
        } else {
            bare_words(&lower)
        };
        Pieces {
            characters: lower.chars().filter(counts).collect(),
            words,
        }
    }

    fn compare(&self, text: &Pieces, reference: &Pieces) -> Segment {
        let characters =
            (1..=self.characters).map(|n| order(&text.characters, &reference.characters, n));
        let words = (1..=self.words).map(|n| order(&text.words, &reference.words, n));
        Segment(characters.chain(words).collect())
    }

    /// chrF of segments, from 0 to 100.
    pub fn score<'a>(&self, segments: impl Iterator<Item = &'a Segment>) -> f64 {
        let mut sums = vec![Order::default(); self.characters + self.words];
        for segment in segments {
            for (sum, order) in sums.iter_mut().zip(&segment.0) {
                sum.text += order.text;
                sum.reference += order.reference;
                sum.right += order.right;
            }
        }
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for sum in sums.iter().filter(|sum| sum.text > 0 && sum.reference > 0) {
            precision += sum.right as f64 / sum.text as f64;
            recall += sum.right as f64 / sum.reference as f64;
            orders += 1.0;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / orders, recall / orders);
        let factor = BETA * BETA;
        100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
    }

    /// What sacreBLEU says of how it computed, for texts of so many references each.
    pub fn signature(&self, references: Option<usize>) -> String {
        format!(
            "nrefs:{}|case:{}|eff:yes|nc:{}|nw:{}|space:{}|version:{VERSION}",
            number(references),
            if self.lowercase { "lc" } else { "mixed" },
            self.characters,
            self.words,
            if self.whitespace { "yes" } else { "no" },
        )
    }
}

/// The runs of `n` of a text and a reference; those of the text count only where the reference has
/// any.
fn order<T: std::hash::Hash + Eq>(text: &[T], reference: &[T], n: usize) -> Order {
    let total = grams::total(reference.len(), n);
    Order {
        text: if total == 0 {
            0
        } else {
            grams::total(text.len(), n)
        },
        reference: total,
        right: grams::common(&grams::count(text, n), &grams::count(reference, n)),
    }
}

/// The words of a text, each without one mark at its end, or else at its start, which is a word of
/// its own.
fn bare_words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in words::split(text) {
        let mut chars = word.chars();
        let (first, last) = (chars.next(), chars.next_back());
        match (first, last) {
            (Some(_), Some(last)) if last.is_ascii_punctuation() => {
                found.push(word[..word.len() - 1].to_owned());
                found.push(last.to_string());
            }
            (Some(first), Some(_)) if first.is_ascii_punctuation() => {
                found.push(first.to_string());
                found.push(word[1..].to_owned());
            }
            _ => found.push(word.to_owned()),
        }
    }
    found
}

impl Family for Chrf {
    type Row = Segment;

    fn names(&self) -> Vec<&'static str> {
        vec![if self.words == 0 { "chrf" } else { "chrf++" }]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Segment>) -> Vec<f64> {
        vec![self.score(rows)]
    }
}
