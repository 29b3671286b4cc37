//! Classifies whole sequences.

use super::Body;
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::bert::Pooler;
use crate::model::config::Config;
use crate::model::kernels::activation::Activation;
use crate::model::layers::{Linear, Source};
use crate::model::tape::{Tape, Tensor};

/// A model with a head that gives each sequence a row of logits.
#[derive(Clone)]
pub struct SequenceClassification {
    /// What is below the head.
    pub body: Body,
    /// BERT's layer below the head.
    pooler: Option<Pooler>,
    /// DistilBERT's layer before the last, with a `ReLU` after it.
    before: Option<Linear>,
    classifier: Linear,
    dropout: f32,
}

impl SequenceClassification {
    /// Reads body and head; a head that the checkpoint lacks is made, and `source` says so.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        let body = Body::load(source, config)?;
        let labels = config.common().labels.len();
        Ok(match (config, &body) {
            (Config::Bert(c), _) => Self {
                body,
                pooler: Some(Pooler::load(source, c)?),
                before: None,
                classifier: source.head("classifier", c.hidden_size, labels, true)?,
                dropout: c.classifier_dropout.unwrap_or(c.hidden_dropout_prob),
            },
            (Config::DistilBert(c), _) => Self {
                body,
                pooler: None,
                before: Some(source.head("pre_classifier", c.dim, c.dim, true)?),
                classifier: source.head("classifier", c.dim, labels, true)?,
                dropout: c.seq_classif_dropout,
            },
            (Config::Gpt2(c), _) => Self {
                body,
                pooler: None,
                before: None,
                classifier: source.head("score", c.n_embd, labels, false)?,
                dropout: 0.0,
            },
            (Config::T5(_), _) => return Err(Error::new("this model classifies no sequences")),
        })
    }

    /// `[sequences, labels]`
    pub fn logits(&self, tape: &mut Tape, batch: &Batch) -> Tensor {
        let hidden = self.body.forward(tape, batch, |_| ());
        let mut x = match (&self.body, &self.pooler) {
            (_, Some(pooler)) => pooler.forward(tape, &hidden, batch),
            (Body::Gpt2(_), None) => tape.select_rows(&hidden, &batch.lasts()),
            (_, None) => tape.select_rows(&hidden, &batch.firsts()),
        };
        if let Some(before) = &self.before {
            let y = before.forward(tape, &x);
            x = tape.activation(&y, Activation::Relu);
        }
        let x = tape.dropout(&x, self.dropout);
        self.classifier.forward(tape, &x)
    }
}
