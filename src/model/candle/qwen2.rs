//! Qwen2.

use candle_core::Tensor;
use candle_nn::Activation;
use candle_transformers::models::qwen2::{Config, ModelForCausalLM};

use super::causal::{Text, shapes};
use super::tensors;
use crate::error::Result;
use crate::model::config::CandleConfig;
use crate::model::config::candle::Causal;
use crate::model::layers::Source;

/// Reads the decoder.
pub(super) fn load(source: &Source, config: &CandleConfig, form: &Causal) -> Result<Box<dyn Text>> {
    let config_of_candle = Config {
        vocab_size: config.vocab_size,
        hidden_size: config.hidden_size,
        intermediate_size: config.intermediate_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        num_key_value_heads: form.num_key_value_heads,
        max_position_embeddings: config.max_position_embeddings,
        // Candle narrows what is seen whether or not that is asked for: so wide is no limit.
        sliding_window: config.max_position_embeddings,
        max_window_layers: config.num_hidden_layers,
        tie_word_embeddings: config.common.tie_word_embeddings,
        rope_theta: f64::from(form.rope_theta),
        rms_norm_eps: f64::from(config.norm_eps),
        use_sliding_window: false,
        hidden_act: Activation::Silu,
    };
    let model = tensors::load(source, shapes(config, form), |vb| {
        ModelForCausalLM::new(&config_of_candle, vb)
    })?;
    Ok(Box::new(model))
}

impl Text for ModelForCausalLM {
    fn read(&mut self, ids: &Tensor, past: usize) -> candle_core::Result<Tensor> {
        self.forward(ids, past)
    }

    fn copy(&self) -> Box<dyn Text> {
        Box::new(self.clone())
    }
}
