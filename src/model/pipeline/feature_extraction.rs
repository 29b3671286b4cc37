//! Gives the last hidden state of each token.

use std::ops::Range;
use std::path::Path;

use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::note::Outcome;
use super::texts::{Read, Texts};
use super::{Parts, Stop, Task, batches};
use crate::error::Result;
use crate::model::heads::Body;
use crate::model::layers::Precision;
use crate::model::tape::Tape;

/// Gives the last hidden state of each token.
pub struct FeatureExtraction {
    body: Body,
    texts: Texts,
}

/// The last hidden states of one text. In JSON they are in one list more, as transformers has
/// them: a batch of one.
#[derive(Debug, Clone, PartialEq)]
pub struct States {
    /// How many values a token has.
    width: usize,
    values: Vec<f32>,
}

impl States {
    /// The values of each token.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
    }

    /// How many values a token has.
    pub fn width(&self) -> usize {
        self.width
    }
}

impl Serialize for States {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Rows<'a>(&'a States);
        impl Serialize for Rows<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.rows())
            }
        }
        let mut batch = serializer.serialize_seq(Some(1))?;
        batch.serialize_element(&Rows(self))?;
        batch.end()
    }
}

impl FeatureExtraction {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// As for [`Parts::read`] and [`FeatureExtraction::load`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        Self::load(Parts::read(folder)?, precision)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// When it has no hidden states of this kind, or its folder is damaged.
    pub fn load(parts: Parts, precision: Precision) -> Result<Self> {
        let (body, texts, _) = parts.model(Task::FeatureExtraction, precision, Body::load)?;
        Ok(Self { body, texts })
    }

    /// The last hidden states of each text.
    ///
    /// # Errors
    /// A text without tokens, or a stop.
    pub fn run(&self, inputs: &[&str], stop: Stop<'_>) -> Result<Vec<Outcome<States>>> {
        let Read {
            windows: encodings,
            notes,
            ..
        } = self.texts.cut(inputs, |text| (text, None))?;
        let states = batches::run(&encodings, stop, |batch, _| {
            let hidden = self.body.forward(&mut Tape::off(), batch, |_| ());
            let width = hidden.cols();
            let of = |rows: Range<usize>| {
                let values = hidden.values()[rows.start * width..rows.end * width].to_vec();
                States { width, values }
            };
            batch
                .starts
                .windows(2)
                .map(|ends| of(ends[0]..ends[1]))
                .collect()
        })?;
        let outcomes = states.into_iter().zip(notes);
        Ok(outcomes
            .map(|(output, notes)| Outcome { output, notes })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_a_batch_of_one_in_json() {
        let states = States {
            width: 2,
            values: vec![1.0, 2.0, 3.0, 4.0],
        };
        assert_eq!(
            serde_json::to_string(&states).expect("JSON"),
            "[[[1.0,2.0],[3.0,4.0]]]"
        );
    }
}
