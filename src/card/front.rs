//! Finds the front matter of a card, by the rule of the hub's own client, in one pass.
//!
//! White space, a line of exactly `---`, the YAML, and the next line of exactly `---`. A byte
//! order mark before it is skipped. No regular expression: nothing here can backtrack.

use super::lines::{Lines, line_end};

/// Front matter and where the body starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Front<'a> {
    /// The YAML between the two `---` lines.
    pub yaml: &'a str,
    /// The 1-based line of the README.md on which the YAML starts.
    pub line: usize,
    /// Everything below the closing line.
    pub body: &'a str,
    /// The line on which the body starts.
    pub body_line: usize,
}

/// What stands at the top of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split<'a> {
    /// Front matter, then a body.
    Found(Front<'a>),
    /// No front matter: the whole text is body.
    Absent,
    /// `---` on this line, and nothing that closes it: the hub sees no front matter.
    Unterminated(usize),
    /// `---` on this line with spaces behind it, which the hub does not take for an opening line.
    TrailingSpace(usize),
}

/// Splits `text`. Linear in its length.
pub fn split(text: &str) -> Split<'_> {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let opening = text.len() - trimmed.len();
    let Some(rest) = trimmed.strip_prefix("---") else {
        return Split::Absent;
    };
    let line = || Lines::new(&text[..opening], 1).last();
    let width = line_end(rest.as_bytes(), 0);
    if width == 0 {
        let spaces = rest.trim_start_matches([' ', '\t']);
        let closed = spaces.len() < rest.len() && line_end(spaces.as_bytes(), 0) > 0;
        return if closed {
            Split::TrailingSpace(line())
        } else {
            Split::Absent
        };
    }
    let start = opening + 3 + width;
    let Some((end, body)) = closing(text, start) else {
        return Split::Unterminated(line());
    };
    let line = line() + 1;
    let body_line = Lines::new(&text[start..body], line).last();
    Split::Found(Front {
        yaml: &text[start..end],
        line,
        body: &text[body..],
        body_line,
    })
}

/// Where the YAML that starts at `start` ends, and where the body after it starts.
fn closing(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut line_start = start;
    loop {
        let rest = &bytes[line_start..];
        let length = rest
            .iter()
            .position(|b| matches!(b, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let next = line_start + length + line_end(rest, length);
        if &rest[..length] == b"---" {
            return Some((line_start, next));
        }
        if next == bytes.len() {
            return None;
        }
        line_start = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Front<'_> {
        match split(text) {
            Split::Found(front) => front,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn front_matter_is_found_behind_a_mark_and_blank_lines() {
        let front = found("\u{feff}\n\r\n  ---\r\nlicense: mit\r\n---\r\nbody");
        assert_eq!((front.yaml, front.line), ("license: mit\r\n", 4));
        assert_eq!((front.body, front.body_line), ("body", 6));
    }

    #[test]
    fn the_closing_line_may_end_the_file() {
        let front = found("---\na: 1\n---");
        assert_eq!(
            (front.yaml, front.body, front.body_line),
            ("a: 1\n", "", 4 - 1)
        );
    }

    #[test]
    fn a_dash_line_with_more_on_it_closes_nothing() {
        assert_eq!(
            found("---\na: b\n--- c\n ---\n---\nx").yaml,
            "a: b\n--- c\n ---\n"
        );
    }

    #[test]
    fn what_the_hub_does_not_see_is_named() {
        assert_eq!(split("# Title\n---\na: b\n---\n"), Split::Absent);
        assert_eq!(split("---\na: b\n"), Split::Unterminated(1));
        assert_eq!(split("\n---"), Split::Absent);
        assert_eq!(split("--- \na: b\n---\n"), Split::TrailingSpace(1));
    }

    #[test]
    fn an_empty_block_is_front_matter_that_says_nothing() {
        assert_eq!(found("---\n---\nbody").yaml, "");
    }
}
