//! What comes of an order.

use std::time::{Duration, Instant};

use crate::advisor::quantity;
use crate::model::bench::Figures;
use crate::model::generate::{Finish, Timing};
use crate::model::pipeline::feature_extraction::States;
use crate::model::pipeline::fill_mask::Fill;
use crate::model::pipeline::question_answering::Answer;
use crate::model::pipeline::text_classification::Label;
use crate::model::pipeline::token_classification::Entity;

/// What came of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The task's own output.
    pub output: Output,
    /// What the user should know, as sentences that are safe to show.
    pub notes: Vec<String>,
    /// How fast a text came, for tasks that write.
    pub pace: Option<Pace>,
    /// Why the text ended, for tasks that write.
    pub finish: Option<Finish>,
    /// How long the run took, without loading.
    pub took: Duration,
}

/// The output of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Texts that were written, the best first.
    Texts(Vec<String>),
    /// For each mask in turn the tokens that fit, the best first.
    Fills(Vec<Vec<Fill>>),
    /// The labels of a text, the best first.
    Labels(Vec<Label>),
    /// What stands in the text, in its order.
    Entities(Vec<Entity>),
    /// The answers to a question, the best first.
    Answers(Vec<Answer>),
    /// How close each text is to each.
    Similarity(Vec<Vec<f32>>),
    /// The hidden states of a text.
    States(States),
    /// How fast the model is.
    Speed(Figures),
}

/// How fast a text comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Tokens so far.
    pub tokens: usize,
    /// From the order's start to its first token, without loading.
    pub first: Duration,
    /// Tokens a second after the first; nothing while there is one only.
    pub rate: Option<f64>,
}

impl Pace {
    /// `34 tokens  112 tok/s  first token 84 ms`.
    pub fn words(&self) -> String {
        let count = quantity::counted(self.tokens as u64, "token");
        let first = self.first.as_secs_f64() * 1e3;
        let rate = self.rate.map(|rate| format!("{rate:.0} tok/s  "));
        format!(
            "{count}  {}first token {first:.0} ms",
            rate.unwrap_or_default()
        )
    }

    /// The pace of a text that has ended; `tokens` were made.
    pub(super) fn of(timing: &Timing) -> Self {
        let rate = timing.decode_tok_s();
        Self {
            tokens: timing.more_tokens + usize::from(!timing.first_token.is_zero()),
            first: timing.first_token,
            rate: (rate > 0.0).then_some(rate),
        }
    }
}

/// Watches a text as it comes.
pub(super) struct Watch {
    start: Instant,
    first: Option<Duration>,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            first: None,
        }
    }

    /// The pace when there are so many tokens.
    pub(super) fn pace(&mut self, tokens: usize) -> Pace {
        let now = self.start.elapsed();
        let first = *self.first.get_or_insert(now);
        let since = now.saturating_sub(first).as_secs_f64();
        let rate = (tokens > 1 && since > 0.0).then(|| (tokens - 1) as f64 / since);
        Pace {
            tokens,
            first,
            rate,
        }
    }

    pub(super) fn took(&self) -> Duration {
        self.start.elapsed()
    }
}
