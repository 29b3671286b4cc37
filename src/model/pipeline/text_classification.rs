//! Names the label of a text, or of a pair of texts.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::note::Outcome;
use super::scores::{best, sigmoid, softmax};
use super::texts::{Read, Texts};
use super::{Parts, Stop, Task, batches};
use crate::error::{Error, Result};
use crate::model::config::{Config, Labels, ProblemType};
use crate::model::heads::SequenceClassification;
use crate::model::layers::Precision;
use crate::model::tape::Tape;
use crate::model::tokenizer::Tokenizer;

/// Names the label of a text, or of a pair.
pub struct TextClassification {
    model: SequenceClassification,
    texts: Texts,
    labels: Labels,
    problem: Option<ProblemType>,
}

/// What is classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Input<'a> {
    /// The text.
    pub text: &'a str,
    /// A second one, for models that compare two.
    pub pair: Option<&'a str>,
}

impl<'a> From<&'a str> for Input<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, pair: None }
    }
}

/// What makes scores of logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Probabilities of which one is right.
    Softmax,
    /// The probability of each by itself.
    Sigmoid,
    /// Nothing: scores are logits.
    None,
}

impl Function {
    /// `softmax`, `sigmoid` or `none`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "softmax" => Some(Self::Softmax),
            "sigmoid" => Some(Self::Sigmoid),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    /// What a model of so many labels is read with.
    fn of(problem: Option<ProblemType>, labels: usize) -> Self {
        match problem {
            Some(ProblemType::Regression) => Self::None,
            Some(ProblemType::MultiLabel) => Self::Sigmoid,
            _ if labels == 1 => Self::Sigmoid,
            Some(ProblemType::SingleLabel) | None => Self::Softmax,
        }
    }

    fn apply(self, logits: &[f32]) -> Vec<f32> {
        match self {
            Self::Softmax => softmax(logits),
            Self::Sigmoid => sigmoid(logits),
            Self::None => logits.to_vec(),
        }
    }
}

/// Which labels are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Top {
    /// The best by itself, without a list.
    #[default]
    Best,
    /// A list of so many, the best first.
    Most(usize),
    /// A list of all, the best first.
    All,
}

/// How texts are classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What makes scores of logits; as the model was trained where it is not said.
    pub function: Option<Function>,
    /// Which labels are given.
    pub top: Top,
}

/// The labels of one text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Labelled {
    /// The best.
    Best(Label),
    /// Several, the best first.
    Ranked(Vec<Label>),
}

/// A label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Label {
    /// Its name.
    pub label: String,
    /// Its probability, or its logit.
    pub score: f32,
}

impl TextClassification {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// As for [`Parts::read`] and [`TextClassification::load`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        Self::load(Parts::read(folder)?, precision)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// When it was not trained for this.
    pub fn load(parts: Parts, precision: Precision) -> Result<Self> {
        let load = SequenceClassification::load;
        let (model, texts, config) = parts.model(Task::TextClassification, precision, load)?;
        Ok(Self {
            model,
            texts,
            labels: config.common().labels.clone(),
            problem: config.common().problem_type,
        })
    }

    /// The pipeline of a model that is in memory already; clones share their weights, so it sees
    /// what training makes of them.
    pub fn around(
        model: SequenceClassification,
        tokenizer: Arc<Tokenizer>,
        config: &Config,
    ) -> Self {
        Self {
            model,
            texts: Texts::new(tokenizer, config),
            labels: config.common().labels.clone(),
            problem: config.common().problem_type,
        }
    }

    /// How its outputs are read, where that is said.
    pub fn problem(&self) -> Option<ProblemType> {
        self.problem
    }

    /// The names of the labels, in the model's order.
    pub fn labels(&self) -> &[String] {
        self.labels.names()
    }

    /// Classifies each text or pair.
    ///
    /// # Errors
    /// An input without tokens, or a stop.
    pub fn run(
        &self,
        inputs: &[Input<'_>],
        options: &Options,
        stop: Stop<'_>,
    ) -> Result<Vec<Outcome<Labelled>>> {
        if options.top == Top::Most(0) {
            return Err(Error::usage("must be at least 1").at("top_k"));
        }
        let outcomes = self.logits(inputs, stop)?.into_iter().map(|outcome| {
            let logits = outcome.output;
            let function = options
                .function
                .unwrap_or_else(|| Function::of(self.problem, logits.len()));
            let output = self.labelled(&function.apply(&logits), options.top);
            let notes = outcome.notes;
            Outcome { output, notes }
        });
        Ok(outcomes.collect())
    }

    /// The logits of each text or pair, in the model's order.
    ///
    /// # Errors
    /// An input without tokens, or a stop.
    pub fn logits(&self, inputs: &[Input<'_>], stop: Stop<'_>) -> Result<Vec<Outcome<Vec<f32>>>> {
        let Read {
            windows: encodings,
            notes,
            ..
        } = self.texts.cut(inputs, |input| (input.text, input.pair))?;
        let logits = batches::run(&encodings, stop, |batch, members| {
            let logits = self.model.logits(&mut Tape::off(), batch);
            (0..members.len())
                .map(|row| logits.row(row).to_vec())
                .collect()
        })?;
        let outcomes = logits.into_iter().zip(notes);
        Ok(outcomes
            .map(|(output, notes)| Outcome { output, notes })
            .collect())
    }

    fn labelled(&self, scores: &[f32], top: Top) -> Labelled {
        let count = match top {
            Top::Best => 1,
            Top::Most(count) => count,
            Top::All => scores.len(),
        };
        let mut ranked: Vec<Label> = best(scores, count)
            .into_iter()
            .map(|i| Label {
                label: self.labels.names()[i].clone(),
                score: scores[i],
            })
            .collect();
        match top {
            Top::Best if ranked.len() == 1 => Labelled::Best(ranked.swap_remove(0)),
            _ => Labelled::Ranked(ranked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_follows_what_the_model_was_trained_for() {
        for (problem, labels, function) in [
            (None, 1, Function::Sigmoid),
            (None, 3, Function::Softmax),
            (Some(ProblemType::Regression), 1, Function::None),
            (Some(ProblemType::MultiLabel), 3, Function::Sigmoid),
            (Some(ProblemType::SingleLabel), 3, Function::Softmax),
            (Some(ProblemType::SingleLabel), 1, Function::Sigmoid),
        ] {
            assert_eq!(
                Function::of(problem, labels),
                function,
                "{problem:?} of {labels}"
            );
        }
    }
}
