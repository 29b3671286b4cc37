//! What a run ends in: a model's folder as the hub lays it out, or an adapter's as PEFT does.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::base::{self, Base};
use super::learner::{Learner, Model};
use crate::error::Result;
use crate::files;
use crate::hub::layout::{CONFIG, WEIGHTS};
use crate::model::config::Config;
use crate::model::layers::{Learning, Precision, Source};
use crate::model::lora::{self, LoraConfig, Targets};
use crate::model::pipeline::{Parts, Task};
use crate::model::tape::Param;
use crate::model::weights::{self, Stored};

/// How the names of an adapter's two matrices end.
const PAIR: [&str; 2] = [".lora_A.weight", ".lora_B.weight"];

/// Writes the model of a run into `folder`, with `json` as its configuration: all weights, or the
/// adapter and what else has learned.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write_model(
    folder: &Path,
    base: &Base,
    learner: &Learner,
    json: &Map<String, Value>,
    learning: &Learning,
) -> Result<()> {
    base.copy_companions(folder)?;
    match learning {
        Learning::Lora(lora) => write_adapter(folder, base, learner, lora)?,
        _ => write_weights(&folder.join(WEIGHTS), &learner.params, |param| {
            param.name().to_owned()
        })?,
    }
    files::write(&folder.join(CONFIG), &pretty(json))
}

/// Writes the model that an adapter makes with its base into `folder`, with all its weights.
///
/// # Errors
/// When the parts are not of one model, or a file cannot be read or written.
pub fn merge(folder: &Path, parts: &Parts, task: Task) -> Result<()> {
    let source = Source::of(&parts.checkpoint, &parts.config, Precision::F32);
    Model::load(&source, &parts.config, task)?;
    let folders: Vec<&Path> = [Some(parts.folder.as_path()), parts.base.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    base::copy_companions(&folders, folder)?;
    write_weights(&folder.join(WEIGHTS), &source.params(), |param| {
        param.name().to_owned()
    })?;
    files::write(&folder.join(CONFIG), &pretty(&parts.json))
}

/// Writes the adapter's weights and settings.
fn write_adapter(folder: &Path, base: &Base, learner: &Learner, lora: &LoraConfig) -> Result<()> {
    let learned: Vec<Param> = learner.trainable().cloned().collect();
    write_weights(&folder.join(lora::WEIGHTS), &learned, |param| {
        name_in_peft(param.name(), &learned)
    })?;
    let settings = settings(base, learner, &learned, lora);
    files::write(&folder.join(lora::CONFIG), &pretty(&settings))
}

/// The name that PEFT has for a parameter.
fn name_in_peft(name: &str, learned: &[Param]) -> String {
    let prefix = lora::PREFIX;
    let inside = name
        .rsplit_once('.')
        .filter(|(module, _)| adapted(learned).any(|one| one == *module));
    match inside {
        Some((module, last)) => format!("{prefix}{module}{}{last}", lora::BASE_LAYER),
        None => format!("{prefix}{name}"),
    }
}

/// The modules that have an adapter.
fn adapted(learned: &[Param]) -> impl Iterator<Item = &str> {
    let names = learned.iter().map(Param::name);
    names.filter_map(|name| name.strip_suffix(PAIR[0]))
}

/// The modules that have learned as a whole: heads.
fn heads(learned: &[Param], lora: &LoraConfig) -> Vec<String> {
    let names = learned.iter().map(Param::name);
    names
        .filter(|name| !PAIR.iter().any(|end| name.ends_with(end)) && !lora.learns_bias(name))
        .filter_map(|name| Some(name.strip_suffix(".weight")?.to_owned()))
        .collect()
}

/// `adapter_config.json`, with every field that PEFT decides by.
fn settings(
    base: &Base,
    learner: &Learner,
    learned: &[Param],
    lora: &LoraConfig,
) -> Map<String, Value> {
    let targets = match &lora.target_modules {
        Targets::Named(names) => names.clone(),
        // What these are depends on PEFT's version: their names do not.
        Targets::One(_) => {
            let mut names: Vec<String> = adapted(learned)
                .map(|module| module.rsplit('.').next().unwrap_or(module).to_owned())
                .collect();
            names.sort();
            names.dedup();
            names
        }
    };
    let heads = heads(learned, lora);
    let settings = json!({
        "alpha_pattern": {},
        "auto_mapping": null,
        "base_model_name_or_path": base.named.name,
        "bias": lora.bias,
        "fan_in_fan_out": matches!(base.config, Config::Gpt2(_)),
        "inference_mode": true,
        "init_lora_weights": true,
        "layers_to_transform": null,
        "lora_alpha": lora.lora_alpha,
        "lora_dropout": lora.lora_dropout,
        "modules_to_save": (!heads.is_empty()).then_some(heads),
        "peft_type": "LORA",
        "r": lora.r,
        "rank_pattern": {},
        "revision": base.named.commit,
        "target_modules": targets,
        "task_type": task_type(&learner.model),
        "use_dora": false,
        "use_rslora": lora.use_rslora,
    });
    match settings {
        Value::Object(settings) => settings,
        _ => Map::new(),
    }
}

/// PEFT's name of what a model is for; it has none for masked words.
fn task_type(model: &Model) -> Option<&'static str> {
    Some(match model {
        Model::Sequence(..) => "SEQ_CLS",
        Model::Token(_) => "TOKEN_CLS",
        Model::Question(_) => "QUESTION_ANS",
        Model::Causal(_) => "CAUSAL_LM",
        Model::Seq2Seq(..) => "SEQ_2_SEQ_LM",
        Model::Masked(_) => return None,
    })
}

/// Writes parameters, each under the name that `name` has for it.
fn write_weights(path: &Path, params: &[Param], name: impl Fn(&Param) -> String) -> Result<()> {
    let held: Vec<_> = params
        .iter()
        .map(|param| (name(param), param.shape(), param.read()))
        .collect();
    let stored: Vec<Stored<'_>> = held
        .iter()
        .map(|(name, shape, values)| Stored {
            name,
            shape,
            values,
        })
        .collect();
    weights::write(path, &stored)
}

fn pretty(object: &Map<String, Value>) -> Vec<u8> {
    // Maps of texts and numbers always become JSON.
    let mut text = serde_json::to_vec_pretty(object).unwrap_or_default();
    text.push(b'\n');
    text
}
