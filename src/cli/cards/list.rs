//! `modeldesk cards list`.

use std::collections::HashMap;
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::super::out::{self, Out, width};
use super::{Exit, Result, Source, library, say_notices};
use crate::advisor::catalogue::{Sort, Wanted};
use crate::advisor::{Advisor, Machine, quantity};
use crate::card::Origin;
use crate::files::Folders;
use crate::index::{Filter, Library, Search, Summary, origin_name};
use crate::settings::Settings;
use crate::text;

/// So many hits of `--search` are listed.
const HITS: usize = 1_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk cards list
  modeldesk cards list --task summarization --license apache-2.0 --sort parameters
  modeldesk cards list --filter 'translates under 500 MB'
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
    /// Only models made for this task, as --facet task:TASK
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Only models under this licence, as --facet license:ID
    #[arg(long, value_name = "ID")]
    license: Option<String>,
    /// Only models whose id, name, task, licence or architecture contains all these words; where
    /// none does, the words are read as limits, such as 'translates under 500 MB'
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["guide", "search"])]
    filter: Option<String>,
    /// Models by this column, what lacks it last
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["guide", "search"])]
    sort: Option<Field>,
    /// The highest of --sort first
    #[arg(long, requires = "sort")]
    descending: bool,
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

/// A column to sort by.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Field {
    /// Yours, built in, imported
    Source,
    Name,
    Parameters,
    /// Size of the weights
    Bytes,
    /// Tokens read at once
    Context,
    Task,
    License,
}

impl From<Field> for Sort {
    fn from(field: Field) -> Self {
        match field {
            Field::Source => Self::Origin,
            Field::Name => Self::Name,
            Field::Parameters => Self::Parameters,
            Field::Bytes => Self::Bytes,
            Field::Context => Self::Context,
            Field::Task => Self::Task,
            Field::License => Self::License,
        }
    }
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let library = Arc::new(library()?);
    let mut cards = matching(arguments, &library)?;
    if arguments.filter.is_some() || arguments.sort.is_some() {
        cards = filtered(arguments, settings, &library, cards)?;
    }
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
    let filter = Filter {
        facets: facets(arguments),
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
        keep_ranked(&mut cards, &rank);
    }
    Ok(cards)
}

fn facets(arguments: &Arguments) -> Vec<String> {
    let named = |name: &str, value: &Option<String>| {
        let value = value.as_ref()?;
        Some(format!("{name}:{value}"))
    };
    let mut facets = arguments.facet.clone();
    facets.extend(named("task", &arguments.task));
    facets.extend(named("license", &arguments.license));
    facets
}

/// Those of `cards` that the filter finds, in the order asked for; says how it was read.
fn filtered(
    arguments: &Arguments,
    settings: &Settings,
    library: &Arc<Library>,
    mut cards: Vec<Summary>,
) -> Result<Vec<Summary>> {
    let machine = Machine::read(&Folders::of_user()?, settings);
    let advisor = Advisor::new(Arc::clone(library), machine);
    let catalogue = advisor.catalogue(&[])?;
    let found = catalogue.find(&Wanted {
        text: arguments.filter.clone().unwrap_or_default(),
        facets: facets(arguments),
        sort: arguments.sort.map(Sort::from).unwrap_or_default(),
        descending: arguments.descending,
    });
    if let Some(read) = &found.read_as {
        out::say("read as", read);
    }
    if let Some(nothing) = &found.nothing {
        out::say("note", nothing);
    }
    let rows = found.rows.iter().enumerate();
    let rank = rows
        .filter_map(|(rank, row)| {
            let entry = catalogue.entry(*row)?;
            Some(((entry.id, entry.origin), rank))
        })
        .collect();
    keep_ranked(&mut cards, &rank);
    Ok(cards)
}

/// Keeps the cards that have a rank, in its order.
fn keep_ranked(cards: &mut Vec<Summary>, rank: &HashMap<(&str, Origin), usize>) {
    let rank_of = |card: &Summary| rank.get(&(card.id.as_str(), card.origin)).copied();
    cards.retain(|card| rank_of(card).is_some());
    cards.sort_by_key(rank_of);
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
