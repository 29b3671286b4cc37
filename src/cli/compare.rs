//! `modeldesk compare MODEL MODEL...`: two to five models side by side.

use super::ask::{PLAIN_WIDTH, open_advisor, painted, print, print_reading};
use super::out::{self, Out};
use super::{Exit, Result};
use crate::advisor::Comparison;
use crate::advisor::present::sheet;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk compare bert distilbert
  modeldesk compare google/flan-t5-small google/flan-t5-base --fields size,license
  modeldesk compare legal-led legal-pegasus --markdown
  modeldesk compare gpt2 distilgpt2 --json")]
pub(super) struct Arguments {
    /// Ids or names of models that have a card
    #[arg(required = true, num_args = 2..=5, value_name = "MODEL")]
    models: Vec<String>,
    /// Only these fields
    #[arg(long, value_delimiter = ',', value_name = "FIELD", value_parser = Comparison::FIELDS)]
    fields: Vec<String>,
    /// Print a Markdown table with the sources of its cells
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let answer = open_advisor(settings)?.compare(&arguments.models, &arguments.fields)?;
    let Some(comparison) = answer.comparison.as_ref().filter(|_| !arguments.json) else {
        return print(&answer, arguments.json, false, out);
    };
    if arguments.markdown {
        for line in comparison.to_markdown().lines() {
            out.line(line);
        }
    } else {
        let width = out::width().map_or(PLAIN_WIDTH, |w| u16::try_from(w).unwrap_or(u16::MAX));
        let sheet = sheet(comparison, width);
        print_reading(&answer, out);
        for line in sheet.head.iter().chain(&sheet.body) {
            out.line(painted(line));
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}
