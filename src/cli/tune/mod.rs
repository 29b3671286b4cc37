//! `modeldesk tune`: from data to a model that has learned from it, in runs whose folders say
//! everything about them.

mod arguments;
mod compare;
mod control;
mod data;
mod export;
mod marks;
mod preview;
mod run;
mod show;
mod start;
mod watch;
mod words;

use std::num::NonZeroUsize;

use clap::Subcommand;

use super::out::Out;
use super::{Exit, Result};
use crate::finetune::run::{Ask, Run};
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  modeldesk tune preview --train support.jsonl --model openai-community/gpt2
  modeldesk tune plan --model openai-community/gpt2 --train support.jsonl
  modeldesk tune start --model openai-community/gpt2 --train support.jsonl
  modeldesk tune watch support-gpt2
  modeldesk tune list"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is understood of data, what is wrong with it, and show rows as the model sees them
    Preview(Box<preview::Arguments>),
    /// Say what a run would be: steps, memory, time
    Plan(Box<start::Arguments>),
    /// Start a run
    Start(Box<start::Arguments>),
    /// Work on a run in this process
    Run(run::Arguments),
    /// Follow a run
    Watch(watch::Arguments),
    /// Let a run rest after a checkpoint
    Pause(control::Named),
    /// Go on with a run
    Resume(control::Resume),
    /// End a run now, with a result
    Stop(control::Named),
    /// Make a run longer
    Extend(control::Extend),
    /// List the runs
    List(control::List),
    /// Set runs side by side
    Compare(compare::Arguments),
    /// Make a model that stands alone of a run's adapter
    Export(export::Arguments),
    /// Remove a run and everything in it
    Delete(control::Delete),
}

impl Arguments {
    /// The threads that the plan of a run says, for a process that works on one.
    pub(super) fn threads(&self) -> Option<NonZeroUsize> {
        let Command::Run(arguments) = &self.command else {
            return None;
        };
        let plan = Run::at(&arguments.folder).plan().ok()?;
        NonZeroUsize::new(plan.threads)
    }
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    match &arguments.command {
        Command::Compare(arguments) => compare::run(arguments, out),
        Command::Export(arguments) => export::run(arguments, settings, out),
        Command::Preview(arguments) => preview::run(arguments, settings, out),
        Command::Plan(arguments) => start::plan(arguments, settings, out),
        Command::Start(arguments) => start::run(arguments, settings, out),
        Command::Run(arguments) => run::run(arguments, out),
        Command::Watch(arguments) => watch::run(arguments, out),
        Command::Pause(arguments) => control::ask(arguments, Ask::Pause, out),
        Command::Resume(arguments) => control::resume(arguments, out),
        Command::Stop(arguments) => control::ask(arguments, Ask::Stop, out),
        Command::Extend(arguments) => control::extend(arguments, out),
        Command::List(arguments) => control::list(arguments, out),
        Command::Delete(arguments) => control::delete(arguments, out),
    }
}
