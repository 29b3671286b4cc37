//! What decides a model's computation: its `config.json`, checked before anything is allocated.
//!
//! One file an architecture, with the names and defaults of transformers. Fields that change
//! nothing here are not looked at. [`Generation`] is `generation_config.json`.

mod bert;
pub mod candle;
mod common;
mod distilbert;
mod encoder;
mod fields;
mod generation;
mod gpt2;
mod head;
mod labels;
mod size;
mod t5;

use std::ops::RangeInclusive;
use std::path::Path;

use serde_json::{Map, Value};

pub use bert::BertConfig;
pub use candle::CandleConfig;
pub use common::{Common, ProblemType};
pub use distilbert::DistilBertConfig;
pub use encoder::EncoderForm;
pub use generation::{EarlyStopping, FILE as GENERATION, Generation};
pub use gpt2::Gpt2Config;
pub use head::Head;
pub use labels::Labels;
pub use t5::T5Config;

use crate::error::{Error, Result};
use crate::hub::layout::CONFIG;
use crate::model::json;
use crate::text;
use candle::{Family, Own};
use fields::Fields;

/// Most bytes of a configuration that are read.
pub const MOST_BYTES: u64 = 4 << 20;

/// Most parameters of a model: more than any disk of a desk holds.
const MOST_PARAMETERS: u64 = 1 << 40;

const VOCABULARY: RangeInclusive<usize> = 1..=1 << 22;
const WIDTH: RangeInclusive<usize> = 1..=1 << 16;
const INNER: RangeInclusive<usize> = 1..=1 << 18;
const LAYERS: RangeInclusive<usize> = 1..=1024;
const HEADS: RangeInclusive<usize> = 1..=1024;
const POSITIONS: RangeInclusive<usize> = 1..=1 << 20;
const TYPES: RangeInclusive<usize> = 1..=1024;
/// Half of the buckets of a reader are for each direction, and half of those for short distances.
const BUCKETS: RangeInclusive<usize> = 4..=4096;

/// An architecture that runs here.
struct Known {
    model_type: &'static str,
    /// How the names of its classes begin.
    class: &'static str,
    /// The only task that it does here, if it is one.
    only: Option<&'static str>,
    /// Whether candle runs it, which knows no packed weights.
    f32_only: bool,
}

impl Known {
    const fn ours(model_type: &'static str, class: &'static str) -> Self {
        Self {
            model_type,
            class,
            only: None,
            f32_only: false,
        }
    }

    const fn candle(
        model_type: &'static str,
        class: &'static str,
        only: Option<&'static str>,
    ) -> Self {
        Self {
            model_type,
            class,
            only,
            f32_only: true,
        }
    }

    fn named(model_type: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.model_type == model_type)
    }
}

/// The architectures that run here.
const KNOWN: [Known; 9] = [
    Known::ours("bert", "Bert"),
    Known::ours("distilbert", "DistilBert"),
    Known::ours("gpt2", "GPT2"),
    Known::ours("t5", "T5"),
    Known::ours("mt5", "MT5"),
    Known::candle("modernbert", "ModernBert", None),
    Known::candle("llama", "Llama", Some("text-generation")),
    Known::candle("qwen2", "Qwen2", Some("text-generation")),
    Known::candle("qwen3", "Qwen3", Some("text-generation")),
];

/// The `model_type` of each architecture that runs here.
pub fn known() -> [&'static str; KNOWN.len()] {
    KNOWN.map(|known| known.model_type)
}

/// Whether models of that `model_type` run here, whatever they do.
pub fn knows(model_type: &str) -> bool {
    Known::named(model_type).is_some()
}

/// Whether models of that `model_type` do `task` here, by the hub's name; what is not said may be
/// anything.
pub fn does(model_type: &str, task: Option<&str>) -> bool {
    Known::named(model_type).is_some_and(|known| match (known.only, task) {
        (Some(only), Some(task)) => task == only,
        _ => true,
    })
}

/// Whether models of that `model_type` run in f32 only.
pub fn is_f32_only(model_type: &str) -> bool {
    Known::named(model_type).is_some_and(|known| known.f32_only)
}

/// How the names of transformers' classes begin for a `model_type`.
pub fn class_prefix(model_type: &str) -> Option<&'static str> {
    Known::named(model_type).map(|known| known.class)
}

/// The configuration of a model that runs here.
#[derive(Debug, Clone, PartialEq)]
pub enum Config {
    /// BERT.
    Bert(BertConfig),
    /// DistilBERT.
    DistilBert(DistilBertConfig),
    /// GPT-2.
    Gpt2(Gpt2Config),
    /// T5, FLAN-T5 and mT5.
    T5(T5Config),
    /// One of the architectures that candle runs.
    Candle(CandleConfig),
}

impl Config {
    /// Reads `config.json` in `folder`.
    ///
    /// # Errors
    /// When it is missing, is something else, is of an architecture that does not run here, or
    /// says what cannot be; with the field.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(CONFIG);
        if folder.is_dir() && path.symlink_metadata().is_err() {
            return Err(Error::new(format!("has no {CONFIG}"))
                .at_path(folder)
                .hint("fetch the model's files, or name the folder that they are in"));
        }
        Self::of(&json::object(&path, MOST_BYTES)?, &path)
    }

    /// What the object in the file `path` says.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn of(object: &Map<String, Value>, path: &Path) -> Result<Self> {
        let fields = Fields::new(object, path);
        Ok(match model_type(fields)? {
            "bert" => Self::Bert(BertConfig::read(fields)?),
            "distilbert" => Self::DistilBert(DistilBertConfig::read(fields)?),
            "gpt2" => Self::Gpt2(Gpt2Config::read(fields)?),
            "t5" => Self::T5(T5Config::read(fields, &t5::Defaults::T5)?),
            "mt5" => Self::T5(T5Config::read(fields, &t5::Defaults::MT5)?),
            "modernbert" => Self::Candle(CandleConfig::modern_bert(fields)?),
            "llama" => Self::Candle(CandleConfig::causal(fields, Family::Llama)?),
            "qwen2" => Self::Candle(CandleConfig::causal(fields, Family::Qwen2)?),
            "qwen3" => Self::Candle(CandleConfig::causal(fields, Family::Qwen3)?),
            other => {
                let other = text::ident(other);
                let known = known().join(", ");
                return Err(
                    Error::new(format!("models of type `{other}` do not run here"))
                        .at_path(path)
                        .hint(format!("these types run: {known}")),
                );
            }
        })
    }

    /// What the names of the body's tensors begin with in models that have a head.
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::Bert(_) => "bert",
            Self::DistilBert(_) => "distilbert",
            Self::Gpt2(_) => "transformer",
            Self::T5(_) | Self::Candle(_) => "",
        }
    }

    /// What is not of one architecture.
    pub fn common(&self) -> &Common {
        match self {
            Self::Bert(config) => &config.common,
            Self::DistilBert(config) => &config.common,
            Self::Gpt2(config) => &config.common,
            Self::T5(config) => &config.common,
            Self::Candle(config) => &config.common,
        }
    }

    /// Number of word embeddings.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Bert(config) => config.vocab_size,
            Self::DistilBert(config) => config.vocab_size,
            Self::Gpt2(config) => config.vocab_size,
            Self::T5(config) => config.vocab_size,
            Self::Candle(config) => config.vocab_size,
        }
    }

    /// Whether it continues texts.
    pub fn is_causal(&self) -> bool {
        match self {
            Self::Gpt2(_) => true,
            Self::Candle(config) => matches!(config.own, Own::Causal(_)),
            Self::Bert(_) | Self::DistilBert(_) | Self::T5(_) => false,
        }
    }

    /// The longest input, where the architecture has one.
    pub fn positions(&self) -> Option<usize> {
        match self {
            Self::Bert(config) => Some(config.max_position_embeddings),
            Self::DistilBert(config) => Some(config.max_position_embeddings),
            Self::Gpt2(config) => Some(config.n_positions),
            Self::T5(_) => None,
            Self::Candle(config) => Some(config.max_position_embeddings),
        }
    }

    /// The heads that the architecture can have here.
    pub fn heads(&self) -> &'static [Head] {
        match self {
            Self::Bert(_) | Self::DistilBert(_) => &[
                Head::Base,
                Head::MaskedLm,
                Head::SequenceClassification,
                Head::TokenClassification,
                Head::QuestionAnswering,
            ],
            Self::Gpt2(_) => &[Head::Base, Head::CausalLm, Head::SequenceClassification],
            Self::T5(_) => &[Head::Base, Head::Generation],
            Self::Candle(config) => match &config.own {
                Own::ModernBert(_) => &[
                    Head::Base,
                    Head::MaskedLm,
                    Head::SequenceClassification,
                    Head::TokenClassification,
                ],
                Own::Causal(_) => &[Head::Base, Head::CausalLm],
            },
        }
    }

    /// How many parameters it has with `head`, shared ones once; without a head if it cannot have
    /// that one.
    pub fn parameters(&self, head: Head) -> u64 {
        match self {
            Self::Bert(config) => config.parameters(head),
            Self::DistilBert(config) => config.parameters(head),
            Self::Gpt2(config) => config.parameters(head),
            Self::T5(config) => config.parameters(head),
            Self::Candle(config) => config.parameters(head),
        }
    }
}

/// The architecture; from the name of the class where the oldest files do not say.
fn model_type(fields: Fields<'_>) -> Result<&str> {
    if let Some(name) = fields.text("model_type")? {
        return Ok(name);
    }
    let classes = common::architectures(fields)?;
    let class = classes.first().map_or("", String::as_str);
    let known = KNOWN.iter().find(|known| class.starts_with(known.class));
    known
        .map(|known| known.model_type)
        .ok_or_else(|| fields.wrong("model_type", "there: it says which architecture this is"))
}

/// The number of heads, which share `width` of the field `of`.
fn heads_of(fields: Fields<'_>, name: &str, of: &str, width: usize) -> Result<usize> {
    let heads = fields.count(name, 12, HEADS)?;
    if width.is_multiple_of(heads) {
        return Ok(heads);
    }
    Err(fields.wrong(name, format!("a divisor of `{of}`, which is {width}")))
}

/// Refuses a model of more parameters than can be.
fn limited(fields: Fields<'_>, parameters: u64) -> Result<()> {
    if parameters <= MOST_PARAMETERS {
        return Ok(());
    }
    Err(fields.says(format!(
        "describes a model of {parameters} parameters, more than {MOST_PARAMETERS}"
    )))
}
