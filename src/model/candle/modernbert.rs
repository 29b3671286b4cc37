//! ModernBERT: an encoder whose layers see the whole text now and then, and neighbours between.

use candle_core::Tensor as Values;
use candle_transformers::models::modernbert;

use super::{input, tensors};
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::{CandleConfig, candle::Own};
use crate::model::layers::Source;
use crate::model::tape::Tensor;

/// ModernBERT without a head.
#[derive(Clone)]
pub struct ModernBert {
    model: modernbert::ModernBert,
    /// The table of words, which the output layer shares.
    width: usize,
}

impl ModernBert {
    /// Reads the encoder.
    ///
    /// # Errors
    /// For another architecture; a tensor that is missing or of another shape, or a file that cannot
    /// be read.
    pub fn load(source: &Source, config: &CandleConfig) -> Result<Self> {
        let Own::ModernBert(own) = &config.own else {
            return Err(
                Error::new("this model has no head for this task").hint("it runs text-generation")
            );
        };
        let form = modernbert::Config {
            vocab_size: config.vocab_size,
            hidden_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers,
            num_attention_heads: config.num_attention_heads,
            intermediate_size: config.intermediate_size,
            max_position_embeddings: config.max_position_embeddings,
            layer_norm_eps: f64::from(config.norm_eps),
            pad_token_id: config.pad_token_id.unwrap_or(0),
            global_attn_every_n_layers: own.global_attn_every_n_layers,
            global_rope_theta: f64::from(own.global_rope_theta),
            local_attention: own.local_attention,
            local_rope_theta: f64::from(own.local_rope_theta),
            classifier_config: None,
        };
        // Candle leaves out any norm before attention that is not there; only the first may be.
        let norm = |layer| format!("model.layers.{layer}.attn_norm.weight");
        let norms = (1..config.num_hidden_layers).map(|i| (norm(i), vec![config.hidden_size]));
        let model = tensors::load(source, norms, |vb| modernbert::ModernBert::load(vb, &form))?;
        Ok(Self {
            model,
            width: config.hidden_size,
        })
    }

    /// The last hidden states: `[tokens, width]`. Sequences run one by one, so none is padded.
    ///
    /// # Panics
    /// If candle fails on shapes that were checked when the model was read.
    pub fn forward(&self, batch: &Batch) -> Tensor {
        let mut all = Vec::with_capacity(batch.ids.len() * self.width);
        for ends in batch.starts.windows(2) {
            let values = self.one(&batch.ids[ends[0]..ends[1]]);
            all.extend(values.expect("shapes that were checked as the model was read"));
        }
        Tensor::new(self.width, all)
    }

    fn one(&self, ids: &[u32]) -> candle_core::Result<Vec<f32>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = input(ids)?;
        let seen = Values::ones_like(&ids)?;
        self.model.forward(&ids, &seen)?.flatten_all()?.to_vec1()
    }
}
