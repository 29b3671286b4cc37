//! Texts to tokens, within what the model reads.

use std::sync::Arc;

use rayon::prelude::*;

use super::note::Note;
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::tokenizer::{Encoding, Tokenizer};

/// Makes tokens for one model.
pub(super) struct Texts {
    /// Texts to tokens.
    pub tokenizer: Arc<Tokenizer>,
    /// The most tokens that the model reads.
    pub longest: usize,
    /// How many types of tokens the model knows, if it has any.
    types: Option<usize>,
}

impl Texts {
    pub(super) fn new(tokenizer: impl Into<Arc<Tokenizer>>, config: &Config) -> Self {
        let tokenizer = tokenizer.into();
        Self {
            longest: longest(&tokenizer, config),
            types: match config {
                Config::Bert(c) => Some(c.type_vocab_size),
                _ => None,
            },
            tokenizer,
        }
    }

    /// The tokens of each input, cut to what the model reads.
    ///
    /// # Errors
    /// An input that cannot be taken apart, or has no token.
    pub(super) fn cut<'a, T: Sync>(
        &self,
        inputs: &'a [T],
        texts: impl Fn(&'a T) -> (&'a str, Option<&'a str>) + Sync,
    ) -> Result<Read> {
        Read::each(inputs, |input| {
            let (text, pair) = texts(input);
            let (encoding, notes) = self.cut_one(text, pair)?;
            Ok((vec![encoding], notes))
        })
    }

    fn cut_one(&self, text: &str, pair: Option<&str>) -> Result<(Encoding, Vec<Note>)> {
        let (encoding, of) = self.tokenizer.within(text, pair, self.longest)?;
        let mut notes = Self::notes(&encoding, &[text, pair.unwrap_or("")]);
        if of > encoding.len() {
            notes.push(Note::LeftOut {
                tokens: of - encoding.len(),
                of,
            });
        }
        self.check(&encoding)?;
        Ok((encoding, notes))
    }

    /// What is to be known of texts by their tokens.
    pub(super) fn notes(encoding: &Encoding, texts: &[&str]) -> Vec<Note> {
        let mut notes = Vec::new();
        if texts.iter().all(|text| text.trim().is_empty()) {
            notes.push(Note::Empty);
        }
        if encoding.unknown > 0 {
            let of = texts.iter().map(|text| text.chars().count()).sum();
            notes.push(Note::Unknown {
                characters: encoding.unknown,
                of,
            });
        }
        notes
    }

    /// Whether the model can read these tokens.
    ///
    /// # Errors
    /// When there are none, or of a type that the model does not know.
    pub(super) fn check(&self, encoding: &Encoding) -> Result<()> {
        if encoding.is_empty() {
            return Err(Error::new("the text has no token, and the model needs one")
                .hint("give a text that is not empty"));
        }
        let last = encoding.type_ids.iter().copied().max().unwrap_or(0);
        match self.types {
            Some(types) if last as usize >= types => Err(Error::new(format!(
                "the tokenizer gives tokens of type {last}, and the model knows {types} types"
            ))
            .hint("the tokenizer is that of another model; fetch the model's own")),
            _ => Ok(()),
        }
    }
}

/// The most tokens that a model reads: as many as it has positions for, or as its tokenizer says.
pub fn longest(tokenizer: &Tokenizer, config: &Config) -> usize {
    let positions = match config {
        Config::Bert(c) => c.max_position_embeddings,
        Config::DistilBert(c) => c.max_position_embeddings,
        Config::Gpt2(c) => c.n_positions,
        Config::T5(_) => usize::MAX,
        Config::Candle(c) => c.max_position_embeddings,
    };
    positions.min(tokenizer.settings().model_max_length.unwrap_or(usize::MAX))
}

/// What is to be run of several inputs.
pub(super) struct Read {
    /// The windows of all inputs, those of the first first.
    pub windows: Vec<Encoding>,
    /// How many windows each has.
    counts: Vec<usize>,
    /// What is to be known of each.
    pub notes: Vec<Vec<Note>>,
}

impl Read {
    /// Reads each input with `read`.
    pub(super) fn each<'a, T: Sync>(
        inputs: &'a [T],
        read: impl Fn(&'a T) -> Result<(Vec<Encoding>, Vec<Note>)> + Sync,
    ) -> Result<Self> {
        let found = inputs
            .par_iter()
            .enumerate()
            .map(|(i, input)| read(input).map_err(|error| of_many(error, i, inputs.len())));
        let (windows, notes): (Vec<_>, _) = found.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let counts = windows.iter().map(Vec::len).collect();
        let windows = windows.into_iter().flatten().collect();
        Ok(Self {
            windows,
            counts,
            notes,
        })
    }

    /// The windows of each input, with what was made of them.
    pub(super) fn by_input<'a, T>(
        &'a self,
        made: &'a [T],
    ) -> impl Iterator<Item = Vec<(&'a Encoding, &'a T)>> {
        let mut all = self.windows.iter().zip(made);
        self.counts
            .iter()
            .map(move |count| all.by_ref().take(*count).collect())
    }
}

/// The error of one of several inputs.
pub(super) fn of_many(error: Error, place: usize, count: usize) -> Error {
    if count > 1 {
        error.at(format!("input {}", place + 1))
    } else {
        error
    }
}
