//! What is wrong with a card, with lines and hints.

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Unknown to this program and harmless.
    Note,
    /// Readable, and probably not what was meant.
    Warning,
    /// The card, or this fact of it, cannot be used.
    Error,
}

/// One problem of a card.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// 1-based line of the README.md.
    pub line: usize,
    /// The field, as a path: `model-index[0].results[1].dataset.split`.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}
