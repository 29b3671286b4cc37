//! Plain values: what a scalar means, and the tree held against `serde_yaml`'s reading.

use serde_yaml::{Mapping, Value};

use super::{Data, Node};

/// Whether an unquoted scalar means that nothing is stated.
pub fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The tree as plain values; each scalar by `serde_yaml`'s rules.
pub(super) fn to_value(node: &Node) -> Value {
    match &node.data {
        Data::Scalar { text, plain } => scalar(text, *plain),
        Data::List(items) => Value::Sequence(items.iter().map(to_value).collect()),
        Data::Map(entries) => {
            let pairs = entries
                .iter()
                .map(|e| (Value::String(e.key.clone()), to_value(&e.value)));
            Value::Mapping(pairs.collect::<Mapping>())
        }
    }
}

/// What `text` means: only a plain scalar can be anything but text.
fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::String(text.to_owned());
    }
    match serde_yaml::from_str::<Value>(text) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

/// The line where the tree and `value` differ in shape or in a text.
pub(super) fn difference(node: &Node, value: &Value) -> Option<usize> {
    match (&node.data, value) {
        (_, Value::Tagged(tagged)) => difference(node, &tagged.value),
        (Data::List(items), Value::Sequence(values)) if items.len() == values.len() => items
            .iter()
            .zip(values)
            .find_map(|(item, value)| difference(item, value)),
        (Data::Map(entries), Value::Mapping(map)) if entries.len() == map.len() => entries
            .iter()
            .find_map(|entry| match lookup(map, &entry.key) {
                Some(value) => difference(&entry.value, value),
                None => Some(entry.line),
            }),
        (Data::Scalar { text, .. }, Value::String(string)) => (text != string).then_some(node.line),
        (Data::Scalar { plain: true, .. }, Value::Null | Value::Bool(_) | Value::Number(_)) => None,
        _ => Some(node.line),
    }
}

/// The value of `key`, which `serde_yaml` may have read as a number, a boolean or null.
fn lookup<'a>(map: &'a Mapping, key: &str) -> Option<&'a Value> {
    map.get(key).or_else(|| map.get(scalar(key, true)))
}

/// Plain values as JSON: keys as text, tags dropped, what JSON has no number for as null.
pub fn to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) => serde_json::to_value(n).unwrap_or(Json::Null),
        Value::String(s) => Json::String(s.clone()),
        Value::Sequence(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Mapping(map) => {
            Json::Object(map.iter().map(|(k, v)| (key_text(k), to_json(v))).collect())
        }
        Value::Tagged(tagged) => to_json(&tagged.value),
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(s) => s.clone(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        _ => "null".to_owned(),
    }
}
