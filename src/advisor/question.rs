//! A question, read: what is asked, of which models, under which constraints.

use serde::Serialize;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Which model.
    Recommend,
    /// Models side by side.
    Compare,
    /// How to fine-tune.
    HowTo,
    /// A fact of a model, or a word of the guide.
    Lookup,
    /// Nothing that cards answer.
    OutOfScope,
}

/// One thing that was understood, as the `read as` line shows it and as a field to edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The constraint's name: `task`, `domain`, `max_size`.
    pub name: String,
    /// Its value as text: `summarization`, `500 MB`.
    pub value: String,
    /// Taken over from the question before.
    pub carried: bool,
}

/// How a question was read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The question as typed, made safe.
    pub question: String,
    /// `distillbert` read as `DistilBERT`.
    pub corrections: Vec<(String, String)>,
    /// Words that were not used.
    pub unused: Vec<String>,
}

impl Reading {
    /// The fields of the `read as` line, intent first.
    pub fn fields(&self) -> Vec<Field> {
        todo!()
    }

    /// This reading with one field set to `value` (an empty value drops it), as the user edits it.
    ///
    /// # Errors
    /// When `value` is not one that the field takes; the hint lists those it takes.
    pub fn with_field(&self, name: &str, value: &str) -> crate::error::Result<Self> {
        let _ = (name, value);
        todo!()
    }

    /// The fields that can be added, and what each takes.
    pub fn editable() -> Vec<(&'static str, String)> {
        todo!()
    }
}
