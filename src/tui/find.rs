//! Words to be found in what is read: typed at its foot, kept for the next and the previous place.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::chrome;
use super::editor::Editor;
use super::keymap::Command;
use super::theme::Theme;

/// The words that are sought, and those that are being typed.
#[derive(Debug, Default)]
pub(super) struct Finder {
    typed: Option<Editor>,
    sought: String,
}

impl Finder {
    /// Whether words are being typed.
    pub(super) fn is_typing(&self) -> bool {
        self.typed.is_some()
    }

    /// The words that are sought; empty for none.
    pub(super) fn sought(&self) -> &str {
        &self.sought
    }

    /// Begins to type words.
    pub(super) fn begin(&mut self) {
        self.typed = Some(Editor::new(false));
    }

    /// Types no more; whether it did. The words that were sought before are so still.
    pub(super) fn leave(&mut self) -> bool {
        self.typed.take().is_some()
    }

    /// Seeks nothing any more; whether it did.
    pub(super) fn forget(&mut self) -> bool {
        !std::mem::take(&mut self.sought).is_empty()
    }

    /// Does what a command does to the typed words; whether they are to be found now.
    pub(super) fn run(&mut self, command: Command) -> bool {
        let Some(editor) = &mut self.typed else {
            return false;
        };
        if command != Command::Send {
            editor.run(command);
            return false;
        }
        editor.text().trim().clone_into(&mut self.sought);
        self.typed = None;
        !self.sought.is_empty()
    }

    /// Takes a character of the words.
    pub(super) fn type_char(&mut self, c: char) {
        if let Some(editor) = &mut self.typed {
            editor.type_char(c);
        }
    }

    /// Draws the words over the last row of what is read; returns the cell of the cursor.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let editor = self.typed.as_ref()?;
        let y = area.bottom().saturating_sub(1);
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        let x = chrome::put(buffer, row, (area.x, y), "find: ", theme.strong());
        let room = usize::from(area.right().saturating_sub(x + 1)).max(1);
        let shown = editor.shown(room);
        let (column, line) = shown.cursor;
        let text = shown.rows.get(line).map_or("", String::as_str);
        let rest = " ".repeat(room);
        chrome::put(buffer, row, (x, y), &rest, theme.strong());
        chrome::put(buffer, row, (x, y), text, theme.strong());
        Some(Position::new(x.saturating_add(column as u16), y))
    }
}
