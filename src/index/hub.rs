//! The hub's own model objects, as `/api/models` lists them: metadata without a card.
//!
//! They become a card whose front matter says what the object says and no more.

use serde_json::{Map, Value};

/// The README.md that stands for the hub's object of the model `id`.
pub(super) fn card_text(id: &str, object: &Map<String, Value>) -> String {
    let mut front = match object.get("cardData") {
        Some(Value::Object(data)) => data.clone(),
        _ => Map::new(),
    };
    for name in ["pipeline_tag", "library_name", "tags"] {
        if let Some(value) = object.get(name).filter(|value| !value.is_null()) {
            front.entry(name).or_insert_with(|| value.clone());
        }
    }
    let tags = object
        .get("tags")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let tagged = |prefix: &str| {
        let values = tags
            .iter()
            .filter_map(|tag| tag.as_str()?.strip_prefix(prefix));
        values
            .map(|value| Value::from(value.to_owned()))
            .collect::<Vec<_>>()
    };
    if let Some(license) = tagged("license:").into_iter().next() {
        front.entry("license").or_insert(license);
    }
    let datasets = tagged("dataset:");
    if !datasets.is_empty() {
        front.entry("datasets").or_insert_with(|| datasets.into());
    }
    let total = object
        .get("safetensors")
        .and_then(|tensors| tensors.get("total"));
    if let Some(total) = total.and_then(Value::as_u64) {
        let parameters = serde_json::json!({
            "value": total,
            "source": "safetensors metadata on the hub",
        });
        let ours = front
            .entry("modeldesk")
            .or_insert_with(|| Map::new().into());
        if let Value::Object(ours) = ours {
            ours.entry("parameters").or_insert(parameters);
        }
    }
    // A map of JSON values is always YAML; an empty one is no front matter.
    let front = serde_yaml::to_string(&front).unwrap_or_default();
    let name = id.rsplit('/').next().unwrap_or(id);
    format!(
        "---\n{front}---\n\n# {name}\n\nOnly the hub's listing of this model is here, not its card.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Card, Origin};

    fn card(object: &str) -> Card {
        let object = serde_json::from_str(object).unwrap();
        Card::parse("a/b", Origin::Imported, card_text("a/b", &object))
    }

    #[test]
    fn an_object_becomes_a_card_with_its_facts() {
        let card = card(
            r#"{"id":"a/b","pipeline_tag":"summarization","library_name":"transformers",
                "tags":["pytorch","license:mit","dataset:xsum"],"downloads":3,
                "cardData":{"language":["en","de"]},"safetensors":{"total":1000}}"#,
        );
        let facts = &card.facts;
        assert_eq!(facts.license.as_ref().unwrap().value, "mit");
        assert_eq!(facts.pipeline_tag.as_ref().unwrap().value, "summarization");
        assert_eq!(facts.languages.len(), 2);
        assert_eq!(facts.datasets[0].value, "xsum");
        assert_eq!(facts.parameters.as_ref().unwrap().value, 1000);
    }

    #[test]
    fn text_that_looks_like_yaml_stays_text() {
        let card = card(r#"{"id":"a/b","tags":["x: {y","---","no","- z\n---\nq"]}"#);
        assert!(card.facts.license.is_none());
        assert!(
            card.facts.tags.iter().any(|tag| tag.value == "x: {y"),
            "{:?}",
            card.facts.tags
        );
    }

    #[test]
    fn an_empty_object_is_a_card() {
        assert_eq!(card("{}").name(), "b");
        assert_eq!(
            card(r#"{"cardData":null,"tags":null,"safetensors":7}"#).name(),
            "b"
        );
    }
}
