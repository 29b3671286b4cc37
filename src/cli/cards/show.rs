//! `modeldesk cards show`.

use super::super::out::Out;
use super::{Exit, Result, library, say_notices};
use crate::error::Error;
use crate::index::{Filter, Library, origin_name};
use crate::text;

/// So many ids are suggested for one that is not there.
const SUGGESTED: usize = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk cards show google/flan-t5-base
  modeldesk cards show guide/rouge
  modeldesk cards show openai-community/gpt2 --json")]
pub(super) struct Arguments {
    /// The card's id
    id: String,
    /// Print the facts as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let library = library()?;
    let found = library.card(&arguments.id)?;
    say_notices(&library);
    let Some(card) = found else {
        return Err(absent(&library, &arguments.id)?);
    };
    if arguments.json {
        let mut facts = card.to_json();
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("source".to_owned(), origin_name(card.origin).into());
        }
        out.json(&facts);
    } else {
        out.line(text::block(card.text.trim_end()));
    }
    Ok(Exit::Done)
}

/// Says that there is no such card, and which ids are near.
fn absent(library: &Library, id: &str) -> Result<Error> {
    let wanted = id.to_lowercase();
    let cards = library.list(&Filter {
        guide: true,
        ..Filter::default()
    })?;
    let mut near = cards
        .iter()
        .map(|card| {
            let known = card.id.to_lowercase();
            let name = known.rsplit('/').next().unwrap_or(&known);
            let like =
                strsim::jaro_winkler(&known, &wanted).max(strsim::jaro_winkler(name, &wanted));
            (like, card)
        })
        .filter(|(like, _)| *like > 0.8)
        .collect::<Vec<_>>();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    let ids = near
        .iter()
        .take(SUGGESTED)
        .map(|(_, card)| format!("`{}`", text::ident(&card.id)));
    let ids = ids.collect::<Vec<_>>().join(", ");
    let error = Error::new(format!("there is no card `{}`", text::ident(id)));
    Ok(if ids.is_empty() {
        error.hint("modeldesk cards list shows all ids")
    } else {
        error.hint(format!("did you mean {ids}?"))
    })
}
