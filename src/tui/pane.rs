//! What a pane is, and what the desk lends it.
//!
//! To add a pane, write its file, implement [`Pane`], and name it in [`super::App::new`].

use std::fmt;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::event::{Effect, Event};
use super::fetches::Fetches;
use super::history::{History, Kept};
use super::keymap::{Command, Context, Keymap};
use super::picker::Picker;
use super::runs::Runs;
use super::theme::Theme;
use super::wording::Wording;
use crate::advisor::offer::Offer;
use crate::error::{Error, Notice};
use crate::finetune::plan::Plan;
use crate::hub::Hub;
use crate::jobs::engine::Order;
use crate::jobs::tuning::Draft;
use crate::jobs::{Opened, Request};
use crate::settings::{Notify, Settings};

/// What the user's settings say of how the desk looks and listens.
#[derive(Debug, Clone)]
pub struct Look {
    /// Styles.
    pub theme: Theme,
    /// Which key does what.
    pub keymap: Keymap,
    /// Whether the desk listens to the mouse from the start.
    pub mouse: bool,
    /// Whether the end of something long is told outside the screen.
    pub notify: bool,
    /// Where models are fetched from.
    pub host: String,
}

/// Where models are fetched from, unless the user says otherwise.
const HOST: &str = "huggingface.co";

impl Look {
    /// The look that the user has set, and what of their keys does not fit.
    pub fn of(settings: &Settings) -> (Self, Vec<Notice>) {
        let (keymap, misfits) = Keymap::new(&settings.keys);
        let notices = misfits.into_iter().map(|misfit| {
            let field = format!("keys.{}", misfit.command);
            settings.notice(misfit.line, &field, &misfit.what)
        });
        let look = Self {
            theme: Theme::new(settings.in_colour()),
            keymap,
            mouse: settings.mouse,
            notify: settings.notify == Notify::Auto,
            // What is wrong with the variables is told by the first fetch.
            host: Hub::of_environment(settings).map_or_else(|_| HOST.to_owned(), |hub| hub.host()),
        };
        (look, notices.collect())
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            theme: Theme::new(true),
            keymap: Keymap::default(),
            mouse: false,
            notify: false,
            host: HOST.to_owned(),
        }
    }
}

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
    /// Which key does what.
    pub(super) keymap: Keymap,
    /// Models that are being fetched.
    pub(super) fetches: Fetches,
    /// The fine-tunes.
    pub(super) runs: Runs,
    /// Where models are fetched from.
    pub(super) host: String,
    /// Earlier inputs, by what they belong to.
    histories: [History; Kept::ALL.len()],
    /// Whether the desk listens to the mouse.
    pub(super) mouse: bool,
    /// One sentence that stands in the footer until the next key.
    pub(super) notice: Option<String>,
    /// A command that a pane asks the desk to do, such as a typed `/quit`.
    pub(super) asked: Option<Command>,
    /// What a pane hands to another one.
    pub(super) errand: Option<Errand>,
    /// A list that a pane offers; what is taken of it comes back as [`Pane::chosen`].
    pub(super) list: Option<Picker>,
    effects: Vec<Effect>,
    tickets: u64,
}

/// What a pane hands to another one, which is shown then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// A question for the Ask pane.
    Ask(String),
    /// A model for the Models pane, by id.
    Card(String),
    /// A filter for the Models pane.
    Filter(String),
    /// A model for the Try pane.
    Try(Wish),
    /// A model for the Tune pane, by id.
    Tune(String),
}

/// A model that somebody wants to try.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Its id.
    pub(super) id: String,
    /// What is known of it, where that is at hand.
    pub(super) offer: Option<Offer>,
    /// The task that was asked about.
    pub(super) task: Option<String>,
    /// The domain that was asked about.
    pub(super) domain: Option<String>,
    /// What is to be done with it, once it is shown.
    pub(super) then: Option<Command>,
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
    pub(super) fn new(size: Size, look: Look, wording: Arc<dyn Wording>) -> Self {
        Self {
            size,
            theme: look.theme,
            keymap: look.keymap,
            mouse: look.mouse,
            wording,
            library: Library::Opening,
            fetches: Fetches::default(),
            runs: Runs::default(),
            host: look.host,
            histories: Default::default(),
            notice: None,
            asked: None,
            errand: None,
            list: None,
            effects: Vec::new(),
            tickets: 0,
        }
    }

    /// Earlier inputs of one kind.
    pub(super) fn history(&self, kept: Kept) -> &History {
        &self.histories[kept as usize]
    }

    /// Earlier inputs of one kind, to add to.
    pub(super) fn history_mut(&mut self, kept: Kept) -> &mut History {
        &mut self.histories[kept as usize]
    }

    /// Keeps an input for Up and Ctrl+R, now and the next time.
    pub(super) fn keep(&mut self, kept: Kept, text: &str) {
        self.history_mut(kept).push(text);
        self.effect(Effect::Keep(kept, text.to_owned()));
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

    /// Hands an order to the engine's thread; the ticket comes back in its reports.
    pub(super) fn order(&mut self, make: impl FnOnce(u64) -> Order) -> u64 {
        self.tickets += 1;
        let order = make(self.tickets);
        self.effect(Effect::Order(order));
        self.tickets
    }

    /// Has some steps of a plan taken; the ticket comes back in the report.
    pub(super) fn measure(&mut self, plan: Box<Plan>) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        self.effect(Effect::Measure { ticket, plan });
        ticket
    }

    /// Has what was chosen planned; the ticket comes back in the report.
    pub(super) fn plan(&mut self, draft: Box<Draft>) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        self.effect(Effect::Plan { ticket, draft });
        ticket
    }

    /// Begins to fetch the model `id`, of which so many bytes were spoken of.
    pub(super) fn fetch(&mut self, id: &str, bytes: u64) {
        self.tickets += 1;
        let (ticket, host) = (self.tickets, self.host.clone());
        let request = self.fetches.begin(id, bytes, &host, ticket);
        self.effect(Effect::Hub(request));
    }

    /// Stops fetching the model `id`; what has arrived stays.
    pub(super) fn stop_fetch(&mut self, id: &str) {
        if let Some(ticket) = self.fetches.stop(id) {
            self.effect(Effect::StopHub(ticket));
        }
    }

    /// Does what a text in an input says, where it is a command: `/quit`, `:q`. None when it is no
    /// command, false when no command has that name, which is said.
    pub(super) fn obey(&mut self, text: &str) -> Option<bool> {
        let name = match text.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => return None,
            Some(rest) => rest,
            None => text
                .strip_prefix(':')
                .filter(|rest| *rest == "q" || *rest == "quit")?,
        };
        let found = Command::ALL.iter().find(|c| c.names().contains(&name));
        self.asked = found.copied();
        if found.is_none() {
            self.say(format!(
                "There is no command /{}. / lists them; // begins a text with a slash.",
                crate::text::line(name)
            ));
        }
        Some(found.is_some())
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

    /// Which earlier inputs are its own.
    fn kept(&self) -> Kept;

    /// The text of its input, to be written elsewhere.
    fn draft(&self) -> String;

    /// Takes a click at a cell of its area.
    fn click(&mut self, at: Position, shell: &mut Shell);

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

    /// What would be cut if the desk were left now, as the beginning of a sentence.
    fn cut(&self) -> Option<&'static str> {
        None
    }

    /// Takes line `n` of the list that it offered last.
    fn chosen(&mut self, _n: usize, _shell: &mut Shell) {}

    /// Called when the pane comes to the front.
    fn entered(&mut self, _shell: &mut Shell) {}

    /// Takes over what another pane hands to it.
    fn take_on(&mut self, errand: Errand, shell: &mut Shell);

    /// Where Tab leads from here, when this is the input.
    fn ahead(&self) -> Option<Ahead>;

    /// Draws what is between the header's rule and the footer; returns the cell of the cursor.
    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position>;
}
