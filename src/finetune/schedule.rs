//! The learning rate of each step, as transformers' schedulers give it.

use super::training::{Scheduler, Training};

/// How the learning rate goes in one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    kind: Scheduler,
    highest: f64,
    warmup: u64,
    steps: u64,
}

impl Schedule {
    /// The schedule of a run of so many steps.
    pub fn new(training: &Training, steps: u64) -> Self {
        let warmup = training.warmup_steps;
        let warmup = if warmup < 1.0 {
            (warmup * steps as f64).ceil()
        } else {
            warmup
        };
        Self {
            kind: training.lr_scheduler_type,
            highest: training.learning_rate,
            warmup: warmup as u64,
            steps,
        }
    }

    /// The learning rate with which step `done + 1` changes weights.
    pub fn rate(&self, done: u64) -> f64 {
        if self.kind == Scheduler::Constant {
            return self.highest;
        }
        if done < self.warmup {
            return self.highest * done as f64 / self.warmup.max(1) as f64;
        }
        let rest = self.steps.saturating_sub(self.warmup).max(1) as f64;
        let gone = (done - self.warmup) as f64 / rest;
        let share = match self.kind {
            Scheduler::Linear => 1.0 - gone,
            Scheduler::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * gone).cos()),
            Scheduler::Constant | Scheduler::ConstantWithWarmup => 1.0,
        };
        self.highest * share.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(kind: Scheduler, warmup_steps: f64, steps: u64) -> Vec<f64> {
        let training = Training {
            lr_scheduler_type: kind,
            learning_rate: 1.0,
            warmup_steps,
            ..Training::default()
        };
        let schedule = Schedule::new(&training, steps);
        (0..steps).map(|done| schedule.rate(done)).collect()
    }

    #[test]
    fn rates_are_those_of_transformers() {
        assert_eq!(rates(Scheduler::Linear, 0.0, 4), [1.0, 0.75, 0.5, 0.25]);
        assert_eq!(rates(Scheduler::Linear, 2.0, 4), [0.0, 0.5, 1.0, 0.5]);
        assert_eq!(rates(Scheduler::Linear, 0.3, 4), [0.0, 0.5, 1.0, 0.5]);
        assert_eq!(rates(Scheduler::Constant, 2.0, 3), [1.0, 1.0, 1.0]);
        assert_eq!(
            rates(Scheduler::ConstantWithWarmup, 2.0, 3),
            [0.0, 0.5, 1.0]
        );
        let cosine = rates(Scheduler::Cosine, 1.0, 5);
        let expected = [0.0, 1.0, 0.853_553_390_6, 0.5, 0.146_446_609_4];
        assert!(
            cosine
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-9),
            "{cosine:?}"
        );
    }
}
