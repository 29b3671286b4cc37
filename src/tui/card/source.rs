//! The text of a card as it is, and the rows that it takes on the screen.

use crate::card::{Card, front};
use crate::tui::markdown::{self, Row};

/// A card's text by lines, safe to show, numbered as facts and citations number them.
#[derive(Debug)]
pub(super) struct Source {
    /// Lines that end with `\n`.
    text: String,
    /// How many there are.
    lines: usize,
    /// Where the Markdown begins: the byte, and the 1-based line.
    body: (usize, usize),
}

impl Source {
    /// The text of `card`.
    pub(super) fn new(card: &Card) -> Self {
        let body_line = match front::split(&card.text) {
            front::Split::Found(front) if front.body.is_empty() => usize::MAX,
            front::Split::Found(front) => front.body_line,
            _ => 1,
        };
        let mut source = Self {
            text: String::with_capacity(card.text.len()),
            lines: 0,
            body: (0, body_line),
        };
        let mut lines = card.lines().peekable();
        while let Some(line) = lines.next() {
            // The end of the last line begins no other.
            if line.is_empty() && source.lines > 0 && lines.peek().is_none() {
                break;
            }
            source.push(line);
        }
        // A body that was never begun is empty.
        if source.lines < body_line {
            source.body.0 = source.text.len();
        }
        source
    }

    fn push(&mut self, line: &str) {
        if self.lines > 0 {
            self.text.push('\n');
        }
        self.lines += 1;
        if self.lines == self.body.1 {
            self.body.0 = self.text.len();
        }
        // A line stays one line, whatever it holds.
        let safe = crate::text::block(line);
        if safe.contains('\n') {
            self.text.push_str(&safe.replace('\n', " "));
        } else {
            self.text.push_str(&safe);
        }
    }

    /// How many cells the number of a line takes.
    pub(super) fn number_cells(&self) -> usize {
        self.lines.to_string().len()
    }

    /// The lines that hold `words`, in any letter case.
    pub(super) fn lines_with(&self, words: &str) -> Vec<usize> {
        let words = words.to_lowercase();
        let lines = self.text.split('\n').enumerate();
        let found = lines.filter(|(_, line)| line.to_lowercase().contains(&words));
        found.map(|(n, _)| n + 1).collect()
    }

    /// The rows of the text: its Markdown as it is meant, or, where `raw`, as it is.
    pub(super) fn rows(&self, raw: bool, width: usize) -> Vec<Row> {
        let (at, line) = self.body;
        let (above, body) = self.text.split_at(if raw { self.text.len() } else { at });
        let mut rows = Vec::new();
        if !above.is_empty() {
            let above = above.strip_suffix('\n').filter(|_| !raw).unwrap_or(above);
            let front_lines = line - 1;
            let mut n = 0;
            let dim = |line: &str, n: usize| if n <= front_lines { key(line) } else { 0 };
            rows = markdown::as_it_is(above, 1, width, &mut |line| {
                n += 1;
                dim(line, n)
            });
        }
        if !body.trim().is_empty() {
            if !rows.is_empty() {
                rows.push(Row::default());
            }
            rows.extend(markdown::render(body, line, width));
        }
        rows
    }
}

/// How many bytes of a line of front matter are its key.
fn key(line: &str) -> usize {
    let inner = line.trim_start_matches([' ', '-']);
    if inner.is_empty() || inner.starts_with('#') {
        return line.len();
    }
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length = inner.find(|c| !is_key(c)).unwrap_or(inner.len());
    let rest = &inner[length..];
    if length > 0 && (rest == ":" || rest.starts_with(": ")) {
        line.len() - rest.len() + 1
    } else {
        line.len() - inner.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Origin;

    fn rows(text: &str, raw: bool) -> Vec<(usize, String)> {
        let source = Source::new(&Card::parse("a/b", Origin::User, text));
        let rows = source.rows(raw, 60);
        let text = |row: &Row| row.spans.iter().map(|span| span.text.as_str()).collect();
        rows.iter().map(|row| (row.line, text(row))).collect()
    }

    fn row(line: usize, text: &str) -> (usize, String) {
        (line, text.to_owned())
    }

    #[test]
    fn lines_are_counted_as_facts_count_them() {
        let text = "---\r\nlicense: mit\r---\n# T\u{2028}x\n\n*b*\r\n";
        assert_eq!(
            rows(text, false),
            [
                row(1, "---"),
                row(2, "license: mit"),
                row(3, "---"),
                row(0, ""),
                row(4, "# T x"),
                row(0, ""),
                row(6, "b"),
            ]
        );
        assert_eq!(
            rows(text, true)[3..],
            [row(4, "# T x"), row(5, ""), row(6, "*b*")]
        );
    }

    #[test]
    fn any_text_is_a_source() {
        assert_eq!(rows("", false), []);
        assert_eq!(rows("---\na: b\n---", false).len(), 3);
        assert_eq!(rows("plain", false), [row(1, "plain")]);
        assert_eq!(rows("---\na: b\n---\n\n", false).len(), 3);
    }

    #[test]
    fn keys_end_at_their_colon() {
        assert_eq!(key("  - type: x: y"), 9);
        assert_eq!(key("- plain: text with: more"), 8);
        assert_eq!(key("- plain text"), 2);
        assert_eq!(key("---"), 3);
        assert_eq!(key("tags:"), 5);
    }
}
