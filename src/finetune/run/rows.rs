//! The rows of a run, prepared once and kept in its folder.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use super::Run;
use crate::error::{Error, Result};
use crate::files;
use crate::finetune::base::Base;
use crate::finetune::dataset::{self, Dataset, Opened, Part, Row};
use crate::finetune::features::{Maker, Prepared, prepare};
use crate::finetune::plan::Plan;
use crate::model::pipeline::Stop;
use crate::model::template;

/// What a run learns from, what chooses its checkpoint, and what judges its result. All of it is in
/// the run's folder: what becomes of the files meanwhile changes nothing.
pub(super) struct Rows {
    parts: [Arc<Prepared>; 3],
    folder: Run,
    /// What tells the files' bytes from others.
    pub(super) fingerprint: String,
}

impl Rows {
    /// Opens the rows in the run's folder, or makes them if they are not there.
    ///
    /// # Errors
    /// When there is nothing to read, or `stop` says so.
    pub(super) fn of(run: &Run, plan: &Plan, base: &Base, stop: Stop<'_>) -> Result<Self> {
        let fingerprint = if run.rows_path(Part::Train.name()).is_file() {
            match dataset::fingerprint(&plan.data.files, stop) {
                Err(error) if stop() => return Err(error),
                // Without the files nothing has changed.
                found => found.unwrap_or_else(|_| plan.data.fingerprint.clone()),
            }
        } else {
            let opened = Opened::open(&plan.data.files, &plan.data.options)?;
            let dataset = opened.check(None, stop)?;
            make(run, plan, base, &dataset, stop)?;
            fingerprint(&dataset)
        };
        let open = |part: Part| Prepared::open(&run.rows_path(part.name())).map(Arc::new);
        let parts = [open(Part::Train)?, open(Part::Check)?, open(Part::Test)?];
        if parts[0].is_empty() {
            return Err(Error::new("there are no rows to learn from")
                .at(run.id.clone())
                .hint("`modeldesk tune preview` shows what was read, and why rows were left out"));
        }
        Ok(Self {
            parts,
            folder: run.clone(),
            fingerprint,
        })
    }

    /// The features of a part.
    pub(super) fn prepared(&self, part: Part) -> Arc<Prepared> {
        Arc::clone(&self.parts[part as usize])
    }

    /// The rows of a part that is not learned from, as they stood in the files.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn kept(&self, part: Part) -> Result<impl Iterator<Item = Result<Row>> + use<>> {
        let path = self.folder.rows_path(&kept_name(part));
        let file = File::open(&path).map_err(|e| Error::io("read", &path, e))?;
        let lines = BufReader::new(file).lines();
        Ok((1..).zip(lines).map(move |(number, line)| {
            let line = line.map_err(|e| Error::io("read", &path, e))?;
            serde_json::from_str(&line).map_err(|e| {
                Error::new("is not what was written")
                    .at_line(&path, number)
                    .caused_by(e)
            })
        }))
    }
}

/// What the file with the rows of a part is called.
fn kept_name(part: Part) -> String {
    format!("{}.jsonl", part.name())
}

/// What tells the bytes of a dataset's files from others, as [`dataset::fingerprint`].
pub(in crate::finetune) fn fingerprint(dataset: &Dataset) -> String {
    let files = dataset.report().files.iter();
    files
        .map(|file| file.sha256.as_str())
        .collect::<Vec<_>>()
        .join("-")
}

/// Writes the features of all parts, those that are learned from last.
fn make(run: &Run, plan: &Plan, base: &Base, dataset: &Dataset, stop: Stop<'_>) -> Result<()> {
    let template = plan.data.template.as_deref().and_then(template::named);
    let recipe = plan.data.recipe.clone();
    let maker = Maker::new(&base.tokenizer, recipe, &plan.data.labels, template)?;
    for part in [Part::Test, Part::Check, Part::Train] {
        if part != Part::Train {
            keep(&run.rows_path(&kept_name(part)), dataset.rows(part)?)?;
        }
        let path = run.rows_path(part.name());
        prepare(dataset.rows(part)?, &maker, &path, stop)?;
    }
    Ok(())
}

/// Writes rows down, one a line.
fn keep(path: &Path, rows: impl Iterator<Item = Result<Row>>) -> Result<()> {
    let mut failed = None;
    files::write_with(path, |file| {
        let mut file = BufWriter::new(file);
        for row in rows {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            serde_json::to_writer(&mut file, &row)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    })?;
    failed.map_or(Ok(()), Err)
}
