//! A text over the pane, to be read or selected with the mouse.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::keymap::Command;
use super::theme::Theme;
use super::{chrome, wrap};

/// A text and how far it is scrolled.
#[derive(Debug)]
pub(super) struct Plain {
    title: String,
    text: String,
    rows: Vec<String>,
    scroll: usize,
}

impl Plain {
    /// `text` below `title`.
    pub(super) fn new(title: String, text: &str) -> Self {
        let text = crate::text::block(text).into_owned();
        Self {
            title,
            text,
            rows: Vec::new(),
            scroll: 0,
        }
    }

    /// Fits the text to `columns`. Rows begin at the first column, so that a selection holds the
    /// text alone.
    pub(super) fn layout(&mut self, columns: u16) {
        let rows = self
            .text
            .lines()
            .flat_map(|line| wrap::rows(line, usize::from(columns)));
        self.rows = rows.map(str::to_owned).collect();
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(1));
    }

    /// Scrolls.
    pub(super) fn run(&mut self, command: Command, page: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.scroll = scrolled(self.scroll, command, page, last);
    }

    /// Draws the title and as many rows as fit.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        chrome::put(buffer, area, (area.x, area.y), &self.title, theme.strong());
        for (y, row) in
            (area.y + 2..area.bottom()).zip(&self.rows[self.scroll.min(self.rows.len())..])
        {
            chrome::put(buffer, area, (area.x, y), row, Style::new());
        }
    }
}

/// Where a view of which `at` is the first row begins after `command`; `last` is the most.
pub(super) fn scrolled(at: usize, command: Command, page: usize, last: usize) -> usize {
    let page = page.max(2);
    let to = match command {
        Command::Up => at.saturating_sub(1),
        Command::Down => at + 1,
        Command::PageUp => at.saturating_sub(page - 1),
        Command::PageDown => at + page - 1,
        Command::HalfUp => at.saturating_sub(page / 2),
        Command::HalfDown => at + page / 2,
        Command::Top => 0,
        Command::Bottom => last,
        _ => at,
    };
    to.min(last)
}
