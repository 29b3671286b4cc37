//! What is tried and how, as fields: task, model, precision, a second one beside it, the words
//! before the text, the settings.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::knobs::{self, FOUR, Knobs};
use super::presets::{PRESETS, Preset};
use super::stock::{Candidate, Stock};
use crate::model::generate::Options;
use crate::model::layers::Precision;
use crate::tui::editor::Editor;
use crate::tui::keymap::Command;
use crate::tui::pane::told;
use crate::tui::plain::scrolled;
use crate::tui::theme::Theme;
use crate::tui::{chrome, wrap};

/// Cells of the names of fields.
const NAMES: u16 = 22;
/// Cells of their values, before the notes.
const VALUES: u16 = 24;

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Task,
    Model,
    Precision,
    Beside,
    Prefix,
    Knob(&'static str),
}

/// What is tried, and how.
#[derive(Debug)]
pub(super) struct Setup {
    preset: usize,
    /// The model, by id; none where none does the task.
    pub(super) model: Option<String>,
    pub(super) precision: Precision,
    /// What runs on the same text beside it.
    pub(super) beside: Option<(String, Precision)>,
    /// The words before the text, where they are not the preset's.
    prefix: Option<String>,
    /// The settings of each preset that was changed.
    knobs: BTreeMap<usize, Knobs>,
    /// What the model was saved with, once it was loaded.
    pub(super) saved: Option<Box<Options>>,
    /// All options are listed, not four.
    pub(super) all: bool,
    marked: usize,
    editing: Option<Editor>,
    trouble: Vec<String>,
}

impl Setup {
    /// Summaries by no model yet.
    pub(super) fn new() -> Self {
        Self {
            preset: 0,
            model: None,
            precision: Precision::Q8,
            beside: None,
            prefix: None,
            knobs: BTreeMap::new(),
            saved: None,
            all: false,
            marked: 0,
            editing: None,
            trouble: Vec::new(),
        }
    }

    /// What is tried.
    pub(super) fn preset(&self) -> &'static Preset {
        &PRESETS[self.preset]
    }

    /// Which preset that is.
    pub(super) fn preset_at(&self) -> usize {
        self.preset
    }

    /// Tries something else; what was typed before the text belongs to the old task.
    pub(super) fn turn_to(&mut self, preset: usize) {
        if preset != self.preset {
            self.preset = preset.min(PRESETS.len() - 1);
            (self.prefix, self.saved) = (None, None);
            self.marked = 0;
        }
    }

    /// Chooses a model that does what is tried: the one that is chosen, else the first there is.
    pub(super) fn settle(&mut self, stock: &Stock) {
        let all = stock.of(self.preset().task);
        let does = |id: &str| all.iter().any(|one| one.id == id);
        if self.model.as_deref().is_none_or(|id| !does(id)) {
            self.model = all.first().map(|one| one.id.clone());
            self.saved = None;
        }
        if self.beside.as_ref().is_some_and(|(id, _)| !does(id)) {
            self.beside = None;
        }
    }

    /// The settings.
    pub(super) fn knobs(&self) -> Knobs {
        let set = self.knobs.get(&self.preset).cloned();
        set.unwrap_or_else(|| Knobs::of(self.preset()))
    }

    /// Another seed from now on.
    pub(super) fn reseed(&mut self) {
        let mut knobs = self.knobs();
        knobs.seed = knobs.seed.wrapping_add(1);
        self.knobs.insert(self.preset, knobs);
    }

    /// The words before the text.
    pub(super) fn prefix(&self) -> &str {
        self.prefix
            .as_deref()
            .unwrap_or_else(|| self.preset().prefix)
    }

    /// Whether the words before the text are for the user to choose.
    fn has_prefix(&self) -> bool {
        !self.preset().prefix.is_empty()
    }

    /// The fields, in order.
    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![Field::Task, Field::Model, Field::Precision, Field::Beside];
        if self.has_prefix() {
            fields.push(Field::Prefix);
        }
        if self.preset().writes() {
            fields.extend(FOUR.iter().map(|(name, _)| Field::Knob(name)));
        }
        if self.all {
            let more = knobs::more(self.preset());
            fields.extend(more.iter().map(|(name, _)| Field::Knob(name)));
        }
        fields
    }

    /// The marked field.
    pub(super) fn marked(&self) -> Field {
        let fields = self.fields();
        fields[self.marked.min(fields.len() - 1)]
    }

    /// Whether there are options besides those in sight.
    pub(super) fn has_more(&self) -> bool {
        !knobs::more(self.preset()).is_empty()
    }

    /// Shows all options, or few.
    pub(super) fn toggle_all(&mut self) {
        self.all = !self.all;
        self.marked = self.marked.min(self.fields().len() - 1);
    }

    /// Whether a value is being typed.
    pub(super) fn is_editing(&self) -> bool {
        self.editing.is_some()
    }

    /// The value being typed.
    pub(super) fn editor(&mut self) -> Option<&mut Editor> {
        self.editing.as_mut()
    }

    /// Moves the mark.
    pub(super) fn run(&mut self, command: Command, page: usize) {
        let last = self.fields().len() - 1;
        self.marked = scrolled(self.marked.min(last), command, page, last);
        self.trouble.clear();
    }

    /// Begins to type the value of the marked field.
    pub(super) fn edit(&mut self) {
        let text = match self.marked() {
            Field::Prefix => self.prefix().to_owned(),
            Field::Knob(name) => self.knobs().shown(name).unwrap_or_default(),
            Field::Task | Field::Model | Field::Precision | Field::Beside => return,
        };
        let mut editor = Editor::new(false);
        editor.set(&text);
        self.editing = Some(editor);
        self.trouble.clear();
    }

    /// Stops typing; the value stays what it was.
    pub(super) fn leave(&mut self) {
        self.editing = None;
        self.trouble.clear();
    }

    /// Sets the typed value; where it cannot be, says why and goes on typing.
    pub(super) fn commit(&mut self) {
        let Some(editor) = &self.editing else { return };
        let typed = editor.text();
        let set = match self.marked() {
            Field::Prefix => {
                let usual = crate::text::line(self.preset().prefix);
                let usual = typed.trim().is_empty() || typed == usual;
                self.prefix = (!usual).then_some(typed);
                Ok(())
            }
            Field::Knob(name) => {
                let mut knobs = self.knobs();
                let set = knobs.set(name, &typed, self.preset());
                if set.is_ok() {
                    self.knobs.insert(self.preset, knobs);
                }
                set
            }
            Field::Task | Field::Model | Field::Precision | Field::Beside => Ok(()),
        };
        match set {
            Ok(()) => self.leave(),
            Err(error) => self.trouble = told(&error),
        }
    }

    /// A field's name, value and note; whether it differs from what is usual.
    fn told(&self, field: Field, stock: &Stock) -> (String, String, String, bool) {
        let of = |id: &str| stock.get(id);
        let preset = self.preset();
        match field {
            Field::Task => {
                let (name, task) = (preset.name.to_owned(), preset.task.name());
                ("task".to_owned(), name, task.to_owned(), false)
            }
            Field::Model => {
                let one = self.model.as_deref().and_then(of);
                let shown = one
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), Candidate::shown);
                let note = one.map_or(String::new(), |one| one.standing());
                ("model".to_owned(), shown, note, false)
            }
            Field::Precision => {
                let one = self.model.as_deref().and_then(of);
                let runs_in = one.map_or(self.precision, |one| one.at(self.precision));
                let note = if runs_in == self.precision {
                    "f32 is exact; q8, q4 are smaller"
                } else {
                    "this model runs in no other"
                };
                let name = runs_in.name().to_owned();
                ("precision".to_owned(), name, note.to_owned(), false)
            }
            Field::Beside => {
                let shown = match &self.beside {
                    Some((id, precision)) => {
                        format!("{} {}", crate::text::ident(id), precision.name())
                    }
                    None => "none".to_owned(),
                };
                let note = "another model or form beside it".to_owned();
                ("beside".to_owned(), shown, note, false)
            }
            Field::Prefix => {
                let shown = crate::text::line(self.prefix()).into_owned();
                let note = "stands before the text".to_owned();
                ("prompt".to_owned(), shown, note, self.prefix.is_some())
            }
            Field::Knob(name) => self.knob(name),
        }
    }

    fn knob(&self, name: &'static str) -> (String, String, String, bool) {
        let preset = self.preset();
        let value = self.knobs().shown(name);
        let four = FOUR.iter().find(|(known, _)| *known == name);
        if let Some((_, shown)) = four {
            let differs = Knobs::of(preset).shown(name) != value;
            let note = match name {
                "max_new_tokens" => "most that are written",
                "num_beams" => "1 streams; more search the whole",
                "temperature" => "off: the likeliest; above 0 draws",
                _ => "what a draw depends on",
            };
            let value = value.unwrap_or_default();
            return ((*shown).to_owned(), value, note.to_owned(), differs);
        }
        let takes = knobs::more(preset).iter().find(|(known, _)| *known == name);
        let takes = takes.map_or("", |(_, takes)| takes).to_owned();
        let saved = self.saved.as_ref();
        let saved = saved.map(|options| knobs::saved(options, name));
        let differs = value.is_some();
        let usual = saved.filter(|text| !text.is_empty());
        let value = value.or(usual).unwrap_or_else(|| "-".to_owned());
        (name.to_owned(), value, takes, differs)
    }

    /// Draws the fields; returns the cell of the cursor while a value is typed.
    pub(super) fn view(
        &self,
        stock: &Stock,
        focused: bool,
        theme: Theme,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Option<Position> {
        let fields = self.fields();
        let marked = self.marked.min(fields.len() - 1);
        let told = self.trouble.iter();
        let cells = usize::from(area.width.saturating_sub(4));
        let told: Vec<&str> = told.flat_map(|line| wrap::rows(line, cells)).collect();
        let height = usize::from(area.height).saturating_sub(told.len()).max(1);
        let first = (marked + 1).saturating_sub(height);
        let mut cursor = None;
        let mut y = area.y;
        for (n, field) in fields.iter().enumerate().skip(first).take(height) {
            let (name, value, note, differs) = self.told(*field, stock);
            let is_marked = focused && n == marked;
            if is_marked {
                chrome::put(buffer, area, (area.x, y), ">", theme.strong());
            }
            if differs {
                chrome::put(buffer, area, (area.x + 1, y), "*", theme.strong());
            }
            let style = if is_marked {
                theme.selected()
            } else {
                Style::new()
            };
            chrome::put(buffer, area, (area.x + 2, y), &name, style);
            let x = area.x + NAMES;
            if let Some(editor) = self.editing.as_ref().filter(|_| n == marked) {
                cursor = Some(chrome::typing(editor, theme, area, (x, y), buffer));
            } else {
                let room = usize::from(area.right().saturating_sub(x));
                let end = chrome::put(buffer, area, (x, y), wrap::fit(&value, room), Style::new());
                let x = (x + VALUES).max(end + 2);
                let room = usize::from(area.right().saturating_sub(x));
                chrome::put(buffer, area, (x, y), wrap::fit(&note, room), theme.dim());
            }
            y += 1;
        }
        for row in told {
            chrome::put(buffer, area, (area.x + 2, y), row, theme.trouble());
            y += 1;
        }
        cursor
    }
}
