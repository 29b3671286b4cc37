//! `cargo xtask parity`: what this program reads and computes, held against others.

pub(crate) mod cards;
mod models;
mod precision;
mod probe;

use std::path::PathBuf;

use modeldesk::error::{Error, Result};

/// What to hold against what.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Parity {
    /// Hold the front matter of every card below a folder against `PyYAML`'s reading
    Cards {
        /// A folder of cards: *.md, at any depth
        dir: PathBuf,
    },
    /// Hold models of any size against transformers, on texts of yours
    Models(models::Arguments),
    /// Hold q8 and q4 against f32, by what a probe on each model makes of texts of yours
    Precision(precision::Arguments),
}

/// Whether all that was compared agrees.
pub(crate) fn run(parity: &Parity) -> Result<bool> {
    match parity {
        Parity::Cards { dir } => cards::run(dir),
        Parity::Models(arguments) => models::run(arguments),
        Parity::Precision(arguments) => precision::run(arguments),
    }
}

/// A file of the user's, as text.
fn text(path: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}
