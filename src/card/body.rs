//! The Markdown of a card, by heading and by sentence, with lines.

/// One paragraph or bullet of a card, as plain text (Markdown marks removed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its text, white space folded.
    pub text: String,
    /// The 1-based line of the README.md on which it starts.
    pub line: usize,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading's text; empty for text above the first heading.
    pub title: String,
    /// 1 to 6; 0 above the first heading.
    pub level: u8,
    /// The heading's 1-based line.
    pub line: usize,
    /// Paragraphs and bullets (code and tables are left out).
    pub sentences: Vec<Sentence>,
}
