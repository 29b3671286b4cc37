//! What lies over the content of a pane, one over the other: a card, models side by side, what to
//! do with a model. Any pane may open them; Esc takes the top one away.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::card::CardView;
use super::compare::CompareView;
use super::event::{Effect, Event};
use super::keymap::{Command, Context};
use super::pane::{Errand, Shell, Wish};
use super::script::ScriptView;
use super::theme::Theme;
use crate::jobs::{Request, Requester};

/// One view.
#[derive(Debug)]
enum View {
    Card(Box<CardView>),
    Compare(Box<CompareView>),
    Script(ScriptView),
}

impl View {
    fn context(&self) -> Context {
        match self {
            Self::Card(card) => card.context(),
            Self::Compare(_) => Context::Compare,
            Self::Script(_) => Context::Script,
        }
    }

    fn waits_for(&self, ticket: u64) -> bool {
        match self {
            Self::Card(card) => card.waits_for(ticket),
            Self::Compare(compared) => compared.waits_for(ticket),
            Self::Script(script) => script.waits_for(ticket),
        }
    }

    fn can(&self, command: Command) -> bool {
        match self {
            Self::Card(card) => card.can(command),
            Self::Compare(compared) => compared.can(command),
            Self::Script(script) => script.can(command),
        }
    }
}

/// The views over a pane, the top one last.
#[derive(Debug)]
pub(super) struct Views {
    by: Requester,
    stack: Vec<View>,
}

impl Views {
    /// No view yet, over the pane of that name.
    pub(super) fn over(pane: &'static str) -> Self {
        Self {
            by: Requester(pane),
            stack: Vec::new(),
        }
    }

    /// Whether nothing lies over the pane.
    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// Whether they can stand beside what they were opened from; models side by side want all of
    /// the width.
    pub(super) fn are_narrow(&self) -> bool {
        !self.is_empty()
            && self
                .stack
                .iter()
                .all(|view| !matches!(view, View::Compare(_)))
    }

    /// What the keys of the top view are.
    pub(super) fn context(&self) -> Option<Context> {
        self.stack.last().map(View::context)
    }

    /// Takes all of them away.
    pub(super) fn clear(&mut self) {
        self.stack.clear();
    }

    /// Opens the card `id` at a line, 0 for its beginning.
    pub(super) fn open_card(&mut self, id: &str, line: usize, shell: &mut Shell) {
        let (by, asked) = (self.by, id.to_owned());
        let ticket = shell.request(|ticket| Request::Card {
            ticket,
            by,
            id: asked,
        });
        self.stack
            .push(View::Card(Box::new(CardView::new(id, line, ticket))));
    }

    /// Sets models side by side, named by id.
    pub(super) fn open_comparison(&mut self, models: Vec<String>, shell: &mut Shell) {
        let (by, asked) = (self.by, models.clone());
        let ticket = shell.request(|ticket| Request::Compare {
            ticket,
            by,
            models: asked,
        });
        let compared = CompareView::new(models, ticket);
        self.stack.push(View::Compare(Box::new(compared)));
    }

    /// Shows what to do with the model `id`.
    pub(super) fn open_script(&mut self, id: &str, shell: &mut Shell) {
        let (by, asked) = (self.by, id.to_owned());
        let ticket = shell.request(|ticket| Request::Try {
            ticket,
            by,
            id: asked,
        });
        self.stack.push(View::Script(ScriptView::new(id, ticket)));
    }

    /// Whether `command` does something in the top view.
    pub(super) fn can(&self, command: Command) -> bool {
        self.stack.last().is_some_and(|view| view.can(command))
    }

    /// Does `command` in the top view.
    pub(super) fn run(&mut self, command: Command, shell: &mut Shell) {
        match command {
            Command::Copy => return self.copy(shell),
            Command::Try => return self.try_out(shell),
            _ => {}
        }
        match self.stack.last_mut() {
            Some(View::Card(card)) => match card.wanted().filter(|_| command == Command::Open) {
                Some(id) => {
                    let (by, asked) = (self.by, id.clone());
                    let ticket = shell.request(|ticket| Request::Card {
                        ticket,
                        by,
                        id: asked,
                    });
                    card.enter(&id, ticket);
                }
                None => {
                    if let Some(sentence) = card.run(command) {
                        shell.say(sentence);
                    }
                }
            },
            Some(View::Compare(compared)) => match compared.opened() {
                Some(at) if command == Command::Open => self.open_card(&at.card, at.line, shell),
                _ => compared.run(command),
            },
            Some(View::Script(script)) => match script.instead() {
                Some(id) if command == Command::Open => {
                    let id = id.to_owned();
                    shell.errand = Some(Errand::Try(Wish {
                        id,
                        ..Wish::default()
                    }));
                }
                _ => script.run(command),
            },
            None => {}
        }
    }

    /// Hands the model of the open card over, or shows what to do with one that does not run here.
    fn try_out(&mut self, shell: &mut Shell) {
        let Some(View::Card(card)) = self.stack.last() else {
            return;
        };
        match card.model() {
            Some((id, Some(offer))) => {
                shell.errand = Some(Errand::Try(Wish {
                    id: id.to_owned(),
                    offer: Some(offer.clone()),
                    ..Wish::default()
                }));
            }
            Some((id, None)) => {
                let id = id.to_owned();
                self.open_script(&id, shell);
            }
            None => {}
        }
    }

    fn copy(&self, shell: &mut Shell) {
        let copied = match self.stack.last() {
            Some(View::Card(card)) => Some((card.place(), card.place())),
            Some(View::Compare(compared)) => compared.copied(),
            Some(View::Script(script)) => script.copied(),
            None => None,
        };
        if let Some((what, text)) = copied {
            let what = crate::text::ident(&what).into_owned();
            shell.effect(Effect::Copy { what, text });
        }
    }

    /// Gives up a view that still waits; false when none does.
    pub(super) fn interrupt(&mut self) -> bool {
        let waits = match self.stack.last() {
            Some(View::Compare(compared)) => compared.is_waiting(),
            Some(View::Script(script)) => script.is_waiting(),
            Some(View::Card(_)) | None => false,
        };
        if waits {
            self.stack.pop();
        }
        waits
    }

    /// One step back: inside the top view, else out of it.
    pub(super) fn back(&mut self) {
        if let Some(View::Card(card)) = self.stack.last_mut()
            && card.back()
        {
            return;
        }
        self.stack.pop();
    }

    /// Takes a character, while the top view is one that is typed into.
    pub(super) fn type_char(&mut self, c: char) {
        if let Some(View::Card(card)) = self.stack.last_mut() {
            card.type_char(c);
        }
    }

    /// Takes a report that one of them waits for; gives back any other.
    pub(super) fn hear(&mut self, report: Event) -> Option<Event> {
        let ticket = match &report {
            Event::CardRead { ticket, .. }
            | Event::Compared { ticket, .. }
            | Event::Tried { ticket, .. } => *ticket,
            _ => return Some(report),
        };
        let waiting = self.stack.iter_mut().find(|view| view.waits_for(ticket));
        match (waiting, report) {
            (Some(View::Card(view)), Event::CardRead { card, .. }) => view.hear(card),
            (Some(View::Compare(view)), Event::Compared { answer, .. }) => view.hear(answer),
            (Some(View::Script(view)), Event::Tried { answer, .. }) => view.hear(answer),
            (_, report) => return Some(report),
        }
        None
    }

    /// Fits all of them to an area of that size.
    pub(super) fn layout(&mut self, columns: u16, rows: u16, shell: &Shell) {
        for view in &mut self.stack {
            match view {
                View::Card(card) => card.layout(columns, rows),
                View::Compare(compared) => compared.layout(columns, rows),
                View::Script(script) => script.layout(columns, rows, shell.wording.as_ref()),
            }
        }
    }

    /// Whether the top one has more below than is in sight.
    pub(super) fn goes_on(&self) -> bool {
        match self.stack.last() {
            Some(View::Card(card)) => card.goes_on(),
            Some(View::Compare(compared)) => compared.goes_on(),
            Some(View::Script(script)) => script.goes_on(),
            None => false,
        }
    }

    /// Draws the top one; returns the cell of the cursor where one types.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        match self.stack.last() {
            Some(View::Card(card)) => return card.view(theme, area, buffer),
            Some(View::Compare(compared)) => compared.view(theme, area, buffer),
            Some(View::Script(script)) => script.view(theme, area, buffer),
            None => {}
        }
        None
    }
}
