//! `modeldesk tune`: from data to a model that has learned from it.

mod data;
mod marks;
mod preview;

use clap::Subcommand;

use super::out::Out;
use super::{Exit, Result};
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  modeldesk tune preview --train reviews.csv
  modeldesk tune preview --train support.jsonl --model openai-community/gpt2"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is understood of data, what is wrong with it, and show rows as the model sees them
    Preview(Box<preview::Arguments>),
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    match &arguments.command {
        Command::Preview(arguments) => preview::run(arguments, settings, out),
    }
}
