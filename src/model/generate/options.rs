//! What decides how a text is generated, under transformers' names and with its defaults.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::config::EarlyStopping;

/// Most beams that a search may have: each costs a key-value cache.
pub const MOST_BEAMS: usize = 256;

/// How a text is generated: the part of transformers' `GenerationConfig` that is understood here.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Most tokens that are added to the prompt.
    pub max_new_tokens: usize,
    /// Fewest tokens before an end of text.
    pub min_new_tokens: usize,
    /// Draws tokens by their probability rather than taking the likeliest.
    pub do_sample: bool,
    /// What logits are divided by before a draw.
    pub temperature: f64,
    /// How many of the likeliest tokens a draw is from; 0 for all.
    pub top_k: usize,
    /// How much probability the tokens of a draw hold, the likeliest first; 1 for all.
    pub top_p: f64,
    /// Tokens less likely than this part of the likeliest are not drawn.
    pub min_p: Option<f64>,
    /// How much probability the tokens of a draw hold, the most typical first; 1 for all.
    pub typical_p: f64,
    /// What the logits of tokens that occurred are divided by, or multiplied if negative.
    pub repetition_penalty: f64,
    /// What is taken away from the logits of tokens that occurred.
    pub presence_penalty: f64,
    /// Length of the runs of tokens that occur only once; 0 for none.
    pub no_repeat_ngram_size: usize,
    /// How many sequences a beam search follows; 1 for none.
    pub num_beams: usize,
    /// The power of a beam's length that its score is divided by.
    pub length_penalty: f64,
    /// When a beam search stops.
    pub early_stopping: EarlyStopping,
    /// How many sequences are wanted.
    pub num_return_sequences: usize,
    /// Tokens that end a text.
    pub eos_token_id: Vec<u32>,
    /// The token that fills up short sequences.
    pub pad_token_id: Option<u32>,
    /// The token that stands for an empty prompt.
    pub bos_token_id: Option<u32>,
    /// The token that a decoder with an encoder starts from.
    pub decoder_start_token_id: Option<u32>,
    /// Texts that end the generated one, and are cut off it.
    pub stop_strings: Vec<String>,
    /// What draws depend on; not part of transformers' configuration.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_new_tokens: 20,
            min_new_tokens: 0,
            do_sample: false,
            temperature: 1.0,
            top_k: 50,
            top_p: 1.0,
            min_p: None,
            typical_p: 1.0,
            repetition_penalty: 1.0,
            presence_penalty: 0.0,
            no_repeat_ngram_size: 0,
            num_beams: 1,
            length_penalty: 1.0,
            early_stopping: EarlyStopping::No,
            num_return_sequences: 1,
            eos_token_id: Vec::new(),
            pad_token_id: None,
            bos_token_id: None,
            decoder_start_token_id: None,
            stop_strings: Vec::new(),
            seed: 42,
        }
    }
}

impl Options {
    /// Takes over what `json` sets (a model's `generation_config.json`): options that are absent,
    /// null or not understood here change nothing.
    ///
    /// # Errors
    /// An option of the wrong type, by its name.
    pub fn update(&mut self, json: &Value) -> Result<()> {
        let Some(fields) = json.as_object() else {
            return Err(Error::usage(
                "generation options are not an object of names and values",
            ));
        };
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            self.set(name, value).ok_or_else(|| {
                Error::usage(format!("{} is not {}", short(value), expected(name))).at(name)
            })?;
        }
        Ok(())
    }

    /// Sets one option; nothing if the value does not suit it.
    fn set(&mut self, name: &str, value: &Value) -> Option<()> {
        match name {
            "max_new_tokens" => self.max_new_tokens = count(value)?,
            "min_new_tokens" => self.min_new_tokens = count(value)?,
            "do_sample" => self.do_sample = value.as_bool()?,
            "temperature" => self.temperature = value.as_f64()?,
            "top_k" => self.top_k = count(value)?,
            "top_p" => self.top_p = value.as_f64()?,
            "min_p" => self.min_p = Some(value.as_f64()?),
            "typical_p" => self.typical_p = value.as_f64()?,
            "repetition_penalty" => self.repetition_penalty = value.as_f64()?,
            "presence_penalty" => self.presence_penalty = value.as_f64()?,
            "no_repeat_ngram_size" => self.no_repeat_ngram_size = count(value)?,
            "num_beams" => self.num_beams = count(value)?,
            "length_penalty" => self.length_penalty = value.as_f64()?,
            "early_stopping" => self.early_stopping = early_stopping(value)?,
            "num_return_sequences" => self.num_return_sequences = count(value)?,
            "eos_token_id" => self.eos_token_id = ids(value)?,
            "pad_token_id" => self.pad_token_id = Some(id(value)?),
            "bos_token_id" => self.bos_token_id = Some(id(value)?),
            "decoder_start_token_id" => self.decoder_start_token_id = Some(id(value)?),
            "stop_strings" => self.stop_strings = texts(value)?,
            "seed" => self.seed = value.as_u64()?,
            _ => {}
        }
        Some(())
    }

    /// Whether the options are possible, each and together.
    ///
    /// # Errors
    /// The first one that is not, by its name: wrong usage.
    pub fn check(&self) -> Result<()> {
        let above = |x: f64, low: f64| x.is_finite() && x > low;
        let share = |x: f64| (0.0..=1.0).contains(&x);
        need(
            self.max_new_tokens > 0,
            "max_new_tokens",
            self.max_new_tokens,
            "at least 1",
        )?;
        if self.min_new_tokens > self.max_new_tokens {
            let most = format!("at most max_new_tokens, which is {}", self.max_new_tokens);
            need(false, "min_new_tokens", self.min_new_tokens, &most)?;
        }
        if !above(self.temperature, 0.0) {
            return Err(Error::usage(format!("{} is not above 0", self.temperature))
                .at("temperature")
                .hint("for the likeliest text, leave out temperature and do_sample"));
        }
        need(share(self.top_p), "top_p", self.top_p, "from 0 to 1")?;
        need(
            self.min_p.is_none_or(share),
            "min_p",
            self.min_p.unwrap_or(0.0),
            "from 0 to 1",
        )?;
        let typical = share(self.typical_p) && self.typical_p > 0.0;
        need(
            typical,
            "typical_p",
            self.typical_p,
            "above 0, and at most 1",
        )?;
        let penalty = self.repetition_penalty;
        need(
            above(penalty, 0.0),
            "repetition_penalty",
            penalty,
            "above 0",
        )?;
        let penalty = self.presence_penalty;
        need(penalty.is_finite(), "presence_penalty", penalty, "a number")?;
        let penalty = self.length_penalty;
        need(
            penalty.abs() <= 100.0,
            "length_penalty",
            penalty,
            "from -100 to 100",
        )?;
        if self.stop_strings.iter().any(String::is_empty) {
            return Err(Error::usage("an empty text would stop at once").at("stop_strings"));
        }
        self.check_counts()
    }

    /// Whether as many sequences come out as are wanted.
    fn check_counts(&self) -> Result<()> {
        let (beams, wanted) = (self.num_beams, self.num_return_sequences);
        let range = format!("from 1 to {MOST_BEAMS}");
        need(
            (1..=MOST_BEAMS).contains(&beams),
            "num_beams",
            beams,
            &range,
        )?;
        need(
            (1..=MOST_BEAMS).contains(&wanted),
            "num_return_sequences",
            wanted,
            &range,
        )?;
        if beams > 1 && wanted > beams {
            let most = format!("at most num_beams, which is {beams}");
            need(false, "num_return_sequences", wanted, &most)?;
        }
        if beams == 1 && wanted > 1 && !self.do_sample {
            return Err(
                Error::usage(format!("{wanted} sequences would all be the same"))
                    .at("num_return_sequences")
                    .hint("set do_sample, or num_beams to at least as many"),
            );
        }
        Ok(())
    }

    /// The token that a decoder with an encoder starts from.
    ///
    /// # Errors
    /// When the model's configuration names none.
    pub fn decoder_start(&self) -> Result<u32> {
        self.decoder_start_token_id
            .or(self.bos_token_id)
            .ok_or_else(|| {
                Error::new("the model does not say which token its decoder starts from")
                    .at("decoder_start_token_id")
                    .hint("set decoder_start_token_id in generation_config.json")
            })
    }
}

fn need(holds: bool, name: &str, value: impl std::fmt::Display, range: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::usage(format!("{value} is not {range}")).at(name))
    }
}

fn count(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

fn id(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn ids(value: &Value) -> Option<Vec<u32>> {
    match value.as_array() {
        Some(values) => values.iter().map(id).collect(),
        None => Some(vec![id(value)?]),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value.as_array() {
        Some(values) => values
            .iter()
            .map(|v| v.as_str().map(str::to_owned))
            .collect(),
        None => Some(vec![value.as_str()?.to_owned()]),
    }
}

fn early_stopping(value: &Value) -> Option<EarlyStopping> {
    match value {
        Value::Bool(true) => Some(EarlyStopping::Yes),
        Value::Bool(false) => Some(EarlyStopping::No),
        Value::String(text) if text == "never" => Some(EarlyStopping::Never),
        _ => None,
    }
}

/// What an option's value has to be.
fn expected(name: &str) -> &'static str {
    match name {
        "do_sample" => "true or false",
        "early_stopping" => "true, false or \"never\"",
        "eos_token_id" => "a token's id or a list of them",
        "pad_token_id" | "bos_token_id" | "decoder_start_token_id" => "a token's id",
        "stop_strings" => "a text or a list of texts",
        "temperature" | "top_p" | "min_p" | "typical_p" | "repetition_penalty"
        | "presence_penalty" | "length_penalty" => "a number",
        _ => "a whole number from 0 on",
    }
}

/// A value as it is shown in an error.
fn short(value: &Value) -> String {
    let text = crate::text::json(value);
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

    #[test]
    fn defaults_are_possible() {
        Options::default().check().expect("possible");
    }

    #[test]
    fn impossible_options_are_wrong_usage_and_named() {
        for (json, name) in [
            (json!({"temperature": 0}), "temperature: 0 is not above 0"),
            (json!({"temperature": -1.0}), "temperature: -1"),
            (json!({"top_p": 1.1}), "top_p: 1.1 is not from 0 to 1"),
            (json!({"min_p": -0.1}), "min_p: -0.1"),
            (json!({"typical_p": 0}), "typical_p: 0"),
            (json!({"repetition_penalty": 0}), "repetition_penalty: 0"),
            (json!({"length_penalty": 1e9}), "length_penalty: 1000000000"),
            (json!({"max_new_tokens": 0}), "max_new_tokens: 0"),
            (
                json!({"min_new_tokens": 21}),
                "min_new_tokens: 21 is not at most max_new_tokens, which is 20",
            ),
            (json!({"num_beams": 0}), "num_beams: 0"),
            (
                json!({"num_beams": 2, "num_return_sequences": 3}),
                "num_return_sequences: 3 is not at most num_beams",
            ),
            (
                json!({"num_return_sequences": 2}),
                "num_return_sequences: 2 sequences would all be the same",
            ),
            (json!({"stop_strings": ["a", ""]}), "stop_strings: "),
        ] {
            let mut options = Options::default();
            options.update(&json).expect("well-formed");
            let error = options.check().expect_err(name);
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn options_of_the_wrong_type_are_named() {
        for (json, name) in [
            (
                json!({"temperature": "hot"}),
                "temperature: \"hot\" is not a number",
            ),
            (json!({"eos_token_id": -1}), "eos_token_id: -1"),
            (json!({"eos_token_id": [1, "x"]}), "eos_token_id: "),
            (json!({"early_stopping": "always"}), "early_stopping: "),
            (
                json!({"num_beams": 1.5}),
                "num_beams: 1.5 is not a whole number",
            ),
            (json!({"do_sample": 1}), "do_sample: 1 is not true or false"),
            (json!([1]), "generation options"),
        ] {
            let error = Options::default().update(&json).expect_err(name);
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn what_is_absent_null_or_unknown_changes_nothing() {
        let mut options = Options::default();
        options
            .update(&json!({"top_k": null, "transformers_version": "5", "use_cache": true}))
            .expect("well-formed");
        assert_eq!(options, Options::default());
        options
            .update(&json!({"eos_token_id": 3, "early_stopping": "never", "stop_strings": "x"}))
            .expect("well-formed");
        assert_eq!(options.eos_token_id, [3]);
        assert_eq!(options.early_stopping, EarlyStopping::Never);
        assert_eq!(options.stop_strings, ["x"]);
    }
}
