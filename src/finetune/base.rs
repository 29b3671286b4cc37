//! The model that a run starts from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::digest;
use crate::error::{Error, Result};
use crate::hub::layout::CONFIG;
use crate::model::config::{self, Config, ProblemType};
use crate::model::json;
use crate::model::pipeline::Task;
use crate::model::tokenizer::Tokenizer;
use crate::model::weights::Checkpoint;

/// What can be tuned.
pub(super) const LEARN: &str = "BERT and DistilBERT learn labels, answers and masked words; GPT-2 \
    writes on; T5 makes a text of another";

/// What goes with a model from its folder into one that was made of it.
const COMPANIONS: [&str; 10] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "chat_template.jinja",
    "generation_config.json",
];

/// What a plan says of the model that it starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The hub's id, or the folder.
    pub name: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// The commit that was fetched, of a model from the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Starts from random weights of its configuration: from `--init config`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_config: bool,
}

impl Named {
    /// The model `name`, whose files are in `folder`.
    ///
    /// # Errors
    /// When the folder is not there.
    pub fn new(name: String, folder: &Path, from_config: bool) -> Result<Self> {
        let folder = folder
            .canonicalize()
            .map_err(|e| Error::io("read", folder, e))?;
        // As the hub's cache is laid out: `snapshots/<commit>`.
        let parent = folder.parent().and_then(Path::file_name);
        let last = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let commit = last.filter(|name| {
            parent.is_some_and(|parent| parent == "snapshots")
                && name.len() == 40
                && name.bytes().all(|b| b.is_ascii_hexdigit())
        });
        Ok(Self {
            name,
            folder,
            commit,
            from_config,
        })
    }
}

/// The model that a run starts from, with its weights still on disk.
pub struct Base {
    /// What it is called.
    pub named: Named,
    /// Its configuration, as a file says it.
    json: Map<String, Value>,
    /// Its configuration.
    pub config: Config,
    /// Texts to tokens.
    pub tokenizer: Arc<Tokenizer>,
    /// Its weights; none if it starts from random ones.
    pub checkpoint: Option<Checkpoint>,
}

/// What a run learns to tell apart, as a configuration has it.
#[derive(Debug, Clone, Copy)]
pub struct Outputs<'a> {
    /// What the task is.
    pub task: Task,
    /// The names of the labels.
    pub labels: &'a [String],
    /// How labels are read.
    pub problem: Option<ProblemType>,
    /// The share of activations that is dropped, if not as the model has it.
    pub dropout: Option<f32>,
}

impl Base {
    /// Reads the model's folder.
    ///
    /// # Errors
    /// A file that is missing or damaged, or not of the same model as the others.
    pub fn read(named: Named) -> Result<Self> {
        let folder = &named.folder;
        let config = Config::read(folder)?;
        let checkpoint = (!named.from_config).then(|| Checkpoint::open(folder));
        Ok(Self {
            json: json::object(&folder.join(CONFIG), config::MOST_BYTES)?,
            tokenizer: Arc::new(Tokenizer::read(folder, Some(config.vocab_size()))?),
            checkpoint: checkpoint.transpose()?,
            config,
            named,
        })
    }

    /// The configuration of what a run makes of it: as a file says it, and as it is computed.
    ///
    /// # Errors
    /// When the architecture has no head for the task.
    pub fn tuned(&self, outputs: Outputs<'_>) -> Result<(Map<String, Value>, Config)> {
        let mut json = self.json.clone();
        let class = class(&self.config, outputs.task)?;
        json.insert("architectures".to_owned(), json!([class]));
        if !outputs.labels.is_empty() {
            let labels = outputs.labels.iter().enumerate();
            let by_id = labels.clone().map(|(i, name)| (i.to_string(), json!(name)));
            let by_name = labels.map(|(i, name)| (name.clone(), json!(i)));
            json.remove("num_labels");
            json.insert("id2label".to_owned(), Value::Object(by_id.collect()));
            json.insert("label2id".to_owned(), Value::Object(by_name.collect()));
        }
        let is_number = outputs.problem == Some(ProblemType::Regression);
        if is_number && outputs.labels.is_empty() {
            json.remove("id2label");
            json.remove("label2id");
            json.insert("num_labels".to_owned(), json!(1));
        }
        if let Some(problem) = outputs.problem {
            json.insert(
                "problem_type".to_owned(),
                json!(super::dataset::problem(problem)),
            );
        }
        if let Some(dropout) = outputs.dropout {
            for name in dropouts(&self.config) {
                json.insert((*name).to_owned(), json!(dropout));
            }
        }
        // Both names: readers of either generation.
        json.remove("dtype");
        json.insert("torch_dtype".to_owned(), json!("float32"));
        let config = Config::of(&json, &self.named.folder.join(CONFIG))?;
        Ok((json, config))
    }

    /// Whether the head that the checkpoint has is the one for these outputs.
    pub fn has_head_for(&self, outputs: Outputs<'_>) -> bool {
        let common = self.config.common();
        let same = match (outputs.problem, outputs.labels) {
            (Some(ProblemType::Regression), _) => {
                common.labels.len() == 1 && common.problem_type == outputs.problem
            }
            (_, []) => true,
            (_, labels) => common.labels.names() == labels,
        };
        let class = class(&self.config, outputs.task);
        same && class.is_ok_and(|class| common.architectures.contains(&class))
    }

    /// What tells its weights and its tokenizer from others, for a run that is to go on.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn identity(&self) -> Result<(String, String)> {
        let weights = match (&self.checkpoint, &self.named.commit) {
            (None, _) => sha256_of(&self.named.folder.join(CONFIG))?,
            (_, Some(commit)) => commit.clone(),
            (Some(checkpoint), None) => {
                let hashes = checkpoint.files().map(sha256_of);
                hashes.collect::<Result<Vec<_>>>()?.join(".")
            }
        };
        Ok((
            weights,
            sha256_of(&self.named.folder.join("tokenizer.json"))?,
        ))
    }

    /// Copies what goes with the model into `folder`.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn copy_companions(&self, folder: &Path) -> Result<()> {
        copy_companions(&[&self.named.folder], folder)
    }
}

/// Copies what goes with a model into `to`: each file from the first of the folders that has it.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_companions(from: &[&Path], to: &Path) -> Result<()> {
    for name in COMPANIONS {
        let mut paths = from.iter().map(|folder| folder.join(name));
        if let Some(path) = paths.find(|path| path.is_file()) {
            let bytes = std::fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
            crate::files::write(&to.join(name), &bytes)?;
        }
    }
    Ok(())
}

/// The class that transformers has for a head.
fn class(config: &Config, task: Task) -> Result<String> {
    let (begins, ends) = match (config, task) {
        (Config::Bert(_), _) => ("Bert", encoder_class(task)),
        (Config::DistilBert(_), _) => ("DistilBert", encoder_class(task)),
        (Config::Gpt2(_), Task::TextGeneration) => ("GPT2", Some("LMHeadModel")),
        (Config::Gpt2(_), Task::TextClassification) => ("GPT2", Some("ForSequenceClassification")),
        (Config::T5(t5), Task::Text2TextGeneration | Task::Summarization | Task::Translation) => {
            let begins = if t5.common.model_type == "mt5" {
                "MT5"
            } else {
                "T5"
            };
            (begins, Some("ForConditionalGeneration"))
        }
        _ => ("", None),
    };
    ends.map(|ends| format!("{begins}{ends}")).ok_or_else(|| {
        let kind = config.common().model_type;
        Error::usage(format!("a {kind} model does not learn {task}"))
            .at("--task")
            .hint(LEARN)
    })
}

fn encoder_class(task: Task) -> Option<&'static str> {
    Some(match task {
        Task::FillMask => "ForMaskedLM",
        Task::TextClassification => "ForSequenceClassification",
        Task::TokenClassification => "ForTokenClassification",
        Task::QuestionAnswering => "ForQuestionAnswering",
        _ => return None,
    })
}

/// The fields of a configuration that say what is dropped.
fn dropouts(config: &Config) -> &'static [&'static str] {
    match config {
        Config::Bert(_) => &["hidden_dropout_prob", "attention_probs_dropout_prob"],
        Config::DistilBert(_) => &[
            "dropout",
            "attention_dropout",
            "qa_dropout",
            "seq_classif_dropout",
        ],
        Config::Gpt2(_) => &["resid_pdrop", "embd_pdrop", "attn_pdrop"],
        Config::T5(_) => &["dropout_rate"],
        Config::Candle(_) => &[],
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
fn sha256_of(path: &Path) -> Result<String> {
    Ok(digest::of_file(path, &mut || false)?.1)
}
