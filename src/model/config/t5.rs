//! What decides the computation of a T5.

use super::size::{matrix, sum, times};
use super::{BUCKETS, Common, Fields, HEADS, Head, INNER, LAYERS, POSITIONS, VOCABULARY, WIDTH};
use crate::error::Result;
use crate::model::kernels::activation::Activation;

/// Other names that transformers knows its fields by.
const ALIASES: [(&str, &str); 4] = [
    ("hidden_size", "d_model"),
    ("num_attention_heads", "num_heads"),
    ("num_hidden_layers", "num_layers"),
    ("head_dim", "d_kv"),
];

/// What T5 and mT5 do not share: what holds where a file does not say.
pub(super) struct Defaults {
    model_type: &'static str,
    vocab_size: usize,
    d_ff: usize,
    num_layers: usize,
    num_heads: usize,
    feed_forward_proj: &'static str,
    /// Whether outputs before a tied output layer may be scaled at all.
    scales: bool,
}

impl Defaults {
    /// Those of T5 and FLAN-T5.
    pub(super) const T5: Self = Self {
        model_type: "t5",
        vocab_size: 32_128,
        d_ff: 2048,
        num_layers: 6,
        num_heads: 8,
        feed_forward_proj: "relu",
        scales: true,
    };
    /// Those of mT5.
    pub(super) const MT5: Self = Self {
        model_type: "mt5",
        vocab_size: 250_112,
        d_ff: 1024,
        num_layers: 8,
        num_heads: 6,
        feed_forward_proj: "gated-gelu",
        scales: false,
    };
}

/// A T5, FLAN-T5 or mT5, under transformers' names.
#[derive(Debug, Clone, PartialEq)]
pub struct T5Config {
    /// What is not T5's alone.
    pub common: Common,
    /// Number of word embeddings.
    pub vocab_size: usize,
    /// Width of the hidden states.
    pub d_model: usize,
    /// Width of a head, which is not a share of that of the hidden states.
    pub d_kv: usize,
    /// Width inside a feed-forward layer.
    pub d_ff: usize,
    /// Number of layers that read.
    pub num_layers: usize,
    /// Number of layers that write: as many where it is not said.
    pub num_decoder_layers: usize,
    /// Heads of a layer.
    pub num_heads: usize,
    /// Number of distances that attention tells apart.
    pub relative_attention_num_buckets: usize,
    /// From which distance on all are one.
    pub relative_attention_max_distance: usize,
    /// How much is dropped in training.
    pub dropout_rate: f32,
    /// What norms add to a mean square.
    pub layer_norm_epsilon: f32,
    /// Spread of weights that are made, not read.
    pub initializer_factor: f32,
    /// What is applied inside a feed-forward layer; from `feed_forward_proj`.
    pub activation: Activation,
    /// Whether a second product multiplies what the activation makes; from `feed_forward_proj`.
    pub gated: bool,
    /// Whether what the decoder makes is divided by the root of the width before the output layer:
    /// as T5 does, FLAN-T5 and mT5 do not. Said by itself, or by `tie_word_embeddings`.
    pub scale_decoder_outputs: bool,
    /// What a text begins with.
    pub decoder_start_token_id: u32,
    /// What ends a text, as far as the vocabulary has it.
    pub eos_token_id: Vec<u32>,
    /// What fills up short inputs of a batch.
    pub pad_token_id: Option<u32>,
}

impl T5Config {
    pub(super) fn read(fields: Fields<'_>, usual: &Defaults) -> Result<Self> {
        let fields = fields.or(&ALIASES);
        let vocab_size = fields.count("vocab_size", usual.vocab_size, VOCABULARY)?;
        let num_layers = fields.count("num_layers", usual.num_layers, LAYERS)?;
        let common = Common::read(fields, usual.model_type)?;
        let (activation, gated) = feed_forward(fields, usual.feed_forward_proj)?;
        let pad_token_id = fields.id_below("pad_token_id", Some(0), vocab_size)?;
        let start = fields.id_below("decoder_start_token_id", pad_token_id, vocab_size)?;
        let start = start.or(pad_token_id);
        let buckets = fields.count("relative_attention_num_buckets", 32, BUCKETS)?;
        let mut eos_token_id = fields.ids("eos_token_id", &[1])?;
        eos_token_id.retain(|id| (*id as usize) < vocab_size);
        let config = Self {
            vocab_size,
            d_model: fields.count("d_model", 512, WIDTH)?,
            d_kv: fields.count("d_kv", 64, WIDTH)?,
            d_ff: fields.count("d_ff", usual.d_ff, INNER)?,
            num_layers,
            num_decoder_layers: fields.count("num_decoder_layers", num_layers, LAYERS)?,
            num_heads: fields.count("num_heads", usual.num_heads, HEADS)?,
            relative_attention_num_buckets: buckets,
            // The logarithm of its ratio to half of the buckets is divided by.
            relative_attention_max_distance: fields.count(
                "relative_attention_max_distance",
                128.max(buckets),
                buckets / 2 + 1..=*POSITIONS.end(),
            )?,
            dropout_rate: fields.dropout("dropout_rate", 0.1)?,
            layer_norm_epsilon: fields.epsilon("layer_norm_epsilon", 1e-6)?,
            initializer_factor: fields.spread("initializer_factor", 1.0)?,
            activation,
            gated,
            scale_decoder_outputs: usual.scales
                && fields.flag("scale_decoder_outputs", common.tie_word_embeddings)?,
            decoder_start_token_id: start.ok_or_else(|| {
                fields.wrong("decoder_start_token_id", "there, or else `pad_token_id`")
            })?,
            eos_token_id,
            pad_token_id,
            common,
        };
        super::limited(fields, config.parameters(Head::Generation))?;
        Ok(config)
    }

    /// How many parameters it has with a head that it can have, or without any.
    pub fn parameters(&self, head: Head) -> u64 {
        let width = self.d_model;
        let norm = width as u64;
        let inner = self.num_heads.saturating_mul(self.d_kv);
        let attention = sum([times(4, matrix(width, inner)), norm]);
        let products = if self.gated { 3 } else { 2 };
        let feed_forward = sum([times(products, matrix(width, self.d_ff)), norm]);
        let encoder = sum([attention, feed_forward]);
        let decoder = sum([attention, attention, feed_forward]);
        let bias = matrix(self.relative_attention_num_buckets, self.num_heads);
        let head = match head {
            Head::Generation if !self.common.tie_word_embeddings => matrix(self.vocab_size, width),
            _ => 0,
        };
        sum([
            matrix(self.vocab_size, width),
            times(self.num_layers, encoder),
            times(self.num_decoder_layers, decoder),
            times(2, sum([bias, norm])),
            head,
        ])
    }
}

/// `relu`, `gated-gelu` and the like: `gated-gelu` means the approximation.
fn feed_forward(fields: Fields<'_>, usual: &str) -> Result<(Activation, bool)> {
    const NAME: &str = "feed_forward_proj";
    let text = fields.text(NAME)?.unwrap_or(usual);
    let (gated, name) = match text.strip_prefix("gated-") {
        Some("gelu") => (true, "gelu_new"),
        Some(name) => (true, name),
        None => (false, text),
    };
    let must = "relu, gated-gelu, or another activation with or without `gated-`";
    let activation = Activation::named(name).ok_or_else(|| fields.wrong(NAME, must))?;
    Ok((activation, gated))
}
