//! DistilBERT (Sanh et al., 2019): BERT's blocks, half as many, without token types and pooler.

use super::config::DistilBertConfig;
use super::layers::{Encoder, EncoderNames, Source};
use crate::error::Result;

const NAMES: EncoderNames = EncoderNames {
    embeddings: "distilbert.embeddings",
    layers: "distilbert.transformer.layer",
    attention: [
        "attention.q_lin",
        "attention.k_lin",
        "attention.v_lin",
        "attention.out_lin",
    ],
    attention_norm: "sa_layer_norm",
    feed_forward: ["ffn.lin1", "ffn.lin2"],
    norm: "output_layer_norm",
};

/// Reads the encoder that `config` describes.
///
/// # Errors
/// A tensor that is missing or of another shape, or a file that cannot be read.
pub fn load(source: &Source, config: &DistilBertConfig) -> Result<Encoder> {
    Encoder::load(source, &config.form(), &NAMES)
}
