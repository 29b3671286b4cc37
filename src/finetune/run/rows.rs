//! The rows of a run, prepared once and kept in its folder.

use std::sync::Arc;

use super::Run;
use crate::error::{Error, Result};
use crate::finetune::base::Base;
use crate::finetune::dataset::{Dataset, Opened, Part};
use crate::finetune::features::{Maker, Prepared, prepare};
use crate::finetune::plan::Plan;
use crate::model::pipeline::Stop;
use crate::model::template;

/// What a run learns from, what chooses its checkpoint, and what judges its result.
pub(super) struct Rows {
    parts: [Arc<Prepared>; 3],
    /// The files that they were made of; none if they are gone.
    pub(super) dataset: Option<Dataset>,
    /// What tells the files' bytes from others.
    pub(super) fingerprint: String,
}

impl Rows {
    /// Opens the rows in the run's folder, or makes them if they are not there.
    ///
    /// # Errors
    /// When there is nothing to read, or `stop` says so.
    pub(super) fn of(run: &Run, plan: &Plan, base: &Base, stop: Stop<'_>) -> Result<Self> {
        let made = run.rows_path(Part::Train.name()).is_file();
        let dataset = Opened::open(&plan.data.files, &plan.data.options)
            .and_then(|opened| opened.check(None, stop));
        let dataset = match dataset {
            Ok(dataset) => Some(dataset),
            Err(_) if made && !stop() => None,
            Err(error) => return Err(error),
        };
        if let (Some(dataset), false) = (&dataset, made) {
            make(run, plan, base, dataset, stop)?;
        }
        let open = |part: Part| Prepared::open(&run.rows_path(part.name())).map(Arc::new);
        let parts = [open(Part::Train)?, open(Part::Check)?, open(Part::Test)?];
        if parts[0].is_empty() {
            return Err(Error::new("there are no rows to learn from")
                .at(run.id.clone())
                .hint("`modeldesk tune preview` shows what was read, and why rows were left out"));
        }
        let fingerprint = match &dataset {
            Some(dataset) => fingerprint(dataset),
            None => plan.data.fingerprint.clone(),
        };
        Ok(Self {
            parts,
            dataset,
            fingerprint,
        })
    }

    /// The features of a part.
    pub(super) fn prepared(&self, part: Part) -> Arc<Prepared> {
        Arc::clone(&self.parts[part as usize])
    }
}

/// What tells the bytes of a dataset's files from others.
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
        let path = run.rows_path(part.name());
        prepare(dataset.rows(part)?, &maker, &path, stop)?;
    }
    Ok(())
}
