//! White space as Python has it, which the references split texts by.

/// Whether Python's `str.split` splits here.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The words of a text.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// The text without white space at its end.
pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// The words of a text with one space between them.
pub(super) fn tidy(text: &str) -> String {
    split(text).collect::<Vec<_>>().join(" ")
}
