//! The text of one block: what each part of it is, and which source line it stands on.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::Row;
use crate::advisor::present::Role;
use crate::text::Stream;
use crate::tui::wrap;

/// Text of several roles and lines. A `\n` in it begins a new row.
#[derive(Debug, Default, Clone)]
pub(super) struct Prose {
    text: String,
    /// Where each run begins: its first byte, its role, its source line.
    runs: Vec<(usize, Role, usize)>,
}

impl Prose {
    /// Adds a run of text, which may hold anything: [`Self::clean`] makes it safe.
    pub(super) fn push(&mut self, text: &str, role: Role, line: usize) {
        if text.is_empty() {
            return;
        }
        let run = (self.text.len(), role, line);
        if self
            .runs
            .last()
            .is_none_or(|last| (last.1, last.2) != (role, line))
        {
            self.runs.push(run);
        }
        self.text.push_str(text);
    }

    /// Adds the text of another.
    pub(super) fn append(&mut self, other: &Self) {
        for (n, (start, role, line)) in other.runs.iter().enumerate() {
            let end = other
                .runs
                .get(n + 1)
                .map_or(other.text.len(), |next| next.0);
            self.push(&other.text[*start..end], *role, *line);
        }
    }

    /// Begins a new row; several at once are one.
    pub(super) fn break_line(&mut self, line: usize) {
        let end = self.text.trim_end_matches(' ').len();
        if end > 0 && !self.text[..end].ends_with('\n') {
            self.push("\n", Role::Plain, line);
        }
    }

    /// Adds a space, unless the text ends with one.
    pub(super) fn space(&mut self, role: Role, line: usize) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.push(" ", role, line);
        }
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing to see.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Makes the text safe to show. References such as `&#27;` have been resolved by now, so what
    /// was harmless in the source may be an escape sequence here.
    pub(super) fn clean(&mut self) {
        let plain = |b: u8| matches!(b, 0x20..=0x7e | b'\n');
        if self.text.bytes().all(plain) {
            return;
        }
        let text = std::mem::take(&mut self.text);
        let runs = std::mem::take(&mut self.runs);
        let mut stream = Stream::new();
        for (n, (start, role, line)) in runs.iter().enumerate() {
            let end = runs.get(n + 1).map_or(text.len(), |next| next.0);
            self.push(&stream.push(&text.as_bytes()[*start..end]), *role, *line);
        }
        if let Some((_, role, line)) = runs.last() {
            self.push(&stream.finish(), *role, *line);
        }
    }

    /// Drops white space at the end.
    pub(super) fn trim_end(&mut self) {
        let end = self.text.trim_end().len();
        self.text.truncate(end);
        self.runs.retain(|run| run.0 < end);
    }

    /// Takes line ends out, for a place that has one line only.
    pub(super) fn join_lines(&mut self) {
        if self.text.contains('\n') {
            self.text = self.text.replace('\n', " ");
        }
    }

    /// The rows that the text takes, broken between words.
    pub(super) fn wrapped(&self, cells: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let (mut start, mut run) = (0, 0);
        for part in self.text.split('\n') {
            for range in wrap::wrap(part, cells) {
                let range = start + range.start..start + range.end;
                rows.push(self.row(range, &mut run));
            }
            start += part.len() + 1;
        }
        rows
    }

    /// The row of these bytes. `run` is where the last one ended: rows come in order.
    fn row(&self, range: Range<usize>, run: &mut usize) -> Row {
        let text = self.text[range.clone()].trim_end_matches(' ');
        let mut row = Row::default();
        while self
            .runs
            .get(*run + 1)
            .is_some_and(|next| next.0 <= range.start)
        {
            *run += 1;
        }
        let Some(first) = self.runs.get(*run) else {
            return row;
        };
        row.line = first.2;
        let end = range.start + text.len();
        let mut from = range.start;
        loop {
            let role = self.runs[*run].1;
            row.last = self.runs[*run].2;
            let next = self.runs.get(*run + 1).map_or(end, |next| next.0);
            // A run that begins inside a character as a reader sees it begins behind it.
            let to = if next >= end {
                end
            } else {
                boundary(text, range.start, next)
            };
            if to > from {
                row.push(&self.text[from..to], role);
                from = to;
            }
            if next >= end {
                return row;
            }
            *run += 1;
        }
    }

    /// The width of the widest row that is not broken, and of the widest word, in cells.
    pub(super) fn widths(&self) -> (usize, usize) {
        let line = self
            .text
            .split('\n')
            .map(|part| wrap::width(part.trim_end()))
            .max();
        let word = self.text.split([' ', '\n']).map(wrap::width).max();
        (line.unwrap_or(0), word.unwrap_or(0))
    }

    /// Every run has this role from now on.
    pub(super) fn in_role(mut self, role: Role) -> Self {
        for run in &mut self.runs {
            run.1 = role;
        }
        self
    }
}

/// The first end of a grapheme of `text`, which begins at byte `start`, that is not before `at`.
fn boundary(text: &str, start: usize, at: usize) -> usize {
    let inside = at - start;
    let is_plain = |at: usize| {
        let bytes = text.as_bytes();
        at == 0 || (bytes[at].is_ascii() && bytes[at - 1].is_ascii())
    };
    if is_plain(inside) {
        return at;
    }
    // Far enough back for any honest character; a longer one is cut there.
    let back = text.floor_char_boundary(inside.saturating_sub(64));
    let ends = text[back..]
        .grapheme_indices(true)
        .map(|(n, g)| back + n + g.len());
    start
        + ends
            .into_iter()
            .find(|end| *end >= inside)
            .unwrap_or(text.len())
}
