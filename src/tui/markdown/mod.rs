//! Markdown as rows of a terminal: each row knows the source lines that it shows.
//!
//! The text of a card is anybody's. Whatever it holds is shown or left out in time and memory that
//! grow with its length alone: nesting, columns and rows are capped, and a text that would cost
//! more than that is shown as it is. Nothing that can be read is lost, HTML tags aside.
//!
//! - `reader`: events of the parser become blocks, and blocks rows
//! - `prose`: the text of one block, with roles and lines; `table`; `html`

mod html;
mod lead;
mod prose;
mod reader;
mod table;
#[cfg(test)]
mod tests;

use crate::advisor::present::{Role, Span};
use crate::card::body::MAX_BYTES;
use prose::Prose;
use reader::Reader;

/// Most rows that are made: a megabyte of ordinary text takes a third of it.
const MOST_ROWS: usize = 100_000;

/// Most steps that the parser may be made to take over empty lines inside nested blocks.
const MOST_STEPS: usize = 20_000_000;

/// One row of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The first source line of which it shows something, 1-based; 0 when it shows none.
    pub(super) line: usize,
    /// The last one.
    pub(super) last: usize,
    /// Whether a block, an item, a row of a table or a line of code begins here.
    pub(super) starts: bool,
    /// What is shown, safe.
    pub(super) spans: Vec<Span>,
}

impl Row {
    /// A row that begins a block on that line, with nothing in it yet.
    fn begun(line: usize) -> Self {
        Self {
            line,
            last: line,
            starts: true,
            spans: Vec::new(),
        }
    }

    /// Whether it shows something of that source line.
    pub(super) fn shows(&self, line: usize) -> bool {
        self.line > 0 && (self.line..=self.last).contains(&line)
    }

    /// Its text without roles.
    #[cfg(test)]
    fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// Adds a run; one of the same role goes on.
    fn push(&mut self, text: &str, role: Role) {
        match self.spans.last_mut() {
            Some(last) if last.role == role => last.text.push_str(text),
            _ if text.is_empty() => {}
            _ => self.spans.push(Span {
                text: text.to_owned(),
                role,
            }),
        }
    }
}

/// `text`, whose first line has the number `first`, as rows no wider than `width`, which is 10 at
/// least. Lines end with `\n`.
pub(super) fn render(text: &str, first: usize, width: usize) -> Vec<Row> {
    let width = width.max(10);
    let (read, rest) = readable(text);
    let mut rows = Vec::new();
    if !read.is_empty() {
        let mut reader = Reader::new(read, first, width);
        for (event, range) in crate::card::body::events(read) {
            reader.event(event, &range);
            if reader.rows() > MOST_ROWS {
                break;
            }
        }
        rows = reader.end();
    }
    if !rest.is_empty() && rows.len() <= MOST_ROWS {
        let first = first + read.matches('\n').count();
        rows.extend(as_it_is(rest, first, width, &mut |_| 0));
    }
    if rows.len() > MOST_ROWS {
        rows.truncate(MOST_ROWS);
        let mut row = Row::default();
        row.push("The rest is too long to show.", Role::Dim);
        rows.push(row);
    }
    rows
}

/// Lines as they are, cut to the width; the first `dim(line)` bytes of each are secondary.
pub(super) fn as_it_is(
    text: &str,
    first: usize,
    width: usize,
    dim: &mut dyn FnMut(&str) -> usize,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, line) in text.split('\n').enumerate() {
        if rows.len() > MOST_ROWS {
            break;
        }
        let mut prose = Prose::default();
        let at = dim(line).min(line.len());
        prose.push(&line[..at], Role::Dim, first + n);
        prose.push(&line[at..], Role::Plain, first + n);
        prose.clean();
        for (part, mut row) in prose.wrapped(width.max(10)).into_iter().enumerate() {
            (row.line, row.last, row.starts) = (first + n, first + n, part == 0);
            rows.push(row);
        }
    }
    rows
}

/// Runs of safe text, one behind the other, in rows no wider than `width`.
pub(super) fn flow(spans: &[Span], width: usize) -> Vec<Vec<Span>> {
    let mut prose = Prose::default();
    for span in spans {
        prose.push(&span.text, span.role, 0);
    }
    let rows = prose.wrapped(width).into_iter();
    rows.map(|row| row.spans).collect()
}

/// The part of a text that is read as Markdown, and the part that is shown as it is: what lies
/// beyond the length that is read, or all of it where blocks are nested so deep above so many
/// empty lines that the parser, which looks at every open block on each of them, would take long.
fn readable(text: &str) -> (&str, &str) {
    let (mut deepest, mut empty) = (0_usize, 0_usize);
    for line in text.split('\n') {
        let text = line.trim_start_matches(' ');
        if text.is_empty() {
            empty += 1;
            continue;
        }
        // A level takes a marker on this line, or two columns of indent below one of a line above.
        let is_mark = |b: &u8| {
            matches!(
                b,
                b'>' | b'-' | b'+' | b'*' | b' ' | b'0'..=b'9' | b'.' | b')'
            )
        };
        let end = text
            .bytes()
            .position(|b| !is_mark(&b))
            .unwrap_or(text.len());
        let pairs = text.as_bytes()[..end].windows(2);
        let marks = pairs
            .filter(|two| two[0] == b'>' || (two[0] != b' ' && two[1] == b' '))
            .count();
        deepest = deepest.max((line.len() - text.len()).div_ceil(2) + marks);
    }
    if deepest.saturating_mul(empty) > MOST_STEPS {
        return ("", text);
    }
    if text.len() <= MAX_BYTES {
        return (text, "");
    }
    let head = &text[..text.floor_char_boundary(MAX_BYTES)];
    text.split_at(head.rfind('\n').map_or(head.len(), |at| at + 1))
}
