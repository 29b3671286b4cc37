//! Gives one vector for each text, of which the directions say what texts have in common.

use std::path::Path;

use super::note::Outcome;
use super::pooling::{MODULES, Pooling};
use super::texts::{Read, Texts};
use super::{Parts, Stop, Task, batches};
use crate::error::Result;
use crate::model::heads::Body;
use crate::model::layers::Precision;
use crate::model::tape::Tape;

/// Gives one vector for each text.
pub struct SentenceEmbedding {
    body: Body,
    texts: Texts,
    pooling: Pooling,
}

impl SentenceEmbedding {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// As for [`Parts::read`] and [`SentenceEmbedding::load`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        Self::load(Parts::read(folder)?, precision)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// When it has no hidden states of this kind, or declares modules that do not run here.
    pub fn load(parts: Parts, precision: Precision) -> Result<Self> {
        let pooling = Pooling::read(parts.folder_with(MODULES), parts.width())?;
        let (body, mut texts, _) = parts.model(Task::SentenceSimilarity, precision, Body::load)?;
        texts.longest = texts.longest.min(pooling.longest.unwrap_or(usize::MAX));
        Ok(Self {
            body,
            texts,
            pooling,
        })
    }

    /// What makes one vector of a text's hidden states.
    pub fn pooling(&self) -> &Pooling {
        &self.pooling
    }

    /// The vector of each text.
    ///
    /// # Errors
    /// A text without tokens, or a stop.
    pub fn run(&self, inputs: &[&str], stop: Stop<'_>) -> Result<Vec<Outcome<Vec<f32>>>> {
        let prepared: Vec<String> = inputs.iter().map(|text| self.prepare(text)).collect();
        let Read {
            windows: encodings,
            notes,
            ..
        } = self.texts.cut(&prepared, |text| (text.as_str(), None))?;
        let vectors = batches::run(&encodings, stop, |batch, _| {
            let hidden = self.body.forward(&mut Tape::off(), batch, |_| ());
            let width = hidden.cols();
            let sequences = batch.starts.windows(2);
            let states = sequences.map(|ends| &hidden.values()[ends[0] * width..ends[1] * width]);
            states
                .map(|states| self.pooling.pool(width, states))
                .collect()
        })?;
        let outcomes = vectors.into_iter().zip(notes);
        Ok(outcomes
            .map(|(output, notes)| Outcome { output, notes })
            .collect())
    }

    /// A text as sentence-transformers gives it to the tokenizer.
    fn prepare(&self, text: &str) -> String {
        let text = format!("{}{text}", self.pooling.prompt);
        let text = text.trim();
        if self.pooling.lowercase {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    }
}
