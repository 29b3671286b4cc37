//! What to do with one model: whether it runs here, the memory it needs, a script to copy, and
//! what does the same work here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::awaited::Awaited;
use super::chrome;
use super::keymap::Command;
use super::plain::scrolled;
use super::theme::Theme;
use super::wording::Wording;
use crate::advisor::Answer;
use crate::advisor::present::Line;
use crate::error::Result;

/// Rows above the text: the title and an empty one.
const ABOVE: u16 = 2;

/// What to do with one model, and where its reader is.
#[derive(Debug)]
pub(super) struct ScriptView {
    id: String,
    state: Awaited<Box<Answer>>,
    lines: Vec<Line>,
    scroll: usize,
    size: (u16, u16),
}

impl ScriptView {
    /// What to do with the model `id`, once request `ticket` is answered.
    pub(super) fn new(id: &str, ticket: u64) -> Self {
        Self {
            id: id.to_owned(),
            state: Awaited::Waiting(ticket),
            lines: Vec::new(),
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

    /// Takes the answer.
    pub(super) fn hear(&mut self, answer: Result<Box<Answer>>) {
        self.state.hear(answer);
        self.size = (0, 0);
    }

    /// Fits the text to an area of that size.
    pub(super) fn layout(&mut self, columns: u16, rows: u16, wording: &dyn Wording) {
        if let (Some(answer), true) = (self.state.here(), self.size.0 != columns) {
            self.lines = wording.answer(answer, columns);
        }
        self.size = (columns, rows);
        self.scroll = self.scroll.min(self.last());
    }

    fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(ABOVE))
    }

    fn last(&self) -> usize {
        self.lines.len().saturating_sub(self.height().max(1))
    }

    /// Whether there is more below.
    pub(super) fn goes_on(&self) -> bool {
        self.scroll < self.last()
    }

    /// Whether `command` does something now.
    pub(super) fn can(&self, command: Command) -> bool {
        match command {
            Command::Copy => self.copied().is_some(),
            Command::Open => self.instead().is_some(),
            Command::Up | Command::Down => self.last() > 0,
            _ => command.moves(),
        }
    }

    /// Scrolls.
    pub(super) fn run(&mut self, command: Command) {
        self.scroll = scrolled(self.scroll, command, self.height(), self.last());
    }

    /// What `y` copies: a few words, and the script.
    pub(super) fn copied(&self) -> Option<(String, String)> {
        let script = self
            .state
            .here()?
            .actions
            .iter()
            .find(|action| action.kind == "script")?;
        let id = crate::text::ident(&self.id);
        Some((format!("the script for {id}"), script.text.clone()))
    }

    /// The model that does the same here, by id.
    pub(super) fn instead(&self) -> Option<&str> {
        let actions = &self.state.here()?.actions;
        let action = actions.iter().find(|action| action.kind == "try")?;
        Some(&action.text)
    }

    /// Draws the title and the lines in sight.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let title = format!("Try {}", crate::text::ident(&self.id));
        chrome::put(buffer, area, (area.x + 2, area.y), &title, theme.strong());
        let below = Rect {
            y: area.y.saturating_add(ABOVE).min(area.bottom()),
            height: area.height.saturating_sub(ABOVE),
            ..area
        };
        let waits = "Reading its card.";
        if self.state.or_draw(waits, theme, below, buffer).is_none() {
            return;
        }
        for (row, line) in below.rows().zip(self.lines.iter().skip(self.scroll)) {
            let mut x = row.x;
            for span in &line.spans {
                x = chrome::put(buffer, row, (x, row.y), &span.text, theme.role(span.role));
            }
        }
    }
}
