//! A record as an example.

use serde_json::Value;

use super::values::{empty, list, needed, number, optional, text, words};
use super::{Labels, Shape};
use crate::finetune::dataset::example::{Answer, Example, Label, Role, Turn};
use crate::finetune::dataset::fault::{Fault, Kind, quoted};
use crate::finetune::dataset::names::Names;
use crate::finetune::dataset::records::Record;

/// A row as it is read.
#[derive(Debug)]
pub(in super::super) struct Reading {
    /// What it is.
    pub example: Example,
    /// The label that parts are balanced by.
    pub class: u32,
}

/// Stands for no label.
const NONE: u32 = u32::MAX;

impl Shape {
    /// The example that a record is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in super::super) fn read(
        &self,
        record: &Record,
        names: &mut Names,
    ) -> Result<Reading, Fault> {
        let mut class = NONE;
        let example = match self {
            Self::Classes {
                text: name,
                pair,
                labels,
            } => {
                let first = text(record, name)?;
                let pair = pair.as_ref().map(|name| text(record, name)).transpose()?;
                let label = label(record, labels, names, &mut class)?;
                Example::Classified {
                    text: first,
                    pair,
                    label,
                }
            }
            Self::Tags { words, tags } => tagged(record, words, tags, names)?,
            Self::Questions {
                id,
                question,
                context,
                answers,
            } => {
                let id = id
                    .as_ref()
                    .map(|name| optional(record, name))
                    .transpose()?
                    .flatten();
                let context = text(record, context)?;
                Example::Question {
                    id: id.unwrap_or_default(),
                    question: text(record, question)?,
                    answers: found_answers(needed_or_null(record, answers)?, &context)?,
                    context,
                }
            }
            Self::Plain { text: name, ends } => Example::Plain {
                text: text(record, name)?,
                ends: *ends,
            },
            Self::Messages { messages } => Example::Dialogue {
                turns: turns(record, messages)?,
            },
            Self::Instructions {
                instruction,
                input,
                output,
            } => {
                let mut turns = vec![Turn::new(Role::User, text(record, instruction)?)];
                let given = input
                    .as_ref()
                    .map(|name| optional(record, name))
                    .transpose()?
                    .flatten();
                turns.extend(given.map(|given| Turn::new(Role::User, given)));
                turns.push(Turn::new(Role::Assistant, text(record, output)?));
                Example::Dialogue { turns }
            }
            Self::Pairs {
                source,
                input,
                target,
            } => {
                let mut source = text(record, source)?;
                let given = input
                    .as_ref()
                    .map(|name| optional(record, name))
                    .transpose()?
                    .flatten();
                if let Some(given) = given {
                    source.push('\n');
                    source.push_str(&given);
                }
                Example::Pair {
                    source,
                    target: text(record, target)?,
                }
            }
        };
        Ok(Reading { example, class })
    }
}

/// The value of a column, which may be null.
fn needed_or_null<'a>(record: &'a Record, name: &str) -> Result<&'a Value, Fault> {
    match super::values::lookup(record, name) {
        Some(Value::Null) => Ok(&Value::Null),
        _ => needed(record, name),
    }
}

fn label(
    record: &Record,
    labels: &Labels,
    names: &mut Names,
    class: &mut u32,
) -> Result<Label, Fault> {
    let mut known = |name: &str| -> Result<u32, Fault> {
        let id = names.id(name.trim())?;
        if *class == NONE {
            *class = id;
        }
        Ok(id)
    };
    let many = |ids: Vec<u32>, count: usize| {
        let mut on = vec![false; count];
        ids.into_iter().for_each(|id| on[id as usize] = true);
        Label::Many(on)
    };
    Ok(match labels {
        Labels::One(name) => {
            let value = text(record, name)?;
            // What the hub's copies of a benchmark write where the label is kept secret.
            if value.trim() == "-1" {
                return Err(Fault::new(
                    Kind::Empty,
                    format!("{} is -1: no label", quoted(name)),
                ));
            }
            Label::One(known(&value)?)
        }
        Labels::Number(name) => Label::Number(number(record, name)?),
        Labels::List(name) => {
            let values = list(record, name)?;
            let each = values.iter().map(|value| known(&words(value, name)?));
            let ids = each.collect::<Result<Vec<u32>, Fault>>()?;
            many(ids, names.all().len())
        }
        Labels::Columns(columns) => {
            let mut ids = Vec::new();
            for name in columns {
                let flag = number(record, name)?;
                if flag != 0.0 && flag != 1.0 {
                    let what = format!("{} is {flag}, and 0 or 1 is needed", quoted(name));
                    return Err(Fault::new(Kind::WrongType, what));
                }
                ids.extend((flag == 1.0).then(|| known(name)).transpose()?);
            }
            many(ids, names.all().len())
        }
    })
}

fn tagged(record: &Record, words: &str, tags: &str, names: &mut Names) -> Result<Example, Fault> {
    let said = list(record, words)?;
    let tags_of = list(record, tags)?;
    if said.is_empty() {
        return Err(empty(words));
    }
    if said.len() != tags_of.len() {
        let what = format!("{} words and {} tags", said.len(), tags_of.len());
        return Err(Fault::new(Kind::TagCount, what));
    }
    let said = said.iter().map(|word| super::values::words(word, words));
    let said = said.collect::<Result<Vec<String>, Fault>>()?;
    let ids = tags_of
        .iter()
        .map(|tag| names.id(super::values::words(tag, tags)?.trim()));
    Ok(Example::Tagged {
        words: said,
        tags: ids.collect::<Result<_, Fault>>()?,
    })
}

/// The answers of a row: as in `SQuAD`, as a list of objects, or as a text.
fn found_answers(value: &Value, context: &str) -> Result<Vec<Answer>, Fault> {
    let pairs: Vec<(&Value, Option<&Value>)> = match value {
        Value::Null => Vec::new(),
        Value::Object(object) => {
            let items = |name: &str| {
                object
                    .get(name)
                    .and_then(Value::as_array)
                    .map(Vec::as_slice)
            };
            let starts = items("answer_start").unwrap_or_default();
            let texts = items("text").unwrap_or_default().iter().enumerate();
            texts
                .map(|(place, text)| (text, starts.get(place)))
                .collect()
        }
        Value::Array(items) => {
            let each = items.iter().map(|item| match item {
                Value::Object(object) => (
                    object.get("text").unwrap_or(&Value::Null),
                    object.get("answer_start"),
                ),
                text => (text, None),
            });
            each.collect()
        }
        text => vec![(text, None)],
    };
    let mut answers = Vec::new();
    for (text, start) in pairs {
        let Some(text) = text.as_str() else {
            return Err(Fault::new(Kind::WrongType, "an answer is no text"));
        };
        if !text.is_empty() {
            answers.push(place(text, start.and_then(Value::as_u64), context)?);
        }
    }
    Ok(answers)
}

/// An answer at the character where it is said to be; elsewhere if it is there only once.
fn place(text: &str, start: Option<u64>, context: &str) -> Result<Answer, Fault> {
    let byte = start.and_then(|start| match usize::try_from(start) {
        Ok(start) if context.is_ascii() => Some(start),
        Ok(start) => context.char_indices().nth(start).map(|(byte, _)| byte),
        Err(_) => None,
    });
    let is_there = |byte: &usize| {
        context
            .get(*byte..)
            .is_some_and(|rest| rest.starts_with(text))
    };
    let only = || {
        let mut places = context.match_indices(text).map(|(byte, _)| byte);
        let first = places.next()?;
        (start.is_none() || places.next().is_none()).then_some(first)
    };
    if let Some(byte) = byte.filter(is_there).or_else(only) {
        Ok(Answer {
            text: text.to_owned(),
            bytes: byte..byte + text.len(),
        })
    } else {
        let what = "an answer does not stand in the context where it should";
        Err(Fault::new(Kind::LostAnswer, what))
    }
}

/// The turns of a conversation, up to the last of the model's.
fn turns(record: &Record, name: &str) -> Result<Vec<Turn>, Fault> {
    let bad = |what: String| Fault::new(Kind::BadTurns, what);
    let mut turns = Vec::new();
    for value in list(record, name)? {
        let Value::Object(turn) = value else {
            return Err(bad(format!("a turn in {} is no object", quoted(name))));
        };
        let field = |names: [&str; 2]| names.into_iter().find_map(|name| turn.get(name));
        let said = field(["role", "from"]).and_then(Value::as_str);
        let said = said.ok_or_else(|| bad(format!("a turn in {} has no role", quoted(name))))?;
        let role = match said {
            "system" | "developer" => Role::System,
            "user" | "human" | "prompter" => Role::User,
            "assistant" | "gpt" | "model" | "bot" | "chatgpt" => Role::Assistant,
            other => return Err(bad(format!("the role {} is not known", quoted(other)))),
        };
        let content = field(["content", "value"]);
        let content =
            content.ok_or_else(|| bad(format!("a turn of {} has no content", quoted(said))))?;
        turns.push(Turn::new(role, words(&joined(content), said)?));
    }
    while turns
        .last()
        .is_some_and(|turn| turn.role != Role::Assistant)
    {
        turns.pop();
    }
    if turns.is_empty() {
        let what = format!("{} has no turn of the assistant", quoted(name));
        return Err(bad(what));
    }
    Ok(turns)
}

/// The text of content that is given in parts.
fn joined(content: &Value) -> Value {
    match content {
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            Value::String(texts.collect())
        }
        other => other.clone(),
    }
}
