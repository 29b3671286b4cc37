//! `modeldesk cards import`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::super::interrupt::stop_on_interrupt;
use super::super::out::{Out, say, tell};
use super::{Exit, Result, library, say_notices};
use crate::advisor::quantity;
use crate::error::{Error, shown};
use crate::index::{Listing, Observer, Progress, Report};
use crate::jobs::Cancel;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
FILE holds one JSON object a line, or one JSON array: {\"id\", \"card\"}, or model objects as the
hub's /api/models lists them. A folder holds org/name/README.md. Ctrl+C stops; what was read stays,
and importing again goes over it. Imported cards are not checked, and never replace others.

Examples:
  modeldesk cards import models.jsonl
  modeldesk cards import models.json.gz
  modeldesk cards import my-mirror/
  modeldesk cards import models.jsonl.zst --json")]
pub(super) struct Arguments {
    /// A .jsonl or .json file, packed by gzip or zstd or not, or a folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Print what was done as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let library = library()?;
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let mut screen = Screen {
        terminal: std::io::stderr().is_terminal(),
        drawn: false,
    };
    let report = library.import(&arguments.path, &cancel, &mut screen);
    screen.clear();
    let report = report?;
    say_notices(&library);
    if arguments.json {
        out.json(&to_json(&report));
    }
    tell_report(&report);
    if report.stopped {
        return Ok(Exit::Interrupted);
    }
    if report.progress.records == 0 {
        let hint = "modeldesk cards import --help says what can be imported";
        return Err(Error::new("there are no cards in it")
            .at(shown(&arguments.path))
            .hint(hint));
    }
    let nothing_read = report.bad.count == report.progress.records;
    Ok(if nothing_read {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// One line that is drawn over itself, on a terminal only.
struct Screen {
    terminal: bool,
    drawn: bool,
}

impl Screen {
    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Observer for Screen {
    fn waiting(&mut self, whom: &str) {
        tell(whom);
    }

    fn progress(&mut self, progress: &Progress) {
        if self.terminal {
            self.drawn = true;
            let share = progress.bytes as f64 / (progress.total_bytes as f64).max(1.0);
            let _ = write!(
                std::io::stderr(),
                "\r\x1b[K{} records, {:.0}%, {} a second",
                progress.records,
                100.0 * share.min(1.0),
                quantity::count(progress.rate() as u64),
            );
        }
    }
}

fn to_json(report: &Report) -> Value {
    let listing = |listing: &Listing| json!({"count": listing.count, "first": listing.first});
    json!({
        "records": report.progress.records,
        "added": report.added,
        "replaced": report.replaced,
        "kept": listing(&report.kept),
        "cut": listing(&report.cut),
        "bad": listing(&report.bad),
        "bytes": report.progress.bytes,
        "seconds": report.progress.seconds,
        "stopped": report.stopped,
    })
}

fn tell_report(report: &Report) {
    let listed = |listing: &Listing, what: &str| {
        if listing.count > 0 {
            say("note", &format!("{} {what}", listing.count));
            listing
                .first
                .iter()
                .for_each(|entry| tell(&format!("  {entry}")));
            let more = listing.count - listing.first.len() as u64;
            if more > 0 {
                tell(&format!("  and {more} more"));
            }
        }
    };
    listed(&report.bad, "could not be read:");
    listed(&report.kept, "are here already, and ours are kept:");
    listed(
        &report.cut,
        "are longer than a mebibyte, of which the beginning is kept:",
    );
    tell(&format!(
        "{} records in {:.1} s: {} added, {} replaced, {} bad{}",
        report.progress.records,
        report.progress.seconds,
        report.added,
        report.replaced,
        report.bad.count,
        if report.stopped {
            "; stopped, and what was read is kept"
        } else {
            ""
        },
    ));
}
