//! Llama, and SmolLM, which is one.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_transformers::models::llama::{Cache, Config, Llama, Llama3RopeConfig, Llama3RopeType};

use super::causal::{Text, shapes};
use super::{failed, tensors};
use crate::error::Result;
use crate::model::config::CandleConfig;
use crate::model::config::candle::Causal;
use crate::model::layers::Source;

struct Reading {
    model: Arc<Llama>,
    cache: Cache,
}

/// Reads the decoder.
pub(super) fn load(source: &Source, config: &CandleConfig, form: &Causal) -> Result<Box<dyn Text>> {
    let config_of_candle = Config {
        hidden_size: config.hidden_size,
        intermediate_size: config.intermediate_size,
        vocab_size: config.vocab_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        num_key_value_heads: form.num_key_value_heads,
        use_flash_attn: false,
        rms_norm_eps: f64::from(config.norm_eps),
        rope_theta: form.rope_theta,
        bos_token_id: None,
        eos_token_id: None,
        rope_scaling: form.rope_scaling.map(|scaling| Llama3RopeConfig {
            factor: scaling.factor,
            low_freq_factor: scaling.low_freq_factor,
            high_freq_factor: scaling.high_freq_factor,
            original_max_position_embeddings: scaling.original_max_position_embeddings,
            rope_type: Llama3RopeType::Llama3,
        }),
        max_position_embeddings: config.max_position_embeddings,
        tie_word_embeddings: config.common.tie_word_embeddings,
    };
    let model = tensors::load(source, shapes(config, form), |vb| {
        Llama::load(vb, &config_of_candle)
    })?;
    let cache = Cache::new(true, DType::F32, &config_of_candle, &Device::Cpu);
    Ok(Box::new(Reading {
        model: Arc::new(model),
        cache: cache.map_err(|error| failed(&error))?,
    }))
}

impl Text for Reading {
    fn read(&mut self, ids: &Tensor, past: usize) -> candle_core::Result<Tensor> {
        self.model.forward(ids, past, &mut self.cache)
    }

    fn copy(&self) -> Box<dyn Text> {
        Box::new(Self {
            model: Arc::clone(&self.model),
            cache: self.cache.clone(),
        })
    }
}
