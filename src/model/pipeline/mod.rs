//! Models put to use: one pipeline a task, from texts to what transformers' pipeline of that task
//! gives, field by field.
//!
//! - [`Task`]: the tasks, and which of them a model was trained for
//! - [`Parts`]: a model's folder, read; every pipeline is made of them, and refuses those without a
//!   head that was trained
//! - `texts` makes tokens of texts and notes what was left out, `batches` runs them by length,
//!   `scores` makes probabilities of logits
//! - [`FillMask`], [`TextClassification`], [`TokenClassification`], [`QuestionAnswering`],
//!   [`FeatureExtraction`], [`SentenceEmbedding`], [`Generation`]: the pipelines; `parts` cuts
//!   documents that are too long to be summarized at once
//! - [`Likelihood`]: how likely a model finds texts, for perplexity
//! - [`similarity`]: how close vectors are
//!
//! A pipeline takes many inputs at once and asks between batches whether to stop.

mod adapter;
mod batches;
pub mod feature_extraction;
pub mod fill_mask;
pub mod generation;
pub mod likelihood;
mod loading;
mod note;
mod parts;
pub mod pooling;
pub mod question_answering;
mod scores;
mod sentence_embedding;
pub mod similarity;
mod task;
pub mod text_classification;
mod texts;
pub mod token_classification;

pub use feature_extraction::FeatureExtraction;
pub use fill_mask::FillMask;
pub use generation::Generation;
pub use likelihood::Likelihood;
pub use loading::Parts;
pub use note::{Note, Outcome};
pub use question_answering::QuestionAnswering;
pub use sentence_embedding::SentenceEmbedding;
pub use task::Task;
pub use text_classification::TextClassification;
pub use texts::longest;
pub use token_classification::TokenClassification;

/// Says whether a pipeline is to stop; asked before each batch.
pub type Stop<'a> = &'a mut dyn FnMut() -> bool;
