//! Steps: rows, loss, gradients, and a change of the weights.

use std::sync::Arc;

use super::checkpoint::Saved;
use super::features::{Features, Masking, Prepared, Target};
use super::learner::Learner;
use super::optimizer::{Change, Optimizer};
use super::order::Order;
use super::schedule::Schedule;
use super::training::Training;
use crate::error::{Error, Result};
use crate::model::kernels::pooled;
use crate::model::pipeline::Stop;
use crate::model::tape::{Gradients, Tape};

/// Steps in a row that may give no number before a run ends.
const MOST_SKIPPED: u32 = 5;

/// The epoch whose masks judge: none that is trained with.
const JUDGING: u64 = u64::MAX;

/// Trains one model on one set of rows.
pub struct Trainer {
    /// The model.
    pub learner: Learner,
    optimizer: Optimizer,
    schedule: Schedule,
    order: Order,
    training: Training,
    masking: Option<Masking>,
    rows: Arc<Prepared>,
    steps: u64,
    /// Steps in a row that gave no number.
    skipped: u32,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Its number, from 1 on.
    pub step: u64,
    /// The mean loss of its rows, before the change.
    pub loss: f64,
    /// The norm of all gradients, before it was limited.
    pub grad_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// Tokens that were read.
    pub tokens: u64,
    /// Whether weights were left as they are, because loss or gradients are no numbers.
    pub skipped: bool,
}

impl Trainer {
    /// A trainer that has taken no step.
    pub fn new(
        learner: Learner,
        training: &Training,
        rows: impl Into<Arc<Prepared>>,
        masking: Option<Masking>,
    ) -> Self {
        let rows = rows.into();
        let steps = training.steps(rows.len());
        Self {
            optimizer: Optimizer::new(training, &learner.params),
            schedule: Schedule::new(training, steps),
            order: Order::new(
                training.seed,
                rows.len(),
                training.per_device_train_batch_size,
                training.gradient_accumulation_steps,
            ),
            training: training.clone(),
            learner,
            masking,
            rows,
            steps,
            skipped: 0,
        }
    }

    /// Steps that were taken.
    pub fn done(&self) -> u64 {
        self.optimizer.done()
    }

    /// Steps in all.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Epochs that were gone through, with the part of the last.
    pub fn epoch(&self) -> f64 {
        self.done() as f64 / self.order.steps_an_epoch() as f64
    }

    /// The optimizer's state.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// When it is of another model, or cannot be read.
    pub fn restore(&mut self, saved: &Saved) -> Result<()> {
        saved.weights_into(&self.learner)?;
        self.optimizer
            .restore(&saved.optimizer()?, saved.progress.step)?;
        self.skipped = saved.progress.skipped;
        Ok(())
    }

    /// Steps in a row that changed nothing.
    pub fn skipped(&self) -> u32 {
        self.skipped
    }

    /// Takes a step.
    ///
    /// # Errors
    /// When rows cannot be read, or too many steps in a row give no number.
    pub fn step(&mut self) -> Result<Step> {
        let (epoch, batches) = self.order.batches(self.done());
        let batches: Vec<Vec<Features>> = batches
            .iter()
            .map(|rows| self.features(&self.rows, rows, epoch))
            .collect::<Result<_>>()?;
        self.step_on(&batches)
    }

    /// Takes a step on the longest rows, which needs more memory than any other.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn step_on_longest(&mut self) -> Result<Step> {
        let lengths = self.rows.lengths();
        let mut places: Vec<u32> = (0..lengths.len() as u32).collect();
        places.sort_by_key(|place| std::cmp::Reverse(lengths[*place as usize]));
        places.truncate(self.training.per_device_train_batch_size);
        let rows = self.features(&self.rows, &places, JUDGING)?;
        self.step_on(&[rows])
    }

    /// Takes a step on these rows, batch by batch, whatever the order says.
    ///
    /// # Errors
    /// When they are of another task, or too many steps in a row give no number.
    pub fn step_on(&mut self, batches: &[Vec<Features>]) -> Result<Step> {
        let done = self.done();
        let count: f64 = batches.iter().map(|rows| self.learner.count(rows)).sum();
        let (mut gradients, mut loss, mut tokens) = (Gradients::default(), 0.0, 0);
        for (i, rows) in batches.iter().enumerate().filter(|_| count > 0.0) {
            tokens += tokens_of(rows);
            (gradients, loss) = pooled(|| -> Result<_> {
                let seed = self.training.seed ^ (done * 0x1_0001 + i as u64).rotate_left(20);
                let mut tape = Tape::training(gradients, seed)
                    .checkpointing(self.training.gradient_checkpointing);
                let part = self.learner.loss(&mut tape, rows, count)?;
                Ok((tape.descend(&part), loss + part.value))
            })?;
        }
        let norm = gradients.sum_of_squares().sqrt();
        let learning_rate = self.schedule.rate(done);
        let skipped = !(loss.is_finite() && norm.is_finite());
        if skipped {
            self.skip(done)?;
            gradients.clear();
        } else {
            self.skipped = 0;
        }
        let most = self.training.max_grad_norm;
        let scale = if most > 0.0 {
            (most / (norm + 1e-6)).min(1.0)
        } else {
            1.0
        };
        let change = Change {
            learning_rate,
            scale: scale as f32,
        };
        pooled(|| self.optimizer.step(&gradients, change));
        Ok(Step {
            step: done + 1,
            loss,
            grad_norm: norm,
            learning_rate,
            tokens,
            skipped,
        })
    }

    /// Counts a step that changes nothing.
    fn skip(&mut self, done: u64) -> Result<()> {
        self.skipped += 1;
        if self.skipped < MOST_SKIPPED {
            return Ok(());
        }
        Err(Error::new(format!(
            "the loss was not a number for {MOST_SKIPPED} steps in a row, the last of them step {}",
            done + 1
        ))
        .hint("the best checkpoint before is kept: lower --learning-rate, and look for broken rows with `modeldesk tune preview`"))
    }

    /// The mean loss of rows that are not learned from.
    ///
    /// # Errors
    /// When rows cannot be read, or `stop` says so.
    pub fn judge(&self, rows: &Prepared, stop: Stop<'_>) -> Result<f64> {
        self.judge_first(rows, rows.len(), stop)
    }

    /// The mean loss of the first `count` of them.
    ///
    /// # Errors
    /// As [`Trainer::judge`].
    pub fn judge_first(&self, rows: &Prepared, count: usize, stop: Stop<'_>) -> Result<f64> {
        let all: Vec<u32> = (0..count.min(rows.len()) as u32).collect();
        let (mut sum, mut counted) = (0.0, 0.0);
        for places in all.chunks(self.training.per_device_eval_batch_size) {
            if stop() {
                return Err(Error::interrupted());
            }
            let some = self.features(rows, places, JUDGING)?;
            let count = self.learner.count(&some);
            if count > 0.0 {
                let loss = pooled(|| self.learner.loss(&mut Tape::off(), &some, 1.0))?;
                sum += loss.value;
                counted += count;
            }
        }
        Ok(sum / counted.max(1.0))
    }

    /// Reads rows, and hides tokens of those that are to be filled in.
    fn features(&self, of: &Prepared, places: &[u32], epoch: u64) -> Result<Vec<Features>> {
        let read = |place: &u32| {
            let mut features = of.get(*place as usize)?;
            if let (Target::Masked, Some(masking)) = (&features.target, &self.masking) {
                let (seed, row) = (self.training.seed, u64::from(*place));
                let (ids, labels) = masking.apply(&features.ids, seed, row, epoch);
                features.ids = ids;
                features.target = Target::Tokens(labels);
            }
            Ok(features)
        };
        places.iter().map(read).collect()
    }
}

/// How many tokens a model reads, and writes where it makes a text of another.
fn tokens_of(rows: &[Features]) -> u64 {
    let tokens = |row: &Features| match &row.target {
        Target::Text(ids) => row.ids.len() + ids.len(),
        _ => row.ids.len(),
    };
    rows.iter().map(tokens).sum::<usize>() as u64
}
