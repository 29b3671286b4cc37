//! Entries one below the other, one of them selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::advisor::present::{Role, Span};
use crate::tui::chrome;
use crate::tui::keymap::Command;
use crate::tui::markdown;
use crate::tui::plain::scrolled;
use crate::tui::theme::Theme;
use crate::tui::wrap;

/// Cells left of the entries.
const MARGIN: usize = 2;

/// Most cells of a label.
const MOST_LABEL: usize = 16;

/// One entry. Its texts are safe to show.
#[derive(Debug)]
pub(super) struct Entry {
    /// What it is, in a word or two.
    pub(super) label: String,
    /// What it says.
    pub(super) spans: Vec<Span>,
}

/// One row of the screen.
#[derive(Debug)]
struct Row {
    entry: usize,
    label: String,
    spans: Vec<Span>,
}

/// Entries, and where their reader is.
#[derive(Debug, Default)]
pub(super) struct Listing {
    entries: Vec<Entry>,
    /// Said below them, or instead of them.
    below: String,
    rows: Vec<Row>,
    at: usize,
    scroll: usize,
    height: usize,
}

impl Listing {
    /// A list of `entries`, with a sentence below them.
    pub(super) fn new(entries: Vec<Entry>, below: &str) -> Self {
        Self {
            entries,
            below: below.to_owned(),
            ..Self::default()
        }
    }

    /// Which entry is selected.
    pub(super) fn selected(&self) -> Option<usize> {
        (self.at < self.entries.len()).then_some(self.at)
    }

    /// Whether there is another to go to.
    pub(super) fn moves(&self) -> bool {
        self.entries.len() > 1
    }

    /// Goes to another entry.
    pub(super) fn run(&mut self, command: Command) {
        let last = self.entries.len().saturating_sub(1);
        self.at = scrolled(self.at, command, self.height, last);
        self.reveal();
    }

    /// Fits the entries to an area of that size.
    pub(super) fn layout(&mut self, columns: usize, height: usize) {
        self.height = height;
        self.rows.clear();
        let labels = self.entries.iter().map(|entry| wrap::width(&entry.label));
        let label = labels.max().unwrap_or(0).min(MOST_LABEL);
        let room = columns.saturating_sub(MARGIN + label + 3).max(10);
        for (n, entry) in self.entries.iter().enumerate() {
            for (part, spans) in markdown::flow(&entry.spans, room).into_iter().enumerate() {
                let words = if part == 0 {
                    wrap::fit(&entry.label, label)
                } else {
                    ""
                };
                let blank = " ".repeat(label + 2 - wrap::width(words));
                self.rows.push(Row {
                    entry: n,
                    label: format!("{words}{blank}"),
                    spans,
                });
            }
        }
        let below = [Span {
            text: self.below.clone(),
            role: Role::Dim,
        }];
        if !self.below.is_empty() {
            let rows = markdown::flow(&below, columns.saturating_sub(MARGIN + 1).max(10));
            let gap = usize::from(!self.entries.is_empty());
            let blank = std::iter::repeat_n(Vec::new(), gap);
            self.rows.extend(blank.chain(rows).map(|spans| Row {
                entry: usize::MAX,
                label: String::new(),
                spans,
            }));
        }
        self.reveal();
    }

    /// Scrolls so that the selected entry is in sight, and what is below the last one with it.
    fn reveal(&mut self) {
        let of = |row: &Row| row.entry == self.at;
        let first = self.rows.iter().position(of).unwrap_or(0);
        let is_last = self.at + 1 >= self.entries.len();
        let last = if is_last {
            None
        } else {
            self.rows.iter().rposition(of)
        };
        let last = last.unwrap_or_else(|| self.rows.len().saturating_sub(1));
        self.scroll = self
            .scroll
            .max((last + 1).saturating_sub(self.height))
            .min(first);
    }

    /// Draws the entries in sight.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let rows = &self.rows[self.scroll.min(self.rows.len())..];
        for (y, row) in (area.top()..area.bottom()).zip(rows) {
            let selected = row.entry == self.at && !self.entries.is_empty();
            if selected && !row.label.trim().is_empty() {
                chrome::put(buffer, area, (area.x, y), ">", theme.strong());
            }
            let style = |role| {
                if selected {
                    theme.selected()
                } else {
                    theme.role(role)
                }
            };
            let mut x = area.x + MARGIN as u16;
            x = chrome::put(buffer, area, (x, y), &row.label, theme.dim());
            for span in &row.spans {
                x = chrome::put(buffer, area, (x, y), &span.text, style(span.role));
            }
        }
    }
}
