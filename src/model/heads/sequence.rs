//! Classifies whole sequences.

use super::Body;
use super::masked_lm::Transform;
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::bert::Pooler;
use crate::model::config::Config;
use crate::model::config::candle::Own;
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
    /// What ModernBERT has before its classifier.
    transform: Option<Transform>,
    /// The mean of a text's tokens stands for it.
    pools_mean: bool,
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
                transform: None,
                pools_mean: false,
                classifier: source.head("classifier", c.hidden_size, labels, true)?,
                dropout: c.classifier_dropout.unwrap_or(c.hidden_dropout_prob),
            },
            (Config::DistilBert(c), _) => Self {
                body,
                pooler: None,
                before: Some(source.head("pre_classifier", c.dim, c.dim, true)?),
                transform: None,
                pools_mean: false,
                classifier: source.head("classifier", c.dim, labels, true)?,
                dropout: c.seq_classif_dropout,
            },
            (Config::Gpt2(c), _) => Self {
                body,
                pooler: None,
                before: None,
                transform: None,
                pools_mean: false,
                classifier: source.head("score", c.n_embd, labels, false)?,
                dropout: 0.0,
            },
            (Config::Candle(c), _) => Self {
                body,
                pooler: None,
                before: None,
                transform: Transform::of_classifier(source, config)?,
                pools_mean: matches!(&c.own, Own::ModernBert(own) if own.pools_mean),
                classifier: source.head("classifier", c.hidden_size, labels, true)?,
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
            (_, None) if self.pools_mean => means(&hidden, batch),
            (_, None) => tape.select_rows(&hidden, &batch.firsts()),
        };
        if let Some(before) = &self.before {
            let y = before.forward(tape, &x);
            x = tape.activation(&y, Activation::Relu);
        }
        if let Some(transform) = &self.transform {
            x = transform.forward(tape, &x);
        }
        let x = tape.dropout(&x, self.dropout);
        self.classifier.forward(tape, &x)
    }
}

/// The mean of each sequence's rows. Not recorded: what stands on candle is not trained.
fn means(hidden: &Tensor, batch: &Batch) -> Tensor {
    let width = hidden.cols();
    let mut all = Vec::with_capacity(batch.len() * width);
    for ends in batch.starts.windows(2) {
        let rows = &hidden.values()[ends[0] * width..ends[1] * width];
        let count = (ends[1] - ends[0]).max(1) as f32;
        let of = |i| rows.iter().skip(i).step_by(width).sum::<f32>() / count;
        all.extend((0..width).map(of));
    }
    Tensor::new(width, all)
}
