//! What decides the computation of a DistilBERT.

use super::{
    Common, EncoderForm, Fields, Head, INNER, LAYERS, POSITIONS, VOCABULARY, WIDTH, heads_of,
    limited,
};
use crate::error::Result;
use crate::model::kernels::activation::Activation;

/// What transformers adds to the variance in every norm of DistilBERT.
const EPS: f32 = 1e-12;

/// Other names that transformers knows its fields by.
const ALIASES: [(&str, &str); 3] = [
    ("hidden_size", "dim"),
    ("num_attention_heads", "n_heads"),
    ("num_hidden_layers", "n_layers"),
];

/// A DistilBERT, under transformers' names.
#[derive(Debug, Clone, PartialEq)]
pub struct DistilBertConfig {
    /// What is not DistilBERT's alone.
    pub common: Common,
    /// Number of word embeddings.
    pub vocab_size: usize,
    /// The longest input.
    pub max_position_embeddings: usize,
    /// Whether positions are waves that are not trained; their values are in the checkpoint.
    pub sinusoidal_pos_embds: bool,
    /// Number of layers.
    pub n_layers: usize,
    /// Heads of a layer; they share the width.
    pub n_heads: usize,
    /// Width of the hidden states.
    pub dim: usize,
    /// Width inside a feed-forward layer.
    pub hidden_dim: usize,
    /// How much of the hidden states is dropped in training.
    pub dropout: f32,
    /// How much of the attention is dropped in training.
    pub attention_dropout: f32,
    /// What is applied inside a feed-forward layer, and in the masked head.
    pub activation: Activation,
    /// Spread of weights that are made, not read.
    pub initializer_range: f32,
    /// How much is dropped before question answering.
    pub qa_dropout: f32,
    /// How much is dropped before a sequence classifier.
    pub seq_classif_dropout: f32,
    /// What fills up short inputs of a batch.
    pub pad_token_id: Option<u32>,
}

impl DistilBertConfig {
    pub(super) fn read(fields: Fields<'_>) -> Result<Self> {
        let fields = fields.or(&ALIASES);
        fields.never("is_encoder_decoder")?;
        let vocab_size = fields.count("vocab_size", 30_522, VOCABULARY)?;
        let dim = fields.count("dim", 768, WIDTH)?;
        let config = Self {
            common: Common::read(fields, "distilbert")?,
            vocab_size,
            max_position_embeddings: fields.count("max_position_embeddings", 512, POSITIONS)?,
            sinusoidal_pos_embds: fields.flag("sinusoidal_pos_embds", false)?,
            n_layers: fields.count("n_layers", 6, LAYERS)?,
            n_heads: heads_of(fields, "n_heads", "dim", dim)?,
            dim,
            hidden_dim: fields.count("hidden_dim", 3072, INNER)?,
            dropout: fields.dropout("dropout", 0.1)?,
            attention_dropout: fields.dropout("attention_dropout", 0.1)?,
            activation: fields.activation("activation", Activation::Gelu)?,
            initializer_range: fields.spread("initializer_range", 0.02)?,
            qa_dropout: fields.dropout("qa_dropout", 0.1)?,
            seq_classif_dropout: fields.dropout("seq_classif_dropout", 0.2)?,
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
            types: None,
            width: self.dim,
            inner: self.hidden_dim,
            layers: self.n_layers,
            heads: self.n_heads,
            activation: self.activation,
            eps: EPS,
            dropout: self.dropout,
            // As transformers has it: nothing of what attention gives is dropped.
            block_dropout: [0.0, self.dropout],
            attention_dropout: self.attention_dropout,
        }
    }

    /// How many parameters it has with a head that it can have, or without any.
    pub fn parameters(&self, head: Head) -> u64 {
        self.form().parameters(&self.common, head)
    }
}
