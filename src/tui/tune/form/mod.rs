//! A plan that is being made: its lines, what comes of them, and the rows as the model sees them.

mod options;
mod page;
mod rows;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::options::{KNOBS, Knob};
use crate::error::Result;
use crate::finetune::plan::{Method, Plan};
use crate::finetune::run::Probe;
use crate::jobs::engine::{Kept, Shelf};
use crate::jobs::tuning::{Draft, Sketch};
use crate::model::pipeline::Task;
use crate::tui::awaited::Awaited;
use crate::tui::editor::Editor;
use crate::tui::event::Effect;
use crate::tui::keymap::Command;
use crate::tui::pane::Shell;
use crate::tui::plain::scrolled;

/// One line that can be changed or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The model.
    Model,
    /// The rows.
    Data,
    /// What is learned.
    Task,
    /// What learns.
    Method,
    /// An option.
    Knob(&'static Knob),
    /// Starts the run.
    Start,
    /// Starts a few steps of it.
    Quick,
}

/// The tasks that any of the models can learn.
const TASKS: [Task; 8] = [
    Task::TextClassification,
    Task::TokenClassification,
    Task::QuestionAnswering,
    Task::FillMask,
    Task::TextGeneration,
    Task::Text2TextGeneration,
    Task::Summarization,
    Task::Translation,
];

const METHODS: [Method; 3] = [Method::Full, Method::Lora, Method::Head];

/// The plan.
#[derive(Debug, Default)]
pub(super) struct Form {
    draft: Draft,
    shelf: Option<Shelf>,
    /// What comes of it; none before there is a model and a file.
    sketch: Option<Awaited<Box<Sketch>>>,
    /// What it would take, once that was asked for.
    measured: Option<Awaited<Probe>>,
    marked: usize,
    all: bool,
    editing: Option<Editor>,
    scroll: usize,
    /// Rows of the page, and rows in sight.
    length: usize,
    height: usize,
}

impl Form {
    /// Takes which models are on the disk.
    pub(super) fn take_shelf(&mut self, shelf: Shelf, shell: &mut Shell) {
        self.shelf = Some(shelf);
        let folder = self.folder();
        if folder != self.draft.folder {
            self.draft.folder = folder;
            self.plan_again(shell);
        }
    }

    /// Where the files of the chosen model are; empty where they are not on the disk.
    fn folder(&self) -> PathBuf {
        self.kept()
            .map_or_else(PathBuf::new, |one| one.folder.clone())
    }

    fn kept(&self) -> Option<&Kept> {
        let mut models = self.shelf.as_ref()?.models.iter();
        models.find(|one| one.id == self.draft.model)
    }

    /// Begins with the model of that id; what was chosen for another one is forgotten.
    pub(super) fn begin_with(&mut self, id: &str, shell: &mut Shell) {
        if self.draft.model != id {
            let data = std::mem::take(&mut self.draft.data);
            self.draft = Draft {
                model: id.to_owned(),
                data,
                ..Draft::default()
            };
            self.draft.folder = self.folder();
            (self.marked, self.scroll) = (1, 0);
            self.plan_again(shell);
        }
    }

    /// Takes a file of rows from elsewhere.
    pub(super) fn take_data(&mut self, path: &str, shell: &mut Shell) {
        self.editing = None;
        path.trim().clone_into(&mut self.draft.data);
        self.plan_again(shell);
    }

    /// The file of rows, as it is typed or was.
    pub(super) fn data(&self) -> String {
        self.draft.data.clone()
    }

    /// Has what was chosen planned anew.
    fn plan_again(&mut self, shell: &mut Shell) {
        self.halt(shell);
        self.measured = None;
        let whole = !self.draft.folder.as_os_str().is_empty() && !self.draft.data.is_empty();
        self.sketch = whole.then(|| {
            let draft = Box::new(self.draft.clone());
            Awaited::Waiting(shell.plan(draft))
        });
    }

    /// Stops the planning that it waits for; false where there is none.
    pub(super) fn halt(&mut self, shell: &mut Shell) -> bool {
        if let Some(Awaited::Waiting(ticket)) = &self.sketch {
            shell.effect(Effect::StopPlan(*ticket));
            let said = "Stopped. Any change plans anew.".to_owned();
            self.sketch = Some(Awaited::Trouble(vec![said]));
            return true;
        }
        false
    }

    /// Takes what was planned, if it is what it waits for.
    pub(super) fn hear(&mut self, ticket: u64, planned: Result<Box<Sketch>>) {
        if let Some(sketch) = self.sketch.as_mut().filter(|one| one.waits_for(ticket)) {
            sketch.hear(planned);
        }
    }

    /// Whether some steps of the plan can be taken now.
    pub(super) fn can_measure(&self) -> bool {
        let waits = self.measured.as_ref().is_some_and(Awaited::is_waiting);
        self.plan().is_some() && !waits
    }

    /// Has some steps of the plan taken.
    pub(super) fn measure(&mut self, shell: &mut Shell) {
        if let Some(plan) = self.ready() {
            self.measured = Some(Awaited::Waiting(shell.measure(Box::new(plan))));
        }
    }

    /// Takes what the steps took, if it is what it waits for.
    pub(super) fn hear_measured(&mut self, ticket: u64, measured: Result<Probe>) {
        if let Some(waiting) = self.measured.as_mut().filter(|one| one.waits_for(ticket)) {
            waiting.hear(measured);
        }
    }

    fn plan(&self) -> Option<&Plan> {
        let sketch = self.sketch.as_ref()?.here()?;
        Some(&sketch.plan)
    }

    /// The lines, in order.
    fn fields(&self) -> Vec<Field> {
        let plan = self.plan();
        let knobs = KNOBS.iter().filter(|knob| knob.usual || self.all);
        let knobs = knobs.filter(|knob| knob.is_for(plan)).map(Field::Knob);
        let first = [Field::Model, Field::Data, Field::Task, Field::Method];
        let last = [Field::Start, Field::Quick];
        first.into_iter().chain(knobs).chain(last).collect()
    }

    /// The marked line.
    pub(super) fn marked(&self) -> Field {
        let fields = self.fields();
        fields[self.marked.min(fields.len() - 1)]
    }

    /// Whether a value is being typed.
    pub(super) fn is_editing(&self) -> bool {
        self.editing.is_some()
    }

    /// The value being typed.
    pub(super) fn editor(&mut self) -> Option<&mut Editor> {
        self.editing.as_mut()
    }

    /// Moves the mark by lines, and the page by pages.
    pub(super) fn run_move(&mut self, command: Command) {
        let last = self.fields().len() - 1;
        match command {
            Command::Up | Command::Down | Command::Top => {
                self.marked = scrolled(self.marked.min(last), command, self.height, last);
                // The marked line stays in sight; its row is one below the title.
                let row = self.marked + page::ABOVE;
                let least = (row + 2).saturating_sub(self.height);
                self.scroll = self.scroll.max(least).min(row.saturating_sub(page::ABOVE));
            }
            _ => self.scroll = scrolled(self.scroll, command, self.height, self.last()),
        }
    }

    /// Marks the line at row `row` of what is in sight.
    pub(super) fn point(&mut self, row: usize) {
        let at = (row + self.scroll).checked_sub(page::ABOVE);
        if let Some(at) = at.filter(|at| *at < self.fields().len()) {
            self.editing = None;
            self.marked = at;
        }
    }

    fn last(&self) -> usize {
        self.length.saturating_sub(self.height.max(1))
    }

    /// Shows all options, or the usual ones.
    pub(super) fn toggle_all(&mut self) {
        let marked = self.marked();
        self.all = !self.all;
        let fields = self.fields();
        self.marked = fields.iter().position(|one| *one == marked).unwrap_or(0);
    }

    /// Begins to type the value of the marked line.
    pub(super) fn edit(&mut self) {
        let text = match self.marked() {
            Field::Data => self.draft.data.clone(),
            Field::Knob(knob) => {
                let typed = self.draft.options.get(knob.name).cloned();
                let planned = || self.plan().and_then(|plan| knob.value(plan));
                typed.or_else(planned).unwrap_or_default()
            }
            _ => return,
        };
        let mut editor = Editor::new(false);
        editor.set(&text);
        self.editing = Some(editor);
    }

    /// Stops typing; the value stays what it was.
    pub(super) fn leave(&mut self) {
        self.editing = None;
    }

    /// Sets the typed value; an empty one sets an option back. Gives a path of rows, to be kept.
    pub(super) fn commit(&mut self, shell: &mut Shell) -> Option<String> {
        let typed = self.editing.take()?.text();
        let typed = typed.trim();
        let before = self.draft.clone();
        match self.marked() {
            Field::Data => typed.clone_into(&mut self.draft.data),
            Field::Knob(knob) => {
                let planned = self.plan().and_then(|plan| knob.value(plan));
                if typed.is_empty() {
                    self.draft.options.remove(knob.name);
                } else if planned.as_deref() != Some(typed) {
                    self.draft.options.insert(knob.name, typed.to_owned());
                }
            }
            _ => {}
        }
        if self.draft != before {
            self.plan_again(shell);
        }
        let is_path = self.marked() == Field::Data && !typed.is_empty();
        is_path.then(|| typed.to_owned())
    }

    /// Sets the marked line back to what is found out.
    pub(super) fn set_back(&mut self, shell: &mut Shell) {
        match self.marked() {
            Field::Task => self.draft.task = None,
            Field::Method => self.draft.method = None,
            Field::Knob(knob) => {
                self.draft.options.remove(knob.name);
            }
            Field::Data | Field::Model | Field::Start | Field::Quick => return,
        }
        self.plan_again(shell);
    }

    /// Whether the marked line differs from what is found out.
    pub(super) fn differs(&self, field: Field) -> bool {
        match field {
            Field::Task => self.draft.task.is_some(),
            Field::Method => self.draft.method.is_some(),
            Field::Knob(knob) => self.draft.options.contains_key(knob.name),
            Field::Model | Field::Data | Field::Start | Field::Quick => false,
        }
    }

    /// What can be chosen for the marked line.
    pub(super) fn choices(&self) -> Vec<String> {
        let found = || "found out".to_owned();
        match self.marked() {
            Field::Model => self.models().map(page::model).collect(),
            Field::Task => {
                let tasks = self.tasks().into_iter().map(|task| task.name().to_owned());
                std::iter::once(found()).chain(tasks).collect()
            }
            Field::Method => {
                let methods = METHODS.iter().map(|method| page::method(*method));
                std::iter::once(found()).chain(methods).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Takes choice `n` of the marked line.
    pub(super) fn choose(&mut self, n: usize, shell: &mut Shell) {
        match self.marked() {
            Field::Model => {
                let chosen = self.models().nth(n).map(|one| one.id.clone());
                if let Some(id) = chosen {
                    self.begin_with(&id, shell);
                }
                return;
            }
            Field::Task => {
                let tasks = self.tasks();
                self.draft.task = n.checked_sub(1).and_then(|n| tasks.get(n).copied());
            }
            Field::Method => {
                self.draft.method = n.checked_sub(1).and_then(|n| METHODS.get(n).copied());
            }
            _ => return,
        }
        self.plan_again(shell);
    }

    /// The models on the disk.
    fn models(&self) -> impl Iterator<Item = &Kept> {
        self.shelf.iter().flat_map(|shelf| &shelf.models)
    }

    fn tasks(&self) -> Vec<Task> {
        let sketch = self.sketch.as_ref().and_then(Awaited::here);
        sketch.map_or_else(|| TASKS.to_vec(), |sketch| sketch.learns.clone())
    }

    /// The plan, if it is ready to be started.
    pub(super) fn ready(&self) -> Option<Plan> {
        self.plan().cloned()
    }

    /// The command line that starts it, once there is a model and a file.
    pub(super) fn command(&self) -> Option<String> {
        let whole = !self.draft.model.is_empty() && !self.draft.data.is_empty();
        whole.then(|| self.draft.command(self.marked() == Field::Quick))
    }

    /// Fits the page to an area.
    pub(super) fn layout(&mut self, shell: &Shell, area: Rect) {
        self.height = usize::from(area.height);
        self.length = self.page(shell, usize::from(area.width)).len();
        self.scroll = self.scroll.min(self.last());
    }

    /// Draws the page; returns the cell of the cursor while a value is typed.
    pub(super) fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.draw(shell, self.scroll, area, buffer)
    }
}
