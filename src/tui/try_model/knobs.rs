//! What decides how a model runs: four settings, and the rest under transformers' names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::presets::Preset;
use crate::error::{Error, Result};
use crate::model::generate::Options;
use crate::model::pipeline::Task;

/// The settings of tasks that write, and what each is called on the screen.
pub(super) const FOUR: [(&str, &str); 4] = [
    ("max_new_tokens", "new tokens"),
    ("num_beams", "beams"),
    ("temperature", "temperature"),
    ("seed", "seed"),
];

/// What more there is for tasks that write, and what each takes.
const WRITING: [(&str, &str); 13] = [
    ("top_k", "draw from so many of the likeliest; 0 for all"),
    ("top_p", "draw from this much probability, 0 to 1"),
    (
        "min_p",
        "leave out what is less likely than this part of the likeliest",
    ),
    (
        "typical_p",
        "draw from the most typical of this much probability",
    ),
    ("repetition_penalty", "above 1 makes repetition less likely"),
    ("presence_penalty", "taken from what has occurred"),
    (
        "no_repeat_ngram_size",
        "runs of so many tokens occur once; 0 for off",
    ),
    ("min_new_tokens", "fewest tokens before the end"),
    ("length_penalty", "for beams: above 0 prefers long texts"),
    ("early_stopping", "for beams: true, false or never"),
    ("num_return_sequences", "so many texts"),
    ("stop_strings", "end the text where this comes"),
    ("do_sample", "true draws tokens, false takes the likeliest"),
];

/// What there is for tasks that read.
fn reading(task: Task) -> &'static [(&'static str, &'static str)] {
    match task {
        Task::FillMask => &[
            ("top_k", "so many words for each mask"),
            ("targets", "score only these words, with commas"),
        ],
        Task::TextClassification => &[
            ("top_k", "only so many labels"),
            ("function_to_apply", "softmax, sigmoid or none"),
            ("text_pair", "the second text of a pair"),
        ],
        Task::TokenClassification => &[
            (
                "aggregation_strategy",
                "none, simple, first, average or max",
            ),
            ("stride", "tokens that windows into a long text share"),
        ],
        Task::QuestionAnswering => &[
            ("top_k", "so many answers"),
            ("max_answer_len", "most tokens of an answer"),
            ("doc_stride", "tokens that windows into a long text share"),
            ("handle_impossible_answer", "true: an answer may be none"),
        ],
        _ => &[],
    }
}

/// What more there is for a preset: names, and what each takes.
pub(super) fn more(preset: &Preset) -> &'static [(&'static str, &'static str)] {
    if preset.writes() {
        &WRITING
    } else {
        reading(preset.task)
    }
}

/// What decides how a model runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Knobs {
    tokens: usize,
    beams: usize,
    /// None takes the likeliest token.
    temperature: Option<f64>,
    pub(super) seed: u64,
    /// What else was set.
    rest: BTreeMap<&'static str, Value>,
}

impl Knobs {
    /// What suits a preset: a text that goes on is drawn, for the likeliest repeats itself.
    pub(super) fn of(preset: &Preset) -> Self {
        let goes_on = preset.task == Task::TextGeneration;
        Self {
            tokens: if goes_on { 64 } else { 128 },
            beams: 1,
            temperature: goes_on.then_some(0.8),
            seed: 1,
            rest: BTreeMap::new(),
        }
    }

    /// Whether another seed gives another text.
    pub(super) fn draws(&self) -> bool {
        match self.rest.get("do_sample") {
            Some(drawn) => *drawn == json!(true),
            None => self.temperature.is_some(),
        }
    }

    /// A setting as the screen has it; nothing if it is as the model was saved.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        Some(match name {
            "max_new_tokens" => self.tokens.to_string(),
            "num_beams" => self.beams.to_string(),
            "temperature" => match self.temperature {
                Some(temperature) => temperature.to_string(),
                None => "off".to_owned(),
            },
            "seed" => self.seed.to_string(),
            _ => match self.rest.get(name)? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        })
    }

    /// Sets one; an empty text sets it back.
    ///
    /// # Errors
    /// A value that cannot be.
    pub(super) fn set(&mut self, name: &'static str, typed: &str, preset: &Preset) -> Result<()> {
        let typed = typed.trim();
        let usual = Self::of(preset);
        let number = |least: u64| {
            let read = typed.parse::<u64>().ok().filter(|n| *n >= least);
            let wrong = format!("`{typed}` is not a whole number from {least} on");
            read.ok_or_else(|| Error::usage(wrong))
        };
        match (name, typed.is_empty()) {
            ("max_new_tokens", true) => self.tokens = usual.tokens,
            ("num_beams", true) => self.beams = usual.beams,
            ("temperature", true) => self.temperature = usual.temperature,
            ("seed", true) => self.seed = usual.seed,
            ("max_new_tokens", _) => self.tokens = number(1)? as usize,
            ("num_beams", _) => self.beams = number(1)? as usize,
            ("seed", _) => self.seed = number(0)?,
            ("temperature", _) => self.temperature = temperature(typed)?,
            (_, true) => drop(self.rest.remove(name)),
            _ => {
                let value = value(name, typed);
                if preset.writes() {
                    let one = json!({ name: value });
                    Options::default().update(&one)?;
                }
                self.rest.insert(name, value);
            }
        }
        Ok(())
    }

    /// As the engine takes them.
    pub(super) fn options(&self, preset: &Preset) -> Map<String, Value> {
        let mut all = Map::new();
        if preset.writes() {
            all.insert("max_new_tokens".to_owned(), json!(self.tokens));
            all.insert("num_beams".to_owned(), json!(self.beams));
            all.insert("do_sample".to_owned(), json!(self.temperature.is_some()));
            all.insert("seed".to_owned(), json!(self.seed));
            if let Some(temperature) = self.temperature {
                all.insert("temperature".to_owned(), json!(temperature));
            }
        }
        let known = |name: &str| more(preset).iter().any(|(one, _)| *one == name);
        for (name, value) in self.rest.iter().filter(|(name, _)| known(name)) {
            all.insert((*name).to_owned(), value.clone());
        }
        all
    }
}

fn temperature(typed: &str) -> Result<Option<f64>> {
    if matches!(typed, "off" | "0") {
        return Ok(None);
    }
    let read = typed.parse::<f64>().ok();
    let read = read.filter(|t| t.is_finite() && *t > 0.0);
    read.map(Some)
        .ok_or_else(|| Error::usage(format!("`{typed}` is not above 0, and not off")))
}

/// What a typed text means.
fn value(name: &str, typed: &str) -> Value {
    let is_text = matches!(name, "stop_strings" | "targets" | "text_pair");
    let read = serde_json::from_str(typed).ok().filter(|_| !is_text);
    read.filter(|value: &Value| value.is_number() || value.is_boolean())
        .unwrap_or_else(|| json!(typed))
}

/// An option as a model was saved with it.
pub(super) fn saved(options: &Options, name: &str) -> String {
    let number = |number: Option<f64>| number.map_or_else(|| "off".to_owned(), |n| n.to_string());
    match name {
        "top_k" => options.top_k.to_string(),
        "top_p" => options.top_p.to_string(),
        "min_p" => number(options.min_p),
        "typical_p" => options.typical_p.to_string(),
        "repetition_penalty" => options.repetition_penalty.to_string(),
        "presence_penalty" => options.presence_penalty.to_string(),
        "no_repeat_ngram_size" => options.no_repeat_ngram_size.to_string(),
        "min_new_tokens" => options.min_new_tokens.to_string(),
        "length_penalty" => options.length_penalty.to_string(),
        "num_return_sequences" => options.num_return_sequences.to_string(),
        "do_sample" => options.do_sample.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets::{PRESETS, of_task};
    use super::*;

    fn preset(task: Task) -> &'static Preset {
        &PRESETS[of_task(task).expect("a preset")]
    }

    #[test]
    fn what_is_set_is_what_the_engine_gets() {
        let summary = preset(Task::Summarization);
        let mut knobs = Knobs::of(summary);
        for (name, typed) in [
            ("max_new_tokens", "40"),
            ("temperature", "0.5"),
            ("top_p", "0.9"),
            ("stop_strings", "7"),
        ] {
            knobs.set(name, typed, summary).expect(name);
        }
        let options = Value::Object(knobs.options(summary));
        assert_eq!(
            options,
            json!({"max_new_tokens": 40, "num_beams": 1, "do_sample": true, "temperature": 0.5,
                "seed": 1, "top_p": 0.9, "stop_strings": "7"})
        );
        knobs.set("temperature", "off", summary).expect("off");
        knobs.set("top_p", "", summary).expect("back");
        assert!(!knobs.draws() && knobs.shown("top_p").is_none());
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let summary = preset(Task::Summarization);
        let mut knobs = Knobs::of(summary);
        for (name, typed) in [
            ("max_new_tokens", "0"),
            ("num_beams", "two"),
            ("temperature", "-1"),
            ("top_k", "many"),
            ("early_stopping", "perhaps"),
        ] {
            assert!(knobs.set(name, typed, summary).is_err(), "{name} {typed}");
        }
        assert_eq!(knobs, Knobs::of(summary));
    }

    #[test]
    fn options_of_another_task_are_not_sent() {
        let masks = preset(Task::FillMask);
        let mut knobs = Knobs::of(masks);
        knobs.set("targets", "cat, dog", masks).expect("words");
        assert_eq!(knobs.options(masks).len(), 1);
        assert!(knobs.options(preset(Task::FeatureExtraction)).is_empty());
    }
}
