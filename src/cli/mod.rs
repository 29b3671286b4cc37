//! The command line: one file a subcommand, and what all of them hold to.
//!
//! Exit code 0 done, 1 failed, 2 wrong usage, 130 interrupted. With `--json` standard output has
//! data and nothing else; what is for people goes to standard error. A reader that closes the
//! pipe ends the program quietly.

mod ask;
mod bench;
mod cards;
mod chat;
mod compare;
mod completions;
mod doctor;
mod eval;
mod interrupt;
mod model;
pub mod out;
mod plain;
mod pull;
mod try_model;
mod tune;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;

use clap::{Parser, Subcommand};

use crate::error::{Kind, Notice, Result};
use crate::files::Folders;
use crate::settings::Settings;
use crate::tui::Look;
use crate::{jobs, text};
use out::Out;

/// How a command that was carried out ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Exit code 0.
    Done,
    /// Exit code 1; what failed was said.
    Failed,
    /// Exit code 130.
    Interrupted,
}

const EXAMPLES: &str = "\
Examples:
  modeldesk                                    the desk, on a terminal
  modeldesk ask \"Which model is best for summarizing legal documents?\"
  modeldesk compare bert distilbert            side by side
  modeldesk pull google/flan-t5-small          fetch a model from the hub
  modeldesk try DIR \"Some text.\"                run a model on a text
  modeldesk chat DIR                           talk to a model, line by line
  modeldesk eval DIR --data test.csv           how good it is, and how sure that is
  modeldesk cards list                         the model cards on this disk
  modeldesk cards show google/flan-t5-base     read one
  modeldesk cards import models.jsonl.gz       index cards of your own, in bulk

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// Which model should I use, and how? Answers from model cards on this disk.
#[derive(Debug, Parser)]
#[command(name = "modeldesk", version, after_help = EXAMPLES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer a question: which model, and how
    Ask(ask::Arguments),
    /// Set two to five models side by side
    Compare(compare::Arguments),
    /// List, read, check, add and import model cards
    Cards(cards::Arguments),
    /// Fetch a model from the hub, or go on with what was interrupted
    Pull(pull::Arguments),
    /// Run a model on a text, or on a file of them
    Try(Box<try_model::Arguments>),
    /// Talk to a model, line by line
    Chat(Box<chat::Arguments>),
    /// Look at data as a model would learn from it
    Tune(Box<tune::Arguments>),
    /// Measure how good a model is on rows whose answers are known
    Eval(Box<eval::Arguments>),
    /// Measure how fast a model is here, and what it takes
    Bench(bench::Arguments),
    /// Say what this machine has, where things are, and what would run
    Doctor(doctor::Arguments),
    /// Print the completions of a shell
    Completions(completions::Arguments),
}

impl Command {
    fn run(self, own: &Own, out: &mut Out) -> Result<Exit> {
        if !matches!(self, Self::Doctor(_) | Self::Completions(_)) {
            for notice in &own.notices {
                out::say("note", &notice.0);
            }
        }
        match self {
            Self::Ask(arguments) => ask::run(&arguments, &own.settings, out),
            Self::Compare(arguments) => compare::run(&arguments, &own.settings, out),
            Self::Cards(arguments) => cards::run(arguments, &own.settings, out),
            Self::Pull(arguments) => pull::run(&arguments, &own.settings, out),
            Self::Try(arguments) => try_model::run(&arguments, &own.settings, out),
            Self::Chat(arguments) => chat::run(&arguments, &own.settings, out),
            Self::Tune(arguments) => tune::run(&arguments, &own.settings, out),
            Self::Eval(arguments) => eval::run(&arguments, &own.settings, out),
            Self::Bench(arguments) => bench::run(&arguments, &own.settings, out),
            Self::Doctor(arguments) => doctor::run(&arguments, own, out),
            Self::Completions(arguments) => completions::run(&arguments, out),
        }
    }
}

/// What the user has set, and what of it is not used.
#[derive(Debug)]
struct Own {
    settings: Settings,
    look: Look,
    notices: Vec<Notice>,
}

impl Own {
    /// Reads the settings, and applies those that hold for the whole program. A command may say on
    /// how many threads it computes.
    fn read(threads: Option<NonZeroUsize>) -> Self {
        // Who has no folders is told by what needs them.
        let (settings, mut notices) = match Folders::of_user() {
            Ok(folders) => Settings::read(&folders),
            Err(_) => (Settings::default(), Vec::new()),
        };
        out::paint(settings.in_colour());
        if let Some(Err(error)) = threads.or(settings.threads).map(jobs::compute_on) {
            notices.push(Notice(error.to_string()));
        }
        let (look, misfits) = Look::of(&settings);
        notices.extend(misfits);
        Self {
            settings,
            look,
            notices,
        }
    }
}

/// Runs the program with these arguments (the first is its name) and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            explain(&error);
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let mut out = Out::new();
    let threads = match &parsed.command {
        Some(Command::Tune(arguments)) => arguments.threads(),
        _ => None,
    };
    let own = Own::read(threads);
    let ended = match parsed.command {
        Some(command) => command.run(&own, &mut out),
        None => desk(own, &mut out),
    };
    let ended = ended.and_then(|exit| out.finish().map(|()| exit));
    match ended {
        Ok(Exit::Done) => 0,
        Ok(Exit::Failed) => 1,
        Ok(Exit::Interrupted) => 130,
        Err(error) => {
            out::report(&error);
            match error.kind() {
                Kind::Failed => 1,
                Kind::Usage => 2,
                Kind::Interrupted => 130,
            }
        }
    }
}

/// Prints help, or what is wrong with the arguments. These are quoted in it, so they are cleaned
/// where they would steer the terminal; a closed pipe is no reason to fail.
fn explain(error: &clap::Error) {
    let plain = error.to_string();
    let safe = text::block(&plain);
    if *safe == *plain {
        let _ = error.print();
    } else {
        let _ = write!(io::stderr(), "{safe}");
    }
}

/// Without a subcommand: the desk, in plain words where they are wanted; without a terminal what
/// this is and what to try.
fn desk(own: Own, out: &mut Out) -> Result<Exit> {
    if own.settings.accessible() {
        for notice in &own.notices {
            out::say("note", &notice.0);
        }
        return plain::run(&own.settings, out);
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        crate::tui::run(&Folders::of_user()?, &own.settings, own.look, own.notices)?;
        return Ok(Exit::Done);
    }
    out.line("modeldesk answers which model to use, and how, from model cards on this disk.");
    out.line("The desk needs a terminal; these work without one.");
    out.line("");
    out.line(EXAMPLES);
    out.finish()?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_examples() {
        fn visit(command: &clap::Command) {
            for sub in command
                .get_subcommands()
                .filter(|sub| sub.get_name() != "help")
            {
                let help = sub
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(
                    help.contains("Example"),
                    "`{}` has no examples",
                    sub.get_name()
                );
                visit(sub);
            }
        }
        visit(&Arguments::command());
    }
}
