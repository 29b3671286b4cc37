//! What can be wrong with a row, or with all of them.

use serde::Serialize;

use crate::text;

/// Most characters that are shown of a value.
const SHOWN: usize = 60;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The file has no row.
    NoRows,
    /// Every row has the same label.
    OneClass,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A row that is too long to be read.
    TooLong,
    /// A NUL character, as binary files have.
    Nul,
    /// A line that is not JSON, or not an object.
    NotJson,
    /// A table's row with too few or too many fields.
    FieldCount,
    /// A quote that nothing closes.
    OpenQuote,
    /// A column that the row does not have.
    MissingColumn,
    /// A text, label or list with nothing in it.
    Empty,
    /// A value of a kind that its column cannot have.
    WrongType,
    /// A number that is not finite, or no number where one must be.
    NotANumber,
    /// A label that no training row has, or that was not given.
    UnknownLabel,
    /// Not as many tags as words.
    TagCount,
    /// An answer that does not stand where the row says.
    LostAnswer,
    /// Turns that are no conversation.
    BadTurns,
    /// A row that the tokenizer cannot take apart, or of which nothing is left.
    NoTokens,
    /// Rows that are there more than once.
    Duplicates,
    /// The same text with different labels.
    Contradictions,
    /// Rows of one part that are also in another.
    Shared,
    /// A label with a single row.
    SingleRow,
    /// One label has nearly all rows.
    Imbalance,
    /// Too few rows to learn or to judge from.
    FewRows,
    /// No rows to judge with.
    NoTest,
    /// Rows that are longer than the model reads.
    Cut,
    /// The mark of UTF-8 at the start of a file.
    Bom,
    /// Line ends of Windows.
    CrLf,
}

impl Kind {
    /// What is counted, one and many of it.
    pub(super) fn counts(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::NoRows | Self::OneClass | Self::Imbalance | Self::FewRows | Self::NoTest => {
                return None;
            }
            Self::Bom => ("file", "files"),
            Self::CrLf => ("line", "lines"),
            Self::SingleRow => ("label", "labels"),
            _ => ("row", "rows"),
        })
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What kind of fault it is.
    pub kind: Kind,
    /// In words, safe to show.
    pub what: String,
}

impl Fault {
    /// A fault in words of our own; what is quoted in them has gone through [`quoted`].
    pub(super) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
        }
    }
}

/// A value of a file, safe to show and not too long.
pub(super) fn quoted(value: &str) -> String {
    let line = text::line(value);
    let mut shown: String = line.chars().take(SHOWN).collect();
    if shown.len() < line.len() {
        shown.push_str("...");
    }
    format!("`{shown}`")
}
