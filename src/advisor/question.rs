//! A question, read: what is asked, of which models, under which constraints.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::quantity;
use crate::error::{Error, Result};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Which model.
    Recommend,
    /// Models side by side.
    Compare,
    /// How to fine-tune.
    HowTo,
    /// A fact of a model, or a word of the guide.
    Lookup,
    /// Nothing that cards answer.
    #[default]
    OutOfScope,
}

impl Intent {
    /// As the `read as` line has it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Recommend => "recommend",
            Self::Compare => "compare",
            Self::HowTo => "how to fine-tune",
            Self::Lookup => "look up",
            Self::OutOfScope => "nothing that cards answer",
        }
    }
}

/// Which of the models left is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefer {
    /// The fastest.
    Speed,
    /// The smallest.
    Size,
    /// The one with the best figures.
    Quality,
}

/// What must hold of a model, or of a fine-tune. Absent means unsaid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a thing that a question may say"
)]
pub struct Constraints {
    /// The hub's task name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `sentiment`, `chat`, `ner`, `paraphrase`, `nli`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtask: Option<String>,
    /// `legal`, `finance`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// ISO codes; for translation source, then target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// A hub licence id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Commercial use must be allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commercial: bool,
    /// The licence must be permissive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub permissive: bool,
    /// Parameters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parameters: Option<u64>,
    /// Parameters at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_parameters: Option<u64>,
    /// Bytes of the weights on disk at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u64>,
    /// Bytes of memory at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_memory: Option<u64>,
    /// Milliseconds an answer at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_latency_ms: Option<u64>,
    /// Tokens that one input may have at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_context: Option<u64>,
    /// Inputs are longer than an encoder reads.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub long_context: bool,
    /// Rows to train on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<u64>,
    /// `cpu`, `gpu`, `mobile`, `browser`, `raspberry-pi`, `laptop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// This program must have the architecture and this machine the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub must_run_here: bool,
    /// Families, authors, domains and tasks that are not wanted, lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// What decides among those left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefer: Option<Prefer>,
    /// It is to be fine-tuned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trainable: bool,
    /// Imported cards answer too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hub_cards: bool,
}

impl Constraints {
    /// Whether the hardware that is spoken of may be this machine: nothing was said of it, or a
    /// processor without a graphics card, which is what the desk computes on.
    pub(super) fn is_for_this_machine(&self) -> bool {
        matches!(self.hardware.as_deref(), None | Some("cpu" | "laptop"))
    }
}

/// One thing that was understood, as the `read as` line shows it and as a field to edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The constraint's name: `task`, `domain`, `max_size`.
    pub name: String,
    /// Its value as text: `summarization`, `500 MB`.
    pub value: String,
    /// Taken over from the question before.
    pub carried: bool,
}

/// How a question was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The question as typed, made safe.
    pub question: String,
    /// What is asked for.
    pub intent: Intent,
    /// What must hold.
    pub constraints: Constraints,
    /// The ids of the models that are named, in order.
    pub models: Vec<String>,
    /// The guide card that is asked for.
    pub topic: Option<String>,
    /// The fields that are asked for.
    pub fields: Vec<String>,
    /// Names of the constraints taken over from the question before.
    pub carried: BTreeSet<String>,
    /// What was typed, and what it was read as.
    pub corrections: Vec<(String, String)>,
    /// Words that were not used.
    pub unused: Vec<String>,
    /// The task that a question about a model asks for: `is GPT-2 good at summarization`.
    pub about_task: Option<String>,
    /// Named models that have no card.
    pub foreign: Vec<String>,
    /// `images`, `audio`, ...: what no card here is about.
    pub modality: Option<String>,
    /// The question seems to be in another language.
    pub not_english: bool,
    /// The question was longer than is read.
    pub cut: bool,
    /// The models that the answer showed, best first: what `it` and `them` mean next.
    pub shown: Vec<String>,
}

/// How a constraint is shown and edited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Word,
    List,
    Flag,
    Count,
    Bytes,
    Tokens,
    Milliseconds,
}

/// Every constraint that can be edited, with what it takes.
const FORMS: [(&str, Form, &str); 21] = [
    (
        "task",
        Form::Word,
        "a task of the hub, such as summarization",
    ),
    (
        "subtask",
        Form::Word,
        "sentiment, chat, ner, paraphrase or nli",
    ),
    (
        "domain",
        Form::Word,
        "legal, finance, news, social-media, reviews, biomedical, ...",
    ),
    ("language", Form::List, "ISO codes, such as fr or en, de"),
    ("license", Form::Word, "a licence id, such as mit"),
    ("commercial", Form::Flag, "yes or nothing"),
    ("permissive", Form::Flag, "yes or nothing"),
    ("max_parameters", Form::Count, "a count, such as 100M"),
    ("min_parameters", Form::Count, "a count, such as 100M"),
    ("max_size", Form::Bytes, "a size on disk, such as 500 MB"),
    ("max_memory", Form::Bytes, "memory, such as 8 GB"),
    (
        "max_latency_ms",
        Form::Milliseconds,
        "milliseconds, such as 50",
    ),
    ("min_context", Form::Tokens, "tokens, such as 4096"),
    ("long_context", Form::Flag, "yes or nothing"),
    ("examples", Form::Count, "rows, such as 1000"),
    (
        "hardware",
        Form::Word,
        "cpu, gpu, mobile, browser, raspberry-pi or laptop",
    ),
    ("must_run_here", Form::Flag, "yes or nothing"),
    (
        "exclude",
        Form::List,
        "families, authors, domains or tasks, such as google, legal",
    ),
    ("prefer", Form::Word, "speed, size or quality"),
    ("trainable", Form::Flag, "yes or nothing"),
    (
        "hub_cards",
        Form::Flag,
        "yes or nothing; imported cards answer too",
    ),
];

impl Reading {
    /// The fields of the `read as` line, intent first.
    pub fn fields(&self) -> Vec<Field> {
        let plain = |name: &str, value: String| Field {
            name: name.to_owned(),
            value,
            carried: self.carried.contains(name),
        };
        let mut fields = vec![plain("intent", self.intent.label().to_owned())];
        if !self.models.is_empty() {
            fields.push(plain("models", self.models.join(", ")));
        }
        if let Some(topic) = &self.topic {
            fields.push(plain(
                "topic",
                topic.trim_start_matches("guide/").to_owned(),
            ));
        }
        if !self.fields.is_empty() {
            fields.push(plain("fields", self.fields.join(", ")));
        }
        let said = self.said();
        for (name, form, _) in FORMS {
            if let Some(value) = said.get(name) {
                fields.push(plain(name, shown(value, form)));
            }
        }
        fields
    }

    /// This reading with one field set to `value` (an empty value drops it), as the user edits it.
    ///
    /// # Errors
    /// When `value` is not one that the field takes; the hint says what it takes.
    pub fn with_field(&self, name: &str, value: &str) -> Result<Self> {
        let mut edited = self.clone();
        edited.carried.remove(name);
        let value = value.trim();
        match name {
            "intent" => edited.intent = intent_of(value)?,
            "models" => edited.models = listed(value),
            "topic" => edited.topic = (!value.is_empty()).then(|| format!("guide/{value}")),
            "fields" => edited.fields = listed(value),
            _ => edited.constraints = self.constraints_with(name, value)?,
        }
        Ok(edited)
    }

    fn constraints_with(&self, name: &str, value: &str) -> Result<Constraints> {
        let (_, form, takes) = FORMS
            .into_iter()
            .find(|(n, ..)| *n == name)
            .ok_or_else(|| Error::usage(format!("there is no field `{name}`")))?;
        let refused = || Error::usage(format!("`{value}` is not {takes}")).at(name);
        let mut said = self.said();
        if value.is_empty() {
            said.remove(name);
        } else {
            said.insert(name.to_owned(), parsed(value, form).ok_or_else(refused)?);
        }
        serde_json::from_value(said.into()).map_err(|_| refused())
    }

    fn said(&self) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(&self.constraints) {
            Ok(serde_json::Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        }
    }

    /// The fields that can be added, and what each takes.
    pub fn editable() -> Vec<(&'static str, &'static str)> {
        FORMS
            .iter()
            .map(|(name, _, takes)| (*name, *takes))
            .collect()
    }
}

fn intent_of(value: &str) -> Result<Intent> {
    let all = [
        Intent::Recommend,
        Intent::Compare,
        Intent::HowTo,
        Intent::Lookup,
    ];
    let wanted = value.to_lowercase();
    all.into_iter()
        .find(|i| !wanted.is_empty() && i.label().starts_with(&wanted))
        .ok_or_else(|| {
            Error::usage(format!("`{value}` is not an intent"))
                .hint("one of: recommend, compare, how to fine-tune, look up")
        })
}

fn listed(value: &str) -> Vec<String> {
    let parts = value.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts.map(str::to_owned).collect()
}

fn shown(value: &serde_json::Value, form: Form) -> String {
    let number = value.as_u64().unwrap_or_default();
    match form {
        Form::Flag => "yes".to_owned(),
        Form::Bytes => quantity::bytes(number),
        Form::Count => quantity::count(number),
        Form::Tokens => format!("{} tokens", quantity::grouped(number)),
        Form::Milliseconds => format!("{number} ms"),
        Form::List => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            items
                .iter()
                .filter_map(|v| v.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        }
        Form::Word => value.as_str().unwrap_or_default().to_owned(),
    }
}

fn parsed(value: &str, form: Form) -> Option<serde_json::Value> {
    Some(match form {
        Form::Flag => matches!(value, "yes" | "y" | "true")
            .then_some(true)?
            .into(),
        Form::Bytes => quantity::parse(value)?.bytes()?.into(),
        Form::Count | Form::Tokens | Form::Milliseconds => quantity::parse(value)?.whole().into(),
        Form::List => listed(&value.to_lowercase()).into(),
        Form::Word => value.to_lowercase().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        let constraints = Constraints {
            task: Some("summarization".into()),
            max_size: Some(500_000_000),
            ..Constraints::default()
        };
        Reading {
            intent: Intent::Recommend,
            constraints,
            ..Reading::default()
        }
    }

    #[test]
    fn fields_are_shown_with_units_and_read_back() {
        let fields = reading().fields();
        let values: Vec<_> = fields.iter().map(|f| f.value.as_str()).collect();
        assert_eq!(values, ["recommend", "summarization", "500 MB"]);
        let again = reading().with_field("max_size", &fields[2].value).unwrap();
        assert_eq!(again, reading());
    }

    #[test]
    fn an_empty_value_drops_a_field_and_a_wrong_one_is_refused() {
        let dropped = reading().with_field("max_size", "").unwrap();
        assert_eq!(dropped.constraints.max_size, None);
        assert!(reading().with_field("max_size", "very small").is_err());
        assert!(reading().with_field("prefer", "beauty").is_err());
        assert!(reading().with_field("colour", "red").is_err());
    }
}
