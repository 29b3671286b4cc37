//! What a pane is, and what the desk lends it.
//!
//! To add a pane, write its file, implement [`Pane`], and name it in [`super::App::new`].

use std::fmt;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::event::{Effect, Event};
use super::history::History;
use super::keymap::{Command, Context};
use super::theme::Theme;
use super::wording::Wording;
use crate::error::Error;
use crate::jobs::{Opened, Request};

/// The library, as far as the desk has heard.
#[derive(Debug)]
pub(super) enum Library {
    /// The advisor's thread is at it.
    Opening,
    /// Open.
    Open(Opened),
    /// Cannot be opened; lines to show.
    Failed(Vec<String>),
}

/// What all panes share.
pub(super) struct Shell {
    /// The terminal's size.
    pub(super) size: Size,
    /// Styles.
    pub(super) theme: Theme,
    /// The advisor's words.
    pub(super) wording: Arc<dyn Wording>,
    /// The library.
    pub(super) library: Library,
    /// Earlier inputs.
    pub(super) history: History,
    /// One sentence that stands in the footer until the next key.
    pub(super) notice: Option<String>,
    /// A command that a pane asks the desk to do, such as a typed `/quit`.
    pub(super) asked: Option<Command>,
    effects: Vec<Effect>,
    tickets: u64,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Shell {
    /// A desk's shared state before anything has been heard.
    pub(super) fn new(size: Size, theme: Theme, wording: Arc<dyn Wording>) -> Self {
        Self {
            size,
            theme,
            wording,
            library: Library::Opening,
            history: History::default(),
            notice: None,
            asked: None,
            effects: Vec::new(),
            tickets: 0,
        }
    }

    /// Asks the loop for something.
    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// What was asked of the loop since the last call.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Hands a request to the advisor's thread; the ticket comes back in the report.
    pub(super) fn request(&mut self, make: impl FnOnce(u64) -> Request) -> u64 {
        self.tickets += 1;
        let request = make(self.tickets);
        self.effect(Effect::Request(request));
        self.tickets
    }

    /// Shows a sentence in the footer until the next key.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(text.into());
    }
}

/// An error as lines to show: what failed and where, then the hint. Safe to show.
pub(super) fn told(error: &Error) -> Vec<String> {
    let mut lines = vec![crate::text::line(&error.to_string()).into_owned()];
    if let Some(hint) = error.hint_text() {
        lines.push(format!("hint: {}", crate::text::line(hint)));
    }
    lines
}

/// Where Tab leads from the input, for the footer.
pub(super) struct Ahead {
    /// What that part is called.
    pub(super) label: &'static str,
    /// What its keys are.
    pub(super) context: Context,
}

/// A pane: it turns commands and reports into state, and state into a picture.
pub(super) trait Pane {
    /// The word on its tab.
    fn title(&self) -> &'static str;

    /// Where the focus is.
    fn context(&self) -> Context;

    /// Whether `command` would do something now.
    fn can(&self, command: Command, shell: &Shell) -> bool;

    /// Does `command`, if it is one of the pane's.
    fn run(&mut self, command: Command, shell: &mut Shell);

    /// Takes a character, while the context is a typing one.
    fn type_char(&mut self, c: char, shell: &mut Shell);

    /// Takes pasted text, wherever the focus is.
    fn paste(&mut self, text: &str, shell: &mut Shell);

    /// Whether the text that has the focus is empty.
    fn input_is_empty(&self) -> bool;

    /// Puts a text into the input, and the focus with it.
    fn put(&mut self, text: &str, shell: &mut Shell);

    /// Stops what the pane waits for, else clears its input; false when there was neither.
    fn interrupt(&mut self, shell: &mut Shell) -> bool;

    /// Takes a report that it waits for; gives back any other.
    fn hear(&mut self, report: Event, shell: &mut Shell) -> Option<Event>;

    /// Fits what is shown to the size; called after every change.
    fn layout(&mut self, shell: &Shell);

    /// Where Tab leads from here, when this is the input.
    fn ahead(&self) -> Option<Ahead>;

    /// Draws what is between the header's rule and the footer; returns the cell of the cursor.
    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position>;
}
