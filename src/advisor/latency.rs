//! How long one pass of a model takes on this machine: as it was measured, else an estimate from its
//! shape and the speed of matrix products. Nothing is measured for it.

use super::machine::Machine;
use super::plan;
use super::quantity;
use super::shape::Shape;
use crate::card::Card;

/// Tokens of an input when no task tells how long it usually is.
const NOMINAL: u64 = 128;

/// The share of the measured products that a pass reaches: `PyTorch` takes 84 ms for `DistilBERT` and
/// 165 ms for BERT on 128 tokens in f32, where their products alone take 60 and 121.
pub(super) const SHARE: f64 = 0.7;

/// One pass over an input of one row, up to the answer or the first token of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pass {
    pub(super) milliseconds: f64,
    /// Tokens of the input.
    pub(super) tokens: u64,
    /// How it is known.
    pub(super) known: Known,
}

/// How the time of a pass is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It follows from what was measured of the model here.
    Measured,
    /// It follows from the operations that it takes.
    Estimated {
        /// Weights that are only looked up were left out of it.
        embeddings_apart: bool,
    },
}

impl Pass {
    /// `est 86 ms`, `measured 0.8 ms`.
    pub(super) fn words(self) -> String {
        let rank = match self.known {
            Known::Measured => "measured",
            Known::Estimated { .. } => "est",
        };
        format!("{rank} {}", self.amount())
    }

    /// Whether weights that are only looked up count in it, because the card does not tell them
    /// apart.
    pub(super) fn counts_embeddings(self) -> bool {
        let apart = Known::Estimated {
            embeddings_apart: false,
        };
        self.known == apart
    }

    /// Whether it was measured.
    pub(super) fn is_measured(self) -> bool {
        self.known == Known::Measured
    }

    /// `86 ms`.
    pub(super) fn amount(self) -> String {
        quantity::milliseconds(self.milliseconds)
    }
}

/// Tokens of an input that a pass for `task` is estimated on: as many as a plan assumes of a row.
pub(super) fn tokens(task: Option<&str>) -> u64 {
    task.map_or(NOMINAL, |t| plan::assumed_tokens(t).0)
}

/// The pass of `card` for `task`: as it was measured here, else two operations for each weight and
/// token; `None` where the card states no size, or the speed of this machine is not known yet.
pub(super) fn pass(card: &Card, task: Option<&str>, machine: &Machine) -> Option<Pass> {
    let context = card
        .facts
        .context_length
        .as_ref()
        .map_or(u64::MAX, |c| c.value);
    let tokens = tokens(task).min(context.max(1));
    let measured = machine.measured(&card.id);
    if let Some(milliseconds) = measured.and_then(|record| record.pass(tokens)) {
        return Some(Pass {
            milliseconds,
            tokens,
            known: Known::Measured,
        });
    }
    let gflops = machine.known_speed()?.gflops;
    let shape = Shape::of(card)?;
    let operations = 2.0 * shape.passed(task) * tokens as f64;
    Some(Pass {
        milliseconds: operations / (gflops * 1e6 * SHARE),
        tokens,
        known: Known::Estimated {
            embeddings_apart: shape.embeddings_known,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Origin;

    fn bert() -> Card {
        let text = "---\nmodeldesk:\n  parameters: 109482240\n  architecture: {value: bert, \
                    layers: 12, hidden_size: 768, heads: 12, vocab_size: 30522}\n---\n";
        Card::parse("a/b", Origin::User, text)
    }

    fn machine(gflops: f64) -> Machine {
        Machine::of(2, 24_000_000_000, 21_000_000_000, gflops)
    }

    #[test]
    fn a_pass_of_bert_is_estimated_near_what_it_takes() {
        // transformers on PyTorch takes 165 ms for 1 x 128 where products run at 180 GFLOP/s.
        let estimate = pass(&bert(), None, &machine(180.0)).unwrap();
        assert!(
            (140.0..190.0).contains(&estimate.milliseconds),
            "{estimate:?}"
        );
        assert!(estimate.words().starts_with("est 1"));
    }

    #[test]
    fn twice_the_speed_is_half_the_time_and_an_unknown_speed_none() {
        let once = pass(&bert(), None, &machine(100.0)).unwrap().milliseconds;
        let twice = pass(&bert(), None, &machine(200.0)).unwrap().milliseconds;
        assert!((once / twice - 2.0).abs() < 1e-9);
        let folder = tempfile::tempdir().unwrap();
        let fresh = Machine::read(
            &crate::files::Folders::below(folder.path()),
            &crate::settings::Settings::default(),
        );
        assert_eq!(pass(&bert(), None, &fresh), None);
    }
}
