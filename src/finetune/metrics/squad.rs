//! Answers to questions: exact match and F1 over words, as the official scripts of `SQuAD` 1.1
//! and 2.0 compute them, in percent.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Family;
use super::words;

/// Which script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 1.1: every question has an answer.
    One,
    /// 2.0: a question without an answer is answered by an empty text.
    Two,
}

/// A run of characters of words, as Python's regular expressions have them.
static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}_]+").expect("a valid pattern"));

/// An answer in lower case without punctuation, articles, and more than one space.
pub fn normalize(answer: &str) -> String {
    let lower = answer.to_lowercase();
    let bare: String = lower
        .chars()
        .filter(|c| !c.is_ascii_punctuation())
        .collect();
    let without = WORD.replace_all(&bare, |found: &regex::Captures<'_>| match &found[0] {
        "a" | "an" | "the" => " ".to_owned(),
        word => word.to_owned(),
    });
    words::tidy(&without)
}

/// What is kept of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// Whether an answer matches, 0 or 1.
    pub exact: f64,
    /// The best F1 with any of the answers.
    pub f1: f64,
    /// Whether there is an answer.
    pub has_answer: bool,
}

impl Question {
    /// Judges an answer by those that count as right.
    pub fn judge(version: Version, answers: &[&str], predicted: &str) -> Self {
        let mut right: Vec<String> = answers.iter().map(|answer| normalize(answer)).collect();
        if version == Version::Two {
            right.retain(|answer| !answer.is_empty());
        }
        if right.is_empty() {
            right.push(String::new());
        }
        let predicted = normalize(predicted);
        let exact = right.contains(&predicted);
        let best = right.iter().map(|answer| f1(version, answer, &predicted));
        Self {
            exact: f64::from(u8::from(exact)),
            f1: best.fold(0.0, f64::max),
            has_answer: !answers.is_empty(),
        }
    }
}

/// The F1 of two normalized answers.
fn f1(version: Version, answer: &str, predicted: &str) -> f64 {
    let (answer, predicted): (Vec<&str>, Vec<&str>) = (
        words::split(answer).collect(),
        words::split(predicted).collect(),
    );
    if version == Version::Two && (answer.is_empty() || predicted.is_empty()) {
        return f64::from(u8::from(answer == predicted));
    }
    let mut left: HashMap<&str, usize> = HashMap::new();
    answer
        .iter()
        .for_each(|word| *left.entry(word).or_default() += 1);
    let mut same = 0.0;
    for word in &predicted {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            same += 1.0;
        }
    }
    if same == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (same / predicted.len() as f64, same / answer.len() as f64);
    2.0 * precision * recall / (precision + recall)
}

/// The metrics of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Squad(pub Version);

impl Family for Squad {
    type Row = Question;

    fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["exact_match", "f1"];
        if self.0 == Version::Two {
            names.extend(["HasAns_exact", "HasAns_f1", "NoAns_exact", "NoAns_f1"]);
        }
        names
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Question>) -> Vec<f64> {
        // Rows, exact, F1: of questions without an answer, and with one.
        let mut sums = [[0.0; 3]; 2];
        for row in rows {
            let sums = &mut sums[usize::from(row.has_answer)];
            sums[0] += 1.0;
            sums[1] += row.exact;
            sums[2] += row.f1;
        }
        let [without, with] = sums;
        let all = [
            without[0] + with[0],
            without[1] + with[1],
            without[2] + with[2],
        ];
        let both = |[rows, exact, f1]: [f64; 3]| [100.0 * exact / rows, 100.0 * f1 / rows];
        let mut values = both(all).to_vec();
        if self.0 == Version::Two {
            values.extend(both(with));
            values.extend(both(without));
        }
        values
    }
}
