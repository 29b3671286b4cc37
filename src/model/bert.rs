//! BERT (Devlin et al., 2018): a bidirectional encoder with post-norm blocks.

use super::batch::Batch;
use super::config::BertConfig;
use super::kernels::activation::Activation;
use super::layers::{Encoder, EncoderNames, Linear, Source};
use super::tape::{Tape, Tensor};
use crate::error::Result;

const NAMES: EncoderNames = EncoderNames {
    embeddings: "bert.embeddings",
    layers: "bert.encoder.layer",
    attention: [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
    ],
    attention_norm: "attention.output.LayerNorm",
    feed_forward: ["intermediate.dense", "output.dense"],
    norm: "output.LayerNorm",
};

const POOLER: &str = "bert.pooler.dense";

/// The encoder, and the pooler if the checkpoint has one.
#[derive(Clone)]
pub struct Bert {
    /// All but the pooler.
    pub encoder: Encoder,
    pooler: Option<Linear>,
}

impl Bert {
    /// Reads the encoder that `config` describes.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &BertConfig) -> Result<Self> {
        let width = config.hidden_size;
        let has_pooler = source.has(&format!("{POOLER}.weight"));
        Ok(Self {
            encoder: Encoder::load(source, &config.form(), &NAMES)?,
            pooler: has_pooler
                .then(|| source.linear(POOLER, width, width))
                .transpose()?,
        })
    }

    /// Whether the checkpoint has a pooler.
    pub fn has_pooler(&self) -> bool {
        self.pooler.is_some()
    }

    /// What the pooler makes of each sequence's first hidden state: `[sequences, width]`.
    pub fn pool(&self, tape: &mut Tape, hidden: &Tensor, batch: &Batch) -> Option<Tensor> {
        let pooler = self.pooler.as_ref()?;
        let first = tape.select_rows(hidden, &batch.firsts());
        let x = pooler.forward(tape, &first);
        Some(tape.activation(&x, Activation::Tanh))
    }
}
