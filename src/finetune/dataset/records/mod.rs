//! The rows of a file of any form as records: columns by name, with the line that each stands in.
//! Memory is bounded by the longest row that is read.

mod conll;
mod json;
mod lines;
mod parquet;
mod passages;
mod squad;
mod table;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use super::fault::Fault;
use super::options::Format;
use super::sniff::Layout;
use crate::error::{Error, Result, shown};
use crate::files;

pub(super) use conll::columns;
pub(super) use lines::Quirks;
pub(super) use table::first_rows;

/// A row: its columns by name.
pub(super) type Record = Map<String, Value>;

/// A row of a file, or what is wrong there.
#[derive(Debug)]
pub(super) struct Found {
    /// The line that it begins in, from 1 on.
    pub line: u64,
    /// What it is.
    pub record: Result<Record, Fault>,
}

/// The rows of a file one after another.
pub(super) trait Records {
    /// The next row; nothing at the end.
    ///
    /// # Errors
    /// When the rest of the file cannot be read; with the line and without the file.
    fn next(&mut self) -> Result<Option<Found>>;

    /// What was seen so far of the bytes.
    fn quirks(&self) -> Quirks;
}

/// The rows of a file of a known form.
///
/// # Errors
/// When it cannot be read.
pub(super) fn open(path: &Path, layout: &Layout) -> Result<Box<dyn Records>> {
    if layout.format == Format::Parquet {
        return Ok(Box::new(
            parquet::Rows::open(path).map_err(|error| placed(path, error))?,
        ));
    }
    let failed = |e| Error::io("read", path, e);
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    let text = files::unpacked(file).map_err(failed)?;
    Ok(match layout.format {
        Format::Json => Box::new(json::Document(json::Elements::new(text))),
        Format::Squad => Box::new(squad::Questions::new(json::Elements::new(text))),
        Format::Jsonl => Box::new(json::JsonLines(lines::Lines::new(text))),
        Format::Conll => Box::new(conll::Sentences::new(lines::Lines::new(text), layout)),
        Format::Text => Box::new(passages::Passages::new(lines::Lines::new(text))),
        Format::Csv | Format::Tsv | Format::Parquet => {
            Box::new(table::Table::new(lines::Lines::new(text), layout))
        }
    })
}

/// The error that a file cannot be read on after a line.
fn failed(line: u64, error: io::Error) -> Error {
    let hint = "the file may be cut off; check that it is whole";
    Error::new("cannot be read on")
        .at(format!("line {}", line.max(1)))
        .caused_by(error)
        .hint(hint)
}

/// An error of a file's reader with the file in it: `file:line: what`.
pub(super) fn placed(path: &Path, error: Error) -> Error {
    let line = error
        .place()
        .and_then(|place| place.strip_prefix("line "))
        .map(str::to_owned);
    let place = match line {
        Some(line) => format!("{}:{line}", shown(path)),
        None => shown(path),
    };
    error.at(place)
}
