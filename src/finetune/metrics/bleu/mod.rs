//! BLEU (Papineni et al., 2002) as sacreBLEU computes it.

mod tokenize;

pub use tokenize::Tokenizer;

use super::{Family, grams, words};

/// The version of sacreBLEU whose numbers these are.
pub(super) const VERSION: &str = "2.6.0";

/// The longest runs of words that count.
const ORDER: usize = 4;

/// What a precision of 0 becomes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// Half of what the order before would be, as `mteval-v13a.pl` has it: sacreBLEU's default.
    #[default]
    Exp,
    /// That many matches.
    Floor(f64),
    /// That many matches and runs more, from the second order on.
    AddK(f64),
    /// It stays 0.
    None,
}

/// How BLEU is computed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bleu {
    /// What makes words of a text.
    pub tokenizer: Tokenizer,
    /// Whether case does not count.
    pub lowercase: bool,
    /// What a precision of 0 becomes.
    pub smoothing: Smoothing,
    /// Whether orders count only up to the longest run that a text has.
    pub effective_order: bool,
}

/// What is kept of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segment {
    words: u64,
    /// Words of the reference that is closest in length.
    reference: u64,
    right: [u64; ORDER],
    total: [u64; ORDER],
}

impl Bleu {
    /// Counts a text against its references.
    pub fn segment(&self, text: &str, references: &[&str]) -> Segment {
        let text = self.tokenized(text);
        let text: Vec<&str> = words::split(&text).collect();
        let references: Vec<String> = references.iter().map(|text| self.tokenized(text)).collect();
        let references: Vec<Vec<&str>> = references
            .iter()
            .map(|text| words::split(text).collect())
            .collect();
        let lengths = references.iter().map(Vec::len);
        let closest = lengths.min_by_key(|length| (length.abs_diff(text.len()), *length));
        let mut segment = Segment {
            words: text.len() as u64,
            reference: closest.unwrap_or(0) as u64,
            ..Segment::default()
        };
        for order in 0..ORDER {
            let found = grams::count(&text, order + 1);
            let mut most = grams::Grams::new();
            for reference in &references {
                for (gram, count) in grams::count(reference, order + 1) {
                    let known = most.entry(gram).or_default();
                    *known = count.max(*known);
                }
            }
            segment.right[order] = grams::common(&found, &most);
            segment.total[order] = grams::total(text.len(), order + 1);
        }
        segment
    }

    fn tokenized(&self, text: &str) -> String {
        let text = words::trim_end(text);
        if self.lowercase {
            // Python lowers before it trims, and neither changes what the other sees.
            self.tokenizer.tokenize(&text.to_lowercase())
        } else {
            self.tokenizer.tokenize(text)
        }
    }

    /// BLEU of segments, from 0 to 100.
    pub fn score<'a>(&self, segments: impl Iterator<Item = &'a Segment>) -> f64 {
        let mut sum = Segment::default();
        for segment in segments {
            sum.words += segment.words;
            sum.reference += segment.reference;
            for order in 0..ORDER {
                sum.right[order] += segment.right[order];
                sum.total[order] += segment.total[order];
            }
        }
        if sum.right == [0; ORDER] {
            return 0.0;
        }
        let (precisions, orders) = self.precisions(&sum);
        let logs = precisions[..orders].iter().map(|p| match *p {
            0.0 => -9_999_999_999.0,
            p => p.ln(),
        });
        brevity(&sum) * (logs.sum::<f64>() / orders as f64).exp()
    }

    /// The precision of each order in percent, and how many orders count.
    fn precisions(&self, sum: &Segment) -> ([f64; ORDER], usize) {
        let mut precisions = [0.0; ORDER];
        let mut orders = ORDER;
        let mut halved = 1.0;
        for (order, precision) in precisions.iter_mut().enumerate() {
            let (mut right, mut total) = (sum.right[order] as f64, sum.total[order] as f64);
            if let (Smoothing::AddK(k), 1..) = (self.smoothing, order) {
                right += k;
                total += k;
            }
            if total == 0.0 {
                break;
            }
            if self.effective_order {
                orders = order + 1;
            }
            *precision = match self.smoothing {
                _ if right > 0.0 => 100.0 * right / total,
                Smoothing::Exp => {
                    halved *= 2.0;
                    100.0 / (halved * total)
                }
                Smoothing::Floor(floor) => 100.0 * floor / total,
                Smoothing::AddK(_) | Smoothing::None => 0.0,
            };
        }
        (precisions, orders)
    }

    /// What sacreBLEU says of how it computed, for texts of so many references each.
    pub fn signature(&self, references: Option<usize>) -> String {
        let smoothing = match self.smoothing {
            Smoothing::Exp => "exp".to_owned(),
            Smoothing::Floor(floor) => format!("floor[{floor:.2}]"),
            Smoothing::AddK(k) => format!("add-k[{k:.2}]"),
            Smoothing::None => "none".to_owned(),
        };
        format!(
            "nrefs:{}|case:{}|eff:{}|tok:{}|smooth:{smoothing}|version:{VERSION}",
            number(references),
            if self.lowercase { "lc" } else { "mixed" },
            if self.effective_order { "yes" } else { "no" },
            self.tokenizer.name(),
        )
    }
}

/// How many references there are, in a signature: `var` where it differs.
pub(super) fn number(references: Option<usize>) -> String {
    references.map_or_else(|| "var".to_owned(), |count| count.to_string())
}

/// The factor of texts that are shorter than their references.
fn brevity(sum: &Segment) -> f64 {
    match (sum.words, sum.reference) {
        (words, reference) if words >= reference => 1.0,
        (0, _) => 0.0,
        (words, reference) => (1.0 - reference as f64 / words as f64).exp(),
    }
}

impl Family for Bleu {
    type Row = Segment;

    fn names(&self) -> Vec<&'static str> {
        vec!["bleu"]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Segment>) -> Vec<f64> {
        vec![self.score(rows)]
    }
}
