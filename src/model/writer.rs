//! The models that write, whatever their architecture.

use super::candle;
use super::config::Config;
use super::generate::Decoder;
use super::heads::{CausalDecoder, CausalLm};
use super::layers::{Cache, Source};
use super::t5::{Seq2SeqDecoder, T5};
use crate::error::Result;

/// A model that writes.
pub enum Writer {
    /// It continues what it reads.
    Causal(CausalLm),
    /// It reads one text and writes another.
    Seq2Seq(T5),
    /// It continues what it reads, and candle runs it.
    Candle(candle::Causal),
}

impl Writer {
    /// Whether models of this kind write.
    pub fn is_for(config: &Config) -> bool {
        config.is_causal() || matches!(config, Config::T5(_))
    }

    /// Reads the model that `config` describes.
    ///
    /// # Errors
    /// For a model that does not write; a tensor that is missing or of another shape, or a file
    /// that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        Ok(match config {
            Config::T5(config) => Self::Seq2Seq(T5::load(source, config)?),
            Config::Candle(config) => Self::Candle(candle::Causal::load(source, config)?),
            _ => Self::Causal(CausalLm::load(source, config)?),
        })
    }

    /// Whether what it writes is a text of its own, begun with a token of its own.
    pub fn begins_anew(&self) -> bool {
        matches!(self, Self::Seq2Seq(_))
    }

    /// What writes up to `most` tokens after `ids`. The model that begins anew is fed the token
    /// that it starts from, others `ids`.
    pub fn decoder(&self, ids: &[u32], most: usize) -> Box<dyn Decoder + '_> {
        match self {
            Self::Causal(model) => Box::new(CausalDecoder::new(model, ids.len().max(1) + most)),
            Self::Candle(model) => {
                Box::new(candle::CausalDecoder::new(model, ids.len().max(1) + most))
            }
            Self::Seq2Seq(model) => Box::new(Seq2SeqDecoder::new(model, ids, 1 + most)),
        }
    }

    /// Bytes of the keys and values while `writes` tokens are written after `reads`.
    pub fn cache_bytes(&self, reads: usize, writes: usize) -> u64 {
        match self {
            Self::Causal(model) => {
                let (layers, heads, width) = model.body.cache_form();
                Cache::bytes(layers, heads, width, reads + writes)
            }
            Self::Candle(model) => model.cache_bytes(reads + writes),
            // Each layer also has those of what it reads.
            Self::Seq2Seq(model) => {
                let (layers, heads, width) = model.cache_form();
                Cache::bytes(layers, heads, width, reads + 1 + writes)
            }
        }
    }
}

impl Decoder for CausalDecoder<'_> {
    fn vocab_size(&self) -> usize {
        self.vocab_size()
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn feed(&mut self, tokens: &[&[u32]]) -> Result<Vec<f32>> {
        Ok(self.feed(tokens).values().to_vec())
    }

    fn reorder(&mut self, from: &[usize]) {
        self.reorder(from);
    }
}

impl Decoder for Seq2SeqDecoder<'_> {
    fn vocab_size(&self) -> usize {
        self.vocab_size()
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn feed(&mut self, tokens: &[&[u32]]) -> Result<Vec<f32>> {
        Ok(self.feed(tokens).values().to_vec())
    }

    fn reorder(&mut self, from: &[usize]) {
        self.reorder(from);
    }
}
