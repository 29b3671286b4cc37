//! The rows of a run, prepared once and kept in its folder.

use super::Run;
use crate::error::Result;
use crate::finetune::base::Base;
use crate::finetune::dataset::{Opened, Part};
use crate::finetune::features::{Maker, Prepared, prepare};
use crate::finetune::plan::Plan;
use crate::model::pipeline::Stop;
use crate::model::template;

/// What a run learns from, what chooses its checkpoint, and what judges its result.
pub(super) struct Rows {
    pub(super) train: Prepared,
    pub(super) check: Prepared,
    pub(super) test: Prepared,
}

impl Rows {
    /// Opens the rows in the run's folder, or makes them if they are not there.
    ///
    /// # Errors
    /// When the data cannot be read or is not what was planned with, or `stop` says so.
    pub(super) fn of(run: &Run, plan: &Plan, base: &Base, stop: Stop<'_>) -> Result<Self> {
        let open = |part: Part| Prepared::open(&run.rows_path(part.name()));
        if !run.rows_path(Part::Train.name()).is_file() {
            make(run, plan, base, stop)?;
        }
        Ok(Self {
            train: open(Part::Train)?,
            check: open(Part::Check)?,
            test: open(Part::Test)?,
        })
    }
}

/// Writes the features of all parts, those that are learned from last.
fn make(run: &Run, plan: &Plan, base: &Base, stop: Stop<'_>) -> Result<()> {
    let dataset = Opened::open(&plan.data.files, &plan.data.options)?.check(None, stop)?;
    let template = plan.data.template.as_deref().and_then(template::named);
    let maker = Maker::new(
        &base.tokenizer,
        plan.data.recipe.clone(),
        &plan.data.labels,
        template,
    )?;
    for part in [Part::Test, Part::Check, Part::Train] {
        prepare(
            dataset.rows(part)?,
            &maker,
            &run.rows_path(part.name()),
            stop,
        )?;
    }
    Ok(())
}
