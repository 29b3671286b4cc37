//! The Tune pane: the runs of this user, one of them in full, and the plan of the next one.
//!
//! What is known of the runs is the desk's (`runs`), since every pane's header tells of them; the
//! pane shows it and asks for what is done to a run. `list` draws all of them, `board` one, with a
//! `curve` of its loss and a `verdict` in a sentence. `form` is the plan; what comes of it is read on
//! another thread.

mod act;
mod board;
mod curve;
mod form;
mod list;
mod verdict;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::form::Form;
use super::chrome;
use super::event::{Effect, Event};
use super::flow::{self, Row};
use super::history::Kept;
use super::keymap::{Command, Context};
use super::pane::{Ahead, Errand, Pane, Shell, told};
use super::plain::scrolled;
use crate::jobs::{Did, RunsReport};

/// What is in sight.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sight {
    /// All runs.
    List,
    /// The run of that name.
    Board(String),
    /// The plan of a new run.
    Form,
}

/// What is asked before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asking {
    /// Ends the run of that name.
    End(String),
    /// Removes it.
    Delete(String),
    /// A line of the plan.
    Line,
}

/// The pane.
#[derive(Debug)]
pub(super) struct Tune {
    sight: Sight,
    /// Which run of the list is marked, by name; the newest if none is.
    marked: Option<String>,
    asking: Option<Asking>,
    form: Form,
    scroll: usize,
    /// Rows of the run in sight.
    rows: Vec<Row>,
    height: usize,
}

impl Tune {
    /// A pane that shows the list.
    pub(super) fn new() -> Self {
        Self {
            sight: Sight::List,
            marked: None,
            asking: None,
            form: Form::default(),
            scroll: 0,
            rows: Vec::new(),
            height: 0,
        }
    }

    /// Which line of the list is marked.
    fn marked_at(&self, shell: &Shell) -> usize {
        let all = shell.runs.all().iter();
        let is = |id: &str| all.clone().position(|one| one.run.id == id);
        self.marked.as_deref().and_then(is).unwrap_or(0)
    }

    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.height.max(1))
    }

    fn run_move(&mut self, command: Command, shell: &Shell) {
        match self.sight {
            Sight::List => {
                let all = shell.runs.all();
                let last = all.len().saturating_sub(1);
                let at = scrolled(self.marked_at(shell), command, self.height, last);
                self.marked = all.get(at).map(|one| one.run.id.clone());
            }
            Sight::Form => self.form.run_move(command),
            Sight::Board(_) => {
                self.scroll = scrolled(self.scroll, command, self.height, self.last());
            }
        }
    }

    /// A click on a line of the list marks its run, and one on the marked run opens it.
    fn point(&mut self, row: usize, shell: &Shell) {
        let first = list::first(self.marked_at(shell), self.height);
        let Some(row) = row.checked_sub(1) else {
            return;
        };
        let Some(one) = shell.runs.all().get(first + row) else {
            return;
        };
        let id = one.run.id.clone();
        if self.marked.as_ref() == Some(&id) {
            self.show(&id);
        } else {
            self.marked = Some(id);
        }
    }

    /// Shows the run of that name in full.
    fn show(&mut self, id: &str) {
        self.marked = Some(id.to_owned());
        self.sight = Sight::Board(id.to_owned());
        self.scroll = 0;
    }
}

impl Pane for Tune {
    fn title(&self) -> &'static str {
        "Tune"
    }

    fn kept(&self) -> Kept {
        Kept::Data
    }

    fn draft(&self) -> String {
        self.form.data()
    }

    fn click(&mut self, at: Position, shell: &mut Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let Some(row) = at.y.checked_sub(chrome::pane_area(whole).y) else {
            return;
        };
        match self.sight {
            Sight::Form => self.form.point(usize::from(row)),
            Sight::List => self.point(usize::from(row), shell),
            Sight::Board(_) => {}
        }
    }

    fn context(&self) -> Context {
        match self.sight {
            Sight::List => Context::Runs,
            Sight::Board(_) => Context::Board,
            Sight::Form if self.form.is_editing() => Context::Setting,
            Sight::Form => Context::Plan,
        }
    }

    fn can(&self, command: Command, shell: &Shell) -> bool {
        if self.sight == Sight::Form {
            return self.can_plan(command);
        }
        let one = self.selected(shell);
        match command {
            Command::New => true,
            Command::Open => self.sight == Sight::List && one.is_some(),
            Command::Back => self.sight != Sight::List,
            Command::Pause | Command::EndRun => one.is_some_and(|one| one.works),
            Command::Resume => one.is_some_and(|one| one.can_go_on()),
            Command::DeleteRun => one.is_some_and(|one| !one.works),
            Command::Copy => one.is_some(),
            Command::Up | Command::Down => match self.sight {
                Sight::List => shell.runs.all().len() > 1,
                _ => self.last() > 0,
            },
            _ => command.moves(),
        }
    }

    fn run(&mut self, command: Command, shell: &mut Shell) {
        if self.sight == Sight::Form {
            self.run_plan(command, shell);
            return;
        }
        match command {
            Command::New => self.sight = Sight::Form,
            Command::Open => {
                if let Some(one) = self.selected(shell) {
                    let id = one.run.id.clone();
                    self.show(&id);
                }
            }
            Command::Back => self.sight = Sight::List,
            Command::Pause => self.pause(shell),
            Command::EndRun => self.ask_to_end(shell),
            Command::Resume => self.resume(shell),
            Command::DeleteRun => self.ask_to_delete(shell),
            Command::Copy => self.copy(shell),
            _ if command.moves() => self.run_move(command, shell),
            _ => {}
        }
    }

    fn type_char(&mut self, c: char, _shell: &mut Shell) {
        if let Some(editor) = self.form.editor() {
            editor.type_char(c);
        }
    }

    fn paste(&mut self, text: &str, _shell: &mut Shell) {
        if let Some(editor) = self.form.editor() {
            editor.paste(text);
        }
    }

    fn input_is_empty(&self) -> bool {
        true
    }

    fn put(&mut self, text: &str, shell: &mut Shell) {
        self.sight = Sight::Form;
        self.form.take_data(text, shell);
    }

    fn interrupt(&mut self, shell: &mut Shell) -> bool {
        if self.form.is_editing() {
            self.form.leave();
            return true;
        }
        self.form.halt(shell)
    }

    fn entered(&mut self, shell: &mut Shell) {
        shell.effect(Effect::LookAtShelf);
    }

    fn hear(&mut self, report: Event, shell: &mut Shell) -> Option<Event> {
        match report {
            Event::Runs(RunsReport::Did(Ok(did))) => {
                shell.say(act::said(&did));
                if let Did::Begun(id) = &did {
                    self.show(id);
                }
                None
            }
            Event::Runs(RunsReport::Did(Err(error))) => {
                shell.say(told(&error).join("  "));
                None
            }
            Event::Shelf(shelf) => {
                self.form.take_shelf(shelf, shell);
                None
            }
            Event::Planned { ticket, planned } => {
                self.form.hear(ticket, planned);
                None
            }
            Event::Measured { ticket, measured } => {
                self.form.hear_measured(ticket, measured);
                None
            }
            other => Some(other),
        }
    }

    fn layout(&mut self, shell: &Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        self.height = usize::from(area.height);
        if self.sight == Sight::Form {
            self.form.layout(shell, area);
        }
        if let Sight::Board(id) = &self.sight {
            let cells = usize::from(area.width.saturating_sub(2));
            match shell.runs.get(id) {
                Some(one) => self.rows = board::rows(one, shell.theme, cells),
                // It was removed, here or elsewhere.
                None => self.sight = Sight::List,
            }
            self.scroll = self.scroll.min(self.last());
        }
    }

    fn chosen(&mut self, n: usize, shell: &mut Shell) {
        if self.asking == Some(Asking::Line) {
            self.asking = None;
            self.form.choose(n, shell);
        } else {
            self.confirmed(shell);
        }
    }

    fn take_on(&mut self, errand: Errand, shell: &mut Shell) {
        if let Errand::Tune(id) = errand {
            self.sight = Sight::Form;
            self.form.begin_with(&id, shell);
        }
    }

    fn ahead(&self) -> Option<Ahead> {
        None
    }

    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        match self.sight {
            Sight::Form => return self.form.view(shell, area, buffer),
            Sight::List => list::view(shell, self.marked_at(shell), area, buffer),
            Sight::Board(_) => {
                for (line, row) in area.rows().zip(self.rows.iter().skip(self.scroll)) {
                    let inner = Rect {
                        x: line.x + 1,
                        width: line.width.saturating_sub(1),
                        ..line
                    };
                    flow::put(row, inner, buffer);
                }
            }
        }
        None
    }
}
