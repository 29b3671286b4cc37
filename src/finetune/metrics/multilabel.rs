//! Any number of classes a row: F1, precision and recall over classes, and how often all of them
//! are right, as scikit-learn has them.

use super::Family;
use super::counts::{Average, Class, Counts, ZeroDivision};

/// The classes of a row, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sets {
    /// Those that are true.
    pub truth: Vec<u32>,
    /// Those that were predicted.
    pub predicted: Vec<u32>,
}

impl Sets {
    /// Classes in any order, however often.
    pub fn new(mut truth: Vec<u32>, mut predicted: Vec<u32>) -> Self {
        for classes in [&mut truth, &mut predicted] {
            classes.sort_unstable();
            classes.dedup();
        }
        Self { truth, predicted }
    }

    /// How many classes are true or predicted, and not both.
    pub fn wrong(&self) -> usize {
        let common = self
            .predicted
            .iter()
            .filter(|class| self.truth.contains(class));
        self.truth.len() + self.predicted.len() - 2 * common.count()
    }
}

/// The metrics of any number of classes a row. Averages are over all classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multilabel {
    /// How many classes there are.
    pub classes: usize,
}

impl Multilabel {
    /// The counts of all classes.
    pub fn counts<'a>(&self, rows: impl Iterator<Item = &'a Sets>) -> Counts {
        let mut counts = Counts::new(self.classes);
        for row in rows {
            add(&mut counts, row);
        }
        counts
    }
}

fn add(counts: &mut Counts, row: &Sets) {
    for class in &row.truth {
        let right = u64::from(row.predicted.contains(class));
        let truth = Class {
            right,
            predicted: 0,
            truth: 1,
        };
        counts.add(*class as usize, truth);
    }
    for class in &row.predicted {
        let predicted = Class {
            predicted: 1,
            ..Class::default()
        };
        counts.add(*class as usize, predicted);
    }
}

impl Family for Multilabel {
    type Row = Sets;

    fn names(&self) -> Vec<&'static str> {
        vec![
            "subset_accuracy",
            "precision_micro",
            "recall_micro",
            "f1_micro",
            "precision_macro",
            "recall_macro",
            "f1_macro",
            "f1_weighted",
        ]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Sets>) -> Vec<f64> {
        let (mut counts, mut right, mut all) = (Counts::new(self.classes), 0.0, 0.0);
        for row in rows {
            add(&mut counts, row);
            all += 1.0;
            right += f64::from(u8::from(row.truth == row.predicted));
        }
        let of = |average| counts.average(average, ZeroDivision::Zero);
        let (micro, mean) = (of(Average::Micro), of(Average::Macro));
        vec![
            right / all,
            micro.precision,
            micro.recall,
            micro.f1,
            mean.precision,
            mean.recall,
            mean.f1,
            of(Average::Weighted).f1,
        ]
    }
}
