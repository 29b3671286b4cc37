//! Rows as they stand in their file, and as a trainer is given them.

use serde_json::{Value, json};

use crate::finetune::dataset::{Example, Label, Role, Row};
use crate::finetune::features::Target;
use crate::finetune::preview::Shown;
use crate::model::tokenizer::Tokenizer;
use crate::text;

/// A row without a tokenizer, as lines that are not too long.
pub(super) fn plain_lines(row: &Row) -> Vec<String> {
    let cut = |text: String| {
        let line = text::line(&text).into_owned();
        let mut short: String = line.chars().take(240).collect();
        if short.len() < line.len() {
            short.push_str(" ...");
        }
        short
    };
    match plain(row) {
        Value::Object(fields) => {
            let each = fields.iter().filter(|(_, value)| !value.is_null());
            each.map(|(name, value)| {
                let said = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                cut(format!("{name}: {said}"))
            })
            .collect()
        }
        other => vec![cut(other.to_string())],
    }
}

/// A row as JSON.
pub(super) fn plain(row: &Row) -> Value {
    match &row.example {
        Example::Classified { text, pair, label } => {
            let label = match label {
                Label::One(id) => json!(id),
                Label::Many(on) => json!(on),
                Label::Number(number) => json!(number),
            };
            json!({"text": text, "pair": pair, "label": label})
        }
        Example::Tagged { words, tags } => json!({"words": words, "tags": tags}),
        Example::Question {
            id,
            question,
            context,
            answers,
        } => {
            let answers: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
            json!({"id": id, "question": question, "answers": answers, "context": context})
        }
        Example::Plain { text, .. } => json!({"text": text}),
        Example::Dialogue { turns } => {
            let turns = turns.iter().map(|turn| {
                let role = match turn.role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                json!({"role": role, "content": turn.content})
            });
            json!({"messages": turns.collect::<Vec<_>>()})
        }
        Example::Pair { source, target } => json!({"source": source, "target": target}),
    }
}

/// The features of a row as JSON, under transformers' names.
pub(super) fn features(shown: &Shown, tokenizer: &Tokenizer) -> Value {
    let features = &shown.features;
    let tokens: Vec<Option<String>> = features.ids.iter().map(|id| tokenizer.token(*id)).collect();
    let mut object = json!({
        "place": shown.place,
        "tokens": tokens,
        "input_ids": features.ids,
        "cut": shown.cut,
    });
    if !features.type_ids.is_empty() {
        object["token_type_ids"] = json!(features.type_ids);
    }
    match &features.target {
        Target::Class(class) => object["labels"] = json!(class),
        Target::Classes(classes) => object["labels"] = json!(classes),
        Target::Number(number) => object["labels"] = json!(number),
        Target::Tokens(labels) => {
            let labels: Vec<i64> = labels
                .iter()
                .map(|label| label.map_or(-100, i64::from))
                .collect();
            object["labels"] = json!(labels);
        }
        Target::Span { start, end } => {
            object["start_positions"] = json!(start);
            object["end_positions"] = json!(end);
        }
        Target::Text(ids) => object["labels"] = json!(ids),
        Target::Masked => {}
    }
    object
}
