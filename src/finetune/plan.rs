//! Everything that decides a run, as its `plan.yaml` says it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::base::{Base, Named, Outputs};
use super::dataset::{Counts, Options, Sources};
use super::features::Recipe;
use super::training::{ClassWeights, Optim, Training};
use crate::error::{Error, Result};
use crate::files;
use crate::model::config::{Config, Head, ProblemType};
use crate::model::layers::Learning;
use crate::model::lora::LoraConfig;
use crate::model::pipeline::Task;

/// The largest `plan.yaml` that is read.
const MOST_BYTES: u64 = 4 << 20;

/// What learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// All weights.
    #[default]
    Full,
    /// Low-rank adapters, and the head.
    Lora,
    /// The head alone.
    Head,
}

impl Method {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lora => "lora",
            Self::Head => "head",
        }
    }

    /// The method of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        [Self::Full, Self::Lora, Self::Head]
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| {
                Error::usage("there is no such method")
                    .at("--method")
                    .hint("use full, lora or head")
            })
    }
}

/// Everything that decides a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of the program that made it.
    pub program: String,
    /// The model that it starts from.
    pub model: Named,
    /// What tells the model's weights from others: its commit, or the SHA-256 of its file.
    pub weights: String,
    /// The SHA-256 of its tokenizer.
    pub tokenizer: String,
    /// The hub's name of the task.
    pub task: Task,
    /// What learns.
    pub method: Method,
    /// The adapters, for `lora`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
    /// What it learns from.
    pub data: Data,
    /// How it learns.
    pub training: Training,
    /// Threads that compute.
    pub threads: usize,
    /// What the processor can do, which decides the last bit of a sum.
    pub processor: String,
    /// Where settings come from that are not the user's, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, String>,
}

/// What a run learns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The files.
    pub files: Sources,
    /// How they are read.
    pub options: Options,
    /// The SHA-256 of all bytes of all files.
    pub fingerprint: String,
    /// Rows for each use.
    pub rows: Counts,
    /// The names of the labels, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// How many rows of the training file have each label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub label_rows: Vec<u64>,
    /// How the features of a row are made.
    pub recipe: Recipe,
    /// How conversations become texts, for chats and instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Plan {
    /// Reads `plan.yaml`.
    ///
    /// # Errors
    /// When it cannot be read, or says what no run can be; with the field.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |e| Error::io("read", path, e);
        let size = path.metadata().map_err(failed)?.len();
        if size > MOST_BYTES {
            return Err(Error::new(format!("is {size} bytes long, and no plan is")).at_path(path));
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let plan: Self = serde_yaml::from_str(&text).map_err(|e| {
            let line = e.location().map_or(1, |at| at.line());
            Error::new("is no plan").at_line(path, line).caused_by(e)
        })?;
        plan.check()?;
        Ok(plan)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::write(path, self.to_yaml()?.as_bytes())
    }

    /// The plan as a file says it.
    ///
    /// # Errors
    /// When a name in it is no text.
    pub fn to_yaml(&self) -> Result<String> {
        serde_yaml::to_string(self)
            .map_err(|e| Error::new("this plan cannot be written down").caused_by(e))
    }

    /// Whether such a run can be.
    ///
    /// # Errors
    /// With the first option that cannot.
    pub fn check(&self) -> Result<()> {
        self.training.check()?;
        if let Some(lora) = &self.lora {
            lora.check()?;
        }
        if self.method == Method::Lora && self.lora.is_none() {
            return Err(Error::new("the plan has no `lora` for the method lora").at("lora"));
        }
        let heads = matches!(
            self.task,
            Task::TextClassification | Task::TokenClassification | Task::QuestionAnswering
        );
        if self.method == Method::Head && !heads {
            return Err(
                Error::usage(format!("{} has no head of its own", self.task))
                    .at("--method")
                    .hint("use full or lora"),
            );
        }
        Ok(())
    }

    /// What learns, for a model's source.
    pub fn learning(&self) -> Learning {
        match (self.method, &self.lora) {
            (Method::Lora, Some(lora)) => Learning::Lora(Arc::new(lora.clone())),
            (Method::Head, _) => Learning::Heads,
            _ => Learning::Everything,
        }
    }

    /// What it learns to tell apart.
    pub fn outputs(&self) -> Outputs<'_> {
        Outputs {
            task: self.task,
            labels: &self.data.labels,
            problem: self.problem(),
            dropout: self.training.dropout,
        }
    }

    fn problem(&self) -> Option<ProblemType> {
        self.data.options.problem
    }

    /// What each class counts for.
    ///
    /// # Errors
    /// When there are not as many weights as classes.
    pub fn class_weights(&self) -> Result<Vec<f32>> {
        let rows = &self.data.label_rows;
        let wrong = |what: &str| Err(Error::usage(what).at("--class-weights"));
        match &self.training.class_weights {
            None => Ok(Vec::new()),
            Some(ClassWeights::Named(name)) if name == "balanced" => {
                let all: u64 = rows.iter().sum();
                let classes = rows.len() as f64;
                let weight = |count: &u64| (all as f64 / (classes * (*count).max(1) as f64)) as f32;
                Ok(rows.iter().map(weight).collect())
            }
            Some(ClassWeights::Named(_)) => wrong("use balanced, or a number for each class"),
            Some(ClassWeights::Given(weights)) if weights.len() == self.data.labels.len() => {
                Ok(weights.clone())
            }
            Some(ClassWeights::Given(_)) => wrong("there must be one for each class"),
        }
    }

    /// What decides every bit of the result, by the name of the option: a run goes on only if
    /// nothing of it has changed.
    pub fn identity(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut put = |name: &str, value: String| {
            all.insert(name.to_owned(), value);
        };
        put("program", self.program.clone());
        put("base weights", self.weights.clone());
        put("tokenizer", self.tokenizer.clone());
        put("task", self.task.to_string());
        put("method", self.method.name().to_owned());
        put("data", self.data.fingerprint.clone());
        put("labels", self.data.labels.join(", "));
        put("template", self.data.template.clone().unwrap_or_default());
        put("threads", self.threads.to_string());
        put("processor", self.processor.clone());
        let parts = [
            ("", flat(&self.training)),
            ("data.", flat(&self.data.options)),
            ("recipe.", flat(&self.data.recipe)),
            ("lora.", flat(&self.lora)),
        ];
        for (prefix, fields) in parts {
            all.extend(
                fields
                    .into_iter()
                    .map(|(name, value)| (format!("{prefix}{name}"), value)),
            );
        }
        // What is written down, and how often, changes no weight.
        for name in [
            "logging_steps",
            "save_steps",
            "save_total_limit",
            "per_device_eval_batch_size",
        ] {
            all.remove(name);
        }
        all
    }

    /// The bytes of memory that the run takes at least: all weights in f32 and, for those that
    /// learn, their gradients and what the optimizer keeps of each. Activations come on top.
    ///
    /// # Errors
    /// When the model's configuration cannot be read.
    pub fn least_memory(&self) -> Result<u64> {
        let weights = Config::read(&self.model.folder)?.parameters(Head::Base);
        let learning = match (self.method, self.training.optim) {
            (Method::Full, Optim::AdamwTorch) => 12,
            (Method::Full, Optim::Adafactor) => 4,
            (Method::Lora | Method::Head, _) => 0,
        };
        Ok(weights * (4 + learning))
    }

    /// The model that it starts from, which is the one that was planned with.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn base(&self) -> Result<Base> {
        Base::read(self.model.clone())
    }
}

/// The fields of a part of a plan, as texts.
fn flat(part: &impl Serialize) -> Vec<(String, String)> {
    match serde_json::to_value(part) {
        Ok(serde_json::Value::Object(fields)) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, value.to_string()))
            .collect(),
        _ => Vec::new(),
    }
}
