//! `cargo xtask`: what is run by hand and not on every change.
//!
//! - `soak`: the fault tests with the full counts of their table
//! - `captures`: the screens in README.md, taken from the real desk
//! - `peers`: the models' speed beside other programs
//! - `parity`: cards, models and precisions, held against other readers and each other

mod captures;
mod parity;
mod peers;
mod project;
mod soak;
#[allow(dead_code, reason = "benches/desk.rs uses what is not used here")]
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use modeldesk::error::Result;

/// Tools of the project that are run by hand.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the fault tests with their full counts
    Soak(soak::Arguments),
    /// Take the screens of README.md from the real desk
    Captures {
        /// Write nothing; fail when README.md differs from what the desk shows
        #[arg(long)]
        check: bool,
    },
    /// Run other programs in turn with `cargo bench --bench models`, and print the ratios
    Peers(peers::Arguments),
    /// Hold what this program reads and computes against others
    #[command(subcommand)]
    Parity(parity::Parity),
    /// Read one hostile card, and say what it cost; run by `soak` for each
    #[command(hide = true)]
    HostileCard {
        /// How many bytes it has; it comes on standard input
        bytes: usize,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            project::say(&format!("error: {error}"));
            if let Some(hint) = error.hint_text() {
                project::say(&format!("hint: {hint}"));
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether what was run found nothing wrong.
fn run(command: Command) -> Result<bool> {
    match command {
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Captures { check } => captures::run(check),
        Command::Peers(arguments) => peers::run(&arguments),
        Command::Parity(parity) => parity::run(&parity),
        Command::HostileCard { bytes } => soak::hostile::child(bytes),
    }
}
