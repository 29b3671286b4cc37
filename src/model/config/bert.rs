//! What decides the computation of a BERT.

use super::size::{linear, sum};
use super::{
    Common, EncoderForm, Fields, Head, INNER, LAYERS, POSITIONS, TYPES, VOCABULARY, WIDTH,
    heads_of, limited,
};
use crate::error::Result;
use crate::model::kernels::activation::Activation;

/// A BERT, under transformers' names.
#[derive(Debug, Clone, PartialEq)]
pub struct BertConfig {
    /// What is not BERT's alone.
    pub common: Common,
    /// Number of word embeddings.
    pub vocab_size: usize,
    /// Width of the hidden states.
    pub hidden_size: usize,
    /// Number of layers.
    pub num_hidden_layers: usize,
    /// Heads of a layer; they share the width.
    pub num_attention_heads: usize,
    /// Width inside a feed-forward layer.
    pub intermediate_size: usize,
    /// What is applied inside a feed-forward layer, and in the masked head.
    pub hidden_act: Activation,
    /// How much of the hidden states is dropped in training.
    pub hidden_dropout_prob: f32,
    /// How much of the attention is dropped in training.
    pub attention_probs_dropout_prob: f32,
    /// How much is dropped before a classifier; as of hidden states where it is not said.
    pub classifier_dropout: Option<f32>,
    /// The longest input.
    pub max_position_embeddings: usize,
    /// Number of token types.
    pub type_vocab_size: usize,
    /// Spread of weights that are made, not read.
    pub initializer_range: f32,
    /// What layer norms add to a variance.
    pub layer_norm_eps: f32,
    /// What fills up short inputs of a batch.
    pub pad_token_id: Option<u32>,
}

impl BertConfig {
    pub(super) fn read(fields: Fields<'_>) -> Result<Self> {
        if fields
            .text("position_embedding_type")?
            .is_some_and(|kind| kind != "absolute")
        {
            return Err(fields.wrong("position_embedding_type", "absolute"));
        }
        fields.never("is_encoder_decoder")?;
        let vocab_size = fields.count("vocab_size", 30_522, VOCABULARY)?;
        let hidden_size = fields.count("hidden_size", 768, WIDTH)?;
        let config = Self {
            common: Common::read(fields, "bert")?,
            vocab_size,
            hidden_size,
            num_hidden_layers: fields.count("num_hidden_layers", 12, LAYERS)?,
            num_attention_heads: heads_of(
                fields,
                "num_attention_heads",
                "hidden_size",
                hidden_size,
            )?,
            intermediate_size: fields.count("intermediate_size", 3072, INNER)?,
            hidden_act: fields.activation("hidden_act", Activation::Gelu)?,
            hidden_dropout_prob: fields.dropout("hidden_dropout_prob", 0.1)?,
            attention_probs_dropout_prob: fields.dropout("attention_probs_dropout_prob", 0.1)?,
            classifier_dropout: fields.maybe_dropout("classifier_dropout")?,
            max_position_embeddings: fields.count("max_position_embeddings", 512, POSITIONS)?,
            type_vocab_size: fields.count("type_vocab_size", 2, TYPES)?,
            initializer_range: fields.spread("initializer_range", 0.02)?,
            layer_norm_eps: fields.epsilon("layer_norm_eps", 1e-12)?,
            pad_token_id: fields.id_below("pad_token_id", Some(0), vocab_size)?,
        };
        limited(fields, config.parameters(Head::MaskedLm))?;
        Ok(config)
    }

    /// The form of the encoder.
    pub fn form(&self) -> EncoderForm {
        EncoderForm {
            vocab_size: self.vocab_size,
            positions: self.max_position_embeddings,
            types: Some(self.type_vocab_size),
            width: self.hidden_size,
            inner: self.intermediate_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            activation: self.hidden_act,
            eps: self.layer_norm_eps,
            dropout: self.hidden_dropout_prob,
            block_dropout: [self.hidden_dropout_prob; 2],
            attention_dropout: self.attention_probs_dropout_prob,
        }
    }

    /// How many parameters it has with a head that it can have, or without any.
    pub fn parameters(&self, head: Head) -> u64 {
        let pooler = match head {
            Head::Base | Head::CausalLm | Head::Generation => {
                linear(self.hidden_size, self.hidden_size)
            }
            // A classifier's count has it, and the others have none.
            _ => 0,
        };
        sum([self.form().parameters(&self.common, head), pooler])
    }
}
