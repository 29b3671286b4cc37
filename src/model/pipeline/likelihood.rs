//! How likely a model finds texts, token by token.

use std::sync::Arc;

use super::texts::Texts;
use super::{Parts, Stop, Task, batches};
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::Config;
use crate::model::heads::{CausalLm, MaskedLm};
use crate::model::layers::Precision;
use crate::model::tokenizer::{Encoding, Tokenizer};

/// How likely a model finds tokens that it is to predict.
pub struct Likelihood {
    model: Predictor,
    texts: Texts,
}

/// What predicts.
pub enum Predictor {
    /// Each next token.
    Causal(CausalLm),
    /// The tokens behind masks.
    Masked(MaskedLm),
}

/// Tokens that are read, and those that are to be predicted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// What is read.
    pub ids: Vec<u32>,
    /// Where what is to be predicted stands; nothing predicts the first token of a causal model.
    pub places: Vec<usize>,
    /// The tokens that are right there.
    pub targets: Vec<u32>,
}

impl Likelihood {
    /// Reads the model for a task: text-generation or fill-mask.
    ///
    /// # Errors
    /// When it was not trained for this.
    pub fn load(parts: Parts, task: Task, precision: Precision) -> Result<Self> {
        if let (Task::TextGeneration, Config::Candle(config)) = (task, &parts.config) {
            let kind = config.common.model_type;
            let what = format!("models of type {kind} write here, and give no likelihoods");
            return Err(Error::new(what)
                .at_path(&parts.folder)
                .hint("GPT-2 and the encoders that fill masks give them"));
        }
        let (model, texts, _) = parts.model(task, precision, |source, config| {
            Ok(match task {
                Task::FillMask => Predictor::Masked(MaskedLm::load(source, config)?),
                _ => Predictor::Causal(CausalLm::load(source, config)?),
            })
        })?;
        Ok(Self { model, texts })
    }

    /// The same for a model that is in memory already; clones share their weights.
    pub fn around(model: Predictor, tokenizer: Arc<Tokenizer>, config: &Config) -> Self {
        let texts = Texts::new(tokenizer, config);
        Self { model, texts }
    }

    /// Texts to tokens.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.texts.tokenizer
    }

    /// The most tokens that the model reads.
    pub fn longest(&self) -> usize {
        self.texts.longest
    }

    /// What it predicts.
    pub fn task(&self) -> Task {
        match self.model {
            Predictor::Causal(_) => Task::TextGeneration,
            Predictor::Masked(_) => Task::FillMask,
        }
    }

    /// `-ln p` of the targets of each sequence.
    ///
    /// # Errors
    /// When `stop` says so.
    ///
    /// # Panics
    /// If a place is not in its sequence, or is the first of a causal model's.
    pub fn losses(&self, sequences: &[Sequence], stop: Stop<'_>) -> Result<Vec<Vec<f32>>> {
        let encoding = |sequence: &Sequence| Encoding {
            ids: sequence.ids.clone(),
            type_ids: vec![0; sequence.ids.len()],
            ..Encoding::default()
        };
        let encodings: Vec<Encoding> = sequences.iter().map(encoding).collect();
        batches::run(&encodings, stop, |batch, members| {
            let all = || members.iter().map(|i| &sequences[*i]);
            let rows = all().zip(&batch.starts).flat_map(|(sequence, start)| {
                let places = sequence.places.iter();
                places.map(move |place| self.row(start + place))
            });
            let rows: Vec<u32> = rows.collect();
            let targets: Vec<u32> = all().flat_map(|one| one.targets.iter().copied()).collect();
            let mut losses = self.predict(batch, &rows, &targets).into_iter();
            all()
                .map(|sequence| losses.by_ref().take(sequence.targets.len()).collect())
                .collect()
        })
    }

    /// The row of the batch that predicts the token at a place of it.
    fn row(&self, place: usize) -> u32 {
        match self.model {
            Predictor::Causal(_) => place as u32 - 1,
            Predictor::Masked(_) => place as u32,
        }
    }

    fn predict(&self, batch: &Batch, rows: &[u32], targets: &[u32]) -> Vec<f32> {
        match &self.model {
            Predictor::Causal(model) => model.losses(batch, rows, targets),
            Predictor::Masked(model) => model.losses(batch, rows, targets),
        }
    }
}
