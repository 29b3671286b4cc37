//! What a run would take, measured by some of its own steps.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::memory::resident_mb;
use super::work::Work;
use super::{Going, Log, Run};
use crate::error::Result;
use crate::finetune::dataset::Part;
use crate::jobs::Cancel;

/// Steps that are measured, after one that is not.
const STEPS: u64 = 8;

/// Check rows that are judged to see how long that takes.
const CHECKED: usize = 32;

/// What the steps took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Steps of the whole run.
    pub total_steps: u64,
    /// Steps that were measured.
    pub measured_steps: u64,
    /// Tokens a second of them.
    pub tokens_per_s: f64,
    /// Seconds that the whole run is likely to take, checks with it.
    pub seconds: f64,
    /// The most memory of the process, in MB (10^6 bytes), with the longest rows in one step.
    pub peak_rss_mb: f64,
    /// Weights that learn.
    pub trainable: u64,
    /// Weights in all.
    pub parameters: u64,
}

/// How far the likely time may be off, either way.
const SOONER: f64 = 0.75;
const LATER: f64 = 1.3;

impl Probe {
    /// The least and the most seconds that the whole run is likely to take.
    pub fn range(&self) -> (f64, f64) {
        (self.seconds * SOONER, self.seconds * LATER)
    }
}

/// Takes some steps of `run` in this process and keeps nothing of them.
///
/// # Errors
/// When the run could not begin, or `cancel` says so.
pub fn probe(run: &Run, cancel: &Cancel) -> Result<Probe> {
    let begun = Instant::now();
    let mut log = Log::open(&run.events_path())?;
    let mut work = Work::begin(run, Going::Exactly, cancel, &mut log)?;
    let ready = begun.elapsed().as_secs_f64();
    let trainer = &mut work.trainer;
    let total_steps = trainer.steps();
    // The largest step first: what it needs is kept for the others.
    trainer.step_on_longest()?;
    let (mut tokens, mut steps) = (0, 0);
    let since = Instant::now();
    while steps < STEPS.min(total_steps) {
        cancel.check()?;
        tokens += trainer.step()?.tokens;
        steps += 1;
    }
    let stepping = since.elapsed().as_secs_f64();
    let rows = work.judge.prepared(Part::Check).len() + work.judge.prepared(Part::Test).len();
    let checking = work.judge.seconds_a_row(&work.trainer, CHECKED)?;
    let checks = total_steps.div_ceil(work.plan.training.check_every(total_steps)) + 1;
    let (trainable, parameters) = work.trainer.learner.counts();
    Ok(Probe {
        total_steps,
        measured_steps: steps,
        tokens_per_s: tokens as f64 / stepping.max(1e-9),
        seconds: ready
            + stepping / steps.max(1) as f64 * total_steps as f64
            + checking * rows as f64 * checks as f64,
        peak_rss_mb: resident_mb().1,
        trainable,
        parameters,
    })
}
