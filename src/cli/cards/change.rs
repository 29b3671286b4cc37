//! `modeldesk cards add` and `modeldesk cards remove`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::out::{Out, say, tell};
use super::check::counted;
use super::{Exit, Result, library, say_notices};
use crate::card::check::check;
use crate::card::{Card, Origin, Severity};
use crate::error::{Error, shown};
use crate::index::{Draft, check_id, embedded, id_of, markdown_below, read_card};
use crate::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The id is `--id`, else `modeldesk: {id: ...}` in the front matter, else the names of the folders
that the card is in. A card with the same id is replaced.

Examples:
  modeldesk cards add my-org/my-model/README.md
  modeldesk cards add notes.md --id my-org/my-model
  modeldesk cards add my-cards/")]
pub(super) struct AddArguments {
    /// Card files, or folders of them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// The id of the card; only for a single one
    #[arg(long)]
    id: Option<String>,
    /// Print what was added as one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk cards remove my-org/my-model
  modeldesk cards remove gpt2 distilgpt2")]
pub(super) struct RemoveArguments {
    /// Ids of cards that were added or imported
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

pub(super) fn add(arguments: &AddArguments, out: &mut Out) -> Result<Exit> {
    let drafts = drafts(arguments)?;
    let library = library()?;
    let cards = library.add(&drafts, &mut tell)?;
    say_notices(&library);
    for card in &cards {
        let id = text::ident(&card.id);
        if embedded::has(&card.id) {
            say(
                "note",
                &format!("`{id}` takes the place of the built-in card"),
            );
        }
        let problems = check(card);
        let bad = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count();
        if bad > 0 {
            let bad = counted(bad, "error");
            say(
                "note",
                &format!("`{id}` has {bad}; see modeldesk cards check"),
            );
        }
        if !arguments.json {
            out.line(format_args!("added {id}"));
        }
    }
    if arguments.json {
        let added = cards
            .iter()
            .map(|card| json!({"id": card.id, "source": "user"}));
        out.json(&added.collect::<Vec<_>>().into());
    }
    Ok(Exit::Done)
}

pub(super) fn remove(arguments: &RemoveArguments, out: &mut Out) -> Result<Exit> {
    let library = library()?;
    library.remove(&arguments.ids, &mut tell)?;
    say_notices(&library);
    for id in &arguments.ids {
        out.line(format_args!("removed {}", text::ident(id)));
    }
    Ok(Exit::Done)
}

fn drafts(arguments: &AddArguments) -> Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    for path in &arguments.paths {
        for (file, by_path) in candidates(path)? {
            let (text, cut) = read_card(&file)?;
            if cut {
                say(
                    "note",
                    &format!("{}: only the first mebibyte is kept", shown(&file)),
                );
            }
            let id = match &arguments.id {
                Some(id) => id.clone(),
                None => own_id(&text).unwrap_or(by_path),
            };
            check_id(&id).map_err(|why| {
                let what = format!("`{}` is not an id: {why}", text::ident(&id));
                Error::usage(what)
                    .at_path(&file)
                    .hint("give one like `org/name` with --id")
            })?;
            drafts.push(Draft {
                id,
                origin: Origin::User,
                text,
            });
        }
    }
    match (drafts.len(), &arguments.id) {
        (0, _) => Err(Error::new("there are no cards to add")
            .hint("give a README.md, or a folder with some below it")),
        (2.., Some(_)) => Err(Error::usage("several cards cannot have one id")
            .at("--id")
            .hint("add them one by one, or let their folders name them")),
        _ => Ok(drafts),
    }
}

/// The card files at `path`, with the ids that their paths give.
fn candidates(path: &Path) -> Result<Vec<(PathBuf, String)>> {
    let named = |file: PathBuf| {
        let id = id_of(&file);
        let whole = if id.contains('/') {
            None
        } else {
            file.canonicalize().ok()
        };
        // `README.md` alone is named by the folder that it is in, and by no more.
        let id = match whole {
            Some(whole) if id.is_empty() => {
                let folder = whole.parent().and_then(Path::file_name);
                folder
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default()
            }
            _ => id,
        };
        (file, id)
    };
    if !path.is_dir() {
        return Ok(vec![named(path.to_path_buf())]);
    }
    let readme = path.join("README.md");
    if readme.is_file() {
        Ok(vec![named(readme)])
    } else {
        markdown_below(path)
    }
}

/// `modeldesk: {id: ...}` of the front matter.
fn own_id(text: &str) -> Option<String> {
    let card = Card::parse("id", Origin::User, text).to_json();
    let id = card
        .pointer("/metadata/modeldesk/id")
        .and_then(Value::as_str);
    id.map(str::to_owned)
}
