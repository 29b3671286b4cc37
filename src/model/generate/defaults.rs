//! What a model was saved with, as options.

use super::Options;
use crate::model::config::Generation;

impl Options {
    /// The options that a checkpoint names; what it leaves open is transformers' default.
    ///
    /// A `max_length` counts the prompt too; it is taken as the most new tokens, as there is no
    /// prompt yet.
    pub fn of(saved: &Generation) -> Self {
        let default = Self::default();
        Self {
            max_new_tokens: saved
                .max_new_tokens
                .or(saved.max_length)
                .unwrap_or(default.max_new_tokens),
            min_new_tokens: saved.min_new_tokens.or(saved.min_length).unwrap_or(0),
            do_sample: saved.do_sample.unwrap_or(false),
            temperature: saved.temperature.map_or(1.0, f64::from),
            top_k: saved.top_k.unwrap_or(default.top_k),
            top_p: saved.top_p.map_or(1.0, f64::from),
            min_p: saved.min_p.map(f64::from),
            typical_p: saved.typical_p.map_or(1.0, f64::from),
            repetition_penalty: saved.repetition_penalty.map_or(1.0, f64::from),
            no_repeat_ngram_size: saved.no_repeat_ngram_size.unwrap_or(0),
            num_beams: saved.num_beams.unwrap_or(1),
            length_penalty: saved.length_penalty.map_or(1.0, f64::from),
            early_stopping: saved.early_stopping.unwrap_or_default(),
            num_return_sequences: saved.num_return_sequences.unwrap_or(1),
            eos_token_id: saved.eos_token_id.clone(),
            pad_token_id: saved.pad_token_id,
            bos_token_id: saved.bos_token_id,
            decoder_start_token_id: saved.decoder_start_token_id,
            ..default
        }
    }
}
