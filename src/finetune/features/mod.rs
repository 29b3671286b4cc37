//! Rows as what a model learns from, as transformers' example scripts make them, without padding.
//!
//! [`Maker`] makes features of one row at a time, whatever the task; what is packed into blocks
//! goes through [`Blocks`] after that. [`prepare()`] writes those of a part to a file, and
//! [`Prepared`] reads them by position. [`Masking`] draws what a masked model has to fill in.

mod blocks;
mod dialogue;
mod make;
mod masking;
mod pairs;
mod prepare;
mod prepared;
mod questions;
mod tags;

pub use blocks::Blocks;
pub use make::{Made, Maker, Recipe};
pub use masking::Masking;
pub use prepare::{Written, prepare};
pub use prepared::{Prepared, Writer};

use crate::model::tokenizer::Encoding;

/// What a model reads, and what it is to learn from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// The tokens.
    pub ids: Vec<u32>,
    /// The segment of each token; empty where the model has no segments.
    pub type_ids: Vec<u32>,
    /// What is learned.
    pub target: Target,
}

/// What is learned, as transformers' `labels` have it.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The one class.
    Class(u32),
    /// For each class whether it applies: 1 or 0.
    Classes(Vec<f32>),
    /// A number.
    Number(f32),
    /// The label of each token; none where nothing is learned (-100). For a causal model that is
    /// the token itself at its own place: the model shifts, so what position `i` predicts is the
    /// entry `i + 1`.
    Tokens(Vec<Option<u32>>),
    /// The tokens with which the answer starts and ends; twice 0, the first token, for no answer.
    Span {
        /// The first token of the answer.
        start: u32,
        /// The last token of the answer.
        end: u32,
    },
    /// The tokens that are to be written, with the one that ends the text.
    Text(Vec<u32>),
    /// What [`Masking`] hides, drawn anew for each epoch.
    Masked,
}

impl Features {
    /// The tokens of an encoding, with what is learned from them.
    fn of(encoding: Encoding, target: Target) -> Self {
        let has_types = encoding.type_ids.iter().any(|id| *id != 0);
        Self {
            ids: encoding.ids,
            type_ids: if has_types {
                encoding.type_ids
            } else {
                Vec::new()
            },
            target,
        }
    }

    /// How many tokens the model reads.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
