//! The Try pane: a task, a model, a text; and what comes of it, as it comes.
//!
//! The pane asks for orders and hears of them; the engine's thread loads and runs. `presets` has
//! what can be tried, `stock` which models do it, `setup` the choices and `knobs` the settings.
//! Each model at work is a `lane`, of which there are one or two; `shown` lays out what a task
//! gives.

mod act;
mod knobs;
mod lane;
mod presets;
mod setup;
mod shown;
mod stock;
mod view;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::lane::Lane;
use self::setup::Setup;
use self::shown::Paper;
use self::stock::Stock;
use super::chrome::{self, Room, WIDE};
use super::event::{Effect, Event};
use super::flow;
use super::history::Kept;
use super::input::Input;
use super::keymap::{Command, Context};
use super::pane::{Ahead, Errand, Library, Pane, Shell, Wish};
use super::plain::scrolled;
use crate::jobs::engine::News;

/// Rows above the content: what is tried, by which model, and an empty one.
const ABOVE: u16 = 3;

/// A part that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Input,
    Content,
    Setup,
}

/// What a list of choices, which lies over the pane, is about.
#[derive(Debug, Clone, PartialEq)]
enum Choosing {
    Task,
    Model,
    Precision,
    Beside,
    Measure,
    Fetch,
}

/// The pane.
#[derive(Debug)]
pub(super) struct TryPane {
    input: Input,
    /// The example that the pane itself has put into the input.
    filled: Option<&'static str>,
    setup: Setup,
    stock: Stock,
    /// The models at work, or that were.
    lanes: Vec<Lane>,
    /// The text that they were given.
    asked: Option<String>,
    choosing: Option<Choosing>,
    /// A model that nothing is known of, and the request for its card.
    unknown: Option<(u64, Wish)>,
    /// What is to be done once it is known which models are on the disk.
    then: Option<Command>,
    part: Part,
    example: usize,
    scroll: usize,
    /// The end stays in sight while a text comes.
    follows: bool,
    room: Room,
    /// Content in sight: columns, rows.
    size: (u16, u16),
}

impl TryPane {
    /// A pane in which nothing has been tried.
    pub(super) fn new() -> Self {
        Self {
            input: Input::new(),
            filled: None,
            setup: Setup::new(),
            stock: Stock::default(),
            lanes: Vec::new(),
            asked: None,
            choosing: None,
            unknown: None,
            then: None,
            part: Part::Input,
            example: 0,
            scroll: 0,
            follows: true,
            room: Room::default(),
            size: (0, 0),
        }
    }

    /// Whether a model is at work.
    fn is_busy(&self) -> bool {
        self.lanes.iter().any(|lane| lane.waits_for().is_some())
    }

    /// Whether two models stand side by side, rather than one below the other.
    fn beside(&self) -> bool {
        self.lanes.len() > 1 && self.room.wide
    }

    /// How many rows there are to scroll over.
    fn rows(&self) -> usize {
        let of = |lane: &Lane| lane.rows().len() + usize::from(self.lanes.len() > 1) * 2;
        if self.beside() {
            self.lanes.iter().map(of).max().unwrap_or(0)
        } else {
            self.lanes.iter().map(of).sum()
        }
    }

    fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(ABOVE))
    }

    fn last(&self) -> usize {
        self.rows().saturating_sub(self.height().max(1))
    }

    fn run_move(&mut self, command: Command) {
        let height = self.height();
        match self.part {
            Part::Setup => self.setup.run(command, height),
            _ if self.lanes.is_empty() => {
                let last = self.setup.preset().examples.len() - 1;
                self.example = scrolled(self.example, command, last + 1, last);
            }
            _ => {
                self.scroll = scrolled(self.scroll, command, height, self.last());
                self.follows = self.scroll == self.last();
            }
        }
    }

    fn next_part(&mut self, forward: bool) {
        let parts = [Part::Input, Part::Content, Part::Setup];
        let at = parts
            .iter()
            .position(|part| *part == self.part)
            .unwrap_or(0);
        self.setup.leave();
        self.part = parts[(at + if forward { 1 } else { 2 }) % 3];
    }

    fn back(&mut self) {
        if self.setup.is_editing() {
            self.setup.leave();
        } else {
            self.part = Part::Content;
        }
    }

    /// Takes what the engine tells; gives back what no lane waits for.
    fn told(&mut self, ticket: u64, news: News) -> Option<News> {
        let saved = match &news {
            News::Loaded { options, .. } => options.clone(),
            _ => None,
        };
        let mut left = Some(news);
        for lane in &mut self.lanes {
            left = left.and_then(|news| lane.hear(ticket, news));
        }
        if left.is_none() && saved.is_some() {
            self.setup.saved = saved;
        }
        left
    }

    /// What is said of the models changed: the choice has to fit.
    fn restock(&mut self, shell: &mut Shell) {
        if let Library::Open(opened) = &shell.library {
            self.stock.offer(opened.offers.iter().cloned());
        }
        if self.stock.is_known() && self.unknown.is_none() {
            self.setup.settle(&self.stock);
            if let Some(then) = self.then.take().filter(|then| self.can(*then, shell)) {
                self.run(then, shell);
            }
        }
    }

    /// The id of the chosen model, if it is being fetched.
    fn fetched(&self, shell: &Shell) -> Option<&str> {
        let id = self.setup.model.as_deref()?;
        shell.fetches.is_busy(id).then_some(id)
    }
}

impl Pane for TryPane {
    fn title(&self) -> &'static str {
        "Try"
    }

    fn kept(&self) -> Kept {
        Kept::Texts
    }

    fn draft(&self) -> String {
        self.input.text()
    }

    fn cut(&self) -> Option<&'static str> {
        self.is_busy().then_some("A model is still at work")
    }

    fn entered(&mut self, shell: &mut Shell) {
        shell.effect(Effect::LookAtShelf);
        self.restock(shell);
    }

    fn context(&self) -> Context {
        match self.part {
            Part::Input => Context::Prompt,
            Part::Setup if self.setup.is_editing() => Context::Setting,
            Part::Setup => Context::Setup,
            Part::Content if self.lanes.is_empty() => Context::Samples,
            Part::Content => Context::Outcome,
        }
    }

    fn can(&self, command: Command, shell: &Shell) -> bool {
        let typing = self.context().is_typing();
        match command {
            Command::NextPart
            | Command::PreviousPart
            | Command::ToInput
            | Command::ChooseTask
            | Command::ChooseModel
            | Command::Beside => true,
            Command::Back => self.part != Part::Content,
            Command::Stop => self.is_busy() && !self.setup.is_editing(),
            Command::Open => match self.part {
                Part::Setup => !self.setup.is_editing(),
                _ => self.lanes.is_empty(),
            },
            Command::Examples => !self.lanes.is_empty(),
            Command::Again => self.can_again(),
            Command::Edit => self.asked.is_some(),
            Command::Copy => self.copied().is_some(),
            Command::Measure => self.ready().is_some(),
            Command::Fetch => {
                let absent = self.candidate().is_some_and(|one| one.folder.is_none());
                absent && self.fetched(shell).is_none()
            }
            Command::StopFetch => self.fetched(shell).is_some(),
            Command::AllOptions => self.setup.has_more(),
            Command::Up | Command::Down => match self.part {
                Part::Content => self.lanes.is_empty() || self.last() > 0,
                _ => true,
            },
            _ => command.moves() || command.edits() && typing,
        }
    }

    fn run(&mut self, command: Command, shell: &mut Shell) {
        match command {
            Command::Send if self.part == Part::Setup => self.setup.commit(),
            Command::Send => self.send(shell),
            Command::NextPart => self.next_part(true),
            Command::PreviousPart => self.next_part(false),
            Command::ToInput => self.part = Part::Input,
            Command::Back => self.back(),
            Command::Stop => self.stop(shell),
            Command::Open => self.open(shell),
            Command::Examples => self.show_examples(shell),
            Command::ChooseTask => self.choose(Choosing::Task, shell),
            Command::ChooseModel => self.choose(Choosing::Model, shell),
            Command::Beside => self.choose(Choosing::Beside, shell),
            Command::Measure => self.choose(Choosing::Measure, shell),
            Command::Fetch => self.choose(Choosing::Fetch, shell),
            Command::StopFetch => {
                if let Some(id) = self.fetched(shell).map(str::to_owned) {
                    shell.stop_fetch(&id);
                }
            }
            Command::AllOptions => {
                self.setup.leave();
                self.setup.toggle_all();
                self.part = Part::Setup;
            }
            Command::Again => self.again(shell),
            Command::Edit => self.edit(),
            Command::Copy => self.copy(shell),
            Command::Up | Command::Down if self.context() == Context::Prompt => {
                self.run_typing(command, shell);
            }
            _ if command.moves() && !self.setup.is_editing() => self.run_move(command),
            _ => self.run_typing(command, shell),
        }
    }

    fn type_char(&mut self, c: char, _shell: &mut Shell) {
        match self.setup.editor() {
            Some(editor) => editor.type_char(c),
            None => self.input.type_char(c),
        }
    }

    fn paste(&mut self, text: &str, shell: &mut Shell) {
        let whole = if let Some(editor) = self.setup.editor() {
            editor.paste(text)
        } else {
            self.part = Part::Input;
            self.input.paste(text)
        };
        if !whole {
            shell.say("The pasted text was cut at 64 KB; a line @FILE reads a longer one.");
        }
    }

    fn input_is_empty(&self) -> bool {
        self.part == Part::Input && self.input.is_empty()
    }

    fn put(&mut self, text: &str, _shell: &mut Shell) {
        self.setup.leave();
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
            shell.history_mut(Kept::Texts).push(&typed);
        }
        shell.say("Cleared. Up brings it back.");
        true
    }

    fn hear(&mut self, report: Event, shell: &mut Shell) -> Option<Event> {
        match report {
            Event::Shelf(shelf) => {
                // The Chat pane looks at it too.
                self.stock.take(shelf.clone());
                self.restock(shell);
                Some(Event::Shelf(shelf))
            }
            Event::Engine(mut report) => {
                report.news = self.told(report.ticket, report.news)?;
                Some(Event::Engine(report))
            }
            Event::CardRead { ticket, card } => self.learned(ticket, card, shell),
            other => Some(other),
        }
    }

    fn layout(&mut self, shell: &Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let body = chrome::body(area, self.input.rows(area.width));
        self.room.wide = whole.width >= WIDE;
        self.size = (body.content.width, body.content.height);
        let cells = usize::from(self.columns(body.content)[0].width);
        let paper = Paper {
            theme: shell.theme,
            cells,
        };
        for lane in &mut self.lanes {
            lane.layout(paper);
        }
        self.scroll = if self.follows {
            self.last()
        } else {
            self.scroll.min(self.last())
        };
    }

    fn ahead(&self) -> Option<Ahead> {
        let context = if self.lanes.is_empty() {
            Context::Samples
        } else {
            Context::Outcome
        };
        let label = context.label();
        Some(Ahead { label, context })
    }

    fn take_on(&mut self, errand: Errand, shell: &mut Shell) {
        if let Errand::Try(wish) = errand {
            self.take_wish(&wish, shell);
        }
    }

    fn click(&mut self, at: Position, shell: &mut Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let body = chrome::body(area, self.input.rows(area.width));
        if body.input.contains(at) {
            self.part = Part::Input;
        } else if at.y < area.y + ABOVE {
            self.part = Part::Setup;
        } else if self.part != Part::Setup {
            self.part = Part::Content;
        }
    }

    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.draw(shell, area, buffer)
    }
}
