//! JSON files of a model, read within limits; what stands in their place is named.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::diagnosis::{START, diagnose};
use crate::error::{Error, Result};
use crate::text;

/// Reads the JSON file `path` of at most `most` bytes, undecoded.
///
/// # Errors
/// When it cannot be read, is larger, or is something else: a Git LFS pointer, a page, a packed
/// file.
pub fn load(path: &Path, most: u64) -> Result<Vec<u8>> {
    let failed = |e| Error::io("read", path, e);
    let found = path.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(Error::new("is not a file").at_path(path));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let start = &bytes[..bytes.len().min(START)];
    if let Some(found) = diagnose(start, bytes.len() as u64) {
        return Err(found.error(path, "JSON"));
    }
    if bytes.len() as u64 > most {
        return Err(Error::new(format!("has more than {most} bytes")).at_path(path));
    }
    Ok(bytes)
}

/// Decodes what was read from `path`.
///
/// # Errors
/// When it is not JSON, ends too early, or does not hold a `T`; with the line.
pub fn decode<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| wrong(path, &e))
}

/// The error that `path` does not hold what was looked for in it; with the line.
pub fn wrong(path: &Path, e: &serde_json::Error) -> Error {
    let error = if e.is_eof() {
        Error::new("is truncated: it ends in the middle").hint("fetch the file again")
    } else {
        Error::new(format!("is not valid: {}", text::line(&e.to_string())))
    };
    error.at_line(path, e.line())
}

/// Reads the JSON object in `path` of at most `most` bytes.
///
/// # Errors
/// As [`load`] and [`decode`]; and when an object in it has a key twice.
pub fn object(path: &Path, most: u64) -> Result<Map<String, Value>> {
    let bytes = load(path, most)?;
    match decode::<Unique>(path, &bytes)?.0 {
        Value::Object(object) => Ok(object),
        _ => Err(Error::new("is not a JSON object").at_path(path)),
    }
}

/// JSON in which no object has a key twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                let key = text::ident(&key);
                return Err(A::Error::custom(format!("`{key}` stands there twice")));
            }
            let Unique(value) = map.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
