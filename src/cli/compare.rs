//! `modeldesk compare MODEL MODEL...`: two to five models side by side.

use super::ask::{open_advisor, print};
use super::out::Out;
use super::{Exit, Result};
use crate::advisor::Comparison;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk compare bert distilbert
  modeldesk compare google/flan-t5-small google/flan-t5-base --fields size,license
  modeldesk compare gpt2 distilgpt2 --json")]
pub(super) struct Arguments {
    /// Ids or names of models that have a card
    #[arg(required = true, num_args = 2..=5, value_name = "MODEL")]
    models: Vec<String>,
    /// Only these fields
    #[arg(long, value_delimiter = ',', value_name = "FIELD", value_parser = Comparison::FIELDS)]
    fields: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let answer = open_advisor(settings)?.compare(&arguments.models, &arguments.fields)?;
    print(&answer, arguments.json, false, out)
}
