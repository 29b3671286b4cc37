//! What was found in a dataset: what it is understood as, and what is wrong with it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use super::example::Place;
use super::fault::Kind;
use super::options::{Columns, Format};
use crate::error::{Error, Result};

/// What was found in a dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The files, in the order train, check, test.
    pub files: Vec<FileReport>,
    /// What is learned, by the hub's name.
    pub task: &'static str,
    /// How labels are read, by transformers' name, for a text classification.
    pub problem: Option<&'static str>,
    /// Which column is what.
    pub columns: Columns,
    /// How many rows each part has.
    pub rows: Counts,
    /// Where the parts come from, in words.
    pub split: String,
    /// Rows that were left out.
    pub skipped: u64,
    /// The labels or tags, in the order of their ids.
    pub labels: Vec<LabelReport>,
    /// How long rows are.
    pub lengths: Option<Lengths>,
    /// What is wrong, the worst first.
    pub problems: Vec<Problem>,
}

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// What its rows are for: `train`, `check` or `test`.
    pub part: super::Part,
    /// Where it is.
    pub path: PathBuf,
    /// Its form.
    pub format: Format,
    /// How it is packed: `gzip` or `zstd`.
    pub packed: Option<&'static str>,
    /// Whether its first row has the names of the columns, for a table.
    pub header: Option<bool>,
    /// Rows that are used.
    pub rows: u64,
    /// Rows that are left out.
    pub skipped: u64,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// How many rows each part has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Learned from.
    pub train: u64,
    /// Choose the checkpoint.
    pub check: u64,
    /// Judge the result.
    pub test: u64,
}

/// A label, and how many rows of the files have it; of a tag, how many words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelReport {
    /// Its name.
    pub name: String,
    /// In the training file, before other parts are split off.
    pub train: u64,
    /// In the files of the other parts.
    pub others: u64,
}

/// How long rows are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lengths {
    /// What is counted: `tokens`, or `words` without a tokenizer.
    pub unit: &'static str,
    /// How many rows were measured.
    pub measured: u64,
    /// Half of them are no longer.
    pub median: u64,
    /// 95 of 100 are no longer.
    pub p95: u64,
    /// 99 of 100 are no longer.
    pub p99: u64,
    /// The longest.
    pub longest: u64,
    /// The most tokens that are kept of a row.
    pub limit: Option<u64>,
    /// How many rows are cut there.
    pub cut: u64,
    /// Where the first of them stand.
    #[serde(serialize_with = "places")]
    pub first_cut: Vec<Place>,
}

/// Something that is wrong with a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it is.
    pub kind: Kind,
    /// How bad that is.
    pub severity: Severity,
    /// How many rows, labels or words.
    pub count: u64,
    /// Whether the count was projected from a part of the rows.
    pub about: bool,
    /// The first of them.
    #[serde(serialize_with = "places")]
    pub places: Vec<Place>,
    /// In words, safe to show: without place and count.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing can be learned from this.
    Fatal,
    /// Rows were left out.
    Skipped,
    /// The result may be worse than it looks.
    Warning,
    /// Good to know.
    Note,
}

impl Report {
    /// The error that these rows cannot be learned from, if that is so.
    ///
    /// # Errors
    /// The first fatal problem; with `strict` also the first row that was left out.
    pub fn check(&self, strict: bool) -> Result<()> {
        let stops = |problem: &&Problem| {
            problem.severity == Severity::Fatal || strict && problem.severity == Severity::Skipped
        };
        match self.problems.iter().find(stops) {
            Some(problem) => Err(problem.error()),
            None => Ok(()),
        }
    }

    /// All rows that are used.
    pub fn all_rows(&self) -> u64 {
        self.rows.train + self.rows.check + self.rows.test
    }
}

impl Problem {
    /// The error that this problem is where it may not be.
    fn error(&self) -> Error {
        let error = Error::new(self.sentence());
        let error = match self.places.first() {
            Some(place) => error.at(place.to_string()),
            None => error,
        };
        match &self.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        }
    }

    /// The problem in words, with how often it is there.
    pub fn sentence(&self) -> String {
        let about = if self.about { "about " } else { "" };
        match (self.kind.counts(), self.count) {
            (None, _) => self.what.clone(),
            (Some((one, _)), 1) => format!("{} ({about}1 {one})", self.what),
            (Some((_, many)), count) => {
                format!(
                    "{} ({about}{} {many})",
                    self.what,
                    crate::text::grouped(count)
                )
            }
        }
    }
}

/// Places as `file:line`.
fn places<S: Serializer>(places: &[Place], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(places.iter().map(ToString::to_string))
}
