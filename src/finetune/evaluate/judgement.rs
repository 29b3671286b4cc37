//! What is kept of a model's answers to rows: enough for any metric of any selection of them.

use std::any::Any;

use super::evaluation::{ByClass, Confusion, Evaluation, Figure, Ordered, Worst};
use crate::error::{Error, Result};
use crate::finetune::metrics::Family;
use crate::finetune::metrics::bootstrap::{Draws, Interval, intervals};
use crate::finetune::metrics::counts::{Class, ZeroDivision};
use crate::finetune::metrics::paired::{self, Difference};
use crate::jobs::Cancel;
use crate::model::pipeline::Task;

/// What is kept of a model's answers to rows.
pub struct Judgement {
    pub(super) task: Task,
    pub(super) n: usize,
    pub(super) measures: Vec<Box<dyn Measure>>,
    pub(super) per_class: Ordered<ByClass>,
    pub(super) confusion: Option<Confusion>,
    pub(super) signature: Vec<String>,
    pub(super) worst: Vec<Worst>,
    pub(super) notes: Vec<String>,
}

/// How a metric differs between two models.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// The metric's name.
    pub name: String,
    /// The first model's less the second's.
    pub difference: Difference,
}

/// Rows of a family of metrics.
pub(super) trait Measure {
    fn names(&self) -> Vec<&'static str>;
    fn values(&self) -> Vec<f64>;
    fn intervals(&self, draws: Draws, cancel: &Cancel) -> Result<Vec<Option<Interval>>>;
    /// The differences to rows of the same family; none if they are of another, or not as many.
    fn differences(
        &self,
        other: &dyn Measure,
        trials: usize,
        draws: Draws,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Difference>>>;
    fn as_any(&self) -> &dyn Any;
}

/// A family with its rows.
pub(super) struct Kept<F: Family> {
    pub family: F,
    pub rows: Vec<F::Row>,
}

impl<F: Family + 'static> Measure for Kept<F>
where
    F::Row: 'static,
{
    fn names(&self) -> Vec<&'static str> {
        self.family.names()
    }

    fn values(&self) -> Vec<f64> {
        self.family.values(self.rows.iter())
    }

    fn intervals(&self, draws: Draws, cancel: &Cancel) -> Result<Vec<Option<Interval>>> {
        intervals(&self.family, &self.rows, draws, cancel)
    }

    fn differences(
        &self,
        other: &dyn Measure,
        trials: usize,
        draws: Draws,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Difference>>> {
        let Some(other) = other.as_any().downcast_ref::<Self>() else {
            return Ok(None);
        };
        if other.family.names() != self.family.names() || other.rows.len() != self.rows.len() {
            return Ok(None);
        }
        paired::compare(&self.family, &self.rows, &other.rows, trials, draws, cancel).map(Some)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Judgement {
    /// Nothing kept yet, for so many rows of a task.
    pub(super) fn new(task: Task, n: usize) -> Self {
        Self {
            task,
            n,
            measures: Vec::new(),
            per_class: Ordered::default(),
            confusion: None,
            signature: Vec::new(),
            worst: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Keeps rows of a family.
    pub(super) fn keep<F: Family + 'static>(&mut self, family: F, rows: Vec<F::Row>)
    where
        F::Row: 'static,
    {
        self.measures.push(Box::new(Kept { family, rows }));
    }

    /// Keeps the scores of classes.
    pub(super) fn keep_classes<'a>(&mut self, classes: impl Iterator<Item = (&'a str, Class)>) {
        let scores = classes.map(|(name, class)| {
            let scores = class.scores(ZeroDivision::Zero);
            let scores = ByClass {
                precision: scores.precision,
                recall: scores.recall,
                f1: scores.f1,
                support: class.truth,
            };
            (name.to_owned(), scores)
        });
        self.per_class = Ordered(scores.collect());
    }

    /// The metrics with their intervals.
    ///
    /// # Errors
    /// When it is to stop.
    pub fn evaluation(&self, draws: Draws, cancel: &Cancel) -> Result<Evaluation> {
        let mut metrics = Vec::new();
        for measure in &self.measures {
            let (values, ranges) = (measure.values(), measure.intervals(draws, cancel)?);
            let figures = measure.names().into_iter().zip(values).zip(ranges);
            metrics.extend(figures.map(|((name, value), ci95)| {
                let value = value.is_finite().then_some(value);
                (name.to_owned(), Figure { value, ci95 })
            }));
        }
        let mut signature = self.signature.clone();
        signature.push(format!(
            "ci95: bootstrap:percentile|n:{}|seed:{}",
            draws.resamples, draws.seed
        ));
        Ok(Evaluation {
            task: self.task.name().to_owned(),
            n: self.n,
            metrics: Ordered(metrics),
            per_class: self.per_class.clone(),
            confusion: self.confusion.clone(),
            signature: signature.join("; "),
            worst: self.worst.clone(),
            notes: self.notes.clone(),
        })
    }

    /// How the metrics differ from another model's on the same rows.
    ///
    /// # Errors
    /// When the other was measured by other metrics or on other rows, or when it is to stop.
    pub fn against(
        &self,
        other: &Self,
        trials: usize,
        draws: Draws,
        cancel: &Cancel,
    ) -> Result<Vec<Shift>> {
        let mut shifts = Vec::new();
        for (ours, theirs) in self.measures.iter().zip(&other.measures) {
            let found = ours.differences(theirs.as_ref(), trials, draws, cancel)?;
            let found = found.ok_or_else(|| {
                Error::new("the two models were not measured by the same metrics on the same rows")
                    .hint("compare models of one task with the same labels")
            })?;
            let named = ours.names().into_iter().zip(found);
            shifts.extend(named.map(|(name, difference)| Shift {
                name: name.to_owned(),
                difference,
            }));
        }
        Ok(shifts)
    }
}
