//! A model card as it is, with line numbers, opened at the line that an answer cites.

use std::ops::Range;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::keymap::Command;
use super::pane::told;
use super::plain::scrolled;
use super::theme::Theme;
use super::{chrome, wrap};
use crate::card::{Card, Origin};
use crate::error::Result;

/// Rows above the text: the header and an empty one.
const ABOVE: u16 = 2;

/// A row of the text as shown.
#[derive(Debug)]
struct Row {
    /// 1-based line of the card.
    line: usize,
    /// Bytes of the text.
    bytes: Range<usize>,
    /// Whether the line begins here.
    first: bool,
}

#[derive(Debug)]
enum State {
    /// The advisor's thread is at it.
    Waiting(u64),
    /// Header, and the text made safe.
    Open { header: String, text: String },
    /// Why there is nothing to show.
    Trouble(Vec<String>),
}

/// A card, and where its reader is.
#[derive(Debug)]
pub(super) struct CardView {
    /// The card's id, as it stands in the answer.
    id: String,
    cited: usize,
    state: State,
    rows: Vec<Row>,
    scroll: usize,
    size: (u16, u16),
}

/// What an origin is called on the screen.
pub(super) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "built-in",
        Origin::User | Origin::Run => "yours",
        Origin::Imported => "hub, unchecked",
    }
}

impl CardView {
    /// The card `id` at line `cited`, once request `ticket` is answered.
    pub(super) fn new(id: &str, cited: usize, ticket: u64) -> Self {
        let state = State::Waiting(ticket);
        Self {
            id: id.to_owned(),
            cited,
            state,
            rows: Vec::new(),
            scroll: 0,
            size: (0, 0),
        }
    }

    /// What it cites: `id:line`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.id, self.cited)
    }

    /// Whether it waits for this request.
    pub(super) fn waits_for(&self, ticket: u64) -> bool {
        matches!(self.state, State::Waiting(asked) if asked == ticket)
    }

    /// Takes the card that was asked for.
    pub(super) fn hear(&mut self, card: &Result<Option<Arc<Card>>>) {
        self.state = match card {
            Ok(Some(card)) => State::Open {
                header: header(card),
                text: crate::text::block(&card.text).into_owned(),
            },
            Ok(None) => {
                let id = crate::text::ident(&self.id).into_owned();
                State::Trouble(vec![format!("There is no card {id} any more.")])
            }
            Err(error) => State::Trouble(told(error)),
        };
        self.wrap();
        self.reveal();
    }

    /// Fits the text to an area of that size.
    pub(super) fn layout(&mut self, columns: u16, rows: u16) {
        let fresh = self.size.0 != columns;
        let keep = self.rows.get(self.scroll).map(|row| row.line);
        self.size = (columns, rows);
        if fresh {
            self.wrap();
            let at = self.rows.iter().position(|row| Some(row.line) == keep);
            self.scroll = at.unwrap_or(0);
        }
        self.scroll = self.scroll.min(self.last());
    }

    fn number_cells(&self) -> usize {
        let lines = match &self.state {
            State::Open { text, .. } => text.lines().count(),
            _ => 0,
        };
        lines.to_string().len()
    }

    fn wrap(&mut self) {
        self.rows.clear();
        let cells = usize::from(self.size.0).saturating_sub(self.number_cells() + 4);
        let State::Open { text, .. } = &self.state else {
            return;
        };
        let mut start = 0;
        for (n, line) in text.split('\n').enumerate() {
            for (part, row) in wrap::wrap(line, cells).into_iter().enumerate() {
                let bytes = start + row.start..start + row.end;
                self.rows.push(Row {
                    line: n + 1,
                    bytes,
                    first: part == 0,
                });
            }
            start += line.len() + 1;
        }
    }

    fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(ABOVE))
    }

    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.height().max(1))
    }

    /// Scrolls so that the cited line is in sight, a third down.
    fn reveal(&mut self) {
        let at = self
            .rows
            .iter()
            .position(|row| row.line == self.cited)
            .unwrap_or(0);
        self.scroll = at.saturating_sub(self.height() / 3).min(self.last());
    }

    /// Whether there is more than is in sight.
    pub(super) fn scrolls(&self) -> bool {
        self.last() > 0
    }

    /// Scrolls.
    pub(super) fn run(&mut self, command: Command) {
        self.scroll = scrolled(self.scroll, command, self.height(), self.last());
    }

    /// Draws the header and the lines in sight; the cited one is marked and reversed.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let at = |x: u16, y: u16| (area.x + x, area.y + y);
        match &self.state {
            State::Waiting(_) => {
                chrome::put(buffer, area, at(2, 0), "Reading the card.", theme.dim());
            }
            State::Trouble(lines) => {
                for (y, line) in (0..area.height).zip(lines) {
                    chrome::put(buffer, area, at(2, y), line, theme.trouble());
                }
            }
            State::Open { header, text } => {
                chrome::put(buffer, area, at(2, 0), header, theme.strong());
                let digits = self.number_cells();
                for (y, row) in
                    (ABOVE..area.height).zip(&self.rows[self.scroll.min(self.rows.len())..])
                {
                    let cited = row.line == self.cited;
                    let mark = if cited { ">" } else { " " };
                    chrome::put(buffer, area, at(0, y), mark, theme.strong());
                    if row.first {
                        let number = format!("{:>digits$}", row.line);
                        chrome::put(buffer, area, at(2, y), &number, theme.dim());
                    }
                    let style = if cited {
                        theme.selected()
                    } else {
                        Style::new()
                    };
                    let x = digits as u16 + 3;
                    chrome::put(buffer, area, at(x, y), &text[row.bytes.clone()], style);
                }
            }
        }
    }
}

/// Id, origin, licence and task on one line.
fn header(card: &Card) -> String {
    let licence = card.facts.license.as_ref();
    let licence = licence.map_or("licence not stated", |fact| fact.value.as_str());
    let mut parts = vec![
        crate::text::ident(&card.id).into_owned(),
        origin(card.origin).to_owned(),
        crate::text::ident(licence).into_owned(),
    ];
    if let Some(task) = &card.facts.pipeline_tag {
        parts.push(crate::text::ident(&task.value).into_owned());
    }
    parts.join("  ")
}
