//! The models that can be measured, by what they do.

use crate::error::{Error, Result};
use crate::model::layers::Precision;
use crate::model::pipeline::{
    Generation, Likelihood, Parts, QuestionAnswering, SentenceEmbedding, Task, TextClassification,
    TokenClassification,
};

/// A model that can be measured. Each pipeline is loaded from a folder, or stands `around` a model
/// in memory, of which it sees what training makes.
pub enum Subject {
    /// Names labels of texts, or gives numbers.
    Classifier(TextClassification),
    /// Names labels of words.
    Tagger(TokenClassification),
    /// Finds answers.
    Reader(QuestionAnswering),
    /// Predicts tokens.
    Predictor(Likelihood),
    /// Makes texts of others.
    Writer(Box<Generation>),
    /// Makes vectors of texts.
    Embedder(SentenceEmbedding),
}

impl Subject {
    /// Reads a model's folder for a task.
    ///
    /// # Errors
    /// When the model does another task, or one that is not measured.
    pub fn load(parts: Parts, task: Task, precision: Precision) -> Result<Self> {
        Ok(match task {
            Task::TextClassification => {
                Self::Classifier(TextClassification::load(parts, precision)?)
            }
            Task::TokenClassification => Self::Tagger(TokenClassification::load(parts, precision)?),
            Task::QuestionAnswering => Self::Reader(QuestionAnswering::load(parts, precision)?),
            Task::TextGeneration | Task::FillMask => {
                Self::Predictor(Likelihood::load(parts, task, precision)?)
            }
            Task::Text2TextGeneration | Task::Summarization | Task::Translation => {
                Self::Writer(Box::new(Generation::load(parts, task, precision)?))
            }
            Task::SentenceSimilarity => Self::Embedder(SentenceEmbedding::load(parts, precision)?),
            Task::FeatureExtraction => {
                return Err(
                    Error::usage(format!("{task} has nothing to be measured by"))
                        .at("--task")
                        .hint("measure vectors with --task sentence-similarity"),
                );
            }
        })
    }

    /// What it does.
    pub fn task(&self) -> Task {
        match self {
            Self::Classifier(_) => Task::TextClassification,
            Self::Tagger(_) => Task::TokenClassification,
            Self::Reader(_) => Task::QuestionAnswering,
            Self::Predictor(model) => model.task(),
            Self::Writer(model) => model.task(),
            Self::Embedder(_) => Task::SentenceSimilarity,
        }
    }

    /// The names of its labels; none if it has none.
    pub fn labels(&self) -> &[String] {
        match self {
            Self::Classifier(model) => model.labels(),
            Self::Tagger(model) => model.labels(),
            _ => &[],
        }
    }
}
