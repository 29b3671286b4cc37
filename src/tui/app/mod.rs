//! The desk's state: events in, effects out, no input or output of its own.
//!
//! A key is looked up in the table for the context that has the focus: an overlay (palette, keys,
//! earlier inputs) if one is open, else the pane. Reports go to the panes, which drop those that
//! they no longer wait for.

mod draw;
mod lists;

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind};
use ratatui::layout::{Position, Size};

use super::ask::Ask;
use super::chat::ChatPane;
use super::chrome;
use super::clipboard::Outcome;
use super::event::{Effect, Event, Leave, Mouse};
use super::keymap::{self, Binding, Command, Context, Keymap};
use super::models::Models;
use super::pane::{Errand, Library, Look, Pane, Shell, told};
use super::picker::{Picker, Then};
use super::plain::Plain;
use super::try_model::TryPane;
use super::tune::Tune;
use super::wording::Wording;
use crate::error::Result;
use crate::jobs::engine::Shelf;
use crate::jobs::{HubReport, Request, RunsReport, RunsRequest};

pub use draw::view;

/// What lies over the pane.
#[derive(Debug)]
enum Overlay {
    Picker(Box<Picker>),
    /// A text to be selected with the mouse, since no clipboard took it.
    Text(Plain),
}

/// Where the Tune pane is among the panes.
const TUNE: usize = 3;

/// The desk.
pub struct App {
    shell: Shell,
    panes: Vec<Box<dyn Pane>>,
    current: usize,
    overlay: Option<Overlay>,
    /// Ctrl+C was pressed with nothing to stop or clear: the next one quits.
    quitting: bool,
}

impl App {
    /// A desk for a terminal of that size (columns, rows), before anything has been heard.
    pub fn new(size: (u16, u16), look: Look, wording: Arc<dyn Wording>) -> Self {
        let mut app = Self {
            shell: Shell::new(Size::new(size.0, size.1), look, wording),
            panes: vec![
                Box::new(Ask::new()),
                Box::new(Models::new()),
                Box::new(TryPane::new()),
                Box::new(Tune::new()),
                Box::new(ChatPane::new()),
            ],
            current: 0,
            overlay: None,
            quitting: false,
        };
        app.layout();
        app
    }

    /// Takes one fact and says what is to be done.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(columns, rows) => self.shell.size = Size::new(columns, rows),
            Event::Opened(Ok(opened)) => self.shell.library = Library::Open(opened),
            Event::Noticed(notices) => {
                let first = notices
                    .first()
                    .map(|notice| crate::text::line(&notice.0).into_owned());
                self.shell.notice = first.or_else(|| self.shell.notice.take());
            }
            Event::Opened(Err(error)) => self.shell.library = Library::Failed(told(&error)),
            Event::Remembered(kept, earlier) => self.shell.history_mut(kept).remember(earlier),
            Event::Hub(report) => self.heard_of_fetch(report),
            Event::Runs(RunsReport::Seen(runs)) => {
                let said = self.shell.runs.hear(runs);
                self.shell.notice = said.or_else(|| self.shell.notice.take());
            }
            Event::Shelf(shelf) => self.heard_of_shelf(&shelf),
            Event::Deleted(id, freed) => self.deleted(&id, freed),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Edited(Ok(text)) => self.panes[self.current].put(&text, &mut self.shell),
            Event::Edited(Err(error)) => self.shell.say(told(&error).join("  ")),
            Event::Copied {
                what,
                text,
                outcome,
            } => self.copied(&what, &text, outcome),
            Event::Lapsed => {
                if std::mem::take(&mut self.quitting) {
                    self.shell.notice = None;
                }
            }
            Event::Signal(number) => self.shell.effect(Effect::Quit(Leave::Signal(number))),
            Event::Suspend => self.shell.effect(Effect::Suspend),
            Event::Continued => self.shell.effect(Effect::Retake),
            Event::InputLost(why) => self.shell.effect(Effect::Quit(Leave::InputLost(why))),
            report @ (Event::Answered { .. }
            | Event::Compared { .. }
            | Event::Tried { .. }
            | Event::Found { .. }
            | Event::Engine(_)
            | Event::Runs(RunsReport::Did(_))
            | Event::Planned { .. }
            | Event::Measured { .. }
            | Event::CardRead { .. }) => {
                // Whoever asked keeps it; what nobody waits for any more is dropped.
                let mut heard = Some(report);
                for pane in &mut self.panes {
                    heard = heard.and_then(|report| pane.hear(report, &mut self.shell));
                }
            }
        }
        if let Some(list) = self.shell.list.take() {
            self.overlay = Some(Overlay::Picker(Box::new(list)));
        }
        self.layout();
        self.shell.take_effects()
    }

    /// Takes what the hub's thread says. A model that has arrived is looked for anew.
    fn heard_of_fetch(&mut self, report: HubReport) {
        let heard = self.shell.fetches.hear(report);
        for effect in heard.effects {
            self.shell.effect(effect);
        }
        self.shell.notice = heard.said.or_else(|| self.shell.notice.take());
        if heard.arrived {
            self.look_again();
        }
    }

    /// Which models are on the disk is for every pane that runs or tunes one.
    fn heard_of_shelf(&mut self, shelf: &Shelf) {
        for pane in &mut self.panes {
            pane.hear(Event::Shelf(shelf.clone()), &mut self.shell);
        }
    }

    fn deleted(&mut self, id: &str, freed: Result<u64>) {
        match freed {
            Ok(freed) => {
                let (id, freed) = (crate::text::ident(id), crate::text::bytes(freed));
                self.shell
                    .say(format!("Deleted {id}; {freed} are free again."));
            }
            Err(error) => self.shell.say(told(&error).join("  ")),
        }
        self.look_again();
    }

    /// The models on the disk are others now.
    fn look_again(&mut self) {
        self.shell.effect(Effect::Request(Request::Rescan));
        self.panes[self.current].entered(&mut self.shell);
    }

    fn pane(&self) -> &dyn Pane {
        self.panes[self.current].as_ref()
    }

    fn layout(&mut self) {
        for pane in &mut self.panes {
            pane.layout(&self.shell);
        }
        if let Some(Overlay::Text(text)) = &mut self.overlay {
            text.layout(self.shell.size.width);
        }
    }

    /// Where the focus is.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Picker(picker)) => picker.context(),
            Some(Overlay::Text(_)) => Context::Text,
            None => self.pane().context(),
        }
    }

    /// What is printed when the desk is left: the runs that go on without it.
    pub fn goes_on(&self) -> Vec<String> {
        self.shell.runs.go_on()
    }

    /// Which key does what.
    pub fn keymap(&self) -> &Keymap {
        &self.shell.keymap
    }

    /// Whether the desk listens to the mouse.
    pub fn listens(&self) -> bool {
        self.shell.mouse
    }

    /// Whether `binding` does something in the state that the desk is in.
    pub fn offers(&self, binding: &Binding) -> bool {
        let context = self.context();
        // A plain character is text, but in an empty input some are commands.
        let as_text = context.is_typing()
            && binding.is_for_empty_input()
            && binding.events().any(|key| keymap::typed(key).is_some())
            && !self.pane().input_is_empty();
        binding.is_in(context) && binding.is_bound(context) && !as_text && self.can(binding.command)
    }

    fn can(&self, command: Command) -> bool {
        match command {
            Command::ToAsk => self.current != 0,
            Command::ToModels => self.current != 1,
            Command::ToTry => self.current != 2,
            Command::ToTune => self.current != TUNE,
            Command::ToChat => self.current != self.chat_pane(),
            Command::Editor => self.overlay.is_none() && self.pane().context().is_input(),
            Command::Mouse
            | Command::Quit
            | Command::Palette
            | Command::Slash
            | Command::Help
            | Command::Redraw
            | Command::Interrupt
            | Command::Recall => true,
            Command::Suspend => cfg!(unix),
            _ => match &self.overlay {
                Some(Overlay::Picker(list)) => list.can(command),
                Some(Overlay::Text(_)) => true,
                None => self.pane().can(command, &self.shell),
            },
        }
    }

    fn key(&mut self, key: KeyEvent) {
        self.shell.notice = None;
        let context = self.context();
        let mut bindings = self.shell.keymap.bindings().iter();
        let found = bindings.find(|binding| binding.takes(key, context) && self.offers(binding));
        let armed = std::mem::take(&mut self.quitting);
        match (found.map(|binding| binding.command), keymap::typed(key)) {
            (Some(Command::Interrupt), _) => self.interrupt(armed),
            (Some(Command::Quit), _) if armed => self.shell.effect(Effect::Quit(Leave::Asked)),
            (Some(command), _) => self.run(command),
            (None, Some(c)) if self.context().is_typing() => self.type_char(c),
            (None, _) => {}
        }
    }

    fn type_char(&mut self, c: char) {
        match &mut self.overlay {
            // `//` in an empty input begins a question with a slash.
            Some(Overlay::Picker(picker))
                if c == '/' && picker.context() == Context::Palette && picker.filter_is_empty() =>
            {
                self.overlay = None;
                if self.pane().context().is_input() && self.pane().input_is_empty() {
                    self.panes[self.current].put("//", &mut self.shell);
                }
            }
            Some(Overlay::Picker(picker)) => picker.type_char(c),
            Some(Overlay::Text(_)) => {}
            None => self.panes[self.current].type_char(c, &mut self.shell),
        }
    }

    fn paste(&mut self, text: &str) {
        self.shell.notice = None;
        match &mut self.overlay {
            Some(Overlay::Picker(picker)) => picker.paste(text),
            Some(Overlay::Text(_)) => {}
            None => self.panes[self.current].paste(text, &mut self.shell),
        }
    }

    /// Listens to the mouse, or leaves it to the terminal, which then selects text.
    fn listen(&mut self, on: bool) {
        self.shell.mouse = on;
        self.shell.effect(Effect::Mouse(on));
        self.shell.say(if on {
            "The mouse scrolls and clicks now; hold Shift (Option on macOS) to select text."
        } else {
            "The mouse selects text again."
        });
    }

    /// The wheel moves what has the focus, a click selects.
    fn mouse(&mut self, mouse: Mouse) {
        self.shell.notice = None;
        match mouse {
            Mouse::Wheel(_, _, down) => {
                let command = if down { Command::Down } else { Command::Up };
                // An input keeps its text: there the wheel scrolls what is above it.
                let typing = self.context().is_typing() && self.overlay.is_none();
                let command = match (typing, down) {
                    (true, true) => Command::PageDown,
                    (true, false) => Command::PageUp,
                    (false, _) => command,
                };
                if self.can(command) {
                    self.run(command);
                }
            }
            Mouse::Click(x, 0) => {
                let titles: Vec<&str> = self.panes.iter().map(|pane| pane.title()).collect();
                if let Some(n) = chrome::tab_at(&titles, x) {
                    self.show_pane(n);
                }
            }
            Mouse::Click(x, y) if self.overlay.is_none() => {
                self.panes[self.current].click(Position::new(x, y), &mut self.shell);
            }
            Mouse::Click(..) => {}
        }
    }

    fn interrupt(&mut self, armed: bool) {
        if self.overlay.take().is_some() || self.panes[self.current].interrupt(&mut self.shell) {
            return;
        }
        if armed {
            self.shell.effect(Effect::Quit(Leave::Asked));
            return;
        }
        self.quitting = true;
        self.shell.say("Ctrl+C once more within 2 s quits.");
        self.shell.effect(Effect::Remind);
    }

    fn run(&mut self, command: Command) {
        match command {
            Command::Quit => self.quit(),
            Command::Redraw => self.shell.effect(Effect::Redraw),
            Command::Suspend => self.shell.effect(Effect::Suspend),
            Command::Palette | Command::Slash => self.open_palette(),
            Command::Help => self.open_help(),
            Command::Recall => self.open_search(),
            Command::ToAsk => self.show_pane(0),
            Command::ToModels => self.show_pane(1),
            Command::ToTry => self.show_pane(2),
            Command::ToTune => self.show_pane(TUNE),
            Command::ToChat => self.show_pane(self.chat_pane()),
            Command::Editor => self.shell.effect(Effect::Edit(self.pane().draft())),
            Command::Mouse => self.listen(!self.shell.mouse),
            _ => self.run_in_focus(command),
        }
        if let Some(asked) = self.shell.asked.take() {
            self.run(asked);
        }
        if let Some(errand) = self.shell.errand.take() {
            self.show_pane(match errand {
                Errand::Ask(_) => 0,
                Errand::Card(_) | Errand::Filter(_) => 1,
                Errand::Try(_) => 2,
                Errand::Tune(_) => TUNE,
            });
            self.panes[self.current].take_on(errand, &mut self.shell);
        }
    }

    /// Leaves the desk; asks once where something would be cut.
    fn quit(&mut self) {
        let fetches = self.shell.fetches.any();
        let fetch = fetches.then_some("A model is being fetched; what has arrived stays");
        let cut = self.panes.iter().find_map(|pane| pane.cut());
        match cut.or(fetch) {
            None => self.shell.effect(Effect::Quit(Leave::Asked)),
            Some(what) => {
                self.quitting = true;
                self.shell
                    .say(format!("{what}; q once more within 2 s quits."));
                self.shell.effect(Effect::Remind);
            }
        }
    }

    /// The Chat pane, which comes last.
    fn chat_pane(&self) -> usize {
        self.panes.len() - 1
    }

    /// Brings a pane to the front.
    fn show_pane(&mut self, n: usize) {
        self.overlay = None;
        let before = std::mem::replace(&mut self.current, n.min(self.panes.len() - 1));
        if (before == TUNE) != (self.current == TUNE) {
            let watched = self.current == TUNE;
            self.shell.effect(Effect::Runs(RunsRequest::Watch(watched)));
        }
        self.panes[self.current].entered(&mut self.shell);
    }

    fn run_in_focus(&mut self, command: Command) {
        let page = usize::from(self.shell.size.height).saturating_sub(8);
        match &mut self.overlay {
            None => self.panes[self.current].run(command, &mut self.shell),
            Some(_) if command == Command::Back => self.overlay = None,
            Some(Overlay::Text(text)) => text.run(command, page),
            Some(Overlay::Picker(picker)) if command == Command::Open => {
                if let Some(then) = picker.taken() {
                    self.overlay = None;
                    match then {
                        Then::Do(command) => self.run(command),
                        Then::Card(id) => {
                            self.shell.errand = Some(Errand::Card(id));
                        }
                        Then::Filter(text) => {
                            self.shell.errand = Some(Errand::Filter(text));
                        }
                        Then::Put(text) => self.panes[self.current].put(&text, &mut self.shell),
                        Then::Chosen(n) => self.panes[self.current].chosen(n, &mut self.shell),
                    }
                }
            }
            // Deleting from an empty filter undoes the key that opened it.
            Some(Overlay::Picker(picker))
                if command == Command::Backspace && picker.filter_is_empty() =>
            {
                self.overlay = None;
            }
            Some(Overlay::Picker(picker)) => picker.run(command, page),
        }
    }

    fn copied(&mut self, what: &str, text: &str, outcome: Outcome) {
        match outcome {
            Outcome::Desktop => self.shell.say(format!("Copied {what} to the clipboard.")),
            Outcome::Terminal => {
                self.shell.say(format!(
                    "Copied {what} to your terminal's clipboard (OSC 52)."
                ));
            }
            Outcome::Nowhere => {
                let title = format!("No clipboard here; select it with the mouse: {what}");
                self.overlay = Some(Overlay::Text(Plain::new(title, text)));
            }
        }
    }
}
