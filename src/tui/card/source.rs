//! The text of a card as it is, and the rows that it takes on the screen.

use crate::advisor::quantity;
use crate::card::{Card, front};
use crate::tui::markdown::{self, Row};

/// So much of a text is laid out, in bytes: ten times the longest card that is known, and what a
/// text that is made to be slow can hold without holding up a frame.
const MOST_LAID_OUT: usize = 192 << 10;

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

    /// The rows of the text: its Markdown as it is meant, or, where `raw`, as it is. Of a text that
    /// is longer than any card is, only the beginning; then how much is left out.
    pub(super) fn rows(&self, raw: bool, width: usize) -> Vec<Row> {
        let (laid_out, rest) = self.text.split_at(beginning(&self.text));
        let mut rows = self.rows_of(laid_out, raw, width);
        if !rest.is_empty() {
            let said = format!(
                "Not shown: {} more lines, {} in all. `modeldesk cards show` prints them.",
                rest.trim_start_matches('\n').split('\n').count(),
                quantity::bytes(rest.len() as u64)
            );
            rows.push(Row::default());
            rows.extend(
                markdown::as_it_is(&said, 0, width, &mut str::len)
                    .into_iter()
                    .map(|row| Row {
                        line: 0,
                        last: 0,
                        starts: false,
                        ..row
                    }),
            );
        }
        rows
    }

    fn rows_of(&self, text: &str, raw: bool, width: usize) -> Vec<Row> {
        let (at, line) = self.body;
        let (above, body) = text.split_at(if raw { text.len() } else { at.min(text.len()) });
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

/// Where the text that is laid out ends: at the end of a line, if one ends there.
fn beginning(text: &str) -> usize {
    if text.len() <= MOST_LAID_OUT {
        return text.len();
    }
    let end = text.floor_char_boundary(MOST_LAID_OUT);
    text[..end].rfind('\n').filter(|at| *at > 0).unwrap_or(end)
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
    fn a_text_that_is_too_long_is_cut_at_a_line_and_says_how_much_is_left_out() {
        let line = "word ".repeat(20);
        let lines = MOST_LAID_OUT / line.len();
        for raw in [false, true] {
            let whole = format!("{line}\n\n").repeat(lines / 2 - 10);
            assert!(whole.len() < MOST_LAID_OUT);
            let said =
                |rows: &[(usize, String)]| rows.iter().any(|row| row.1.starts_with("Not shown"));
            assert!(!said(&rows(&whole, raw)), "{raw}");
            let twice = rows(&format!("{line}\n\n").repeat(lines), raw);
            assert!(said(&twice), "{raw}: {:?}", twice.last());
            let last = twice.iter().map(|row| row.0).max().unwrap_or(0);
            let left: usize = twice
                .iter()
                .find_map(|row| row.1.strip_prefix("Not shown: "))
                .and_then(|rest| rest.split(' ').next()?.parse().ok())
                .unwrap();
            // The last line of the text is empty, and the shown one may be.
            assert!(
                (2 * lines).abs_diff(last + left) <= 1,
                "{last} and {left} of {}",
                2 * lines
            );
        }
        let endless = rows(&"x".repeat(4 * MOST_LAID_OUT), false);
        assert!(endless.len() < MOST_LAID_OUT / 50);
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
