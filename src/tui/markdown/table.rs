//! Tables: columns as wide as they need to be, wrapped where there is no room, and one value a row
//! where there is none at all.

use pulldown_cmark::Alignment;

use super::Row;
use super::prose::Prose;
use crate::advisor::present::Role;
use crate::tui::wrap;

/// Cells between columns.
const GAP: usize = 2;

/// The narrowest column that text is wrapped in.
const NARROW: usize = 8;

/// Most columns that stand side by side.
const MOST_COLUMNS: usize = 32;

/// The longest name of a column that is put before a value.
const LONGEST_LABEL: usize = 24;

/// A table as it is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    aligned: Vec<Alignment>,
    /// The rows, the header first. Empty cells at the end are left out.
    rows: Vec<(usize, Vec<Prose>)>,
    /// Empty cells that no other has followed yet.
    empty: usize,
}

impl Table {
    /// A table with these columns.
    pub(super) fn new(aligned: Vec<Alignment>) -> Self {
        Self {
            aligned,
            ..Self::default()
        }
    }

    /// A row begins on that line.
    pub(super) fn open_row(&mut self, line: usize) {
        self.rows.push((line, Vec::new()));
        self.empty = 0;
    }

    /// A cell of the last row.
    pub(super) fn cell(&mut self, mut cell: Prose) {
        let Some((_, row)) = self.rows.last_mut() else {
            return;
        };
        if cell.is_blank() {
            self.empty += 1;
            return;
        }
        row.resize_with(row.len() + std::mem::take(&mut self.empty), Prose::default);
        cell.clean();
        cell.join_lines();
        row.push(cell);
    }

    /// The rows of the screen, at most `width` cells wide.
    pub(super) fn rows(&self, width: usize) -> Vec<Row> {
        match self.fitted(width) {
            Some(widths) => self.side_by_side(&widths),
            None => self.stacked(width),
        }
    }

    /// How wide each column is; none where they do not fit side by side.
    fn fitted(&self, width: usize) -> Option<Vec<usize>> {
        let columns = self.rows.iter().map(|(_, row)| row.len()).max()?;
        if columns == 0 || columns > MOST_COLUMNS {
            return None;
        }
        let room = width.checked_sub(GAP * (columns - 1))?;
        let mut wanted = vec![1; columns];
        let mut words = vec![1; columns];
        for (_, row) in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                let (line, word) = cell.widths();
                wanted[at] = wanted[at].max(line);
                words[at] = words[at].max(word);
            }
        }
        // The widest columns give way first, down to one width that all of them keep.
        let takes = |most: usize| wanted.iter().map(|w| *w.min(&most)).sum::<usize>();
        let most = (1..=room).rev().find(|most| takes(*most) <= room)?;
        let wraps = wanted.iter().any(|w| *w > most);
        if wraps && most < NARROW {
            return None;
        }
        let mut widths: Vec<usize> = wanted.iter().map(|w| *w.min(&most)).collect();
        let mut left = room - widths.iter().sum::<usize>();
        // What is left goes to words that would be broken, then to the first that wraps.
        for wish in [&words, &wanted] {
            for (at, width) in widths.iter_mut().enumerate() {
                let more = wish[at].saturating_sub(*width).min(left);
                *width += more;
                left -= more;
            }
        }
        Some(widths)
    }

    fn side_by_side(&self, widths: &[usize]) -> Vec<Row> {
        let mut made = Vec::new();
        for (n, (line, row)) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(widths).map(|(cell, width)| {
                if n == 0 {
                    cell.clone().in_role(Role::Strong).wrapped(*width)
                } else {
                    cell.wrapped(*width)
                }
            });
            let cells: Vec<Vec<Row>> = cells.collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
            for y in 0..height {
                let parts = cells.iter().map(|rows| rows.get(y));
                made.push(self.beside(*line, y == 0, parts, widths));
            }
            if n == 0 {
                made.push(rule(line + 1, widths));
            }
        }
        made
    }

    /// One row of the screen out of one row of each cell.
    fn beside<'a>(
        &self,
        line: usize,
        starts: bool,
        parts: impl Iterator<Item = Option<&'a Row>>,
        widths: &[usize],
    ) -> Row {
        let mut row = Row {
            line,
            last: line,
            starts,
            spans: Vec::new(),
        };
        let mut blank = 0;
        for (at, part) in parts.enumerate() {
            let used: usize = part.map_or(0, |part| {
                part.spans.iter().map(|span| wrap::width(&span.text)).sum()
            });
            let room = widths[at].saturating_sub(used);
            let before = match self.aligned.get(at) {
                Some(Alignment::Right) => room,
                Some(Alignment::Center) => room / 2,
                _ => 0,
            };
            blank += before;
            for span in part.iter().flat_map(|part| &part.spans) {
                row.push(&" ".repeat(std::mem::take(&mut blank)), Role::Plain);
                row.push(&span.text, span.role);
            }
            blank += room - before + GAP;
        }
        row
    }

    /// Each value on a row of its own, behind the name of its column.
    fn stacked(&self, width: usize) -> Vec<Row> {
        let mut made = Vec::new();
        let Some(((line, header), body)) = self.rows.split_first() else {
            return made;
        };
        let mut names = Prose::default();
        for cell in header.iter().filter(|cell| !cell.is_blank()) {
            let between = if names.is_blank() { "" } else { " | " };
            names.push(between, Role::Dim, *line);
            names.push(cell.text(), Role::Strong, *line);
        }
        made.extend(names.wrapped(width));
        if let Some(first) = made.first_mut() {
            first.starts = true;
        }
        for (line, row) in body {
            let mut indent = 0;
            for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_blank()) {
                let mut value = Prose::default();
                let label = header.get(at).map_or("", Prose::text).trim();
                if !label.is_empty() {
                    value.push(wrap::fit(label, LONGEST_LABEL), Role::Dim, *line);
                    value.push(": ", Role::Dim, *line);
                }
                value.append(cell);
                let rows = value.wrapped(width.saturating_sub(indent).max(1));
                for (n, mut part) in rows.into_iter().enumerate() {
                    let mut row = Row {
                        line: *line,
                        last: *line,
                        starts: indent == 0 && n == 0,
                        spans: Vec::new(),
                    };
                    row.push(&" ".repeat(indent), Role::Plain);
                    row.spans.append(&mut part.spans);
                    made.push(row);
                }
                indent = 2;
            }
        }
        made
    }
}

fn rule(line: usize, widths: &[usize]) -> Row {
    let mut row = Row {
        line,
        last: line,
        ..Row::default()
    };
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    row.push(&dashes.join(&" ".repeat(GAP)), Role::Dim);
    row
}
