//! The methods of Python's texts and dictionaries that chat templates call.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

/// Calls a method that the library does not have.
///
/// # Errors
/// When there is no such method, or its arguments do not suit it.
pub(super) fn call(
    state: &mut State,
    of: &Value,
    name: &str,
    given: &[Value],
) -> Result<Value, Error> {
    if let Some(text) = of.as_str() {
        let worked = given
            .iter()
            .filter_map(Value::as_str)
            .map(str::len)
            .sum::<usize>();
        state.consume_fuel((text.len() + worked) as u64 / 16)?;
        return of_text(state, text, name, given);
    }
    let missing = || Error::from(ErrorKind::UnknownMethod);
    if of.kind() != ValueKind::Map {
        return Err(missing());
    }
    match name {
        "get" => {
            let (key, other) = match given {
                [key] => (key, Value::from(())),
                [key, other] => (key, other.clone()),
                _ => return Err(unsuitable(name)),
            };
            let found = of.get_item(key)?;
            Ok(if found.is_undefined() { other } else { found })
        }
        "keys" => Ok(of.try_iter()?.collect()),
        "values" => of.try_iter()?.map(|key| of.get_item(&key)).collect(),
        "items" => {
            let pair = |key: Value| {
                let value = of.get_item(&key)?;
                Ok(Value::from(vec![key, value]))
            };
            of.try_iter()?.map(pair).collect()
        }
        _ => Err(missing()),
    }
}

fn of_text(state: &State, text: &str, name: &str, given: &[Value]) -> Result<Value, Error> {
    let words: Option<Vec<&str>> = given.iter().map(Value::as_str).collect();
    let set = |words: &Option<Vec<&str>>| -> Result<Option<Vec<char>>, Error> {
        match words.as_deref() {
            Some([]) => Ok(None),
            Some([set]) => Ok(Some(set.chars().collect())),
            _ => Err(unsuitable(name)),
        }
    };
    let outside = |c: char, set: &Option<Vec<char>>| match set {
        Some(set) => set.contains(&c),
        None => c.is_whitespace(),
    };
    Ok(match (name, words.as_deref()) {
        ("strip" | "lstrip" | "rstrip", _) => {
            let set = set(&words)?;
            let mut rest = text;
            if name != "rstrip" {
                rest = rest.trim_start_matches(|c| outside(c, &set));
            }
            if name != "lstrip" {
                rest = rest.trim_end_matches(|c| outside(c, &set));
            }
            Value::from(rest)
        }
        ("upper", Some([])) => Value::from(text.to_uppercase()),
        ("lower", Some([])) => Value::from(text.to_lowercase()),
        ("capitalize", Some([])) => {
            let mut chars = text.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string());
            Value::from(first.unwrap_or_default() + &chars.as_str().to_lowercase())
        }
        ("startswith", Some([start])) => Value::from(text.starts_with(start)),
        ("endswith", Some([end])) => Value::from(text.ends_with(end)),
        ("split", Some([])) => text.split_whitespace().map(Value::from).collect(),
        ("split", Some([at])) if !at.is_empty() => {
            state.consume_fuel(text.len() as u64 / 8)?;
            text.split(at).map(Value::from).collect()
        }
        ("replace", Some([from, to])) if !from.is_empty() => {
            let times = text.matches(from).count();
            state.consume_fuel((text.len() + times * to.len()) as u64 / 64)?;
            Value::from(text.replace(from, to))
        }
        ("find", Some([what])) => match text.find(what) {
            Some(at) => Value::from(text[..at].chars().count()),
            None => Value::from(-1),
        },
        (
            "upper" | "lower" | "capitalize" | "startswith" | "endswith" | "split" | "replace"
            | "find",
            _,
        ) => return Err(unsuitable(name)),
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

fn unsuitable(name: &str) -> Error {
    let what = format!("`{name}` is called in a way that is not understood");
    Error::new(ErrorKind::InvalidOperation, what)
}
