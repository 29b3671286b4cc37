//! `modeldesk cards check`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::out::{Out, tell};
use super::{Exit, Result};
use crate::card::check::check;
use crate::card::{Card, Origin, Problem, Severity};
use crate::error::{Error, shown};
use crate::index::{embedded, id_of, markdown_below, read_card};
use crate::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints `FILE:LINE: SEVERITY: FIELD: WHAT`, and ends with exit code 1 if there is an error.

Examples:
  modeldesk cards check my-model/README.md
  modeldesk cards check cards/
  modeldesk cards check --built-in --json")]
pub(super) struct Arguments {
    /// Card files, or folders of them
    #[arg(value_name = "PATH", required_unless_present = "built_in")]
    paths: Vec<PathBuf>,
    /// Check the cards that ship with the program, by the stricter rules that hold for them
    #[arg(long, conflicts_with = "paths")]
    built_in: bool,
    /// Print one JSON array of problems
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let mut checked = Vec::new();
    if arguments.built_in {
        for card in embedded::cards() {
            checked.push((format!("cards/{}/README.md", card.id), check(card)));
        }
    }
    for path in &arguments.paths {
        for file in files_of(path)? {
            let (text, _) = read_card(&file)?;
            let card = Card::parse(&id_of(&file), Origin::User, text);
            checked.push((shown(&file), check(&card)));
        }
    }
    if checked.is_empty() {
        return Err(Error::new("there are no cards to check")
            .hint("give a README.md, or a folder with some below it"));
    }
    print(&checked, arguments.json, out);
    let count = |severity| {
        let all = checked.iter().flat_map(|(_, problems)| problems);
        all.filter(|problem| problem.severity == severity).count()
    };
    let errors = count(Severity::Error);
    tell(&format!(
        "{} checked: {}, {}, {}",
        counted(checked.len(), "card"),
        counted(errors, "error"),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Note), "note"),
    ));
    Ok(if errors > 0 { Exit::Failed } else { Exit::Done })
}

/// The card files at `path`: itself, or those below it.
pub(super) fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let readme = path.join("README.md");
    let mut files = markdown_below(path)?
        .into_iter()
        .map(|(file, _)| file)
        .collect::<Vec<_>>();
    if files.is_empty() && readme.is_file() {
        files.push(readme);
    }
    Ok(files)
}

fn print(checked: &[(String, Vec<Problem>)], as_json: bool, out: &mut Out) {
    let all = checked
        .iter()
        .flat_map(|(file, problems)| problems.iter().map(move |problem| (file, problem)));
    if as_json {
        let value = |(file, problem): (&String, &Problem)| {
            json!({
                "file": file,
                "line": problem.line,
                "severity": problem.severity,
                "field": problem.field,
                "what": problem.what,
                "hint": problem.hint,
            })
        };
        out.json(&all.map(value).collect::<Vec<_>>().into());
        return;
    }
    for (file, problem) in all {
        let Problem {
            severity,
            line,
            field,
            what,
            hint,
        } = problem;
        let severity = match severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let (field, what) = (text::line(field), text::line(what));
        out.line(format_args!("{file}:{line}: {severity}: {field}: {what}"));
        if let Some(hint) = hint {
            out.line(format_args!("  hint: {}", text::line(hint)));
        }
    }
}

pub(super) fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}
