//! The bodies that heads stand on.

use crate::error::Error;
use crate::error::Result;
use crate::model::batch::Batch;
use crate::model::bert;
use crate::model::candle::ModernBert;
use crate::model::config::Config;
use crate::model::distilbert;
use crate::model::gpt2::Gpt2;
use crate::model::layers::{Encoder, Sight, Source};
use crate::model::tape::{Tape, Tensor};

/// A model without a head.
#[derive(Clone)]
pub enum Body {
    /// BERT
    Bert(Encoder),
    /// DistilBERT
    DistilBert(Encoder),
    /// GPT-2
    Gpt2(Gpt2),
    /// ModernBERT
    ModernBert(ModernBert),
}

impl Body {
    /// Reads the body that `config` describes.
    ///
    /// # Errors
    /// For T5, which is no body for these heads.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        Ok(match config {
            Config::Bert(config) => Self::Bert(bert::load(source, config)?),
            Config::DistilBert(config) => Self::DistilBert(distilbert::load(source, config)?),
            Config::Gpt2(config) => Self::Gpt2(Gpt2::load(source, config)?),
            Config::Candle(config) => Self::ModernBert(ModernBert::load(source, config)?),
            Config::T5(_) => {
                return Err(Error::new("T5 has no head for this task")
                    .hint("it runs text2text-generation, summarization and translation"));
            }
        })
    }

    /// The last hidden states: `[tokens, width]`. `each` sees transformers' `hidden_states`, but of
    /// what candle runs, which shows only the last.
    pub fn forward(&self, tape: &mut Tape, batch: &Batch, each: impl FnMut(&Tensor)) -> Tensor {
        match self {
            Self::Bert(encoder) | Self::DistilBert(encoder) => encoder.forward(tape, batch, each),
            Self::Gpt2(gpt2) => {
                gpt2.forward(tape, &batch.ids, &mut Sight::Whole(&batch.starts), each)
            }
            Self::ModernBert(modern) => modern.forward(batch),
        }
    }
}
