//! Names the labels of tokens, or of what they make up: people, places.

mod entities;
mod words;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use self::entities::{Grouping, Token, without_overlaps};
use super::note::Outcome;
use super::scores::softmax;
use super::texts::{Read, Texts};
use super::{Parts, Stop, Task, batches};
use crate::error::{Error, Result};
use crate::model::config::{Config, Labels};
use crate::model::heads;
use crate::model::layers::Precision;
use crate::model::tape::Tape;
use crate::model::tokenizer::{Cut, Encoding, Kind, Limit, Tokenizer};

/// Names the labels of tokens.
pub struct TokenClassification {
    model: heads::TokenClassification,
    texts: Texts,
    labels: Labels,
}

/// What becomes of the labels of single tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregation {
    /// Each token is an entity.
    #[default]
    None,
    /// Neighbours of one label are an entity.
    Simple,
    /// So are they, and a word has the label of its first token.
    First,
    /// So are they, and a word has the label of its tokens' mean.
    Average,
    /// So are they, and a word has the label of its surest token.
    Max,
}

impl Aggregation {
    /// `none`, `simple`, `first`, `average` or `max`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "simple" => Self::Simple,
            "first" => Self::First,
            "average" => Self::Average,
            "max" => Self::Max,
            _ => return None,
        })
    }
}

/// How tokens are classified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What becomes of the labels of single tokens.
    pub aggregation: Aggregation,
    /// Labels that are left out; of groups, without `B-` and `I-`.
    pub ignore_labels: Vec<String>,
    /// How many tokens each window of a longer text repeats of the one before; without, a longer
    /// text is cut.
    pub stride: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        let ignore_labels = vec!["O".to_owned()];
        Self {
            aggregation: Aggregation::None,
            ignore_labels,
            stride: None,
        }
    }
}

/// A token or a group with its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entity {
    /// The label.
    #[serde(flatten)]
    pub label: Label,
    /// The label's probability.
    pub score: f32,
    /// Which token of its window it is, for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The token as the vocabulary writes it, or the group as text.
    pub word: String,
    /// Its first character in the text.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
    /// Where it is in the text in bytes.
    #[serde(skip)]
    pub bytes: Range<usize>,
}

/// What a label is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Label {
    /// A token.
    #[serde(rename = "entity")]
    Token(String),
    /// A group of tokens.
    #[serde(rename = "entity_group")]
    Group(String),
}

impl Label {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Token(name) | Self::Group(name) => name,
        }
    }
}

impl TokenClassification {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// As for [`Parts::read`] and [`TokenClassification::load`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        Self::load(Parts::read(folder)?, precision)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// When it was not trained for this.
    pub fn load(parts: Parts, precision: Precision) -> Result<Self> {
        let load = heads::TokenClassification::load;
        let (model, texts, config) = parts.model(Task::TokenClassification, precision, load)?;
        Ok(Self {
            model,
            texts,
            labels: config.common().labels.clone(),
        })
    }

    /// The pipeline of a model that is in memory already; clones share their weights.
    pub fn around(
        model: heads::TokenClassification,
        tokenizer: Arc<Tokenizer>,
        config: &Config,
    ) -> Self {
        Self {
            model,
            texts: Texts::new(tokenizer, config),
            labels: config.common().labels.clone(),
        }
    }

    /// The names of the labels, in the model's order.
    pub fn labels(&self) -> &[String] {
        self.labels.names()
    }

    /// Classifies the tokens of each text.
    ///
    /// # Errors
    /// A text that cannot be taken apart, a stride that does not fit, or a stop.
    pub fn run(
        &self,
        inputs: &[&str],
        options: &Options,
        stop: Stop<'_>,
    ) -> Result<Vec<Outcome<Vec<Entity>>>> {
        let read = self.read(inputs, options)?;
        let scores = batches::run(&read.windows, stop, |batch, _| {
            let logits = self.model.logits(&mut Tape::off(), batch);
            let sequences = batch.starts.windows(2).map(|ends| ends[0]..ends[1]);
            sequences
                .map(|rows| rows.map(|row| softmax(logits.row(row))).collect())
                .collect()
        })?;
        let all = inputs.iter().zip(read.by_input(&scores)).zip(&read.notes);
        all.map(|((text, windows), notes)| {
            let output = self.entities(text, &windows, options)?;
            let notes = notes.clone();
            Ok(Outcome { output, notes })
        })
        .collect()
    }

    /// The windows of each text; of one that is cut the first.
    fn read(&self, inputs: &[&str], options: &Options) -> Result<Read> {
        let Some(stride) = options.stride else {
            return self.texts.cut(inputs, |text| (text, None));
        };
        if options.aggregation == Aggregation::None {
            return Err(
                Error::usage("windows of a text need an aggregation other than none")
                    .at("stride")
                    .hint("choose simple, first, average or max"),
            );
        }
        let limit = Limit {
            tokens: self.texts.longest,
            cut: Cut::LongestFirst,
            stride,
        };
        Read::each(inputs, |text| {
            let windows = self
                .texts
                .tokenizer
                .windows(text, None, true, Some(limit))?;
            self.texts.check(&windows[0])?;
            let notes = Texts::notes(&windows[0], &[text]);
            Ok((windows, notes))
        })
    }

    /// The entities of a text by the scores of its windows.
    fn entities(
        &self,
        text: &str,
        windows: &[(&Encoding, &Vec<Vec<f32>>)],
        options: &Options,
    ) -> Result<Vec<Entity>> {
        let tokenizer = &self.texts.tokenizer;
        let grouping = Grouping {
            labels: self.labels.names(),
            aggregation: options.aggregation,
            join: &|words| tokenizer.join(words),
        };
        let mut entities = Vec::new();
        for (encoding, scores) in windows {
            let tokens = self.tokens(text, encoding, scores);
            let mut found = grouping.entities(&tokens)?;
            found.retain(|entity| {
                !options
                    .ignore_labels
                    .iter()
                    .any(|label| label == entity.label.name())
            });
            entities.extend(found);
        }
        Ok(if windows.len() > 1 {
            without_overlaps(entities)
        } else {
            entities
        })
    }

    /// The tokens of a window that are of the text.
    fn tokens<'a>(
        &self,
        text: &str,
        encoding: &Encoding,
        scores: &'a [Vec<f32>],
    ) -> Vec<Token<'a>> {
        let tokenizer = &self.texts.tokenizer;
        let knows_words = tokenizer.kind() == Kind::WordPiece;
        let of_text = (0..encoding.len()).filter(|i| !encoding.special[*i]);
        let tokens = of_text.map(|index| {
            let id = encoding.ids[index];
            let (bytes, chars) = (encoding.bytes[index].clone(), encoding.chars[index].clone());
            let written = tokenizer.token(id).unwrap_or_default();
            let original = text.get(bytes.clone()).unwrap_or_default();
            let is_unknown = tokenizer.special().unk == Some(id);
            let continues = if is_unknown {
                false
            } else if knows_words {
                // A prefix, as in `##ing`, makes a piece longer than its text.
                written.chars().count() != original.chars().count()
            } else {
                follows_without_space(text, bytes.start)
            };
            let word = if is_unknown {
                original.to_owned()
            } else {
                written
            };
            Token {
                word,
                scores: &scores[index],
                index,
                chars,
                bytes,
                continues,
            }
        });
        tokens.collect()
    }
}

/// Whether there is no space at a byte of a text, and none before.
fn follows_without_space(text: &str, start: usize) -> bool {
    let (before, after) = text.split_at_checked(start).unwrap_or((text, ""));
    !before.is_empty() && !before.ends_with(' ') && !after.starts_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_that_no_space_parts_from_the_one_before_continues_it() {
        assert!(!follows_without_space("ab c", 0));
        assert!(follows_without_space("ab c", 1));
        assert!(!follows_without_space("ab c", 2));
        assert!(!follows_without_space("ab c", 3));
        assert!(follows_without_space("ab", 2));
    }

    #[test]
    fn entities_have_the_fields_of_their_kind() {
        let token = Entity {
            label: Label::Token("B-PER".to_owned()),
            score: 0.5,
            index: Some(1),
            word: "an".to_owned(),
            start: 0,
            end: 2,
            bytes: 0..2,
        };
        assert_eq!(
            serde_json::to_string(&token).expect("JSON"),
            r#"{"entity":"B-PER","score":0.5,"index":1,"word":"an","start":0,"end":2}"#
        );
        let group = Entity {
            label: Label::Group("PER".to_owned()),
            index: None,
            ..token
        };
        assert_eq!(
            serde_json::to_string(&group).expect("JSON"),
            r#"{"entity_group":"PER","score":0.5,"word":"an","start":0,"end":2}"#
        );
    }
}
