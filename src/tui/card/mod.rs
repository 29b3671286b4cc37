//! A model card, opened at the line that an answer cites: its text, its facts, and the cards
//! beside it, each of which opens over the one before.

mod entries;
mod listing;
mod page;
mod source;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::page::Page;
use super::find::Finder;
use super::keymap::{Command, Context};
use super::theme::Theme;
use crate::advisor::offer::Offer;
use crate::card::Origin;
use crate::error::Result;
use crate::jobs::OpenCard;

/// Most cards that are open one over the other; the oldest gives way.
const DEEPEST: usize = 64;

/// What an origin is called on the screen.
pub(super) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "built-in",
        Origin::User | Origin::Run => "yours",
        Origin::Imported => "hub, unchecked",
    }
}

/// The cards that were opened, the last of which is shown.
#[derive(Debug)]
pub(super) struct CardView {
    page: Page,
    /// Those it was opened from, the first one first.
    below: Vec<Page>,
    finder: Finder,
}

impl CardView {
    /// The card `id` at line `cited`, 0 for none, once request `ticket` is answered.
    pub(super) fn new(id: &str, cited: usize, ticket: u64) -> Self {
        Self {
            page: Page::new(id, cited, ticket),
            below: Vec::new(),
            finder: Finder::default(),
        }
    }

    /// What `y` copies: `id:line` of what is read, or the id of a selected card.
    pub(super) fn place(&self) -> String {
        self.page.place()
    }

    /// The id of the card, once it is there and of a model; and what it can be tried for.
    pub(super) fn model(&self) -> Option<(&str, Option<&Offer>)> {
        self.page.model()
    }

    /// What its keys are.
    pub(super) fn context(&self) -> Context {
        if self.finder.is_typing() {
            Context::Find
        } else {
            Context::Card
        }
    }

    /// Whether it waits for this request.
    pub(super) fn waits_for(&self, ticket: u64) -> bool {
        self.page.waits_for(ticket)
    }

    /// Takes the card that was asked for. [`Self::layout`] has to follow.
    pub(super) fn hear(&mut self, card: Result<Option<OpenCard>>) {
        self.page.hear(card);
    }

    /// The card that Enter opens from here, where that is another than this one: whoever owns the
    /// view requests it and hands the ticket to [`Self::enter`].
    pub(super) fn wanted(&self) -> Option<String> {
        self.page.wanted()
    }

    /// Opens the card `id` over this one, once request `ticket` is answered.
    pub(super) fn enter(&mut self, id: &str, ticket: u64) {
        let before = std::mem::replace(&mut self.page, Page::new(id, 0, ticket));
        if self.below.len() >= DEEPEST {
            self.below.remove(0);
        }
        self.below.push(before);
    }

    /// One step back inside the view: to the facts, or to the card that this one was opened from.
    /// False when there is none, and the view itself is what goes.
    pub(super) fn back(&mut self) -> bool {
        if self.finder.leave() || self.page.back() {
            return true;
        }
        let before = self.below.pop();
        let was = before.is_some();
        if let Some(before) = before {
            self.page = before;
        }
        was
    }

    /// Fits what is shown to an area of that size.
    pub(super) fn layout(&mut self, columns: u16, rows: u16) {
        self.page.layout(columns, rows);
    }

    /// Whether there is more text below.
    pub(super) fn goes_on(&self) -> bool {
        self.page.goes_on()
    }

    /// Whether `command` would do something now.
    pub(super) fn can(&self, command: Command) -> bool {
        match command {
            _ if self.finder.is_typing() => command.edits(),
            Command::Find => self.page.is_text(),
            Command::FindNext | Command::FindPrevious => {
                self.page.is_text() && !self.finder.sought().is_empty()
            }
            Command::Copy => true,
            Command::Try => self.model().is_some(),
            _ => self.page.can(command),
        }
    }

    /// Scrolls, walks the tabs, opens a fact at its line, shows the text as it is, finds words.
    /// Returns what there is to say.
    pub(super) fn run(&mut self, command: Command) -> Option<String> {
        match command {
            _ if self.finder.is_typing() => {
                if self.finder.run(command) {
                    return self.find(true);
                }
            }
            Command::Find => self.finder.begin(),
            Command::FindNext => return self.find(true),
            Command::FindPrevious => return self.find(false),
            _ => self.page.run(command),
        }
        None
    }

    fn find(&mut self, forward: bool) -> Option<String> {
        let words = self.finder.sought();
        let found = self.page.find(words, forward);
        let words = crate::text::line(words);
        (!found).then(|| format!("The card does not have: {words}"))
    }

    /// Takes a character of the words to find.
    pub(super) fn type_char(&mut self, c: char) {
        self.finder.type_char(c);
    }

    /// Draws the card; returns the cell of the cursor while words to find are typed.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.page.view(theme, area, buffer);
        self.finder.view(theme, area, buffer)
    }
}
