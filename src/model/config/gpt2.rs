//! What decides the computation of a GPT-2.

use super::size::{linear, matrix, norm, sum, times};
use super::{Common, Fields, Head, INNER, LAYERS, POSITIONS, VOCABULARY, WIDTH, heads_of, limited};
use crate::error::Result;
use crate::model::kernels::activation::Activation;

/// Other names that transformers knows its fields by.
const ALIASES: [(&str, &str); 4] = [
    ("hidden_size", "n_embd"),
    ("max_position_embeddings", "n_positions"),
    ("num_attention_heads", "n_head"),
    ("num_hidden_layers", "n_layer"),
];

/// The token that begins and ends texts, where nothing else is said.
const END_OF_TEXT: u32 = 50_256;

/// A GPT-2, under transformers' names.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpt2Config {
    /// What is not GPT-2's alone.
    pub common: Common,
    /// Number of word embeddings.
    pub vocab_size: usize,
    /// The longest text.
    pub n_positions: usize,
    /// Width of the hidden states.
    pub n_embd: usize,
    /// Number of layers.
    pub n_layer: usize,
    /// Heads of a layer; they share the width.
    pub n_head: usize,
    /// Width inside a feed-forward layer: four times the width where it is not said.
    pub n_inner: usize,
    /// What is applied inside a feed-forward layer.
    pub activation_function: Activation,
    /// How much of what a layer adds is dropped in training.
    pub resid_pdrop: f32,
    /// How much of the embeddings is dropped in training.
    pub embd_pdrop: f32,
    /// How much of the attention is dropped in training.
    pub attn_pdrop: f32,
    /// What layer norms add to a variance.
    pub layer_norm_epsilon: f32,
    /// Spread of weights that are made, not read.
    pub initializer_range: f32,
    /// Whether attention is divided by the root of a head's width.
    pub scale_attn_weights: bool,
    /// Whether attention is also divided by the number of the layer, from 1 on.
    pub scale_attn_by_inverse_layer_idx: bool,
    /// Whether keys are scaled before the product, and attention computed in f32: the same numbers
    /// in f32, but for rounding.
    pub reorder_and_upcast_attn: bool,
    /// What texts begin with, if the vocabulary has it.
    pub bos_token_id: Option<u32>,
    /// What ends a text, as far as the vocabulary has it.
    pub eos_token_id: Vec<u32>,
    /// What fills up short inputs of a batch, if the vocabulary has it.
    pub pad_token_id: Option<u32>,
}

impl Gpt2Config {
    pub(super) fn read(fields: Fields<'_>) -> Result<Self> {
        let fields = fields.or(&ALIASES);
        fields.never("is_encoder_decoder")?;
        let vocab_size = fields.count("vocab_size", 50_257, VOCABULARY)?;
        let n_embd = fields.count("n_embd", 768, WIDTH)?;
        // The name that the first checkpoints have beside the other, or alone.
        let n_ctx = fields.count("n_ctx", 1024, POSITIONS)?;
        // A small vocabulary with the tokens of the large one is common: it never makes them.
        let has = |id: &u32| (*id as usize) < vocab_size;
        let mut eos_token_id = fields.ids("eos_token_id", &[END_OF_TEXT])?;
        eos_token_id.retain(has);
        let config = Self {
            common: Common::read(fields, "gpt2")?,
            vocab_size,
            n_positions: fields.count("n_positions", n_ctx, POSITIONS)?,
            n_embd,
            n_layer: fields.count("n_layer", 12, LAYERS)?,
            n_head: heads_of(fields, "n_head", "n_embd", n_embd)?,
            n_inner: fields.count("n_inner", 4 * n_embd, INNER)?,
            activation_function: fields.activation("activation_function", Activation::GeluTanh)?,
            resid_pdrop: fields.dropout("resid_pdrop", 0.1)?,
            embd_pdrop: fields.dropout("embd_pdrop", 0.1)?,
            attn_pdrop: fields.dropout("attn_pdrop", 0.1)?,
            layer_norm_epsilon: fields.epsilon("layer_norm_epsilon", 1e-5)?,
            initializer_range: fields.spread("initializer_range", 0.02)?,
            scale_attn_weights: fields.flag("scale_attn_weights", true)?,
            scale_attn_by_inverse_layer_idx: fields
                .flag("scale_attn_by_inverse_layer_idx", false)?,
            reorder_and_upcast_attn: fields.flag("reorder_and_upcast_attn", false)?,
            bos_token_id: fields.id("bos_token_id", Some(END_OF_TEXT))?.filter(has),
            eos_token_id,
            pad_token_id: fields.id("pad_token_id", None)?.filter(has),
        };
        limited(fields, config.parameters(Head::CausalLm))?;
        Ok(config)
    }

    /// How many parameters it has with a head that it can have, or without any.
    pub fn parameters(&self, head: Head) -> u64 {
        let width = self.n_embd;
        let embeddings = sum([
            matrix(self.vocab_size, width),
            matrix(self.n_positions, width),
        ]);
        let layer = sum([
            times(4, linear(width, width)),
            linear(width, self.n_inner),
            linear(self.n_inner, width),
            times(2, norm(width)),
        ]);
        let head = match head {
            Head::CausalLm if !self.common.tie_word_embeddings => matrix(self.vocab_size, width),
            Head::SequenceClassification => matrix(width, self.common.labels.len()),
            _ => 0,
        };
        sum([embeddings, times(self.n_layer, layer), norm(width), head])
    }
}
