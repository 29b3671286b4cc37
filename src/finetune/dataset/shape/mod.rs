//! What the columns of a file are for: found out from their names and values, and then applied to
//! each row.

mod detect;
mod known;
mod profile;
mod read;
mod values;

use super::options::{Column, Columns};
use crate::model::config::ProblemType;
use crate::model::pipeline::Task;

pub(super) use detect::understand;
pub(super) use known::is_usual_name;
pub(super) use values::lookup;

/// What rows are, with the columns that say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// Texts, or pairs of them, with what they are.
    Classes {
        text: String,
        pair: Option<String>,
        labels: Labels,
    },
    /// Lists of words with a list of tags.
    Tags { words: String, tags: String },
    /// Questions about a text.
    Questions {
        id: Option<String>,
        question: String,
        context: String,
        answers: String,
    },
    /// Texts; `ends` says whether each is one by itself.
    Plain { text: String, ends: bool },
    /// Lists of turns.
    Messages { messages: String },
    /// Instructions and what is answered.
    Instructions {
        instruction: String,
        input: Option<String>,
        output: String,
    },
    /// Texts, with what else is given, and what is made of them.
    Pairs {
        source: String,
        input: Option<String>,
        target: String,
    },
}

/// Where the labels of a text are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Labels {
    /// One in a column.
    One(String),
    /// A number in a column.
    Number(String),
    /// A list of them in a column.
    List(String),
    /// A column of 0 and 1 for each.
    Columns(Vec<String>),
}

/// What a dataset is understood as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Understood {
    pub task: Task,
    pub shape: Shape,
}

impl Shape {
    /// Which column is what.
    pub(super) fn columns(&self) -> Columns {
        let mut columns = Columns::default();
        let mut set = |column, name: &str| drop(columns.0.insert(column, name.to_owned()));
        match self {
            Self::Classes { text, pair, labels } => {
                set(Column::Text, text);
                if let Some(pair) = pair {
                    set(Column::Pair, pair);
                }
                set(Column::Label, &labels.columns().join("+"));
            }
            Self::Tags { words, tags } => {
                set(Column::Words, words);
                set(Column::Tags, tags);
            }
            Self::Questions {
                id,
                question,
                context,
                answers,
            } => {
                if let Some(id) = id {
                    set(Column::Id, id);
                }
                set(Column::Question, question);
                set(Column::Context, context);
                set(Column::Answers, answers);
            }
            Self::Plain { text, .. } => set(Column::Text, text),
            Self::Messages { messages } => set(Column::Messages, messages),
            Self::Instructions {
                instruction,
                input,
                output,
            } => {
                set(Column::Instruction, instruction);
                if let Some(input) = input {
                    set(Column::Input, input);
                }
                set(Column::Output, output);
            }
            Self::Pairs {
                source,
                input,
                target,
            } => {
                set(Column::Source, source);
                if let Some(input) = input {
                    set(Column::Input, input);
                }
                set(Column::Target, target);
            }
        }
        columns
    }

    /// The columns that every row must have.
    pub(super) fn needed(&self) -> Vec<&str> {
        match self {
            Self::Classes { text, pair, labels } => {
                let texts = std::iter::once(text).chain(pair).map(String::as_str);
                texts.chain(labels.columns()).collect()
            }
            Self::Tags { words, tags } => vec![words, tags],
            Self::Questions {
                question,
                context,
                answers,
                ..
            } => vec![question, context, answers],
            Self::Plain { text, .. } => vec![text],
            Self::Messages { messages } => vec![messages],
            Self::Instructions {
                instruction,
                output,
                ..
            } => vec![instruction, output],
            Self::Pairs { source, target, .. } => vec![source, target],
        }
    }

    /// Whether rows are conversations.
    pub(super) fn is_dialogue(&self) -> bool {
        matches!(self, Self::Messages { .. } | Self::Instructions { .. })
    }

    /// How labels are read, for a text classification.
    pub(super) fn problem(&self) -> Option<ProblemType> {
        match self {
            Self::Classes { labels, .. } => Some(match labels {
                Labels::One(_) => ProblemType::SingleLabel,
                Labels::Number(_) => ProblemType::Regression,
                Labels::List(_) | Labels::Columns(_) => ProblemType::MultiLabel,
            }),
            _ => None,
        }
    }
}

impl Labels {
    fn columns(&self) -> Vec<&str> {
        match self {
            Self::One(name) | Self::Number(name) | Self::List(name) => vec![name],
            Self::Columns(names) => names.iter().map(String::as_str).collect(),
        }
    }
}
