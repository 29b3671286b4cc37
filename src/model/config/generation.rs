//! How a model generates where its user says nothing: `generation_config.json`, or what older
//! models have in `config.json`.

use std::path::Path;

use serde_json::Value;

use super::fields::Fields;
use super::{Config, MOST_BYTES};
use crate::error::Result;
use crate::model::json;

/// Where it stands in a model's folder.
pub const FILE: &str = "generation_config.json";

/// Most beams, and most tokens of a repetition.
const MOST: usize = 1024;
/// Most tokens of a text.
const LENGTH: usize = 1 << 20;

/// When a search with beams ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EarlyStopping {
    /// When there are as many whole texts as beams.
    Yes,
    /// When better ones are not likely.
    #[default]
    No,
    /// When better ones cannot be.
    Never,
}

/// How a model generates, under transformers' names; `None` where nothing is said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Generation {
    /// Most tokens, with those of the prompt.
    pub max_length: Option<usize>,
    /// Most tokens behind the prompt.
    pub max_new_tokens: Option<usize>,
    /// Fewest tokens, with those of the prompt.
    pub min_length: Option<usize>,
    /// Fewest tokens behind the prompt.
    pub min_new_tokens: Option<usize>,
    /// When a search with beams ends.
    pub early_stopping: Option<EarlyStopping>,
    /// Whether tokens are drawn at random.
    pub do_sample: Option<bool>,
    /// Number of beams.
    pub num_beams: Option<usize>,
    /// Number of texts that are returned.
    pub num_return_sequences: Option<usize>,
    /// What scores are divided by before a draw.
    pub temperature: Option<f32>,
    /// Number of tokens that are drawn from; 0 is all.
    pub top_k: Option<usize>,
    /// Share of the probability that is drawn from.
    pub top_p: Option<f32>,
    /// Least share of the best probability that is drawn from.
    pub min_p: Option<f32>,
    /// Share of the probability, nearest to what is expected, that is drawn from.
    pub typical_p: Option<f32>,
    /// What scores of tokens that were there are divided by.
    pub repetition_penalty: Option<f32>,
    /// The power of the length that the score of a beam is divided by.
    pub length_penalty: Option<f32>,
    /// So many tokens in a row never come twice; 0 is never.
    pub no_repeat_ngram_size: Option<usize>,
    /// What texts begin with.
    pub bos_token_id: Option<u32>,
    /// What ends a text.
    pub eos_token_id: Vec<u32>,
    /// What fills up short texts of a batch.
    pub pad_token_id: Option<u32>,
    /// What a decoder's text begins with.
    pub decoder_start_token_id: Option<u32>,
    /// The token that comes first whatever the model says.
    pub forced_bos_token_id: Option<u32>,
    /// The tokens of which one comes last at the greatest length.
    pub forced_eos_token_id: Vec<u32>,
    /// What is put before every prompt; only a task has one.
    pub prefix: Option<String>,
    /// Fields that would change what is generated, and are not applied here.
    pub ignored: Vec<&'static str>,
}

/// Fields that are not applied here, each with the number that changes nothing.
const IGNORED: [(&str, f64); 18] = [
    ("bad_words_ids", 0.0),
    ("begin_suppress_tokens", 0.0),
    ("constraints", 0.0),
    ("diversity_penalty", 0.0),
    ("encoder_no_repeat_ngram_size", 0.0),
    ("encoder_repetition_penalty", 1.0),
    ("epsilon_cutoff", 0.0),
    ("eta_cutoff", 0.0),
    ("exponential_decay_length_penalty", 0.0),
    ("force_words_ids", 0.0),
    ("forced_decoder_ids", 0.0),
    ("guidance_scale", 1.0),
    ("num_beam_groups", 1.0),
    ("penalty_alpha", 0.0),
    ("sequence_bias", 0.0),
    ("suppress_tokens", 0.0),
    ("top_h", 0.0),
    ("watermarking_config", 0.0),
];

impl Generation {
    /// Reads `generation_config.json` in `folder`; where there is none, what `config` says.
    ///
    /// # Errors
    /// When it is something else, or says what cannot be; with the field.
    pub fn read(folder: &Path, config: &Config) -> Result<Self> {
        let path = folder.join(FILE);
        if path.symlink_metadata().is_err() {
            return Ok(config.common().generation.clone().completed(config));
        }
        let object = json::object(&path, MOST_BYTES)?;
        let fields = Fields::new(&object, &path);
        let generation = Self::of(fields)?;
        for (name, id) in [
            ("decoder_start_token_id", generation.decoder_start_token_id),
            ("forced_bos_token_id", generation.forced_bos_token_id),
        ] {
            let size = config.vocab_size();
            if id.is_some_and(|id| id as usize >= size) {
                return Err(fields.wrong(name, format!("below {size}, the size of the vocabulary")));
            }
        }
        Ok(generation.within(config))
    }

    /// The same with what `task` has for itself, in its place.
    #[must_use]
    pub fn for_task(self, config: &Config, task: &str) -> Self {
        match config.common().tasks.get(task) {
            Some(own) => self.overlaid(own),
            None => self,
        }
    }

    pub(super) fn of(fields: Fields<'_>) -> Result<Self> {
        let share = "a share of 1";
        let is_share = |x| (0.0..=1.0).contains(&x);
        let positive = |x| x > 0.0;
        let temperature = |x| x >= 0.0;
        let mut ignored = Vec::new();
        for (name, neutral) in IGNORED {
            if fields
                .get(name)?
                .is_some_and(|value| changes(value, neutral))
            {
                ignored.push(name);
            }
        }
        Ok(Self {
            max_length: fields.maybe_count("max_length", 0..=LENGTH)?,
            max_new_tokens: fields.maybe_count("max_new_tokens", 0..=LENGTH)?,
            min_length: fields.maybe_count("min_length", 0..=LENGTH)?,
            min_new_tokens: fields.maybe_count("min_new_tokens", 0..=LENGTH)?,
            early_stopping: early_stopping(fields)?,
            do_sample: fields.maybe_flag("do_sample")?,
            num_beams: fields.maybe_count("num_beams", 1..=MOST)?,
            num_return_sequences: fields.maybe_count("num_return_sequences", 1..=MOST)?,
            temperature: fields.maybe_number("temperature", temperature, "0 or more")?,
            top_k: fields.maybe_count("top_k", 0..=LENGTH)?,
            top_p: fields.maybe_number("top_p", is_share, share)?,
            min_p: fields.maybe_number("min_p", is_share, share)?,
            typical_p: fields.maybe_number("typical_p", is_share, share)?,
            repetition_penalty: fields.maybe_number(
                "repetition_penalty",
                positive,
                "more than 0",
            )?,
            length_penalty: fields.maybe_number("length_penalty", |_| true, "a number")?,
            no_repeat_ngram_size: fields.maybe_count("no_repeat_ngram_size", 0..=MOST)?,
            bos_token_id: fields.id("bos_token_id", None)?,
            eos_token_id: fields.ids("eos_token_id", &[])?,
            pad_token_id: fields.id("pad_token_id", None)?,
            decoder_start_token_id: fields.id("decoder_start_token_id", None)?,
            forced_bos_token_id: fields.id("forced_bos_token_id", None)?,
            forced_eos_token_id: fields.ids("forced_eos_token_id", &[])?,
            prefix: fields.text("prefix")?.map(str::to_owned),
            ignored,
        })
    }

    /// Without tokens that the vocabulary does not have: they are never made.
    fn within(mut self, config: &Config) -> Self {
        let has = |id: &u32| (*id as usize) < config.vocab_size();
        self.eos_token_id.retain(has);
        self.forced_eos_token_id.retain(has);
        self.bos_token_id = self.bos_token_id.filter(has);
        self.pad_token_id = self.pad_token_id.filter(has);
        self
    }

    /// With the tokens that the architecture has where nothing is said.
    fn completed(mut self, config: &Config) -> Self {
        match config {
            Config::Bert(_) | Config::DistilBert(_) => {}
            Config::Gpt2(config) => {
                self.bos_token_id = config.bos_token_id;
                self.eos_token_id.clone_from(&config.eos_token_id);
                self.pad_token_id = config.pad_token_id;
            }
            Config::Candle(config) => {
                self.bos_token_id = config.bos_token_id;
                self.eos_token_id.clone_from(&config.eos_token_id);
                self.pad_token_id = config.pad_token_id;
            }
            Config::T5(config) => {
                self.eos_token_id.clone_from(&config.eos_token_id);
                self.pad_token_id = config.pad_token_id;
                self.decoder_start_token_id = Some(config.decoder_start_token_id);
            }
        }
        self.within(config)
    }

    /// With what `own` says in its place.
    fn overlaid(self, own: &Self) -> Self {
        let several = |all: Vec<u32>, own: &[u32]| if own.is_empty() { all } else { own.to_vec() };
        let mut ignored = self.ignored;
        ignored.extend(&own.ignored);
        ignored.sort_unstable();
        ignored.dedup();
        Self {
            max_length: own.max_length.or(self.max_length),
            max_new_tokens: own.max_new_tokens.or(self.max_new_tokens),
            min_length: own.min_length.or(self.min_length),
            min_new_tokens: own.min_new_tokens.or(self.min_new_tokens),
            early_stopping: own.early_stopping.or(self.early_stopping),
            do_sample: own.do_sample.or(self.do_sample),
            num_beams: own.num_beams.or(self.num_beams),
            num_return_sequences: own.num_return_sequences.or(self.num_return_sequences),
            temperature: own.temperature.or(self.temperature),
            top_k: own.top_k.or(self.top_k),
            top_p: own.top_p.or(self.top_p),
            min_p: own.min_p.or(self.min_p),
            typical_p: own.typical_p.or(self.typical_p),
            repetition_penalty: own.repetition_penalty.or(self.repetition_penalty),
            length_penalty: own.length_penalty.or(self.length_penalty),
            no_repeat_ngram_size: own.no_repeat_ngram_size.or(self.no_repeat_ngram_size),
            bos_token_id: own.bos_token_id.or(self.bos_token_id),
            eos_token_id: several(self.eos_token_id, &own.eos_token_id),
            pad_token_id: own.pad_token_id.or(self.pad_token_id),
            decoder_start_token_id: own.decoder_start_token_id.or(self.decoder_start_token_id),
            forced_bos_token_id: own.forced_bos_token_id.or(self.forced_bos_token_id),
            forced_eos_token_id: several(self.forced_eos_token_id, &own.forced_eos_token_id),
            prefix: own.prefix.clone().or(self.prefix),
            ignored,
        }
    }
}

fn early_stopping(fields: Fields<'_>) -> Result<Option<EarlyStopping>> {
    Ok(match fields.get("early_stopping")? {
        None | Some(Value::Null) => None,
        Some(Value::Bool(true)) => Some(EarlyStopping::Yes),
        Some(Value::Bool(false)) => Some(EarlyStopping::No),
        Some(Value::String(text)) if text == "never" => Some(EarlyStopping::Never),
        Some(_) => return Err(fields.wrong("early_stopping", "true, false or \"never\"")),
    })
}

/// Whether a field that is not applied would change anything.
fn changes(value: &Value, neutral: f64) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(neutral),
        Value::Array(values) => !values.is_empty(),
        Value::Object(values) => !values.is_empty(),
        Value::Bool(true) | Value::String(_) => true,
    }
}
