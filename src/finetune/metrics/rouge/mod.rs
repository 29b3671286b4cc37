//! ROUGE (Lin, 2004) as `rouge_score` computes it: runs of words, and longest common subsequences
//! of texts and of their lines.

mod porter;
mod subsequence;
mod tokens;

pub use porter::stem;
use subsequence::{longest, places};
pub use tokens::Tokenizer;

use std::collections::HashMap;

use super::counts::Scores;
use super::{Family, grams};

/// How ROUGE is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rouge {
    /// What makes words of a text.
    pub tokenizer: Tokenizer,
    /// Whether words are cut to their stems.
    pub stem: bool,
}

/// The names of the metrics, which are the means of texts' F1.
const NAMES: [&str; 4] = ["rouge1", "rouge2", "rougeL", "rougeLsum"];

/// ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum of a text.
pub type Text = [Scores; 4];

impl Rouge {
    /// The scores of a text against the reference; for each metric against the one that is best
    /// for it.
    pub fn text(self, text: &str, references: &[&str]) -> Text {
        let all = references
            .iter()
            .map(|reference| self.compare(text, reference));
        let mut best = [scores(0, 0, 0); 4];
        for (i, found) in all.enumerate() {
            for (best, found) in best.iter_mut().zip(found) {
                if i == 0 || found.f1 > best.f1 {
                    *best = found;
                }
            }
        }
        best
    }

    fn compare(self, text: &str, reference: &str) -> Text {
        let words = |text: &str| self.tokenizer.tokenize(text, self.stem);
        let lines = |text: &str| -> Vec<Vec<String>> {
            let lines = text.split('\n').filter(|line| !line.is_empty());
            lines.map(words).collect()
        };
        let by_lines = lines_in_common(&lines(text), &lines(reference));
        let (text, reference) = (words(text), words(reference));
        let common = longest(&text, &reference);
        [
            runs(&text, &reference, 1),
            runs(&text, &reference, 2),
            scores(common, text.len(), reference.len()),
            by_lines,
        ]
    }

    /// How it is computed, in the manner of sacreBLEU's signatures.
    pub fn signature(&self) -> String {
        format!(
            "tok:{}|stem:{}|lsum:newline|score:f1",
            self.tokenizer.name(),
            if self.stem { "porter" } else { "no" },
        )
    }
}

fn scores(right: usize, text: usize, reference: usize) -> Scores {
    let share = |whole: usize| {
        if whole == 0 {
            0.0
        } else {
            right as f64 / whole as f64
        }
    };
    let (precision, recall) = (share(text), share(reference));
    let f1 = if right == 0 {
        0.0
    } else {
        2.0 * precision * recall / (precision + recall)
    };
    Scores {
        precision,
        recall,
        f1,
    }
}

fn runs(text: &[String], reference: &[String], n: usize) -> Scores {
    let right = grams::common(&grams::count(text, n), &grams::count(reference, n));
    let total = |words: &[String]| grams::total(words.len(), n) as usize;
    scores(right as usize, total(text), total(reference))
}

/// What the lines of a reference have in common with all lines of a text together, each word
/// counted no more often than it is there.
fn lines_in_common(text: &[Vec<String>], reference: &[Vec<String>]) -> Scores {
    let mut left: HashMap<&str, [usize; 2]> = HashMap::new();
    for (side, lines) in [text, reference].into_iter().enumerate() {
        for word in lines.iter().flatten() {
            left.entry(word).or_default()[side] += 1;
        }
    }
    let mut right = 0;
    for line in reference {
        let mut union = vec![false; line.len()];
        for other in text {
            places(line, other).for_each(|place| union[place] = true);
        }
        for (word, _) in line.iter().zip(&union).filter(|(_, found)| **found) {
            if let Some(left) = left
                .get_mut(word.as_str())
                .filter(|left| left.iter().all(|n| *n > 0))
            {
                left.iter_mut().for_each(|n| *n -= 1);
                right += 1;
            }
        }
    }
    let words = |lines: &[Vec<String>]| lines.iter().map(Vec::len).sum();
    scores(right, words(text), words(reference))
}

impl Family for Rouge {
    type Row = Text;

    fn names(&self) -> Vec<&'static str> {
        NAMES.to_vec()
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Text>) -> Vec<f64> {
        let (mut sums, mut count) = ([0.0; 4], 0.0);
        for row in rows {
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, scores)| *sum += scores.f1);
            count += 1.0;
        }
        sums.map(|sum| sum / count).to_vec()
    }
}
