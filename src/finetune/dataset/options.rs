//! What is to be known of a dataset beside its files. What is not given is found out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::split::Split;
use crate::error::{Error, Result};
use crate::model::config::ProblemType;
use crate::model::pipeline::Task;
use crate::text;

/// The files of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// A file to learn from, or a folder with files that are named for their part.
    pub train: PathBuf,
    /// A file that chooses the checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// A file that judges the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
}

/// How a dataset is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The form of the files.
    pub format: Option<Format>,
    /// What is to be learned.
    pub task: Option<Task>,
    /// What the model at hand can learn, the usual first; anything if empty.
    #[serde(skip)]
    pub possible: Vec<Task>,
    /// How labels are read.
    #[serde(with = "problem_name")]
    pub problem: Option<ProblemType>,
    /// Which column is what.
    pub columns: Columns,
    /// What stands between the fields of a table.
    pub delimiter: Option<char>,
    /// Whether the first row of a table has the names of its columns.
    pub header: Option<bool>,
    /// Whether a field of a table may stand in quotes.
    pub quotes: Option<bool>,
    /// The names of the labels in their order; a row with another is bad.
    pub labels: Option<Vec<String>>,
    /// How the parts that have no file of their own are split off.
    pub split: Split,
    /// Whether a bad row is an error; else it is skipped and counted.
    pub strict: bool,
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Fields between commas.
    Csv,
    /// Fields between tabs.
    Tsv,
    /// One array of objects, or an object of them.
    Json,
    /// An object a line.
    Jsonl,
    /// Parquet.
    Parquet,
    /// A word a line with its tags, sentences between empty lines.
    Conll,
    /// The JSON of `SQuAD` 1 and 2.
    Squad,
    /// Text and nothing else.
    Text,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Jsonl,
        Self::Parquet,
        Self::Conll,
        Self::Squad,
        Self::Text,
    ];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Conll => "conll",
            Self::Squad => "squad",
            Self::Text => "text",
        }
    }

    /// The format of that name.
    ///
    /// # Errors
    /// When there is none; with those there are.
    pub fn named(name: &str) -> Result<Self> {
        one_of("--format", name, &Self::ALL, |format| format.name())
    }
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// The text, or the first of a pair.
    Text,
    /// The second text of a pair.
    Pair,
    /// What the text is; several columns of 0 and 1 are joined by `+`.
    Label,
    /// A list of words.
    Words,
    /// A list with a tag for each word.
    Tags,
    /// Names a question.
    Id,
    /// What is asked of the context.
    Question,
    /// What the answer is in.
    Context,
    /// The answers, with their places.
    Answers,
    /// A list of turns.
    Messages,
    /// What is to be done.
    Instruction,
    /// What is given with the instruction.
    Input,
    /// What the model is to answer.
    Output,
    /// What another text is made of.
    Source,
    /// What is made of it.
    Target,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Text,
        Self::Pair,
        Self::Label,
        Self::Words,
        Self::Tags,
        Self::Id,
        Self::Question,
        Self::Context,
        Self::Answers,
        Self::Messages,
        Self::Instruction,
        Self::Input,
        Self::Output,
        Self::Source,
        Self::Target,
    ];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Pair => "pair",
            Self::Label => "label",
            Self::Words => "words",
            Self::Tags => "tags",
            Self::Id => "id",
            Self::Question => "question",
            Self::Context => "context",
            Self::Answers => "answers",
            Self::Messages => "messages",
            Self::Instruction => "instruction",
            Self::Input => "input",
            Self::Output => "output",
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// Which column of the file is for what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Columns(pub BTreeMap<Column, String>);

impl Columns {
    /// Reads `text=body,label=kind`.
    ///
    /// # Errors
    /// When it is written otherwise, or a column is for nothing that is known.
    pub fn parse(words: &str) -> Result<Self> {
        let mut columns = BTreeMap::new();
        for part in words.split(',') {
            let (what, name) = part.split_once('=').ok_or_else(|| {
                Error::usage(format!("`{}` has no `=`", text::line(part)))
                    .at("--columns")
                    .hint("write for example text=body,label=kind")
            })?;
            let column = one_of("--columns", what.trim(), &Column::ALL, |column| {
                column.name()
            })?;
            columns.insert(column, name.trim().to_owned());
        }
        Ok(Self(columns))
    }

    /// The file's name for a column.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.0.get(&column).map(String::as_str)
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (column, name) in &self.0 {
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            write!(f, "{comma}{}={}", column.name(), text::line(name))?;
        }
        Ok(())
    }
}

/// The value of that name among `all`.
fn one_of<T: Copy>(
    flag: &str,
    name: &str,
    all: &[T],
    name_of: impl Fn(&T) -> &'static str,
) -> Result<T> {
    let found = all.iter().find(|one| name_of(one) == name);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(&name_of).collect();
        let hint = match text::nearest(name, &names) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("use one of {}", names.join(", ")),
        };
        let name = text::line(name);
        Error::usage(format!("`{}` is not known", text::ident(&name)))
            .at(flag)
            .hint(hint)
    })
}

/// A kind of label by transformers' name.
#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "as serde calls it"
)]
mod problem_name {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{ProblemType, problem, problem_named};

    pub(super) fn serialize<S: Serializer>(
        kind: &Option<ProblemType>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        kind.map(problem).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<ProblemType>, D::Error> {
        let name = Option::<String>::deserialize(from)?;
        name.map(|name| problem_named(&name))
            .transpose()
            .map_err(D::Error::custom)
    }
}

/// transformers' name of a kind of label.
pub fn problem(kind: ProblemType) -> &'static str {
    match kind {
        ProblemType::SingleLabel => "single_label_classification",
        ProblemType::MultiLabel => "multi_label_classification",
        ProblemType::Regression => "regression",
    }
}

/// The kind of label of that name.
///
/// # Errors
/// When there is none; with those there are.
pub fn problem_named(name: &str) -> Result<ProblemType> {
    let all = [
        ProblemType::SingleLabel,
        ProblemType::MultiLabel,
        ProblemType::Regression,
    ];
    one_of("--problem-type", name, &all, |kind| problem(*kind))
}
