//! The desk: panes on a terminal. The only code that knows ratatui.
//!
//! `run` takes events from one channel: keys, reports of threads, signals. `App::update` turns
//! an event into state and effects, `view` turns the state into a frame, and both do no input or
//! output, so that every screen can be tested without a terminal.
//!
//! - `event`, `app`, `pane`: events and effects, the desk's state, what a pane is
//! - `keymap`: every key, from which dispatch, footer, help and palette are made
//! - `ask`, `models`, `try_model`, `tune`: the panes; `views`: what lies over any of them: `card` at a cited line,
//!   `compare` side by side, `script` for what does not run here; `awaited`: what they wait for;
//!   `fetches`: models on their way to this disk; `runs`: fine-tunes; `find`: words in what is read; `markdown`: rows of a text
//! - `input`, `editor`, `history`: typing; `picker`, `plain`: what lies over a pane
//! - `chrome`, `theme`, `wrap`: what stands around a pane, styles, rows
//! - `run`, `keys_in`, `terminal`, `signals`, `clipboard`, `external`, `notice`: the loop, what it
//!   reads, and what it does for the desk

mod app;
mod ask;
mod awaited;
mod card;
mod chat;
mod chrome;
mod clipboard;
mod compare;
mod editor;
mod event;
mod external;
mod fetches;
mod find;
mod flow;
mod history;
mod input;
pub mod keymap;
mod keys_in;
mod markdown;
mod models;
mod notice;
mod pane;
mod picker;
mod plain;
mod run;
mod runs;
mod script;
mod signals;
mod terminal;
mod theme;
mod try_model;
mod tune;
mod views;
mod wording;
mod wrap;

pub use app::{App, view};
pub use clipboard::Outcome;
pub use event::{Effect, Event, Leave, Mouse};
pub use history::Kept;
pub use pane::Look;
pub use theme::Theme;
pub use wording::{Advised, Wording};

use std::sync::Arc;

use crate::error::{Notice, Result};
use crate::files::Folders;
use crate::jobs::{self, Engine, Opened};
use crate::settings::Settings;

/// Opens what answers questions; runs on the advisor's thread, so that the first frame waits for
/// nothing.
pub trait Opener<E>: FnOnce() -> Result<(E, Opened)> + Send + 'static {}

impl<E, F: FnOnce() -> Result<(E, Opened)> + Send + 'static> Opener<E> for F {}

/// Runs the desk of a user until they leave it; `said` is what is wrong with their settings.
///
/// # Errors
/// When the terminal cannot be used, or goes away.
pub fn run(folders: &Folders, settings: &Settings, look: Look, said: Vec<Notice>) -> Result<()> {
    let (own, set) = (folders.clone(), settings.clone());
    run_with(folders, settings, look, Arc::new(Advised), move || {
        let (advisor, mut opened) = jobs::open_advisor(&own, &set)?;
        opened.notices.splice(0..0, said);
        Ok((advisor, opened))
    })
}

/// As [`run()`], over anything that answers questions, and in any words.
///
/// # Errors
/// When the terminal cannot be used, or goes away.
pub fn run_with<E: Engine>(
    folders: &Folders,
    settings: &Settings,
    look: Look,
    wording: Arc<dyn Wording>,
    open: impl Opener<E>,
) -> Result<()> {
    run::ended(run::run(folders, settings, look, wording, open)?)
}
