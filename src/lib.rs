//! The desk as a library; the binary parses, dispatches and sets the exit code.
//!
//! A question goes down this list and an answer comes back up. Each module may use those below
//! it and none above it:
//!
//! - [`cli`]: the command line, one file a subcommand
//! - [`tui`]: the desk's panes; the only code that knows ratatui
//! - [`jobs`]: the only threads and channels
//! - [`advisor`]: question, constraints, ranked models, claims; comparison; plan; this machine
//! - [`finetune`]: rows to what a model learns from, and the learning
//! - [`model`]: the models themselves, for inference and training
//! - [`hub`]: the models on this disk, in the cache that Python's clients share, and their way there
//! - [`index`]: the search index and the store of the user's cards
//! - [`settings`]: what the user has set in `config.yaml`
//! - [`card`]: model cards, read and checked; every fact remembers its line
//! - [`files`], [`text`], [`error`]: safe writes, safe text, errors that say what to do

pub mod advisor;
pub mod card;
pub mod cli;
pub mod digest;
pub mod error;
pub mod files;
pub mod finetune;
pub mod hub;
pub mod index;
pub mod jobs;
pub mod model;
pub mod settings;
pub mod text;
pub mod tui;
