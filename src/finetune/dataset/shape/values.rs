//! The values of a row's columns.

use serde_json::Value;

use crate::finetune::dataset::fault::{Fault, Kind, quoted};
use crate::finetune::dataset::records::Record;

/// The value of a column; a name with dots may lead into objects.
pub(in super::super) fn lookup<'a>(record: &'a Record, name: &str) -> Option<&'a Value> {
    record.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        lookup(record.get(first)?.as_object()?, rest)
    })
}

/// The value of a column that must be there.
///
/// # Errors
/// When it is not.
pub(super) fn needed<'a>(record: &'a Record, name: &str) -> Result<&'a Value, Fault> {
    match lookup(record, name) {
        None => Err(Fault::new(
            Kind::MissingColumn,
            format!("{} is missing", quoted(name)),
        )),
        Some(Value::Null) => Err(empty(name)),
        Some(value) => Ok(value),
    }
}

/// The text of a column that must have one.
///
/// # Errors
/// When there is none, or it has a NUL.
pub(super) fn text(record: &Record, name: &str) -> Result<String, Fault> {
    words(needed(record, name)?, name)
}

/// The text of a column that may be empty or missing.
///
/// # Errors
/// When it is no text.
pub(super) fn optional(record: &Record, name: &str) -> Result<Option<String>, Fault> {
    match lookup(record, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => words(value, name).map(Some),
    }
}

/// A value as a text that says something.
///
/// # Errors
/// When it says nothing, is a list or an object, or has a NUL.
pub(super) fn words(value: &Value, name: &str) -> Result<String, Fault> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(is) => is.to_string(),
        Value::Null => return Err(empty(name)),
        Value::Array(_) | Value::Object(_) => {
            let what = format!("{} is {} and no text", quoted(name), kind(value));
            return Err(Fault::new(Kind::WrongType, what));
        }
    };
    if text.trim().is_empty() {
        return Err(empty(name));
    }
    if text.contains('\0') {
        return Err(Fault::new(
            Kind::Nul,
            format!("{} has a NUL character", quoted(name)),
        ));
    }
    Ok(text)
}

/// The number of a column.
///
/// # Errors
/// When there is none, or it is not finite.
pub(super) fn number(record: &Record, name: &str) -> Result<f32, Fault> {
    let value = needed(record, name)?;
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(is) => Some(f64::from(u8::from(*is))),
        Value::String(text) if text.trim().is_empty() => return Err(empty(name)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let shown = || quoted(value.as_str().unwrap_or(&value.to_string()));
    match number.map(|number| number as f32) {
        None => {
            let what = format!("{} is {} and no number", quoted(name), shown());
            Err(Fault::new(Kind::NotANumber, what))
        }
        Some(number) if !number.is_finite() => {
            let what = format!("{} is {}, which is not finite", quoted(name), shown());
            Err(Fault::new(Kind::NotANumber, what))
        }
        Some(number) => Ok(number),
    }
}

/// The list of a column; a text that is a JSON list is one, for tables have no other.
///
/// # Errors
/// When there is none.
pub(super) fn list(record: &Record, name: &str) -> Result<Vec<Value>, Fault> {
    let value = needed(record, name)?;
    match value {
        Value::Array(values) => Ok(values.clone()),
        Value::String(text) if text.trim_start().starts_with('[') => serde_json::from_str(text)
            .map_err(|_| {
                Fault::new(
                    Kind::WrongType,
                    format!("{} is not a JSON list", quoted(name)),
                )
            }),
        _ => {
            let what = format!("{} is {} and no list", quoted(name), kind(value));
            Err(Fault::new(Kind::WrongType, what))
        }
    }
}

pub(super) fn empty(name: &str) -> Fault {
    Fault::new(Kind::Empty, format!("{} is empty", quoted(name)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
