//! Rows as they stand in their file, and as a trainer is given them.

use serde_json::{Value, json};

use crate::finetune::dataset::{Example, Label, Role, Row};
use crate::finetune::features::Target;
use crate::finetune::preview::Shown;
use crate::model::tokenizer::Tokenizer;
use crate::text;

/// Most characters that are shown of a text.
const CHARACTERS: usize = 240;

/// A row without a tokenizer, as lines that are not too long.
pub(super) fn plain_lines(row: &Row, names: &[String]) -> Vec<String> {
    let line = |what: &str, text: &str| {
        let line = text::line(text);
        let short: String = line.chars().take(CHARACTERS).collect();
        let more = if short.len() < line.len() { " ..." } else { "" };
        format!("{what}: {short}{more}")
    };
    match &row.example {
        Example::Classified { text, pair, label } => {
            let pair = pair.iter().map(|pair| line("pair", pair));
            let texts = std::iter::once(line("text", text)).chain(pair);
            texts.chain([line("label", &said(label, names))]).collect()
        }
        Example::Tagged { words, tags } => {
            let tagged = words
                .iter()
                .zip(tags)
                .map(|(word, tag)| match name(*tag, names) {
                    "O" => word.clone(),
                    tag => format!("{word}{{{tag}}}"),
                });
            vec![line("words", &tagged.collect::<Vec<_>>().join(" "))]
        }
        Example::Question {
            question,
            context,
            answers,
            ..
        } => {
            let answers = answers.iter().map(|answer| line("answer", &answer.text));
            let texts = [line("question", question), line("context", context)];
            texts.into_iter().chain(answers).collect()
        }
        Example::Plain { text, .. } => vec![line("text", text)],
        Example::Dialogue { turns } => turns
            .iter()
            .map(|turn| line(role(turn.role), &turn.content))
            .collect(),
        Example::Pair { source, target } => vec![line("source", source), line("target", target)],
    }
}

/// A row as JSON.
pub(super) fn plain(row: &Row, names: &[String]) -> Value {
    match &row.example {
        Example::Classified { text, pair, label } => {
            let label = match label {
                Label::One(id) => json!(name(*id, names)),
                Label::Many(_) => json!(on(label, names)),
                Label::Number(number) => json!(number),
            };
            json!({"text": text, "pair": pair, "label": label})
        }
        Example::Tagged { words, tags } => {
            let tags: Vec<&str> = tags.iter().map(|tag| name(*tag, names)).collect();
            json!({"words": words, "tags": tags})
        }
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
            let turns = turns.iter();
            let turns = turns.map(|turn| json!({"role": role(turn.role), "content": turn.content}));
            json!({"messages": turns.collect::<Vec<_>>()})
        }
        Example::Pair { source, target } => json!({"source": source, "target": target}),
    }
}

/// A label in words.
fn said(label: &Label, names: &[String]) -> String {
    match label {
        Label::One(id) => name(*id, names).to_owned(),
        Label::Many(_) => on(label, names).join(", "),
        Label::Number(number) => number.to_string(),
    }
}

/// The names of several labels that apply.
fn on<'a>(label: &Label, names: &'a [String]) -> Vec<&'a str> {
    match label {
        Label::Many(on) => {
            let on = names.iter().zip(on).filter(|(_, on)| **on);
            on.map(|(name, _)| name.as_str()).collect()
        }
        Label::One(_) | Label::Number(_) => Vec::new(),
    }
}

fn name(id: u32, names: &[String]) -> &str {
    names.get(id as usize).map_or("?", String::as_str)
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
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
