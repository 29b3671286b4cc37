//! A card as the index sees it.

use tantivy::TantivyDocument;

use super::schema::{Fields, Settings};
use crate::card::{Card, Fact, Facts, Kind, Origin};

/// No field of a card is indexed or shown from the index beyond this many bytes.
const LONGEST_LABEL: usize = 200;

/// All origins, in the order of their codes in the index.
pub(super) const ORIGINS: [Origin; 4] =
    [Origin::BuiltIn, Origin::User, Origin::Run, Origin::Imported];

/// The number that stands for `origin` in the index.
pub(super) fn origin_code(origin: Origin) -> u64 {
    match origin {
        Origin::BuiltIn => 0,
        Origin::User => 1,
        Origin::Run => 2,
        Origin::Imported => 3,
    }
}

/// The name that stands for `origin` on screens, in `--json` and in the facet `origin`.
pub fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "built-in",
        Origin::User => "user",
        Origin::Run => "run",
        Origin::Imported => "imported",
    }
}

/// Which of two cards with one id answers to it: the user's own, then built-in, then imported.
pub fn precedence(origin: Origin) -> u8 {
    match origin {
        Origin::User | Origin::Run => 0,
        Origin::BuiltIn => 1,
        Origin::Imported => 2,
    }
}

/// What a card is replaced by. Built-in cards and the store's cards may share an id.
pub(super) fn key(origin: Origin, id: &str) -> String {
    if origin == Origin::BuiltIn {
        format!("b:{id}")
    } else {
        format!("s:{id}")
    }
}

/// The document of a card.
pub(super) fn document(card: &Card, fields: &Fields, settings: &Settings) -> TantivyDocument {
    let mut made = TantivyDocument::default();
    let facts = &card.facts;
    made.add_text(fields.key, key(card.origin, &card.id));
    made.add_text(fields.id, &card.id);
    made.add_text(fields.label, short(card.name()));
    if let Some(task) = main_task(card) {
        made.add_text(fields.task, short(task));
    }
    if let Some(license) = &facts.license {
        made.add_text(fields.license, short(&license.value));
    }
    if let Some(architecture) = &facts.architecture {
        made.add_text(fields.architecture, short(&architecture.value.model_type));
    }
    made.add_u64(fields.origin, origin_code(card.origin));
    made.add_u64(fields.guide, u64::from(facts.kind == Kind::Guide));
    for (field, value) in [
        (
            fields.parameters,
            facts.parameters.as_ref().map(|fact| fact.value),
        ),
        (
            fields.bytes,
            facts.size.as_ref().map(|fact| fact.value.bytes),
        ),
        (
            fields.context,
            facts.context_length.as_ref().map(|fact| fact.value),
        ),
    ] {
        if let Some(value) = value {
            made.add_u64(field, value);
        }
    }
    for facet in facets(card, settings) {
        made.add_text(fields.facet, facet);
    }
    add_words(&mut made, card, fields);
    if card.origin != Origin::BuiltIn {
        made.add_text(fields.text, &*card.text);
    }
    made
}

/// The task that a card is listed under.
fn main_task(card: &Card) -> Option<&str> {
    let facts = &card.facts;
    let task = facts
        .pipeline_tag
        .as_ref()
        .or_else(|| facts.tasks.ready.first());
    task.map(|fact| fact.value.as_str())
}

/// The searched text, and every word of it for typos.
fn add_words(made: &mut TantivyDocument, card: &Card, fields: &Fields) {
    let facts = &card.facts;
    let mut name = vec![card.id.as_str(), card.name()];
    name.extend(facts.aliases.iter().map(String::as_str));
    name.extend(facts.family.iter().map(|family| family.value.as_str()));
    let topic = values([
        &facts.tasks.ready,
        &facts.tasks.tuned,
        &facts.tags,
        &facts.domains,
        &facts.base_model,
        &facts.languages,
    ])
    .chain(facts.pipeline_tag.iter().map(|task| task.value.as_str()))
    .collect::<Vec<_>>();
    let summary = card.summary();
    let headings = card
        .sections
        .iter()
        .map(|section| section.title.as_str())
        .collect::<Vec<_>>();
    let body = card
        .sections
        .iter()
        .flat_map(|section| &section.sentences)
        .filter(|sentence| summary.is_none_or(|summary| !std::ptr::eq(summary, *sentence)))
        .map(|sentence| sentence.text.as_str())
        .collect::<Vec<_>>();
    let summary = summary
        .map_or("", |sentence| sentence.text.as_str())
        .to_owned();
    for (field, text) in [
        (fields.name, name.join(" ")),
        (fields.topic, topic.join(" ")),
        (fields.summary, summary),
        (fields.headings, headings.join(" ")),
        (fields.body, body.join(" ")),
    ] {
        if !text.is_empty() {
            made.add_text(fields.words, &text);
            made.add_text(field, text);
        }
    }
}

fn values<const N: usize>(lists: [&Vec<Fact<String>>; N]) -> impl Iterator<Item = &str> {
    lists.into_iter().flatten().map(|fact| fact.value.as_str())
}

/// The facets of a card, as `task:summarization`.
fn facets(card: &Card, settings: &Settings) -> Vec<String> {
    let facts = &card.facts;
    let kind = if facts.kind == Kind::Guide {
        "guide"
    } else {
        "model"
    };
    let architecture = facts.architecture.as_ref().map(|fact| &fact.value);
    let size = facts
        .parameters
        .as_ref()
        .and_then(|fact| settings.size_class(fact.value));
    let one = |value: Option<&'_ str>| value.map(str::to_owned).into_iter().collect::<Vec<_>>();
    let fact = |fact: &Option<Fact<String>>| one(fact.as_ref().map(|fact| fact.value.as_str()));
    let many = |list: &Vec<Fact<String>>| values([list]).map(str::to_owned).collect::<Vec<_>>();
    let mut found = Vec::new();
    for name in &settings.facets {
        let values = match name.as_str() {
            "task" => [many(&facts.tasks.ready), fact(&facts.pipeline_tag)].concat(),
            "tuned" => many(&facts.tasks.tuned),
            "license" => fact(&facts.license),
            "language" => many(&facts.languages),
            "domain" => many(&facts.domains),
            "translates" => many(&facts.translates),
            "size" => one(size),
            "architecture" => [
                one(architecture.map(|a| a.model_type.as_str())),
                one(architecture.and_then(|a| a.kind.as_deref())),
            ]
            .concat(),
            "family" => fact(&facts.family),
            "origin" => one(Some(origin_name(card.origin))),
            "kind" => one(Some(kind)),
            "unverified" => unverified(facts),
            _ => Vec::new(),
        };
        for value in values {
            let narrowed = format!("{name}:{}", short(&value).to_lowercase());
            if !found.contains(&narrowed) {
                found.push(narrowed);
            }
        }
    }
    found
}

/// The amounts that no source was found for.
fn unverified(facts: &Facts) -> Vec<String> {
    let is = |fact: &Option<Fact<u64>>| fact.as_ref().is_some_and(|fact| fact.unverified);
    let parameters = is(&facts.parameters);
    // Without a size of its own the parameters tell it.
    let size = facts.size.as_ref();
    let amounts = [
        ("parameters", parameters),
        ("size", size.map_or(parameters, |fact| fact.unverified)),
        ("context", is(&facts.context_length)),
    ];
    let found = amounts.iter().filter(|(_, unverified)| *unverified);
    found.map(|(name, _)| (*name).to_owned()).collect()
}

/// The beginning of `text`, at most [`LONGEST_LABEL`] bytes.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_LABEL)]
}
