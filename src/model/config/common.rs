//! What every `config.json` says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Fields;
use super::generation::Generation;
use super::head::Head;
use super::labels::Labels;
use crate::error::Result;

/// How a classifier is trained and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Its outputs are numbers.
    Regression,
    /// One label is right.
    SingleLabel,
    /// Each label is right or not.
    MultiLabel,
}

/// What is not of one architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// The classes that saved the model: `BertForMaskedLM`.
    pub architectures: Vec<String>,
    /// The architecture: `bert`.
    pub model_type: &'static str,
    /// What the outputs of a classifier stand for.
    pub labels: Labels,
    /// How a classifier is trained and read, where that is said.
    pub problem_type: Option<ProblemType>,
    /// The number format that the weights were saved in: `float32`.
    pub dtype: Option<String>,
    /// Whether the output layer is the word embeddings.
    pub tie_word_embeddings: bool,
    /// How it generates where there is no `generation_config.json`.
    pub generation: Generation,
    /// How it generates for a task, as `summarization`; from `task_specific_params`.
    pub tasks: BTreeMap<String, Generation>,
}

impl Common {
    /// The head that the model was saved with, if that is said and known.
    pub fn head(&self) -> Option<Head> {
        Head::of(self.architectures.first()?)
    }

    pub(super) fn read(fields: Fields<'_>, model_type: &'static str) -> Result<Self> {
        fields.never("add_cross_attention")?;
        fields.never("is_decoder")?;
        if fields
            .object("pruned_heads")?
            .is_some_and(|heads| !heads.is_empty())
        {
            return Err(fields.wrong("pruned_heads", "empty: no head can be left out here"));
        }
        let dtype = match fields.text("dtype")? {
            Some(dtype) => Some(dtype),
            None => fields.text("torch_dtype")?,
        };
        Ok(Self {
            architectures: architectures(fields)?,
            model_type,
            labels: Labels::read(fields)?,
            problem_type: problem_type(fields)?,
            dtype: dtype.map(str::to_owned),
            tie_word_embeddings: fields.flag("tie_word_embeddings", true)?,
            generation: Generation::of(fields)?,
            tasks: tasks(fields)?,
        })
    }
}

pub(super) fn architectures(fields: Fields<'_>) -> Result<Vec<String>> {
    let names = match fields.get("architectures")? {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(names)) => {
            let names = names.iter().map(|name| name.as_str().map(str::to_owned));
            names.collect()
        }
        Some(_) => None,
    };
    names.ok_or_else(|| fields.wrong("architectures", "a list of names of classes"))
}

fn problem_type(fields: Fields<'_>) -> Result<Option<ProblemType>> {
    const KNOWN: &str = "regression, single_label_classification or multi_label_classification";
    Ok(match fields.text("problem_type")? {
        None => None,
        Some("regression") => Some(ProblemType::Regression),
        Some("single_label_classification") => Some(ProblemType::SingleLabel),
        Some("multi_label_classification") => Some(ProblemType::MultiLabel),
        Some(_) => return Err(fields.wrong("problem_type", KNOWN)),
    })
}

fn tasks(fields: Fields<'_>) -> Result<BTreeMap<String, Generation>> {
    let mut tasks = BTreeMap::new();
    for (task, value) in fields.object("task_specific_params")?.into_iter().flatten() {
        let Some(object) = value.as_object() else {
            return Err(fields.wrong("task_specific_params", "an object of objects"));
        };
        tasks.insert(task.clone(), Generation::of(fields.within(object))?);
    }
    Ok(tasks)
}
