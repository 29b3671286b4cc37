//! A model's folder, read; and the model of it that a pipeline needs.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::adapter;
use super::task::{self, Task};
use super::texts::Texts;
use crate::error::{Error, Result};
use crate::hub::Cache;
use crate::hub::layout::CONFIG;
use crate::model::config::{self, Config};
use crate::model::json;
use crate::model::layers::{Precision, Source};
use crate::model::tape::buffer;
use crate::model::tokenizer::Tokenizer;
use crate::model::weights::Checkpoint;

/// The largest settings file that is read.
const MOST_BYTES: u64 = 4 << 20;

/// What a model's folder holds. The weights are still on disk.
pub struct Parts {
    /// Where it is.
    pub folder: PathBuf,
    /// The architecture.
    pub config: Config,
    /// Texts to tokens.
    pub tokenizer: Tokenizer,
    /// The weights.
    pub checkpoint: Checkpoint,
    /// The configuration as a file says it.
    pub json: Map<String, Value>,
    /// The folder of the base, for an adapter.
    pub base: Option<PathBuf>,
    /// Where packed weights are kept for the next time.
    packed: Option<PathBuf>,
}

impl Parts {
    /// Reads a model's folder, or an adapter's, whose base is in the folder that it names or in the
    /// usual cache.
    ///
    /// # Errors
    /// A file that is missing or damaged, or that is not of the same model as the others.
    pub fn read(folder: &Path) -> Result<Self> {
        Self::read_with(folder, &Cache::usual())
    }

    /// As [`Parts::read`], with the cache that the base of an adapter is looked for in.
    ///
    /// # Errors
    /// As [`Parts::read`].
    pub fn read_with(folder: &Path, cache: &Cache) -> Result<Self> {
        if adapter::is_one(folder) {
            return adapter::read(folder, cache);
        }
        let config = Config::read(folder)?;
        let json = json::object(&folder.join(CONFIG), config::MOST_BYTES)?;
        let checkpoint = Checkpoint::open(folder)?;
        Self::of(folder, None, (json, config), checkpoint)
    }

    /// The parts in `folder` and, for an adapter, in the folder of its base.
    pub(super) fn of(
        folder: &Path,
        base: Option<PathBuf>,
        (json, config): (Map<String, Value>, Config),
        checkpoint: Checkpoint,
    ) -> Result<Self> {
        let words = match &base {
            Some(base) if !folder.join("tokenizer.json").is_file() => base,
            _ => folder,
        };
        Ok(Self {
            folder: folder.to_owned(),
            tokenizer: Tokenizer::read(words, Some(config.vocab_size()))?,
            checkpoint,
            packed: None,
            config,
            json,
            base,
        })
    }

    /// The folder that has the file `name`: of an adapter, that of its base may.
    pub(super) fn folder_with(&self, name: &str) -> &Path {
        match &self.base {
            Some(base) if !self.folder.join(name).is_file() => base,
            _ => &self.folder,
        }
    }

    /// The same, with packed weights kept in `folder` for the next time.
    #[must_use]
    pub fn keeping(self, folder: Option<PathBuf>) -> Self {
        Self {
            packed: folder,
            ..self
        }
    }

    /// The precision that the model runs in where `asked` is wanted: its architecture may have one
    /// only.
    pub fn precision(&self, asked: Precision) -> Precision {
        asked.of(&self.config)
    }

    /// What the model does, the usual first.
    pub fn tasks(&self) -> Vec<Task> {
        Task::of(&self.config)
    }

    /// The task that is asked for, else what the model is for.
    ///
    /// # Errors
    /// When the model does not do what is asked for; with what it does.
    pub fn task(&self, asked: Option<Task>) -> Result<Task> {
        Task::choose(asked, &self.config).map_err(|error| error.at_path(&self.folder))
    }

    /// The width of the hidden states.
    pub(super) fn width(&self) -> usize {
        match &self.config {
            Config::Bert(config) => config.hidden_size,
            Config::DistilBert(config) => config.dim,
            Config::Gpt2(config) => config.n_embd,
            Config::T5(config) => config.d_model,
            Config::Candle(config) => config.hidden_size,
        }
    }

    /// The model that `load` reads for `task`, what makes tokens for it, and its settings.
    ///
    /// # Errors
    /// When the model does another task, or when its head would be random numbers.
    pub(super) fn model<M>(
        self,
        task: Task,
        precision: Precision,
        load: impl FnOnce(&Source, &Config) -> Result<M>,
    ) -> Result<(M, Texts, Config)> {
        self.task(Some(task))?;
        let source =
            Source::of(&self.checkpoint, &self.config, precision).kept_in(self.packed.as_deref());
        if head(task, &self.config).is_some_and(|name| !source.has(name)) {
            return Err(self.untrained(task));
        }
        let model = load(&source, &self.config).map_err(|error| error.at_path(&self.folder))?;
        if !source.made().is_empty() {
            return Err(self.untrained(task));
        }
        // A full disk costs the time of packing, and nothing else.
        let _ = source.keep();
        // What reading needed is not what running needs.
        buffer::release();
        Ok((model, Texts::new(self.tokenizer, &self.config), self.config))
    }

    fn untrained(&self, task: Task) -> Error {
        let mut others = self.tasks();
        others.retain(|other| *other != task && head(*other, &self.config).is_none());
        Error::new(format!("this checkpoint has no trained head for {task}"))
            .at_path(&self.folder)
            .hint(if others.is_empty() {
                format!("choose a model that was trained for {task}")
            } else {
                format!("tune it for {task} first; it does {}", task::names(&others))
            })
    }
}

/// The tensor that only a model with a head for `task` has.
fn head(task: Task, config: &Config) -> Option<&'static str> {
    Some(match (task, config) {
        (Task::FillMask, Config::Bert(_)) => "cls.predictions.transform.dense.weight",
        (Task::FillMask, Config::DistilBert(_)) => "vocab_transform.weight",
        (Task::FillMask, Config::Candle(_)) => "head.dense.weight",
        (Task::TextClassification, Config::Gpt2(_)) => "score.weight",
        (Task::TextClassification | Task::TokenClassification, _) => "classifier.weight",
        (Task::QuestionAnswering, _) => "qa_outputs.weight",
        _ => return None,
    })
}

/// What a settings file holds; nothing if it is not there.
///
/// # Errors
/// A file that cannot be read, is too large, or is not JSON.
pub(super) fn settings(path: &Path) -> Result<Option<Value>> {
    if !path.is_file() {
        return Ok(None);
    }
    json::decode(path, &json::load(path, MOST_BYTES)?).map(Some)
}
