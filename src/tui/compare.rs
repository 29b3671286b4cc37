//! Models side by side, as a view over a pane: one cell is selected, and Enter opens the line of
//! the card that it stands on.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::awaited::Awaited;
use super::chrome;
use super::keymap::Command;
use super::plain::scrolled;
use super::theme::Theme;
use crate::advisor::answer::Citation;
use crate::advisor::present::{Line, Place, Sheet, sheet};
use crate::advisor::{Answer, Comparison};
use crate::error::{Error, Result};

/// A comparison, and where its reader is.
#[derive(Debug)]
pub(super) struct CompareView {
    models: Vec<String>,
    state: Awaited<Comparison>,
    sheet: Sheet,
    row: usize,
    column: usize,
    scroll: usize,
    size: (u16, u16),
}

impl CompareView {
    /// The models with these ids side by side, once request `ticket` is answered.
    pub(super) fn new(models: Vec<String>, ticket: u64) -> Self {
        Self {
            models,
            state: Awaited::Waiting(ticket),
            sheet: Sheet::default(),
            row: 0,
            column: 0,
            scroll: 0,
            size: (0, 0),
        }
    }

    /// Whether it waits for this request.
    pub(super) fn waits_for(&self, ticket: u64) -> bool {
        self.state.waits_for(ticket)
    }

    /// Whether it waits.
    pub(super) fn is_waiting(&self) -> bool {
        self.state.is_waiting()
    }

    /// Takes the answer that was asked for.
    pub(super) fn hear(&mut self, answer: Result<Box<Answer>>) {
        let nothing = || Error::new("there are no two models to compare");
        let compared = answer.and_then(|answer| answer.comparison.ok_or_else(nothing));
        self.state.hear(compared);
        self.set();
    }

    /// Fits the table to an area of that size.
    pub(super) fn layout(&mut self, columns: u16, rows: u16) {
        let fresh = self.size.0 != columns;
        let resized = self.size != (columns, rows);
        self.size = (columns, rows);
        if fresh {
            self.set();
        } else if resized {
            self.reveal();
        }
    }

    fn set(&mut self) {
        let sheet = |comparison| sheet(comparison, self.size.0);
        self.sheet = self.state.here().map(sheet).unwrap_or_default();
        self.reveal();
    }

    /// Rows for the body: the heads stand above it, the source of the selected cell below.
    fn height(&self) -> usize {
        usize::from(self.size.1).saturating_sub(self.sheet.head.len() + 1)
    }

    fn last(&self) -> usize {
        self.sheet.body.len().saturating_sub(self.height().max(1))
    }

    fn place(&self) -> Option<&Place> {
        self.sheet.places.get(self.row)?.get(self.column)
    }

    /// Lines of the selected row; where models stand below each other, those of the selected cell,
    /// and with the first one the field above it.
    fn selected_lines(&self) -> Range<usize> {
        let places = self
            .sheet
            .places
            .get(self.row)
            .map_or(&[][..], Vec::as_slice);
        let end = |places: &[Place]| places.iter().map(|place| place.lines.end).max();
        let above = self
            .row
            .checked_sub(1)
            .and_then(|row| self.sheet.places.get(row));
        let start = above.and_then(|places| end(places)).unwrap_or(0);
        if !self.sheet.head.is_empty() {
            return start..end(places).unwrap_or(start);
        }
        match places.get(self.column) {
            Some(place) if self.column == 0 => start..place.lines.end,
            Some(place) => place.lines.clone(),
            None => 0..0,
        }
    }

    /// Scrolls so that the selection is in sight.
    fn reveal(&mut self) {
        let lines = self.selected_lines();
        if lines.end > self.scroll + self.height() {
            self.scroll = lines.end.saturating_sub(self.height());
        }
        self.scroll = self.scroll.min(lines.start);
        self.scroll = self.scroll.min(self.last());
    }

    /// Whether there is more than is in sight.
    pub(super) fn scrolls(&self) -> bool {
        self.last() > 0
    }

    /// Whether there is more below.
    pub(super) fn goes_on(&self) -> bool {
        self.scroll < self.last()
    }

    /// Whether `command` would do something.
    pub(super) fn can(&self, command: Command) -> bool {
        match command {
            Command::Open => self.opened().is_some(),
            Command::PageUp | Command::PageDown => self.scrolls(),
            _ => self.state.here().is_some(),
        }
    }

    /// Moves the selection; from the last row, down scrolls to the reasons below the table.
    pub(super) fn run(&mut self, command: Command) {
        let Some(comparison) = self.state.here().filter(|c| !c.rows.is_empty()) else {
            return;
        };
        let (rows, columns) = (comparison.rows.len(), comparison.names.len());
        let (height, last) = (self.height(), self.last());
        match command {
            Command::Left => self.column = self.column.saturating_sub(1),
            Command::Right => self.column = (self.column + 1).min(columns.saturating_sub(1)),
            Command::Up if self.is_below() => {
                self.scroll -= 1;
                return;
            }
            Command::Down if self.row + 1 == rows => {
                self.scroll = (self.scroll + 1).min(last);
                return;
            }
            Command::Up => self.row = self.row.saturating_sub(1),
            Command::Down => self.row += 1,
            Command::Top => (self.row, self.scroll) = (0, 0),
            Command::Bottom => {
                self.row = rows.saturating_sub(1);
                self.scroll = last;
                return;
            }
            _ => {
                self.scroll = scrolled(self.scroll, command, height, last);
                self.follow();
                return;
            }
        }
        self.reveal();
    }

    /// Whether the view is scrolled further than the last row asks for.
    fn is_below(&self) -> bool {
        let is_last = self.row + 1 == self.sheet.places.len();
        is_last && self.scroll > self.selected_lines().end.saturating_sub(self.height())
    }

    /// Selects a row that is in sight, the nearest one.
    fn follow(&mut self) {
        let sight = self.scroll..self.scroll + self.height();
        let starts: Vec<usize> = self
            .sheet
            .places
            .iter()
            .map(|places| places.get(self.column).map_or(0, |place| place.lines.start))
            .collect();
        let seen = |row: &usize| sight.contains(&starts[*row]);
        if seen(&self.row) {
            return;
        }
        let mut rows = (0..starts.len()).filter(seen);
        let nearest = if starts[self.row] < sight.start {
            rows.next()
        } else {
            rows.next_back()
        };
        self.row = nearest.unwrap_or(self.row);
    }

    /// The line of a card that the selected cell stands on.
    pub(super) fn opened(&self) -> Option<Citation> {
        let row = self.state.here()?.rows.get(self.row)?;
        row.cells.get(self.column)?.citation.clone()
    }

    /// What `y` copies: a few words, and the comparison as Markdown.
    pub(super) fn copied(&self) -> Option<(String, String)> {
        let comparison = self.state.here()?;
        Some((
            "the comparison as Markdown".to_owned(),
            comparison.to_markdown(),
        ))
    }

    /// Draws the heads, the rows in sight, and what the selected cell stands on.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let ids = self.models.iter().map(|id| crate::text::ident(id));
        let waits = format!(
            "Setting side by side: {}",
            ids.collect::<Vec<_>>().join(", ")
        );
        if let Some(comparison) = self.state.or_draw(&waits, theme, area, buffer) {
            self.draw(comparison, theme, area, buffer);
        }
    }

    fn draw(&self, comparison: &Comparison, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let heads = self.sheet.head.len() as u16;
        for (line, row) in self.sheet.head.iter().zip(area.rows()) {
            put_line(line, theme, row, buffer);
        }
        let body = Rect {
            y: area.y + heads,
            height: area.height.saturating_sub(heads + 1),
            ..area
        };
        let place = self.place();
        let lines = self.sheet.body.iter().enumerate().skip(self.scroll);
        for ((n, line), row) in lines.zip(body.rows()) {
            put_line(line, theme, row, buffer);
            let Some(place) = place else { continue };
            if n == place.lines.start {
                chrome::put(buffer, row, (row.x, row.y), ">", theme.strong());
            }
            if place.lines.contains(&n) {
                let cell = Rect {
                    x: area.x + place.columns.start,
                    width: place.columns.end - place.columns.start,
                    ..row
                };
                buffer.set_style(cell.intersection(row), theme.selected());
            }
        }
        let below = Rect {
            y: body.bottom(),
            height: 1,
            ..area
        };
        let said = self.standing(comparison);
        chrome::put(buffer, below, (area.x + 2, below.y), &said, theme.dim());
    }

    /// What the selected cell stands on.
    fn standing(&self, comparison: &Comparison) -> String {
        let name = comparison.names.get(self.column).map_or("", String::as_str);
        let on = self.opened().map_or_else(
            || "no line of its card".to_owned(),
            |at| format!("{}:{}", crate::text::ident(&at.card), at.line),
        );
        format!("{name}: {on}")
    }
}

fn put_line(line: &Line, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for span in &line.spans {
        x = chrome::put(buffer, area, (x, area.y), &span.text, theme.role(span.role));
    }
}
