//! The Chat pane: several turns with one model, as they come.
//!
//! The engine's thread loads the model and gives the answers; `dialogue` holds what was said, `act`
//! does what is asked, `view` draws.

mod act;
mod dialogue;
mod view;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::dialogue::Dialogue;
use super::chrome;
use super::event::{Effect, Event};
use super::flow::Row;
use super::history::Kept;
use super::input::Input;
use super::keymap::{Command, Context};
use super::pane::{Ahead, Errand, Pane, Shell};
use super::plain::scrolled;
use crate::jobs::engine::Shelf;
use crate::model::template::Form;

/// Rows above the conversation: the model, and a rule.
const ABOVE: u16 = 2;

/// Rows below it: the meter.
const BELOW: u16 = 1;

/// A part that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Input,
    Content,
}

/// What was sent last.
#[derive(Debug)]
struct Sent {
    /// The exact text, safe to show.
    text: String,
    tokens: usize,
    /// How many the model reads and writes in all.
    of: usize,
    dropped: usize,
}

/// The pane.
#[derive(Debug)]
pub(super) struct ChatPane {
    input: Input,
    /// What is on the disk; nothing until somebody has looked.
    shelf: Option<Shelf>,
    /// The model that is talked to, by id.
    chosen: Option<String>,
    /// The template that the user asked for.
    asked_form: Option<Form>,
    system: Option<String>,
    dialogue: Dialogue,
    seed: u64,
    sent: Option<Sent>,
    /// The text that was sent is shown in the place of the conversation.
    shows_sent: bool,
    /// What is to be known of this model's answers, and whether that was said.
    note: Option<String>,
    noted: bool,
    part: Part,
    scroll: usize,
    /// The end stays in sight while an answer comes.
    follows: bool,
    rows: Vec<Row>,
    height: usize,
}

impl ChatPane {
    /// A pane in which nothing was said.
    pub(super) fn new() -> Self {
        Self {
            input: Input::new(),
            shelf: None,
            chosen: None,
            asked_form: None,
            system: None,
            dialogue: Dialogue::default(),
            seed: 42,
            sent: None,
            shows_sent: false,
            note: None,
            noted: false,
            part: Part::Input,
            scroll: 0,
            follows: true,
            rows: Vec::new(),
            height: 0,
        }
    }

    fn is_busy(&self) -> bool {
        self.dialogue.waits_for().is_some()
    }

    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.height.max(1))
    }

    fn run_move(&mut self, command: Command) {
        self.scroll = scrolled(self.scroll, command, self.height, self.last());
        self.follows = self.scroll == self.last();
    }

    fn next_part(&mut self) {
        self.part = match self.part {
            Part::Input => Part::Content,
            Part::Content => Part::Input,
        };
    }

    fn back(&mut self) {
        if std::mem::take(&mut self.shows_sent) {
            self.follows = true;
        } else {
            self.part = Part::Content;
        }
    }
}

impl Pane for ChatPane {
    fn title(&self) -> &'static str {
        "Chat"
    }

    fn kept(&self) -> Kept {
        Kept::Messages
    }

    fn draft(&self) -> String {
        self.input.text()
    }

    fn cut(&self) -> Option<&'static str> {
        self.is_busy().then_some("An answer is still being written")
    }

    fn entered(&mut self, shell: &mut Shell) {
        shell.effect(Effect::LookAtShelf);
    }

    fn context(&self) -> Context {
        match self.part {
            Part::Input => Context::Message,
            Part::Content => Context::Dialogue,
        }
    }

    fn can(&self, command: Command, shell: &Shell) -> bool {
        let typing = self.part == Part::Input;
        let fetched = self.offer(shell).map(|offer| offer.id.as_str());
        let fetched = fetched.map(|id| shell.fetches.is_busy(id));
        match command {
            Command::NextPart | Command::PreviousPart | Command::ToInput | Command::System => true,
            Command::Back => typing || self.shows_sent,
            Command::Stop => self.is_busy() && !self.shows_sent,
            Command::Again => self.dialogue.variants() > 0 && self.speaker().is_some(),
            Command::NextVariant => self.dialogue.can_turn(true) && !self.is_busy(),
            Command::PreviousVariant => self.dialogue.can_turn(false) && !self.is_busy(),
            Command::Copy => self.dialogue.last_answer().is_some(),
            Command::New => !self.dialogue.exchanges.is_empty(),
            Command::ChooseModel => !self.speakers().is_empty(),
            Command::Sent => self.sent.is_some(),
            Command::Fetch => fetched == Some(false),
            Command::StopFetch => fetched == Some(true),
            Command::Up | Command::Down => typing || self.last() > 0,
            _ => command.moves() || command.edits() && typing,
        }
    }

    fn run(&mut self, command: Command, shell: &mut Shell) {
        let typing = self.part == Part::Input;
        match command {
            Command::Send => self.send(shell),
            Command::NextPart | Command::PreviousPart => self.next_part(),
            Command::ToInput => self.part = Part::Input,
            Command::Back => self.back(),
            Command::Stop => self.stop(shell),
            Command::Again => self.again(shell),
            Command::NextVariant => self.dialogue.turn(true),
            Command::PreviousVariant => self.dialogue.turn(false),
            Command::Copy => self.copy(shell),
            Command::New => self.begin(shell),
            Command::ChooseModel => self.choose(shell),
            Command::System => self.put("/system ", shell),
            Command::Sent if self.sent.is_some() => {
                self.shows_sent = !self.shows_sent;
                (self.scroll, self.follows) = (0, !self.shows_sent);
            }
            Command::Sent => shell.say("Nothing was sent yet."),
            Command::Fetch => self.fetch(shell),
            Command::StopFetch => {
                if let Some(id) = self.offer(shell).map(|offer| offer.id.clone()) {
                    shell.stop_fetch(&id);
                }
            }
            Command::Up | Command::Down if typing => {
                let earlier = shell.history(Kept::Messages).entries();
                self.input.run(command, earlier, &[]);
            }
            _ if command.moves() => self.run_move(command),
            _ => {
                let earlier = shell.history(Kept::Messages).entries();
                self.input.run(command, earlier, &[]);
            }
        }
    }

    fn type_char(&mut self, c: char, _shell: &mut Shell) {
        self.input.type_char(c);
    }

    fn paste(&mut self, text: &str, shell: &mut Shell) {
        self.part = Part::Input;
        if !self.input.paste(text) {
            shell.say("The pasted text was cut at 64 KB.");
        }
    }

    fn input_is_empty(&self) -> bool {
        self.part == Part::Input && self.input.is_empty()
    }

    fn put(&mut self, text: &str, _shell: &mut Shell) {
        self.input.set(text);
        self.part = Part::Input;
    }

    fn chosen(&mut self, n: usize, shell: &mut Shell) {
        self.take_choice(n, shell);
    }

    fn interrupt(&mut self, shell: &mut Shell) -> bool {
        if self.is_busy() {
            self.stop(shell);
            return true;
        }
        let typed = self.input.take();
        if typed.is_empty() {
            return false;
        }
        if !typed.trim().is_empty() {
            shell.history_mut(Kept::Messages).push(&typed);
        }
        shell.say("Cleared. Up brings it back.");
        true
    }

    fn hear(&mut self, report: Event, shell: &mut Shell) -> Option<Event> {
        match report {
            Event::Shelf(shelf) => {
                let gone = |id: &String| shelf.speakers.iter().all(|one| one.id != *id);
                if self.chosen.as_ref().is_none_or(gone) {
                    self.chosen = shelf.speakers.first().map(|one| one.id.clone());
                }
                self.shelf = Some(shelf);
                None
            }
            Event::Engine(report) if self.dialogue.waits_for() == Some(report.ticket) => {
                self.told(report.ticket, report.news, shell);
                None
            }
            other => Some(other),
        }
    }

    fn layout(&mut self, shell: &Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let content = chrome::body(area, self.input.rows(area.width)).content;
        self.height = usize::from(content.height.saturating_sub(ABOVE + BELOW));
        self.rows = self.lay_out(shell, usize::from(content.width.saturating_sub(2)));
        self.scroll = if self.follows {
            self.last()
        } else {
            self.scroll.min(self.last())
        };
    }

    fn ahead(&self) -> Option<Ahead> {
        let context = Context::Dialogue;
        let label = context.label();
        Some(Ahead { label, context })
    }

    fn take_on(&mut self, _errand: Errand, _shell: &mut Shell) {}

    fn click(&mut self, at: Position, shell: &mut Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let body = chrome::body(area, self.input.rows(area.width));
        self.part = if body.input.contains(at) {
            Part::Input
        } else {
            Part::Content
        };
    }

    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.draw(shell, area, buffer)
    }
}
