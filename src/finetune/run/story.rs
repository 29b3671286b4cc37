//! What happened in a run so far, kept short: what a dashboard shows, whatever the run's length.

use super::events::{End, Event, Figures};

/// So many losses are kept; of more, every other one.
const MOST_LOSSES: usize = 2_048;

/// So many of the last warnings are kept.
const MOST_WARNINGS: usize = 8;

/// What happened in a run so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// Steps in all; 0 before they are known.
    pub total: u64,
    /// Weights that learn, and weights in all.
    pub weights: Option<(u64, u64)>,
    /// Losses by their steps.
    pub losses: Vec<(u64, f64)>,
    /// The newest figures of its steps.
    pub pace: Option<Pace>,
    /// The checks, that of the untuned model first.
    pub checks: Vec<Check>,
    /// What it writes for rows that it does not learn from: the first and the newest of each.
    pub samples: Vec<Sample>,
    /// The step of the newest checkpoint.
    pub checkpoint: Option<u64>,
    /// What the user should know, the newest last.
    pub warnings: Vec<String>,
    /// How its last process ended, while no other works on it.
    pub end: Option<Box<End>>,
}

/// How fast a run goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Steps that were taken.
    pub step: u64,
    /// Epochs that were gone through.
    pub epoch: f64,
    /// The last learning rate.
    pub learning_rate: f64,
    /// Tokens a second.
    pub tokens_per_s: f64,
    /// Seconds that all steps took.
    pub seconds: f64,
    /// Resident memory, in MB.
    pub rss_mb: f64,
}

/// The check rows, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// After so many steps; 0 is the untuned model.
    pub step: u64,
    /// The figures.
    pub metrics: Figures,
    /// Whether none before was better.
    pub best: bool,
}

/// What the model wrote for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// After so many steps.
    pub step: u64,
    /// Which of the rows.
    pub number: u64,
    /// What it was given.
    pub prompt: String,
    /// What it wrote.
    pub text: String,
}

/// Below so many steps nothing is said of the time that is left.
const MEASURED: u64 = 10;

impl Pace {
    /// Seconds until `total` steps are taken, at the run's own pace; none before that is known.
    pub fn left(&self, total: u64) -> Option<f64> {
        let measured = self.step >= MEASURED.min(total) && self.step > 0;
        let each = self.seconds / self.step.max(1) as f64;
        (measured && each.is_finite()).then(|| each * total.saturating_sub(self.step) as f64)
    }
}

impl Story {
    /// Takes what happened next. What was written of steps that are taken again no longer holds.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Start {
                step,
                total_steps,
                trainable,
                parameters,
                ..
            } => {
                self.total = total_steps;
                self.weights = Some((trainable, parameters));
                self.forget_after(step);
            }
            Event::Progress {
                step,
                epoch,
                loss,
                learning_rate,
                tokens_per_s,
                seconds,
                rss_mb,
                ..
            } => {
                self.losses.push((step, loss));
                self.thin();
                self.pace = Some(Pace {
                    step,
                    epoch,
                    learning_rate,
                    tokens_per_s,
                    seconds,
                    rss_mb,
                });
            }
            Event::Check {
                step,
                metrics,
                best,
            } => self.checks.push(Check {
                step,
                metrics,
                best,
            }),
            Event::Sample {
                step,
                number,
                prompt,
                text,
                ..
            } => self.wrote(Sample {
                step,
                number,
                prompt,
                text,
            }),
            Event::Checkpoint { step } => self.checkpoint = Some(step),
            Event::Warning { message } => {
                self.warnings.push(message);
                let over = self.warnings.len().saturating_sub(MOST_WARNINGS);
                self.warnings.drain(..over);
            }
            Event::End(end) => self.end = Some(end),
        }
    }

    /// The check of the untuned model.
    pub fn untuned(&self) -> Option<&Check> {
        self.checks.first().filter(|check| check.step == 0)
    }

    /// The best check so far.
    pub fn best(&self) -> Option<&Check> {
        self.checks.iter().rev().find(|check| check.best)
    }

    fn wrote(&mut self, sample: Sample) {
        let own = |one: &&mut Sample| one.number == sample.number;
        match self.samples.iter_mut().filter(own).nth(1) {
            Some(newest) => *newest = sample,
            None => self.samples.push(sample),
        }
    }

    fn forget_after(&mut self, step: u64) {
        self.losses.retain(|(of, _)| *of <= step);
        self.checks.retain(|check| check.step <= step);
        self.samples.retain(|sample| sample.step <= step);
        self.pace = self.pace.filter(|pace| pace.step <= step);
        self.checkpoint = self.checkpoint.filter(|of| *of <= step);
        self.end = None;
    }

    fn thin(&mut self) {
        if self.losses.len() > MOST_LOSSES {
            let mut n = 0;
            self.losses.retain(|_| {
                n += 1;
                n % 2 == 0
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(step: u64) -> Event {
        Event::Start {
            step,
            total_steps: 100_000,
            trainable: 1,
            parameters: 2,
            at: 0.0,
        }
    }

    fn progress(step: u64) -> Event {
        Event::Progress {
            step,
            epoch: 0.1,
            loss: 1.0 / step as f64,
            grad_norm: 1.0,
            learning_rate: 1e-4,
            tokens_per_s: 200.0,
            seconds: step as f64 * 2.0,
            rss_mb: 900.0,
        }
    }

    #[test]
    fn a_long_run_stays_short_and_keeps_its_last_loss() {
        let mut story = Story::default();
        story.take(start(0));
        for step in 1..=10_000 {
            story.take(progress(step));
        }
        assert!(story.losses.len() <= MOST_LOSSES, "{}", story.losses.len());
        assert!(story.losses.len() > MOST_LOSSES / 4);
        assert!(story.losses.last().unwrap().0 > 9_900);
    }

    #[test]
    fn steps_that_are_taken_again_are_forgotten() {
        let mut story = Story::default();
        story.take(start(0));
        for step in [10, 20, 30] {
            story.take(progress(step));
            story.take(Event::Checkpoint { step });
        }
        story.take(start(20));
        assert_eq!(story.losses.len(), 2);
        assert_eq!((story.pace, story.checkpoint), (None, None));
        story.take(progress(30));
        assert_eq!(story.losses.last().unwrap().0, 30);
    }

    #[test]
    fn the_time_left_is_the_runs_own_pace_once_it_is_known() {
        let mut story = Story::default();
        story.take(progress(5));
        assert_eq!(story.pace.unwrap().left(100), None);
        story.take(progress(20));
        assert_eq!(story.pace.unwrap().left(100), Some(160.0));
        story.take(progress(4));
        assert_eq!(story.pace.unwrap().left(4), Some(0.0));
    }
}
