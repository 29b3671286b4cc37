//! What BERT and DistilBERT share: an encoder of post-norm blocks.

use super::size::{linear, matrix, norm, sum, times};
use super::{Common, Head};
use crate::model::kernels::activation::Activation;

/// The form of such an encoder, whatever its settings are called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderForm {
    /// Number of word embeddings.
    pub vocab_size: usize,
    /// The longest input.
    pub positions: usize,
    /// Number of token types, where it knows any.
    pub types: Option<usize>,
    /// Width of the hidden states.
    pub width: usize,
    /// Width inside a feed-forward layer.
    pub inner: usize,
    /// Number of layers.
    pub layers: usize,
    /// Heads of a layer; they share the width.
    pub heads: usize,
    /// What is applied inside a feed-forward layer.
    pub activation: Activation,
    /// What layer norms add to a variance.
    pub eps: f32,
    /// How much of the embeddings is dropped in training.
    pub dropout: f32,
    /// How much of what attention and the feed-forward layer give is dropped in training.
    pub block_dropout: [f32; 2],
    /// How much of the attention is dropped in training.
    pub attention_dropout: f32,
}

impl EncoderForm {
    /// How many parameters it has with a head that it can have, or without any.
    pub(super) fn parameters(&self, common: &Common, head: Head) -> u64 {
        let (width, labels) = (self.width, common.labels.len());
        let words = matrix(self.vocab_size, width);
        let embeddings = sum([
            words,
            matrix(self.positions, width),
            matrix(self.types.unwrap_or(0), width),
            norm(width),
        ]);
        let layer = sum([
            times(4, linear(width, width)),
            linear(width, self.inner),
            linear(self.inner, width),
            times(2, norm(width)),
        ]);
        let untied = if common.tie_word_embeddings { 0 } else { words };
        let head = match head {
            Head::MaskedLm => sum([
                linear(width, width),
                norm(width),
                self.vocab_size as u64,
                untied,
            ]),
            Head::SequenceClassification => sum([linear(width, width), linear(width, labels)]),
            Head::TokenClassification => linear(width, labels),
            Head::QuestionAnswering => linear(width, 2),
            Head::Base | Head::CausalLm | Head::Generation => 0,
        };
        sum([embeddings, times(self.layers, layer), head])
    }
}
