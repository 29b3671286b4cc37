//! `modeldesk cards`: list, read, check, add, import and remove model cards.

mod change;
mod check;
mod import;
mod list;
mod show;

use clap::{Subcommand, ValueEnum};

use super::out::{self, Out};
use super::{Exit, Result};
use crate::card::Origin;
use crate::files::Folders;
use crate::index::{Library, Notice};
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  modeldesk cards list --source user
  modeldesk cards show google/flan-t5-base
  modeldesk cards check my-model/README.md
  modeldesk cards import models.jsonl.gz"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the cards on this disk
    List(list::Arguments),
    /// Print a card
    Show(show::Arguments),
    /// Say what is wrong with cards, with lines and hints
    Check(check::Arguments),
    /// Add cards of your own
    Add(change::AddArguments),
    /// Import many cards at once
    Import(import::Arguments),
    /// Remove cards that were added or imported
    Remove(change::RemoveArguments),
}

pub(super) fn run(arguments: Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments, settings, out),
        Command::Show(arguments) => show::run(&arguments, out),
        Command::Check(arguments) => check::run(&arguments, out),
        Command::Add(arguments) => change::add(&arguments, out),
        Command::Import(arguments) => import::run(&arguments, out),
        Command::Remove(arguments) => change::remove(&arguments, out),
    }
}

/// Where a card came from, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Source {
    /// Ships with the program
    BuiltIn,
    /// Added by you
    User,
    /// Written by a fine-tune of yours
    Run,
    /// Imported in bulk, unchecked
    Imported,
}

impl From<Source> for Origin {
    fn from(source: Source) -> Self {
        match source {
            Source::BuiltIn => Self::BuiltIn,
            Source::User => Self::User,
            Source::Run => Self::Run,
            Source::Imported => Self::Imported,
        }
    }
}

/// The library of this user; says what there is to say about its state.
fn library() -> Result<Library> {
    let (library, notices) = Library::open(&Folders::of_user()?)?;
    say_all(&notices);
    Ok(library)
}

/// Says what happened to the library meanwhile.
fn say_notices(library: &Library) {
    say_all(&library.take_notices());
}

fn say_all(notices: &[Notice]) {
    for notice in notices {
        out::say("note", &notice.0);
    }
}
