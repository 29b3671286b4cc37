//! Files of any usual form as rows of one: found out, checked, and split into parts.
//!
//! [`Opened::open`] tells the form of each file, its columns and the task from the first rows.
//! [`Opened::check`] reads everything once and gives a [`Dataset`] with a [`Report`]: what was
//! understood, what is wrong and where, how many rows each part has. [`Dataset::rows`] then reads
//! the rows of a part as often as wanted. No pass holds more than a row and hashes of rows, and
//! which part a row is in follows from the seed and the row.
//!
//! - `files` says which file is for which part, `sniff` what form a file has
//! - `records` reads each form as columns by name; `shape` says what the columns are for, and
//!   makes an [`Example`] of each record
//! - `check` is the first pass; `identity`, `names`, `lengths` and `tally` are what it keeps
//! - `split` says which part a row is in

mod check;
mod example;
mod fault;
mod files;
mod identity;
mod lengths;
mod names;
mod options;
mod records;
mod report;
mod rows;
mod shape;
mod sniff;
mod split;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;

pub use example::{Answer, Example, Label, Place, Role, Row, Turn};
pub use fault::Kind;
pub use lengths::Ruler;
pub use options::{Column, Columns, Format, Options, Sources, problem, problem_named};
pub use report::{Counts, FileReport, LabelReport, Lengths, Problem, Report, Severity};
pub use rows::Rows;
pub use split::{Part, Share, Split};

use self::check::Check;
use self::fault::quoted;
use self::names::Names;
use self::records::Record;
use self::shape::{Labels, Shape, Understood};
use self::sniff::Layout;
use self::split::Bounds;
use crate::digest;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::model::config::ProblemType;
use crate::model::pipeline::{Stop, Task};

/// How many rows decide what a file is.
const SAMPLE: usize = 500;
/// How many bad rows may stand among them.
const SAMPLED: usize = 2000;

/// A file, and what it is for.
#[derive(Debug, Clone)]
struct Source {
    part: Part,
    path: Arc<PathBuf>,
    layout: Layout,
}

/// A dataset of which it is known what it is, and not yet whether all rows are so.
#[derive(Debug)]
pub struct Opened {
    sources: Vec<Source>,
    understood: Understood,
    options: Options,
}

/// A dataset whose rows were all read once.
#[derive(Debug)]
pub struct Dataset {
    sources: Vec<Source>,
    understood: Understood,
    names: Vec<String>,
    given: bool,
    bounds: Bounds,
    report: Report,
}

/// What tells the bytes of these files from others: the SHA-256 of each.
///
/// # Errors
/// When one cannot be read, or `stop` says so.
pub fn fingerprint(sources: &Sources, stop: Stop<'_>) -> Result<String> {
    let mut all = Vec::new();
    for (_, path) in files::find(sources)? {
        all.push(digest::of_file(&path, stop)?.1);
    }
    Ok(all.join("-"))
}

impl Opened {
    /// Finds out what the files are.
    ///
    /// # Errors
    /// When a file cannot be read, is no data, or does not say what its columns are for.
    pub fn open(sources: &Sources, options: &Options) -> Result<Self> {
        let mut all: Vec<Source> = Vec::new();
        for (part, path) in files::find(sources)? {
            let layout = match all.first() {
                None => sniff::sniff(&path, options)?,
                Some(first) => sniff::sniff_beside(&path, options, &first.layout)?,
            };
            all.push(Source {
                part,
                path: Arc::new(path),
                layout,
            });
        }
        let first = &all[0];
        let sample = sample(first)?;
        let understood = shape::understand(&sample, first.layout.format, options)
            .map_err(|error| at_file(error, first))?;
        let opened = Self {
            sources: all,
            understood,
            options: options.clone(),
        };
        opened.check_columns()?;
        Ok(opened)
    }

    /// Whether the other files have the columns too.
    fn check_columns(&self) -> Result<()> {
        for source in &self.sources[1..] {
            let sample = sample(source)?;
            for name in self.understood.shape.needed() {
                if sample
                    .iter()
                    .all(|record| shape::lookup(record, name).is_none())
                {
                    let known = sample.first().map(|record| {
                        record
                            .keys()
                            .map(|name| quoted(name))
                            .collect::<Vec<_>>()
                            .join(", ")
                    });
                    return Err(Error::new(format!("has no column {}", quoted(name)))
                        .at_path(&source.path)
                        .hint(format!("its columns are {}", known.unwrap_or_default())));
                }
            }
        }
        Ok(())
    }

    /// What is to be learned.
    pub fn task(&self) -> Task {
        self.understood.task
    }

    /// How labels are read, for a text classification.
    pub fn problem(&self) -> Option<ProblemType> {
        self.understood.shape.problem()
    }

    /// Whether rows are conversations.
    pub fn is_dialogue(&self) -> bool {
        self.understood.shape.is_dialogue()
    }

    /// Whether rows are instructions, of which there is one in each.
    pub fn is_instruction(&self) -> bool {
        matches!(self.understood.shape, Shape::Instructions { .. })
    }

    /// Reads everything once. `ruler` measures rows; without one, words are counted.
    ///
    /// A problem is in the report and no error, but for [`Options::strict`] the first bad row is.
    ///
    /// # Errors
    /// When a file cannot be read to its end, the parts cannot be split off, or `stop` says so.
    pub fn check(self, ruler: Option<&Ruler<'_>>, stop: Stop<'_>) -> Result<Dataset> {
        let names = self.first_names();
        let given = self.options.labels.is_some();
        let mut check = Check::new(&self.understood.shape, names, self.options.split, ruler);
        let mut reports = Vec::new();
        let mut own = [None; 3];
        for source in &self.sources {
            let (rows, skipped) = check.file(source, stop)?;
            own[source.part as usize] = Some(rows);
            reports.push(file_report(source, rows, skipped, stop)?);
        }
        let checked = check.finish(own)?;
        let report = Report {
            skipped: reports.iter().map(|file| file.skipped).sum(),
            split: self.split_in_words(own, checked.rows),
            files: reports,
            task: self.task().name(),
            problem: self.problem().map(problem),
            columns: self.understood.shape.columns(),
            rows: checked.rows,
            labels: checked.labels,
            lengths: checked.lengths,
            problems: checked.problems,
        };
        if self.options.strict {
            report.check(true)?;
        }
        Ok(Dataset {
            sources: self.sources,
            understood: self.understood,
            names: checked.names,
            given,
            bounds: checked.bounds,
            report,
        })
    }

    fn first_names(&self) -> Names {
        match (&self.options.labels, &self.understood.shape) {
            (Some(names), _) => Names::given(names),
            (
                None,
                Shape::Classes {
                    labels: Labels::Columns(columns),
                    ..
                },
            ) => Names::fixed(columns),
            _ => Names::open(),
        }
    }

    fn split_in_words(&self, own: [Option<u64>; 3], rows: Counts) -> String {
        let split: Vec<&str> = [(own[1], rows.check, "check"), (own[2], rows.test, "test")]
            .into_iter()
            .filter(|(own, rows, _)| own.is_none() && *rows > 0)
            .map(|(.., name)| name)
            .collect();
        if split.is_empty() {
            return "as the files say".to_owned();
        }
        let by_label = match self.problem() {
            Some(ProblemType::SingleLabel | ProblemType::MultiLabel) => {
                ", each label in proportion"
            }
            _ => "",
        };
        let seed = self.options.split.seed;
        format!(
            "{} rows drawn from the training rows by seed {seed}{by_label}",
            split.join(" and ")
        )
    }
}

impl Dataset {
    /// What is to be learned.
    pub fn task(&self) -> Task {
        self.understood.task
    }

    /// How labels are read, for a text classification.
    pub fn problem(&self) -> Option<ProblemType> {
        self.understood.shape.problem()
    }

    /// Whether rows are conversations.
    pub fn is_dialogue(&self) -> bool {
        self.understood.shape.is_dialogue()
    }

    /// The names of the labels or tags, in the order of their ids.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What was found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The rows of a part, in the order of its file. Bad rows are left out.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn rows(&self, part: Part) -> Result<Rows<'_>> {
        Rows::open(self, part)
    }
}

/// The first rows of a file that are not bad in themselves.
fn sample(source: &Source) -> Result<Vec<Record>> {
    let mut records = records::open(&source.path, &source.layout)?;
    let mut sample = Vec::new();
    let mut first_fault = None;
    for _ in 0..SAMPLED {
        let Some(found) = records
            .next()
            .map_err(|e| records::placed(&source.path, e))?
        else {
            break;
        };
        match found.record {
            Ok(record) => sample.push(record),
            Err(fault) => drop(first_fault.get_or_insert((found.line, fault))),
        }
        if sample.len() == SAMPLE {
            break;
        }
    }
    if sample.is_empty() {
        let format = source.layout.format.name();
        return Err(match first_fault {
            Some((line, fault)) => {
                Error::new(format!("read as {format}, no row is right: {}", fault.what))
                    .at_line(&source.path, line as usize)
                    .hint("if it is something else, say so: --format")
            }
            None => Error::new(format!("read as {format}, has no row"))
                .at_path(&source.path)
                .hint("give a file with rows, or say what it is: --format"),
        });
    }
    Ok(sample)
}

/// An error about the content of a file, with the file.
fn at_file(error: Error, source: &Source) -> Error {
    if error.kind() == ErrorKind::Usage {
        error
    } else {
        error.at_path(&source.path)
    }
}

fn file_report(source: &Source, rows: u64, skipped: u64, stop: Stop<'_>) -> Result<FileReport> {
    let (bytes, sha256) = digest::of_file(&source.path, stop)?;
    let layout = &source.layout;
    let is_table = matches!(layout.format, Format::Csv | Format::Tsv);
    Ok(FileReport {
        part: source.part,
        path: source.path.to_path_buf(),
        format: layout.format,
        packed: layout.packed,
        header: is_table.then_some(layout.header),
        rows,
        skipped,
        bytes,
        sha256,
    })
}
