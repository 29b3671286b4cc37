//! A piece of text being typed: one line or several, with the keys of a shell.
//!
//! Holds safe text only: what is typed or pasted goes through [`crate::text`] on its way in.

use ratatui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

use super::keymap::Command;
use super::wrap;

/// A paste longer than this is cut, and the caller is told.
const MOST_BYTES: usize = 65_536;

/// The text, its cursor, and what was last deleted.
#[derive(Debug)]
pub(super) struct Editor {
    area: TextArea<'static>,
    several_lines: bool,
}

/// The text as rows of a width, and the cell of the cursor: column, row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// Rows, none wider than asked.
    pub(super) rows: Vec<String>,
    /// Where the cursor is.
    pub(super) cursor: (usize, usize),
}

impl Editor {
    /// An empty editor.
    pub(super) fn new(several_lines: bool) -> Self {
        Self {
            area: TextArea::default(),
            several_lines,
        }
    }

    /// The text, lines joined by `\n`.
    pub(super) fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Replaces the text and puts the cursor at its end. What was deleted can still be put back.
    pub(super) fn set(&mut self, text: &str) {
        let deleted = self.area.yank_text();
        self.area = TextArea::new(self.safe(text).split('\n').map(str::to_owned).collect());
        self.area.set_yank_text(deleted);
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// Takes the text out.
    pub(super) fn take(&mut self) -> String {
        let text = self.text();
        self.set("");
        text
    }

    /// Types one character.
    pub(super) fn type_char(&mut self, c: char) {
        let mut bytes = [0; 4];
        let safe = crate::text::line(c.encode_utf8(&mut bytes)).into_owned();
        self.area.insert_str(safe);
    }

    /// Inserts pasted text; false when it was too long and was cut.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        let room = MOST_BYTES.saturating_sub(self.area.lines().iter().map(String::len).sum());
        let end = (0..=room.min(text.len()))
            .rev()
            .find(|&at| text.is_char_boundary(at));
        let kept = &text[..end.unwrap_or(0)];
        let safe = self.safe(kept);
        self.area.insert_str(safe);
        kept.len() == text.len()
    }

    /// Terminals paste line ends as carriage returns.
    fn safe(&self, text: &str) -> String {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.several_lines {
            crate::text::block(&text).into_owned()
        } else {
            crate::text::line(&text).into_owned()
        }
    }

    /// Does an editing command; false when it is none.
    pub(super) fn run(&mut self, command: Command) -> bool {
        let area = &mut self.area;
        match command {
            Command::Newline if self.several_lines => area.insert_newline(),
            Command::Left => area.move_cursor(CursorMove::Back),
            Command::Right => area.move_cursor(CursorMove::Forward),
            Command::WordLeft => area.move_cursor(CursorMove::WordBack),
            Command::WordRight => area.move_cursor(CursorMove::WordForward),
            Command::LineStart => area.move_cursor(CursorMove::Head),
            Command::LineEnd => area.move_cursor(CursorMove::End),
            Command::Up => area.move_cursor(CursorMove::Up),
            Command::Down => area.move_cursor(CursorMove::Down),
            Command::Backspace => drop(area.delete_char()),
            Command::Delete => drop(area.delete_next_char()),
            Command::DeleteWord => drop(area.delete_word()),
            Command::DeleteToStart => drop(area.delete_line_by_head()),
            Command::DeleteToEnd => drop(area.delete_line_by_end()),
            Command::Yank => drop(area.paste()),
            _ => return false,
        }
        true
    }

    /// Whether the cursor is on the first line.
    pub(super) fn on_first_line(&self) -> bool {
        self.area.cursor().0 == 0
    }

    /// Whether the cursor is on the last line.
    pub(super) fn on_last_line(&self) -> bool {
        self.area.cursor().0 + 1 >= self.area.lines().len()
    }

    /// Whether nothing stands after the cursor.
    pub(super) fn at_end(&self) -> bool {
        let ratatui_textarea::DataCursor(row, column) = self.area.cursor();
        let lines = self.area.lines();
        row + 1 == lines.len() && column >= lines[row].chars().count()
    }

    /// The text in rows of `cells`, cut between characters as a reader sees them.
    pub(super) fn shown(&self, cells: usize) -> Shown {
        let cells = cells.max(1);
        let ratatui_textarea::DataCursor(line, column) = self.area.cursor();
        let (mut rows, mut cursor) = (Vec::new(), (0, 0));
        for (n, text) in self.area.lines().iter().enumerate() {
            let (mut row, mut used, mut chars) = (String::new(), 0, 0);
            for grapheme in text.graphemes(true) {
                let wide = wrap::width(grapheme);
                if used + wide > cells && used > 0 {
                    rows.push(std::mem::take(&mut row));
                    used = 0;
                }
                if n == line && chars <= column {
                    cursor = (used, rows.len());
                }
                row.push_str(grapheme);
                used += wide;
                chars += grapheme.chars().count();
            }
            // After the last character the cursor needs a cell of its own.
            if n == line && column >= chars {
                if used >= cells {
                    rows.push(std::mem::take(&mut row));
                    used = 0;
                }
                cursor = (used, rows.len());
            }
            rows.push(row);
        }
        Shown { rows, cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Editor {
        let mut editor = Editor::new(true);
        editor.set(text);
        editor
    }

    #[test]
    fn the_cursor_stands_where_the_next_character_goes() {
        assert_eq!(with("abc").shown(10).cursor, (3, 0));
        assert_eq!(with("日本").shown(10).cursor, (4, 0));
        assert_eq!(with("abcd").shown(4).cursor, (0, 1));
        assert_eq!(
            with("ab\ncd").shown(4),
            Shown {
                rows: vec!["ab".into(), "cd".into()],
                cursor: (2, 1)
            }
        );
    }

    #[test]
    fn deleted_text_comes_back() {
        let mut editor = with("one two");
        editor.run(Command::DeleteWord);
        assert_eq!(editor.text(), "one ");
        editor.run(Command::Yank);
        assert_eq!(editor.text(), "one two");
        editor.run(Command::DeleteToStart);
        editor.set("x ");
        editor.run(Command::Yank);
        assert_eq!(editor.text(), "x one two");
    }

    #[test]
    fn a_paste_keeps_its_lines_and_is_cut_where_it_is_too_long() {
        let mut editor = Editor::new(true);
        assert!(editor.paste("one\r\ntwo\rthree"));
        assert_eq!(editor.text(), "one\ntwo\nthree");
        assert!(!editor.paste(&"é".repeat(MOST_BYTES)));
        assert!(editor.text().len() <= MOST_BYTES + 2);
    }
}
