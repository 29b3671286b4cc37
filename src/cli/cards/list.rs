//! `modeldesk cards list`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::out::{Out, width};
use super::{Exit, Result, Source, library, say_notices};
use crate::advisor::quantity;
use crate::card::Origin;
use crate::index::{Filter, Library, Search, Summary, origin_name};
use crate::text;

/// So many hits of `--search` are listed.
const HITS: usize = 1_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk cards list
  modeldesk cards list --facet task:summarization --facet license:apache-2.0
  modeldesk cards list --search 'legal documents'
  modeldesk cards list --source user --source run --json")]
pub(super) struct Arguments {
    /// Only cards from here; can be given several times
    #[arg(long, value_name = "SOURCE")]
    source: Vec<Source>,
    /// Only cards with this facet: task, tuned, license, language, domain, size, architecture,
    /// family, translates; can be given several times, and all must hold
    #[arg(long, value_name = "NAME:VALUE")]
    facet: Vec<String>,
    /// Only cards that match these words, best first
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// List the guide's cards too
    #[arg(long)]
    guide: bool,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let library = library()?;
    let cards = matching(arguments, &library)?;
    say_notices(&library);
    if arguments.json {
        out.json(&cards.iter().map(to_json).collect::<Vec<_>>().into());
    } else {
        print(&cards, out);
    }
    Ok(Exit::Done)
}

fn matching(arguments: &Arguments, library: &Library) -> Result<Vec<Summary>> {
    let origins = arguments
        .source
        .iter()
        .map(|source| Origin::from(*source))
        .collect::<Vec<_>>();
    let facets = arguments.facet.clone();
    let filter = Filter {
        facets,
        origins,
        guide: arguments.guide,
    };
    let mut cards = library.list(&filter)?;
    if let Some(words) = &arguments.search {
        let Filter {
            facets, origins, ..
        } = filter;
        let search = Search {
            text: words.clone(),
            facets,
            origins,
            limit: HITS,
        };
        let hits = library.search(&search)?;
        let rank = hits
            .iter()
            .enumerate()
            .map(|(rank, hit)| ((hit.id.as_str(), hit.origin), rank))
            .collect::<HashMap<_, _>>();
        let rank_of = |card: &Summary| rank.get(&(card.id.as_str(), card.origin)).copied();
        cards.retain(|card| rank_of(card).is_some());
        cards.sort_by_key(rank_of);
    }
    Ok(cards)
}

fn to_json(card: &Summary) -> Value {
    json!({
        "id": card.id,
        "source": origin_name(card.origin),
        "kind": if card.guide { "guide" } else { "model" },
        "name": card.name,
        "task": card.task,
        "license": card.license,
        "parameters": card.parameters,
        "bytes": card.bytes,
        "context_length": card.context,
    })
}

fn print(cards: &[Summary], out: &mut Out) {
    let header = ["id", "source", "task", "params", "licence"].map(str::to_owned);
    let row = |card: &Summary| {
        let shown = |value: &Option<String>| {
            value
                .as_ref()
                .map_or_else(|| "-".to_owned(), |value| text::line(value).into_owned())
        };
        [
            text::ident(&card.id).into_owned(),
            origin_name(card.origin).to_owned(),
            shown(&card.task),
            card.parameters
                .map_or_else(|| "-".to_owned(), quantity::count),
            shown(&card.license),
        ]
    };
    let rows = std::iter::once(header)
        .chain(cards.iter().map(row))
        .collect::<Vec<_>>();
    let cells = |text: &str| unicode_width::UnicodeWidthStr::width(text);
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cells(cell).max(*width);
        }
    }
    let columns = width();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', (width - cells(cell)) + 2));
        }
        out.line(fitted(line.trim_end(), columns));
        if out.is_closed() {
            return;
        }
    }
}

/// `line`, cut to the terminal's width.
fn fitted(line: &str, columns: Option<usize>) -> &str {
    let Some(columns) = columns else { return line };
    let mut used = 0;
    for (at, c) in line.char_indices() {
        used += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used > columns {
            return &line[..at];
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_terminals_width() {
        assert_eq!(fitted("abc", None), "abc");
        assert_eq!(fitted("abc", Some(2)), "ab");
        assert_eq!(fitted("日本", Some(3)), "日");
    }
}
