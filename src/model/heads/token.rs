//! Classifies each token.

use super::Body;
use super::masked_lm::Transform;
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::Config;
use crate::model::layers::{Linear, Source};
use crate::model::tape::{Tape, Tensor};

/// An encoder with a head that gives each token a row of logits.
#[derive(Clone)]
pub struct TokenClassification {
    /// The encoder.
    pub body: Body,
    /// What ModernBERT has before its classifier.
    transform: Option<Transform>,
    classifier: Linear,
    dropout: f32,
}

impl TokenClassification {
    /// Reads body and head; a head that the checkpoint lacks is made, and `source` says so.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        let (width, dropout) = match config {
            Config::Bert(c) => (
                c.hidden_size,
                c.classifier_dropout.unwrap_or(c.hidden_dropout_prob),
            ),
            Config::DistilBert(c) => (c.dim, c.dropout),
            Config::Candle(c) if !config.is_causal() => (c.hidden_size, 0.0),
            Config::Gpt2(_) | Config::T5(_) | Config::Candle(_) => {
                return Err(Error::new("this model classifies no tokens")
                    .hint("token-classification runs with BERT and DistilBERT"));
            }
        };
        Ok(Self {
            body: Body::load(source, config)?,
            transform: Transform::of_classifier(source, config)?,
            classifier: source.head("classifier", width, config.common().labels.len(), true)?,
            dropout,
        })
    }

    /// `[tokens, labels]`
    pub fn logits(&self, tape: &mut Tape, batch: &Batch) -> Tensor {
        let x = self.body.forward(tape, batch, |_| ());
        let x = match &self.transform {
            Some(transform) => transform.forward(tape, &x),
            None => x,
        };
        let x = tape.dropout(&x, self.dropout);
        self.classifier.forward(tape, &x)
    }
}
