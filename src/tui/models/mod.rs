//! The Models pane: every card, filtered as one types, narrowed by facets, sorted, marked.
//!
//! The pane says what it wants and shows what was found last; the search runs elsewhere, so typing
//! never waits for it. Only the rows in sight are laid out.

mod act;
mod facets;
mod table;
mod view;

use std::sync::Arc;
use std::time::SystemTime;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::facets::Facets;
use super::chrome::{self, Room, WIDE};
use super::event::Event;
use super::history::Kept;
use super::input::Input;
use super::keymap::{Command, Context};
use super::pane::{Ahead, Errand, Pane, Shell};
use super::plain::scrolled;
use super::views::Views;
use crate::advisor::catalogue::{Catalogue, Entry, Found, Wanted};

/// A part that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Filter,
    List,
    Facets,
    View,
}

/// What the user is asked before it is done.
enum Asks {
    Fetch(String, u64),
    Delete(String),
}

/// What was found last, and when.
struct Shown {
    catalogue: Arc<Catalogue>,
    found: Found,
    at: SystemTime,
}

/// The pane.
pub(super) struct Models {
    filter: Input,
    wanted: Wanted,
    shown: Option<Shown>,
    /// Why nothing could be found.
    trouble: Vec<String>,
    /// The search that is under way.
    ticket: Option<u64>,
    selected: usize,
    scroll: usize,
    /// Ids of the models that Space has marked, in that order.
    marked: Vec<String>,
    asks: Option<Asks>,
    facets: Facets,
    views: Views,
    part: Part,
    /// Whether a view or the facets stand beside the list.
    room: Room,
    /// Columns and rows of the list in sight.
    cells: usize,
    height: usize,
}

impl Models {
    /// A pane that has asked for nothing yet.
    pub(super) fn new() -> Self {
        Self {
            filter: Input::new(),
            wanted: Wanted::default(),
            shown: None,
            trouble: Vec::new(),
            ticket: None,
            selected: 0,
            scroll: 0,
            marked: Vec::new(),
            asks: None,
            facets: Facets::default(),
            views: Views::over("models"),
            part: Part::List,
            room: Room::default(),
            cells: 0,
            height: 0,
        }
    }

    fn rows(&self) -> &[u32] {
        self.shown.as_ref().map_or(&[], |shown| &shown.found.rows)
    }

    fn entry_at(&self, at: usize) -> Option<Entry<'_>> {
        let shown = self.shown.as_ref()?;
        shown.catalogue.entry(*shown.found.rows.get(at)?)
    }

    /// The model that the mark stands on.
    fn selected_entry(&self) -> Option<Entry<'_>> {
        self.entry_at(self.selected)
    }

    fn selected_id(&self) -> Option<String> {
        self.selected_entry().map(|entry| entry.id.to_owned())
    }

    /// The part that has the focus: a view that covers the list is the list.
    fn focus(&self) -> Part {
        match self.part {
            Part::List if !self.views.is_empty() && !self.beside() => Part::View,
            Part::View if self.views.is_empty() => Part::List,
            part => part,
        }
    }

    /// Whether list and side part share the screen.
    fn beside(&self) -> bool {
        self.room.beside() && (self.views.is_empty() || self.views.are_narrow())
    }

    /// Where list and side part stand; without room for both they are the same place.
    fn columns(&self, content: Rect) -> (Rect, Rect) {
        if !self.beside() {
            return (content, content);
        }
        let side = if self.views.is_empty() {
            30
        } else {
            content.width / 2
        };
        let left = Rect {
            width: content.width.saturating_sub(side + 1),
            ..content
        };
        let right = Rect {
            x: left.right() + 1,
            width: side,
            ..content
        };
        (left, right)
    }

    fn next_part(&mut self, forward: bool) {
        let parts: &[Part] = match (self.views.is_empty(), self.beside()) {
            (true, _) => &[Part::Filter, Part::List, Part::Facets],
            (false, true) => &[Part::Filter, Part::List, Part::View],
            (false, false) => &[Part::Filter, Part::View],
        };
        let at = parts
            .iter()
            .position(|part| *part == self.focus())
            .unwrap_or(0);
        let step = if forward { 1 } else { parts.len() - 1 };
        self.part = parts[(at + step) % parts.len()];
    }

    fn run_move(&mut self, command: Command) {
        let page = self.height;
        match self.focus() {
            Part::Facets => self.facets.run(command, page),
            Part::View => {}
            Part::List | Part::Filter => {
                let last = self.rows().len().saturating_sub(1);
                self.selected = scrolled(self.selected, command, page, last);
                self.reveal();
            }
        }
    }

    /// Scrolls so that the mark is in sight.
    fn reveal(&mut self) {
        let height = self.height.max(1);
        let last = self.rows().len().saturating_sub(height);
        let lowest = (self.selected + 1).saturating_sub(height);
        self.scroll = self
            .scroll
            .clamp(lowest, self.selected.max(lowest))
            .min(last);
    }
}

impl Pane for Models {
    fn title(&self) -> &'static str {
        "Models"
    }

    fn kept(&self) -> Kept {
        Kept::Filters
    }

    fn draft(&self) -> String {
        self.filter.text()
    }

    fn entered(&mut self, shell: &mut Shell) {
        self.find(shell);
    }

    fn context(&self) -> Context {
        match self.focus() {
            Part::Filter => Context::Filter,
            Part::List => Context::Models,
            Part::Facets => Context::Facets,
            Part::View => self.views.context().unwrap_or(Context::Models),
        }
    }

    fn chosen(&mut self, _: usize, shell: &mut Shell) {
        self.answer(shell);
    }

    fn can(&self, command: Command, shell: &Shell) -> bool {
        match command {
            Command::NextPart | Command::PreviousPart | Command::ToInput => true,
            Command::Zoom => (self.beside() || self.room.zoomed) && self.focus() != Part::Filter,
            Command::Facets => self.views.is_empty() && self.focus() != Part::Facets,
            Command::Back => self.can_go_back(),
            _ if self.focus() == Part::View => self.views.can(command),
            Command::Find => self.focus() == Part::List,
            Command::Open if self.focus() == Part::Facets => self.facets.marked_facet().is_some(),
            Command::Open | Command::Mark | Command::Copy | Command::Try | Command::Tune => {
                self.focus() == Part::List && self.selected_entry().is_some()
            }
            Command::Compare => self.focus() == Part::List && self.marked.len() > 1,
            Command::Measure => self.focus() == Part::List && self.can_measure(),
            Command::Fetch => self.focus() == Part::List && self.to_fetch(shell).is_some(),
            Command::StopFetch => self.focus() == Part::List && self.fetched(shell).is_some(),
            Command::DeleteModel => self.focus() == Part::List && self.to_delete(shell).is_some(),
            Command::Sort | Command::Reverse => self.focus() == Part::List && self.rows().len() > 1,
            Command::Up | Command::Down => match self.focus() {
                Part::Facets => self.facets.moves(),
                Part::List => self.rows().len() > 1,
                Part::Filter | Part::View => true,
            },
            _ => command.moves() || command.edits() && self.focus() == Part::Filter,
        }
    }

    fn run(&mut self, command: Command, shell: &mut Shell) {
        match command {
            Command::NextPart => self.next_part(true),
            Command::PreviousPart => self.next_part(false),
            Command::ToInput => self.part = Part::Filter,
            Command::Zoom => self.room.zoomed = !self.room.zoomed,
            Command::Facets => self.part = Part::Facets,
            Command::Back => self.back(shell),
            _ if self.focus() == Part::View => self.views.run(command, shell),
            Command::Find => self.part = Part::Filter,
            Command::Send if self.focus() == Part::Filter => self.keep_filter(shell),
            Command::Open if self.focus() == Part::Facets => self.set_facet(shell),
            Command::Open => self.open(shell),
            Command::Mark => self.mark(shell),
            Command::Compare => self.compare(shell),
            Command::Copy => self.copy(shell),
            Command::Try => self.try_out(shell),
            Command::Measure => self.measure(shell),
            Command::Fetch => self.fetch(shell),
            Command::DeleteModel => self.delete(shell),
            Command::StopFetch => {
                if let Some(id) = self.fetched(shell) {
                    shell.stop_fetch(&id);
                }
            }
            Command::Tune => self.tune(shell),
            Command::Sort => self.sort(shell),
            Command::Reverse => {
                self.wanted.descending = !self.wanted.descending;
                self.find(shell);
            }
            Command::Up | Command::Down if self.focus() == Part::Filter => {
                self.run_filter(command, shell);
            }
            _ if command.moves() => self.run_move(command),
            _ => self.run_filter(command, shell),
        }
    }

    fn type_char(&mut self, c: char, shell: &mut Shell) {
        if self.focus() == Part::View {
            self.views.type_char(c);
        } else {
            self.filter.type_char(c);
            self.filtered(shell);
        }
    }

    fn paste(&mut self, text: &str, shell: &mut Shell) {
        if self.focus() == Part::View && self.context().is_typing() {
            crate::text::line(text)
                .chars()
                .for_each(|c| self.views.type_char(c));
            return;
        }
        self.part = Part::Filter;
        // A filter is one line.
        let line = crate::text::line(text);
        if !self.filter.paste(&line) {
            shell.say("The pasted text was cut at 64 KB.");
        }
        self.filtered(shell);
    }

    fn input_is_empty(&self) -> bool {
        self.context() == Context::Filter && self.filter.is_empty()
    }

    fn put(&mut self, text: &str, shell: &mut Shell) {
        self.filter.set(text);
        self.part = Part::Filter;
        self.filtered(shell);
    }

    fn interrupt(&mut self, shell: &mut Shell) -> bool {
        if self.views.interrupt() {
            return true;
        }
        let typed = self.filter.take();
        if typed.is_empty() {
            return false;
        }
        if !typed.trim().is_empty() {
            shell.history_mut(Kept::Filters).push(&typed);
        }
        shell.say("Cleared. Up brings it back.");
        self.filtered(shell);
        true
    }

    fn hear(&mut self, report: Event, _shell: &mut Shell) -> Option<Event> {
        match report {
            Event::Found { ticket, at, found } if self.ticket == Some(ticket) => {
                self.heard(at, found);
                None
            }
            other => self.views.hear(other),
        }
    }

    fn layout(&mut self, shell: &Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let body = chrome::body(chrome::pane_area(whole), 1);
        self.room.wide = whole.width >= WIDE;
        let (left, right) = self.columns(body.content);
        self.cells = usize::from(left.width);
        self.height = usize::from(left.height.saturating_sub(view::ABOVE + view::BELOW));
        self.selected = self.selected.min(self.rows().len().saturating_sub(1));
        self.reveal();
        self.views.layout(right.width, right.height, shell);
    }

    fn ahead(&self) -> Option<Ahead> {
        let (label, context) = match (self.views.context(), self.beside()) {
            (Some(context), false) => (context.label(), context),
            _ => ("list", Context::Models),
        };
        Some(Ahead { label, context })
    }

    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.draw(shell, area, buffer)
    }

    fn take_on(&mut self, errand: Errand, shell: &mut Shell) {
        self.views.clear();
        match errand {
            Errand::Card(id) => {
                self.views.open_card(&id, 0, shell);
                self.part = Part::View;
            }
            Errand::Filter(text) => self.put(&text, shell),
            Errand::Ask(_) | Errand::Try(_) | Errand::Tune(_) => {}
        }
    }

    fn click(&mut self, at: Position, shell: &mut Shell) {
        self.clicked(at, shell);
    }
}
