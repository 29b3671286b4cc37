//! An adapter's folder, read together with the model that it was trained on.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Parts;
use crate::error::{Error, Result};
use crate::hub::Cache;
use crate::hub::layout::{CONFIG, INDEX, WEIGHTS};
use crate::model::config::{self, Config};
use crate::model::json;
use crate::model::lora::{self, AdapterConfig};
use crate::model::weights::Checkpoint;
use crate::text;

/// The tensors of heads that an adapter may bring, whose rows are its labels.
const HEADS: [&str; 2] = ["classifier.weight", "score.weight"];

/// Whether a folder holds an adapter, and not a whole model.
pub(super) fn is_one(folder: &Path) -> bool {
    folder.join(lora::CONFIG).is_file()
        && !folder.join(WEIGHTS).exists()
        && !folder.join(INDEX).exists()
}

/// Reads the adapter in `folder`, and its base.
pub(super) fn read(folder: &Path, cache: &Cache) -> Result<Parts> {
    let adapter = AdapterConfig::read(folder)?;
    let base = base(folder, &adapter, cache)?;
    let own = folder.join(CONFIG);
    let path = if own.is_file() {
        own.clone()
    } else {
        base.join(CONFIG)
    };
    let mut object = json::object(&path, config::MOST_BYTES)?;
    let prefix = Config::of(&object, &path)?.prefix();
    let checkpoint = Checkpoint::open(&base)?.adapted(folder, &adapter, prefix)?;
    if path != own {
        describe(&mut object, &adapter, &checkpoint);
    }
    let config = Config::of(&object, &path)?;
    Parts::of(folder, Some(base), (object, config), checkpoint)
}

/// The folder of the model that an adapter was trained on.
fn base(folder: &Path, adapter: &AdapterConfig, cache: &Cache) -> Result<PathBuf> {
    let name = &adapter.base_model_name_or_path;
    let path = PathBuf::from(name);
    if path.join(CONFIG).is_file() {
        return Ok(path);
    }
    let commit = adapter.revision.as_deref();
    if let Some(found) = cache.files_of(name, commit) {
        return Ok(found);
    }
    let shown = text::ident(&text::line(name)).into_owned();
    let wanted = commit.map_or(String::new(), |commit| {
        format!(" --revision {}", text::ident(&text::line(commit)))
    });
    Err(Error::new(format!(
        "is an adapter for {shown}, which is neither a folder nor in the cache"
    ))
    .at_path(folder)
    .hint(format!("fetch it with `modeldesk pull {shown}{wanted}`")))
}

/// Makes the configuration of the base that of the adapter's model: PEFT keeps none of its own.
fn describe(object: &mut Map<String, Value>, adapter: &AdapterConfig, checkpoint: &Checkpoint) {
    let ends = match adapter.task_type.as_deref() {
        Some("SEQ_CLS") => "ForSequenceClassification",
        Some("TOKEN_CLS") => "ForTokenClassification",
        Some("QUESTION_ANS") => "ForQuestionAnswering",
        Some("CAUSAL_LM") => "LMHeadModel",
        Some("SEQ_2_SEQ_LM") => "ForConditionalGeneration",
        _ => return,
    };
    let kind = object.get("model_type").and_then(Value::as_str);
    let begins = kind.and_then(config::class_prefix).unwrap_or_default();
    object.insert(
        "architectures".to_owned(),
        json!([format!("{begins}{ends}")]),
    );
    let rows = |name: &&str| checkpoint.shape(name)?.first().copied();
    let labels = object
        .get("id2label")
        .and_then(Value::as_object)
        .map(Map::len);
    if let Some(rows) = HEADS
        .iter()
        .find_map(rows)
        .filter(|rows| labels != Some(*rows))
    {
        object.remove("id2label");
        object.remove("label2id");
        object.insert("num_labels".to_owned(), json!(rows));
    }
}
