//! What one can talk to: models that go on from a text, and how their turns become one.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::files::Folders;
use crate::finetune::plan::{Method, Plan};
use crate::finetune::run::Run;
use crate::hub::Cache;
use crate::model::pipeline::{Parts, Task};
use crate::model::template::Form;
use crate::model::tokenizer::Settings;
use crate::text;

use super::shelf::Kept;

/// Where a form comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody asked for it.
    Asked,
    /// The run taught it.
    Run,
    /// The model's files name it.
    Model,
    /// Nobody names one.
    Nobody,
}

impl Origin {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Asked => "as you asked",
            Self::Run => "from its run",
            Self::Model => "from its files",
            Self::Nobody => "it names no template",
        }
    }
}

/// A model that one can talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The run's name, or the hub's id.
    pub id: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// What it was made from, for one of the user's own: `lora on openai-community/gpt2`.
    pub made: Option<String>,
    /// Rows that the run learned from.
    pub rows: Option<u64>,
    /// How its turns become a text.
    pub form: Form,
    /// Who says so.
    pub origin: Origin,
    /// How many parameters it has.
    pub parameters: u64,
    /// Bytes of its files.
    pub bytes: u64,
}

/// How the turns of a chat with the model in `folder` become a text: as its run taught it, else as
/// its files say.
///
/// # Errors
/// Files that cannot be read.
pub fn form_of(folder: &Path) -> Result<(Form, Origin)> {
    if let Some(form) = Run::of_model(folder).and_then(|run| taught(&run.plan().ok()?)) {
        return Ok((form, Origin::Run));
    }
    Ok(match Settings::read(folder)?.chat_template {
        Some(source) => (Form::Own(source), Origin::Model),
        None => (Form::Plain, Origin::Nobody),
    })
}

/// The template that a plan teaches.
fn taught(plan: &Plan) -> Option<Form> {
    Form::of_name(plan.data.template.as_deref()?)
}

impl Speaker {
    /// The speaker that a model on the disk is, if it goes on from texts.
    pub(super) fn of(kept: &Kept) -> Option<Self> {
        if !kept.tasks.contains(&Task::TextGeneration) {
            return None;
        }
        let (form, origin) = form_of(&kept.folder).ok()?;
        Some(Self {
            id: kept.id.clone(),
            folder: kept.folder.clone(),
            made: None,
            rows: None,
            form,
            origin,
            parameters: kept.parameters,
            bytes: kept.bytes,
        })
    }

    /// The results of the user's runs that go on from texts.
    pub(super) fn of_runs(folders: &Folders, cache: &Cache) -> Vec<Self> {
        let runs = Run::list(folders).into_iter();
        runs.filter_map(|run| Self::of_run(&run, cache)).collect()
    }

    fn of_run(run: &Run, cache: &Cache) -> Option<Self> {
        let plan = run.plan().ok()?;
        let folder = run.model_path();
        if plan.task != Task::TextGeneration {
            return None;
        }
        let parts = Parts::read_with(&folder, cache).ok()?;
        let head = parts.config.heads().first().copied()?;
        let how = match plan.method {
            Method::Full => "full",
            Method::Lora => "LoRA",
            Method::Head => "head",
        };
        let (form, origin) = form_of(&folder).ok()?;
        Some(Self {
            id: run.id.clone(),
            made: Some(format!(
                "{how} on {}",
                text::ident(&text::line(&plan.model.name))
            )),
            rows: Some(plan.data.rows.train),
            form,
            origin,
            parameters: parts.config.parameters(head),
            bytes: parts.checkpoint.bytes(),
            folder,
        })
    }

    /// Its name, safe to show.
    pub fn shown(&self) -> String {
        text::ident(&text::line(&self.id)).into_owned()
    }
}
