//! BERT (Devlin et al., 2018): an encoder with post-norm blocks.

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

/// Reads the encoder that `config` describes.
///
/// # Errors
/// A tensor that is missing or of another shape, or a file that cannot be read.
pub fn load(source: &Source, config: &BertConfig) -> Result<Encoder> {
    Encoder::load(source, &config.form(), &NAMES)
}

/// What makes one vector of a sequence: a layer on its first hidden state. Few heads stand on it.
#[derive(Clone)]
pub struct Pooler(Linear);

impl Pooler {
    /// Reads the pooler; one that the checkpoint lacks is made as a head is, and `source` says so.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &BertConfig) -> Result<Self> {
        let (name, width) = ("bert.pooler.dense", config.hidden_size);
        Ok(Self(if source.has(&format!("{name}.weight")) {
            source.linear(name, width, width)?
        } else {
            source.head(name, width, width, true)?
        }))
    }

    /// What it makes of each sequence: `[sequences, width]`.
    pub fn forward(&self, tape: &mut Tape, hidden: &Tensor, batch: &Batch) -> Tensor {
        let first = tape.select_rows(hidden, &batch.firsts());
        let x = self.0.forward(tape, &first);
        tape.activation(&x, Activation::Tanh)
    }
}
