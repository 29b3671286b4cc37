//! How a question was read, as fields to change, drop or add.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::advisor::Reading;
use crate::tui::editor::Editor;
use crate::tui::keymap::Command;
use crate::tui::pane::told;
use crate::tui::theme::Theme;
use crate::tui::wording::Wording;
use crate::tui::{chrome, wrap};

/// Rows above the fields: what this is, and an empty one.
const ABOVE: u16 = 2;

/// One field.
#[derive(Debug)]
struct Field {
    name: String,
    /// Its value; none when it could be added.
    value: Option<String>,
    /// What it takes, or that it was carried over.
    note: String,
}

/// The fields of one turn's reading.
#[derive(Debug)]
pub(super) struct Fields {
    reading: Reading,
    rows: Vec<Field>,
    marked: usize,
    editing: Option<Editor>,
    /// The text that Esc left, and its field: nothing typed is thrown away.
    left: Option<(String, String)>,
    trouble: Vec<String>,
}

impl Fields {
    /// The fields of `reading`.
    pub(super) fn new(reading: &Reading, wording: &dyn Wording) -> Self {
        let mut fields = Self {
            reading: reading.clone(),
            rows: Vec::new(),
            marked: 0,
            editing: None,
            left: None,
            trouble: Vec::new(),
        };
        fields.renew(reading, wording);
        fields
    }

    /// Shows another reading of the same question.
    pub(super) fn renew(&mut self, reading: &Reading, wording: &dyn Wording) {
        let takes = wording.editable();
        let note_of = |name: &str| {
            takes
                .iter()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, note)| *note)
        };
        let mut rows: Vec<Field> = wording
            .fields(reading)
            .into_iter()
            .map(|field| Field {
                note: if field.carried {
                    "carried over".to_owned()
                } else {
                    note_of(&field.name).to_owned()
                },
                value: Some(crate::text::line(&field.value).into_owned()),
                name: field.name,
            })
            .collect();
        for (name, note) in &takes {
            if rows.iter().all(|field| field.name != *name) {
                rows.push(Field {
                    name: (*name).to_owned(),
                    value: None,
                    note: (*note).to_owned(),
                });
            }
        }
        self.reading = reading.clone();
        self.rows = rows;
        self.marked = self.marked.min(self.rows.len().saturating_sub(1));
    }

    /// Whether a value is being typed.
    pub(super) fn is_editing(&self) -> bool {
        self.editing.is_some()
    }

    /// The value being typed.
    pub(super) fn editor(&mut self) -> Option<&mut Editor> {
        self.editing.as_mut()
    }

    /// Whether there is a field to change.
    pub(super) fn can_open(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Moves the mark.
    pub(super) fn run(&mut self, command: Command) {
        let last = self.rows.len().saturating_sub(1);
        self.marked = match command {
            Command::Up => self.marked.saturating_sub(1),
            Command::Down => (self.marked + 1).min(last),
            Command::Top | Command::PageUp | Command::HalfUp => 0,
            Command::Bottom | Command::PageDown | Command::HalfDown => last,
            _ => self.marked,
        };
    }

    /// Marks the field at a row in sight; true when it was marked already.
    pub(super) fn point(&mut self, row: usize, height: u16) -> bool {
        let first = self.first(height.saturating_sub(ABOVE));
        let Some(pointed) = row.checked_sub(usize::from(ABOVE)).map(|row| row + first) else {
            return false;
        };
        if self.is_editing() || pointed >= self.rows.len() {
            return false;
        }
        let again = pointed == self.marked;
        self.marked = pointed;
        again
    }

    /// The first field in sight, where so many rows are.
    fn first(&self, rows: u16) -> usize {
        (self.marked + 1).saturating_sub(usize::from(rows).max(1))
    }

    /// Begins to edit the marked field, where it was left if it was.
    pub(super) fn open(&mut self) {
        let Some(field) = self.rows.get(self.marked) else {
            return;
        };
        let left = self.left.take().filter(|(name, _)| *name == field.name);
        let text = left.map_or_else(|| field.value.clone().unwrap_or_default(), |(_, text)| text);
        let mut editor = Editor::new(false);
        editor.set(&text);
        self.editing = Some(editor);
        self.trouble.clear();
    }

    /// Stops editing; what was typed is kept for the next [`Self::open`].
    pub(super) fn leave(&mut self) {
        if let (Some(editor), Some(field)) = (self.editing.take(), self.rows.get(self.marked)) {
            self.left = Some((field.name.clone(), editor.text()));
        }
        self.trouble.clear();
    }

    /// The reading with the typed value; none, and the reason is shown, when the field does not
    /// take it.
    pub(super) fn commit(&mut self, wording: &dyn Wording) -> Option<Reading> {
        let (editor, field) = (self.editing.as_ref()?, self.rows.get(self.marked)?);
        match wording.with_field(&self.reading, &field.name, editor.text().trim()) {
            Ok(reading) => {
                self.editing = None;
                self.left = None;
                self.trouble.clear();
                self.renew(&reading, wording);
                Some(reading)
            }
            Err(error) => {
                self.trouble = told(&error);
                None
            }
        }
    }

    /// Draws the fields; returns the cell of the cursor while a value is typed.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let title = "How the question was read. A change is answered at once.";
        chrome::put(buffer, area, (area.x + 2, area.y), title, theme.strong());
        let names = self
            .rows
            .iter()
            .map(|f| wrap::width(&f.name))
            .max()
            .unwrap_or(0) as u16;
        let values = self
            .rows
            .iter()
            .filter_map(|f| f.value.as_deref())
            .map(wrap::width)
            .max();
        let values = values.unwrap_or(0).clamp(12, 32) as u16;
        let told: Vec<String> = self
            .trouble
            .iter()
            .flat_map(|line| wrap::rows(line, usize::from(area.width.saturating_sub(4))))
            .map(str::to_owned)
            .collect();
        let height = area.height.saturating_sub(ABOVE + told.len() as u16);
        let first = self.first(height);
        let mut cursor = None;
        let mut y = area.y + ABOVE;
        for (n, field) in self
            .rows
            .iter()
            .enumerate()
            .skip(first)
            .take(usize::from(height))
        {
            let marked = n == self.marked;
            let mark = if marked { ">" } else { " " };
            chrome::put(buffer, area, (area.x, y), mark, theme.strong());
            let name = if field.value.is_some() {
                Style::new()
            } else {
                theme.dim()
            };
            let name = if marked { theme.selected() } else { name };
            chrome::put(buffer, area, (area.x + 2, y), &field.name, name);
            let x = area.x + names + 4;
            let note_at = x + values + 2;
            if let Some(editor) = self.editing.as_ref().filter(|_| marked) {
                cursor = Some(chrome::typing(editor, theme, area, (x, y), buffer));
            } else {
                let value = field.value.as_deref().unwrap_or("-");
                chrome::put(
                    buffer,
                    area,
                    (x, y),
                    wrap::fit(value, usize::from(values)),
                    name,
                );
                let room = usize::from(area.right().saturating_sub(note_at));
                chrome::put(
                    buffer,
                    area,
                    (note_at, y),
                    wrap::fit(&field.note, room),
                    theme.dim(),
                );
            }
            y += 1;
        }
        for row in told {
            chrome::put(buffer, area, (area.x + 2, y), &row, theme.trouble());
            y += 1;
        }
        cursor
    }
}
