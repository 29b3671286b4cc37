//! What a row is, whatever file it came from.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::shown;
pub use crate::model::template::{Role, Turn};

/// A row, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub example: Example,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    #[serde(serialize_with = "name", deserialize_with = "named")]
    pub file: Arc<PathBuf>,
    /// Its line, from 1 on; in a Parquet file the row.
    pub line: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", shown(&self.file), self.line)
    }
}

/// A file as its name; one that is no text is written as what is shown of it.
fn name<S: Serializer>(file: &Arc<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&file.to_string_lossy())
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<PathBuf>, D::Error> {
    Ok(Arc::new(PathBuf::deserialize(deserializer)?))
}

/// What a model can learn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Example {
    /// A text, or a pair of them, with what it is.
    Classified {
        /// The text.
        text: String,
        /// The second of a pair.
        pair: Option<String>,
        /// What it is.
        label: Label,
    },
    /// Words with a tag each.
    Tagged {
        /// The words; none is empty.
        words: Vec<String>,
        /// The tag of each, as a place in the dataset's names.
        tags: Vec<u32>,
    },
    /// A question about a text.
    Question {
        /// Names it; unique where the file has names.
        id: String,
        /// What is asked.
        question: String,
        /// What the answer is in.
        context: String,
        /// The answers that count; none if the text has none.
        answers: Vec<Answer>,
    },
    /// A text by itself.
    Plain {
        /// The text.
        text: String,
        /// Whether it ends here; a passage of a longer text does not.
        ends: bool,
    },
    /// A conversation, or an instruction and its response.
    Dialogue {
        /// The turns; the last is the model's.
        turns: Vec<Turn>,
    },
    /// A text, and what is to be made of it.
    Pair {
        /// The text.
        source: String,
        /// What is to be made of it.
        target: String,
    },
}

/// What a text is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// One of the dataset's names.
    One(u32),
    /// For each of the dataset's names whether it applies.
    Many(Vec<bool>),
    /// A number.
    Number(f32),
}

/// An answer, where it stands in its context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer.
    pub text: String,
    /// Where it is in the context, in bytes; whole characters.
    pub bytes: Range<usize>,
}
