//! Decoders that candle runs, one copy for each text: a copy shares weights, and has keys and values
//! of its own.

use candle_core::Tensor;

use super::{failed, input, llama, qwen2, qwen3};
use crate::error::{Error, Result};
use crate::model::config::CandleConfig;
use crate::model::config::candle::{self, Family, Own};
use crate::model::generate::Decoder;
use crate::model::kernels::pooled;
use crate::model::layers::{Cache, Source};

/// A decoder, as it is before the first token.
pub struct Causal {
    start: Box<dyn Text>,
    form: candle::Causal,
    layers: usize,
    vocab: usize,
    places: usize,
}

/// A decoder in the middle of one text.
pub(super) trait Text: Send + Sync {
    /// Reads tokens after `past` others; the logits of what follows the last.
    fn read(&mut self, ids: &Tensor, past: usize) -> candle_core::Result<Tensor>;

    /// The same text, to go on another way.
    fn copy(&self) -> Box<dyn Text>;
}

impl Causal {
    /// Reads the decoder.
    ///
    /// # Errors
    /// For another architecture; a tensor that is missing or of another shape, or a file that cannot
    /// be read.
    pub fn load(source: &Source, config: &CandleConfig) -> Result<Self> {
        let Own::Causal(form) = &config.own else {
            return Err(Error::new("this model continues no text"));
        };
        let load = match form.family {
            Family::Llama => llama::load,
            Family::Qwen2 => qwen2::load,
            Family::Qwen3 => qwen3::load,
        };
        Ok(Self {
            start: load(source, config, form)?,
            form: form.clone(),
            layers: config.num_hidden_layers,
            vocab: config.vocab_size,
            places: config.max_position_embeddings,
        })
    }

    /// Bytes of the keys and values of so many tokens.
    pub fn cache_bytes(&self, tokens: usize) -> u64 {
        let (heads, width) = (self.form.num_key_value_heads, self.form.head_dim);
        Cache::bytes(self.layers, heads, width, tokens)
    }
}

/// The tensors of a decoder's layers, with their shapes.
pub(super) fn shapes(config: &CandleConfig, form: &candle::Causal) -> Vec<(String, Vec<usize>)> {
    let (width, inner) = (config.hidden_size, config.intermediate_size);
    let all = config.num_attention_heads * form.head_dim;
    let grouped = form.num_key_value_heads * form.head_dim;
    let matrices = [
        ("self_attn.q_proj", all, width),
        ("self_attn.k_proj", grouped, width),
        ("self_attn.v_proj", grouped, width),
        ("self_attn.o_proj", width, all),
        ("mlp.gate_proj", inner, width),
        ("mlp.up_proj", inner, width),
        ("mlp.down_proj", width, inner),
    ];
    let norms = ["input_layernorm", "post_attention_layernorm"];
    let of_layer = |i: usize| {
        let name = move |part: &str| format!("model.layers.{i}.{part}.weight");
        let matrices = matrices.map(|(part, rows, cols)| (name(part), vec![rows, cols]));
        matrices
            .into_iter()
            .chain(norms.map(|part| (name(part), vec![width])))
    };
    (0..config.num_hidden_layers).flat_map(of_layer).collect()
}

/// Texts that are being continued.
pub struct CausalDecoder<'a> {
    model: &'a Causal,
    texts: Vec<(Box<dyn Text>, usize)>,
    capacity: usize,
}

impl<'a> CausalDecoder<'a> {
    /// Room for texts of `capacity` tokens; no more than the model has places.
    pub fn new(model: &'a Causal, capacity: usize) -> Self {
        Self {
            model,
            texts: vec![(model.start.copy(), 0)],
            capacity: capacity.min(model.places),
        }
    }
}

impl Decoder for CausalDecoder<'_> {
    fn vocab_size(&self) -> usize {
        self.model.vocab
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn feed(&mut self, tokens: &[&[u32]]) -> Result<Vec<f32>> {
        let mut logits = Vec::with_capacity(tokens.len() * self.model.vocab);
        for ((text, past), tokens) in self.texts.iter_mut().zip(tokens) {
            let read = || {
                text.read(&input(tokens)?, *past)?
                    .flatten_all()?
                    .to_vec1::<f32>()
            };
            logits.extend(pooled(read).map_err(|error| failed(&error))?);
            *past += tokens.len();
        }
        Ok(logits)
    }

    fn reorder(&mut self, from: &[usize]) {
        let copy = |i: &usize| (self.texts[*i].0.copy(), self.texts[*i].1);
        self.texts = from.iter().map(copy).collect();
    }
}
