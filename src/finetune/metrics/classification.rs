//! One class a row: accuracy, precision, recall, F1 and Matthews' coefficient, as scikit-learn has
//! them.

use std::collections::BTreeMap;

use super::Family;
use super::counts::{Average, Counts, ZeroDivision};

/// What is true of a row, and what was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The class that is true.
    pub truth: u32,
    /// The class that was predicted.
    pub predicted: u32,
}

/// The metrics of one class a row.
///
/// Averages are over the classes that are true or predicted somewhere in the rows, which is what
/// scikit-learn takes when no labels are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classification {
    /// How many classes there are.
    pub classes: usize,
    /// The class whose own scores are given, for two classes.
    pub positive: Option<usize>,
}

impl Classification {
    /// For so many classes; of two the second is the positive one.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            positive: (classes == 2).then_some(1),
        }
    }

    /// The counts of all classes.
    pub fn counts<'a>(&self, rows: impl Iterator<Item = &'a Judged>) -> Counts {
        let mut counts = Counts::new(self.classes);
        for row in rows {
            counts.judge(row.truth as usize, row.predicted as usize);
        }
        counts
    }

    fn measure(&self, counts: &Counts) -> Vec<f64> {
        let zero = ZeroDivision::Zero;
        let present = counts.present();
        let mean = present.average(Average::Macro, zero);
        let weighted = present.average(Average::Weighted, zero);
        let mut values = vec![
            accuracy(counts),
            matthews(counts),
            mean.precision,
            mean.recall,
            mean.f1,
            present.average(Average::Micro, zero).f1,
            weighted.f1,
        ];
        if let Some(positive) = self.positive {
            let own = counts.classes()[positive].scores(zero);
            values.extend([own.precision, own.recall, own.f1]);
        }
        values
    }
}

/// The names of what every classification has.
const NAMES: [&str; 7] = [
    "accuracy",
    "matthews",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "f1_micro",
    "f1_weighted",
];

impl Family for Classification {
    type Row = Judged;

    fn names(&self) -> Vec<&'static str> {
        let mut names = NAMES.to_vec();
        if self.positive.is_some() {
            names.extend(["precision", "recall", "f1"]);
        }
        names
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Judged>) -> Vec<f64> {
        self.measure(&self.counts(rows))
    }
}

/// The metrics of labels of tokens, a row being a sentence: selections take sentences whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens(pub Classification);

impl Family for Tokens {
    type Row = Vec<Judged>;

    fn names(&self) -> Vec<&'static str> {
        self.0.names()
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Vec<Judged>>) -> Vec<f64> {
        self.0.values(rows.flatten())
    }
}

/// The share of rows that are right.
pub fn accuracy(counts: &Counts) -> f64 {
    let total = counts.total();
    total.right as f64 / total.truth as f64
}

/// Matthews' correlation coefficient (Gorodkin, 2004, for more than two classes); 0 where only one
/// class is true or predicted.
pub fn matthews(counts: &Counts) -> f64 {
    let total = counts.total();
    let (rows, right) = (total.truth as f64, total.right as f64);
    let (mut both, mut predicted, mut truth) = (0.0, 0.0, 0.0);
    for class in counts.classes() {
        let (p, t) = (class.predicted as f64, class.truth as f64);
        both += p * t;
        predicted += p * p;
        truth += t * t;
    }
    let spread = (rows * rows - predicted) * (rows * rows - truth);
    if spread == 0.0 {
        0.0
    } else {
        (right * rows - both) / spread.sqrt()
    }
}

/// How often each class was taken for each: by what is true and what was predicted, without zeros.
pub fn confusion<'a>(rows: impl Iterator<Item = &'a Judged>) -> BTreeMap<(u32, u32), u64> {
    let mut cells = BTreeMap::new();
    for row in rows {
        *cells.entry((row.truth, row.predicted)).or_default() += 1;
    }
    cells
}
