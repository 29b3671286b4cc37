//! What a click does: it selects, and on what is selected already it opens.

use ratatui::layout::{Position, Rect};

use super::welcome::EXAMPLES;
use super::{Ask, Over, Part, view, welcome};
use crate::tui::chrome;
use crate::tui::keymap::Command;
use crate::tui::pane::{Pane, Shell};

impl Ask {
    /// Takes a click at a cell of the terminal.
    pub(super) fn clicked(&mut self, at: Position, shell: &mut Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let body = chrome::body(area, self.input.rows(area.width));
        if body.input.contains(at) {
            self.part = Part::Input;
            return;
        }
        let (left, right) = view::columns(body.content, self.is_beside());
        let on_view = !self.views.is_empty() && right.contains(at);
        self.part = if on_view { Part::View } else { Part::Content };
        if on_view || !left.contains(at) || matches!(self.over, Some(Over::Why { .. })) {
            return;
        }
        let row = usize::from(at.y - left.y);
        let shows_examples = self.shows_examples();
        let again = match &mut self.over {
            Some(Over::Fields(fields)) => fields.point(row, left.height),
            _ if shows_examples => {
                let first = welcome::first_example(shell, left);
                let pointed = row.checked_sub(first).filter(|n| *n < EXAMPLES.len());
                let again = pointed == Some(self.example);
                self.example = pointed.unwrap_or(self.example);
                again
            }
            _ => self.conversation.point(row, at.x - left.x),
        };
        if again && self.can(Command::Open, shell) {
            self.run(Command::Open, shell);
        }
    }
}
