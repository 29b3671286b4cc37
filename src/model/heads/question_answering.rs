//! Finds where an answer starts and ends.

use super::Body;
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::Config;
use crate::model::layers::{Linear, Source};
use crate::model::tape::{Tape, Tensor};

/// An encoder with a head that gives each token a logit for the start and one for the end.
#[derive(Clone)]
pub struct QuestionAnswering {
    /// The encoder.
    pub body: Body,
    outputs: Linear,
    dropout: f32,
}

impl QuestionAnswering {
    /// Reads body and head; a head that the checkpoint lacks is made, and `source` says so.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        let (width, dropout) = match config {
            Config::Bert(c) => (c.hidden_size, 0.0),
            Config::DistilBert(c) => (c.dim, c.qa_dropout),
            Config::Gpt2(_) | Config::T5(_) | Config::Candle(_) => {
                return Err(Error::new("this model extracts no answers")
                    .hint("question-answering runs with BERT and DistilBERT"));
            }
        };
        Ok(Self {
            body: Body::load(source, config)?,
            outputs: source.head("qa_outputs", width, 2, true)?,
            dropout,
        })
    }

    /// `[tokens, 2]`: of the start and of the end.
    pub fn logits(&self, tape: &mut Tape, batch: &Batch) -> Tensor {
        let x = self.body.forward(tape, batch, |_| ());
        let x = tape.dropout(&x, self.dropout);
        self.outputs.forward(tape, &x)
    }
}
