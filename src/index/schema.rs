//! What the index holds of a card: fields and their weights, from `index/schema.yaml`.

use serde::Deserialize;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};

use super::embedded::{self, Hash};
use super::tokens;
use crate::error::{Error, Result};

/// Raised when this program writes an index that an older one would misread.
const FORMAT: u64 = 2;

/// `index/schema.yaml`, read and checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    version: u64,
    /// How much a hit in each field counts.
    pub(super) weights: Weights,
    /// The facets that cards get.
    pub(super) facets: Vec<String>,
    /// Size classes, smallest first.
    pub(super) sizes: Vec<SizeClass>,
    /// What counts as a typo.
    pub(super) typos: Typos,
    #[serde(skip)]
    hash: u64,
}

/// How much a hit in each field counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    pub(super) name: f32,
    pub(super) topic: f32,
    pub(super) summary: f32,
    pub(super) headings: f32,
    pub(super) body: f32,
}

/// Models with fewer parameters than `below`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SizeClass {
    pub(super) name: String,
    pub(super) below: Option<u64>,
}

/// From how many letters on a word may differ, and how much a corrected word counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typos {
    pub(super) one_letter_from: usize,
    pub(super) two_letters_from: usize,
    pub(super) weight: f32,
}

impl Settings {
    /// The settings that ship with the program.
    ///
    /// # Errors
    /// When they are not as this program expects them.
    pub(super) fn built_in() -> Result<Self> {
        let text = embedded::setting("schema.yaml").unwrap_or_default();
        Self::parse(text)
    }

    fn parse(text: &str) -> Result<Self> {
        let wrong = |what: String| Error::new(what).at("index/schema.yaml");
        let mut settings: Self = serde_yaml::from_str(text)
            .map_err(|e| wrong("cannot read the index settings".to_owned()).caused_by(e))?;
        settings.hash = Hash::of(text.as_bytes());
        if settings.version != 1 {
            return Err(wrong(format!(
                "version {} is not known here",
                settings.version
            )));
        }
        let Weights {
            name,
            topic,
            summary,
            headings,
            body,
        } = settings.weights;
        let weights = [name, topic, summary, headings, body, settings.typos.weight];
        if weights
            .iter()
            .any(|weight| !(weight.is_finite() && *weight > 0.0))
        {
            return Err(wrong("a weight is not a positive number".to_owned()));
        }
        if let Some(unknown) = settings
            .facets
            .iter()
            .find(|name| !FACETS.contains(&name.as_str()))
        {
            return Err(wrong(format!("facet `{unknown}` is not known here"))
                .hint(format!("known facets are {}", FACETS.join(", "))));
        }
        if let Some(absent) = ["origin", "kind"]
            .iter()
            .find(|name| !settings.facets.iter().any(|facet| facet == *name))
        {
            return Err(wrong(format!(
                "facet `{absent}` is missing, which searches rely on"
            )));
        }
        if settings
            .sizes
            .windows(2)
            .any(|two| two[0].below >= two[1].below && two[1].below.is_some())
        {
            return Err(wrong("size classes are not in rising order".to_owned()));
        }
        Ok(settings)
    }

    /// What an index was made from; a folder of another stamp is rebuilt.
    pub(super) fn stamp(&self) -> String {
        let mut hash = Hash::default();
        for part in [FORMAT, self.hash, embedded::fingerprint()] {
            hash.add(&part.to_le_bytes());
        }
        format!("{:016x}", hash.finish())
    }

    /// The size class of a model with that many parameters.
    pub(super) fn size_class(&self, parameters: u64) -> Option<&str> {
        let fits = |class: &&SizeClass| class.below.is_none_or(|below| parameters < below);
        self.sizes
            .iter()
            .find(fits)
            .map(|class| class.name.as_str())
    }
}

/// The facets that [`super::document`] knows how to fill.
const FACETS: [&str; 12] = [
    "task",
    "tuned",
    "license",
    "language",
    "domain",
    "translates",
    "size",
    "architecture",
    "family",
    "origin",
    "kind",
    "unverified",
];

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// What a card is replaced by: its layer and its id.
    pub(super) key: Field,
    /// The id, to look up and to return.
    pub(super) id: Field,
    /// The name to show.
    pub(super) label: Field,
    /// The main task.
    pub(super) task: Field,
    /// The licence.
    pub(super) license: Field,
    /// config.json's `model_type`.
    pub(super) architecture: Field,
    /// [`super::document::origin_code`].
    pub(super) origin: Field,
    /// 1 for a guide card.
    pub(super) guide: Field,
    pub(super) parameters: Field,
    pub(super) bytes: Field,
    pub(super) context: Field,
    /// `task:summarization`, ...
    pub(super) facet: Field,
    pub(super) name: Field,
    pub(super) topic: Field,
    pub(super) summary: Field,
    pub(super) headings: Field,
    pub(super) body: Field,
    /// Every word as typed: what typos are looked up in.
    pub(super) words: Field,
    /// The card's text, unless it is built in.
    pub(super) text: Field,
}

/// The schema of the index, and its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = SchemaBuilder::new();
    let raw = |fast: bool| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let options = TextOptions::default().set_indexing_options(indexing);
        if fast {
            options.set_fast("raw")
        } else {
            options
        }
    };
    let shown = || TextOptions::default().set_fast("raw");
    let searched = |tokenizer: &str| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(IndexRecordOption::WithFreqs);
        TextOptions::default().set_indexing_options(indexing)
    };
    let words = TextFieldIndexing::default()
        .set_tokenizer(tokens::WORDS)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let fields = Fields {
        key: builder.add_text_field("key", raw(false)),
        id: builder.add_text_field("id", raw(true)),
        label: builder.add_text_field("label", shown()),
        task: builder.add_text_field("task", shown()),
        license: builder.add_text_field("license", shown()),
        architecture: builder.add_text_field("architecture", shown()),
        origin: builder.add_u64_field("origin", FAST),
        guide: builder.add_u64_field("guide", FAST),
        parameters: builder.add_u64_field("parameters", FAST),
        bytes: builder.add_u64_field("bytes", FAST),
        context: builder.add_u64_field("context", FAST),
        facet: builder.add_text_field("facet", raw(true)),
        name: builder.add_text_field("name", searched(tokens::IDENTIFIER)),
        topic: builder.add_text_field("topic", searched(tokens::PROSE)),
        summary: builder.add_text_field("summary", searched(tokens::PROSE)),
        headings: builder.add_text_field("headings", searched(tokens::PROSE)),
        body: builder.add_text_field("body", searched(tokens::PROSE)),
        words: builder.add_text_field("words", TextOptions::default().set_indexing_options(words)),
        text: builder.add_text_field("text", STORED),
    };
    (builder.build(), fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_settings_are_read() {
        let settings = Settings::built_in().unwrap();
        assert_eq!(settings.size_class(0), Some("tiny"));
        assert_eq!(settings.size_class(u64::MAX), Some("huge"));
        assert_eq!(settings.stamp().len(), 16);
    }

    #[test]
    fn wrong_settings_are_named() {
        let text = embedded::setting("schema.yaml").unwrap();
        let wrong = |from: &str, to: &str| {
            assert!(text.contains(from));
            Settings::parse(&text.replace(from, to))
                .unwrap_err()
                .to_string()
        };
        assert!(wrong("name: 6.0", "name: -1").contains("weight"));
        assert!(wrong("[task,", "[tusk,").contains("`tusk`"));
        assert!(wrong("below: 50000000", "below: 150000000").contains("rising"));
        assert!(wrong("version: 1", "version: 9").contains("version 9"));
    }

    #[test]
    fn any_change_of_the_settings_changes_the_stamp() {
        let text = embedded::setting("schema.yaml").unwrap();
        let changed = Settings::parse(&text.replace("body: 1.0", "body: 1.1")).unwrap();
        assert_ne!(changed.stamp(), Settings::built_in().unwrap().stamp());
    }
}
