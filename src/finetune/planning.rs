//! A plan, from what is asked for and what the data is.

use std::collections::BTreeMap;

use super::base::{Base, LEARN};
use super::dataset::{Dataset, Opened, Options, Ruler, Sources};
use super::features::{Maker, Recipe};
use super::plan::{Data, Method, Plan};
use super::training::Training;
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::kernels;
use crate::model::lora::LoraConfig;
use crate::model::pipeline::{Stop, Task};
use crate::model::template::Template;

/// Encoders with fewer weights learn a task best in full, and it fits.
const SMALL: u64 = 200_000_000;

/// Below so many rows few weights are changed, so that a small set is overfitted less.
const FEW: u64 = 20_000;

/// What is asked of a run.
pub struct Wish<'a> {
    /// The files.
    pub files: Sources,
    /// How they are read.
    pub options: Options,
    /// How features are made of a row.
    pub recipe: Recipe,
    /// How conversations become texts.
    pub template: Option<&'a dyn Template>,
    /// What learns; decided by model and rows if not said.
    pub method: Option<Method>,
}

/// A dataset that was read for a model.
pub struct Read {
    /// The rows.
    pub dataset: Dataset,
    /// What learns.
    pub method: Method,
    /// Why, where that was not said.
    pub method_reason: Option<&'static str>,
    files: Sources,
    options: Options,
    recipe: Recipe,
    template: Option<String>,
}

/// The tasks that a model can learn, the usual first.
///
/// # Errors
/// For an architecture that is run and not tuned here.
pub fn learns(config: &Config) -> Result<Vec<Task>> {
    Ok(match config {
        Config::Bert(_) | Config::DistilBert(_) => vec![
            Task::TextClassification,
            Task::TokenClassification,
            Task::QuestionAnswering,
            Task::FillMask,
        ],
        Config::Gpt2(_) => vec![Task::TextGeneration, Task::TextClassification],
        Config::T5(_) => vec![
            Task::Text2TextGeneration,
            Task::Summarization,
            Task::Translation,
        ],
        Config::Candle(_) => {
            let kind = config.common().model_type;
            let what = format!("models of type {kind} run here and cannot be tuned here");
            return Err(Error::usage(what).at("--model").hint(LEARN));
        }
    })
}

/// Reads everything once, and measures rows as the model does.
///
/// # Errors
/// As [`Opened::check`].
pub fn check(opened: Opened, maker: Option<&Maker<'_>>, stop: Stop<'_>) -> Result<Dataset> {
    let Some(maker) = maker else {
        return opened.check(None, stop);
    };
    let measure = |example: &_| {
        let made = maker.make(example)?;
        Ok((made.tokens as u64, made.cut))
    };
    // Blocks and windows leave nothing out, so there is no limit to a row.
    let recipe = maker.recipe();
    let is_cut = recipe.block().is_none() && recipe.task != Task::QuestionAnswering;
    let ruler = Ruler {
        unit: "tokens",
        limit: is_cut.then_some(recipe.max_length as u64),
        measure: &measure,
    };
    opened.check(Some(&ruler), stop)
}

/// Reads the data for `base`, whole and once.
///
/// # Errors
/// When it cannot be read, nothing can be learned from it, or `stop` says so.
pub fn read(base: &Base, opened: Opened, wish: Wish<'_>, stop: Stop<'_>) -> Result<Read> {
    let mut options = wish.options;
    let maker = Maker::new(&base.tokenizer, wish.recipe.clone(), &[], wish.template)?;
    let dataset = check(opened, Some(&maker), stop)?;
    dataset.report().check(options.strict)?;
    let (method, method_reason) = if let Some(method) = wish.method {
        (method, None)
    } else {
        let rows = dataset.report().rows.train;
        let (method, why) = usual_method(&base.config, dataset.task(), rows);
        (method, Some(why))
    };
    options.task = Some(dataset.task());
    options.problem = dataset.problem();
    if !dataset.names().is_empty() {
        options.labels = Some(dataset.names().to_vec());
    }
    Ok(Read {
        dataset,
        method,
        method_reason,
        files: wish.files,
        options,
        recipe: wish.recipe,
        template: wish.template.map(|template| template.name().to_owned()),
    })
}

/// What learns where nobody says: all weights of a small encoder, else adapters if rows are few.
fn usual_method(config: &Config, task: Task, rows: u64) -> (Method, &'static str) {
    let encoder = matches!(config, Config::Bert(_) | Config::DistilBert(_));
    let weights = config.parameters(config.common().head().unwrap_or_else(|| config.heads()[0]));
    if encoder && weights < SMALL && task != Task::FillMask {
        (
            Method::Full,
            "an encoder of this size learns a task best in full, and it fits",
        )
    } else if rows < FEW {
        (
            Method::Lora,
            "few weights change, so a small set is overfitted less",
        )
    } else {
        (Method::Full, "there are rows enough for all weights")
    }
}

/// The plan of a run, and the rows that it was made for.
///
/// # Errors
/// When something in it cannot be.
pub fn plan(
    base: &Base,
    read: Read,
    training: Training,
    lora: LoraConfig,
    threads: usize,
    mut sources: BTreeMap<String, String>,
) -> Result<(Plan, Dataset)> {
    let report = read.dataset.report();
    let (weights, tokenizer) = base.identity()?;
    if let Some(why) = read.method_reason {
        sources.insert("method".to_owned(), why.to_owned());
    }
    let plan = Plan {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        model: base.named.clone(),
        weights,
        tokenizer,
        task: read.dataset.task(),
        method: read.method,
        lora: (read.method == Method::Lora).then_some(lora),
        data: Data {
            files: read.files,
            fingerprint: super::run::fingerprint(&read.dataset),
            rows: report.rows,
            labels: read.dataset.names().to_vec(),
            label_rows: report.labels.iter().map(|label| label.train).collect(),
            options: read.options,
            recipe: read.recipe,
            template: read.template,
        },
        training,
        threads,
        processor: kernels::processor(),
        sources,
    };
    plan.check()?;
    Ok((plan, read.dataset))
}
