//! An answer as lines of a given width: the one layout that the desk and the command line share.

use super::answer::Answer;

/// What a run of text is, from which a style is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Plain,
    /// What is to be seen first: names, headings.
    Strong,
    /// Secondary.
    Dim,
    /// To be copied as it is.
    Code,
    /// `[n]`.
    Cite,
}

/// What Enter opens, when a line is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Model n of `answer.models`.
    Model(usize),
    /// Citation n of `answer.citations`, 0-based.
    Citation(usize),
}

/// A run of text of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Safe text, no newline.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// One line, at most as wide as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its runs.
    pub spans: Vec<Span>,
    /// What it stands for; several lines may share a target. A line of citations has several:
    /// the cells from `start` to `end` belong to each.
    pub targets: Vec<(Target, std::ops::Range<u16>)>,
}

/// The answer as lines at most `width` cells wide.
pub fn present(answer: &Answer, width: u16) -> Vec<Line> {
    let _ = (answer, width);
    todo!()
}

/// The `read as:` line's text: `recommend, summarization, legal, any hardware`.
pub fn read_as(answer: &Answer) -> String {
    let _ = answer;
    todo!()
}

/// Why the models stand in this order: each criterion with value and weight, and what would swap
/// the first two.
pub fn present_why(answer: &Answer, width: u16) -> Vec<Line> {
    let _ = (answer, width);
    todo!()
}
