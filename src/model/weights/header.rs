//! The header of a safetensors file: what it must be, before anything is allocated for it.
//!
//! Eight bytes give its length. It is a JSON object: each tensor's name, format, shape and where
//! its bytes begin and end. They follow one after another and fill the rest of the file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::dtype::Dtype;
use crate::text;

/// How many bytes give the length of a header.
pub(super) const PREFIX: u64 = 8;
/// Most bytes of a header, as in every other reader.
pub(super) const MOST_BYTES: u64 = 100_000_000;
/// Most tensors of a file; the largest models have a tenth in all of theirs.
pub(super) const MOST_TENSORS: usize = 200_000;
/// Most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 8;
/// Most bytes of a tensor's name.
const MOST_NAME: usize = 512;

/// A tensor, and where its bytes are behind the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) dtype: Dtype,
    pub(super) shape: Box<[usize]>,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Entry {
    /// How many values it has.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// What a header says.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) tensors: BTreeMap<String, Entry>,
    /// The framework that the file was written for: `pt`.
    pub(super) format: Option<String>,
    /// Where the last tensor ends.
    pub(super) end: u64,
}

/// Reads the header `text`. The error says what is wrong, and in which tensor.
pub(super) fn parse(text: &[u8]) -> Result<Header, String> {
    let mut header: Header = serde_json::from_slice(text)
        .map_err(|e| format!("its header is not valid: {}", text::line(&e.to_string())))?;
    let mut order: Vec<_> = header.tensors.iter().collect();
    order.sort_by_key(|(_, entry)| (entry.start, entry.end));
    let mut end = 0;
    for (name, entry) in order {
        check(entry, end).map_err(|what| format!("tensor `{}` {what}", text::ident(name)))?;
        end = entry.end;
    }
    header.end = end;
    Ok(header)
}

/// Whether a tensor fits behind those that end at `end`, and has the bytes that its shape needs.
fn check(entry: &Entry, end: u64) -> Result<(), String> {
    if entry.start > entry.end {
        return Err("ends before it begins".to_owned());
    }
    if entry.start < end {
        return Err(format!(
            "begins at byte {}, inside the tensor before it",
            entry.start
        ));
    }
    if entry.start > end {
        return Err(format!(
            "begins at byte {}, behind a hole of {} bytes",
            entry.start,
            entry.start - end
        ));
    }
    let values = entry
        .shape
        .iter()
        .try_fold(1usize, |all, size| all.checked_mul(*size));
    let bits = values.and_then(|values| (values as u64).checked_mul(entry.dtype.bits()));
    let bytes = entry.end - entry.start;
    match bits {
        Some(bits) if bits.is_multiple_of(8) && bits / 8 == bytes => Ok(()),
        Some(bits) => Err(format!(
            "has {bytes} bytes, and {:?} values of {} need {}",
            entry.shape,
            entry.dtype,
            bits.div_ceil(8)
        )),
        None => Err(format!(
            "has more values than can be counted: {:?}",
            entry.shape
        )),
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Tensors)
    }
}

struct Tensors;

impl<'de> Visitor<'de> for Tensors {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        let mut described = false;
        while let Some(name) = map.next_key::<String>()? {
            let wrong = |what: &dyn fmt::Display| {
                A::Error::custom(format!("tensor `{}`: {what}", text::ident(&name)))
            };
            if name == "__metadata__" {
                if std::mem::replace(&mut described, true) {
                    return Err(A::Error::custom("`__metadata__` stands there twice"));
                }
                header.format = map.next_value::<Metadata>()?.0;
                continue;
            }
            if name.len() > MOST_NAME {
                let what = format!("a tensor's name has more than {MOST_NAME} bytes");
                return Err(A::Error::custom(what));
            }
            if header.tensors.len() == MOST_TENSORS {
                let what = format!("it has more than {MOST_TENSORS} tensors");
                return Err(A::Error::custom(what));
            }
            if header.tensors.contains_key(&name) {
                return Err(wrong(&"stands there twice"));
            }
            let info = map.next_value::<Info>().map_err(|e| wrong(&e))?;
            let dtype = Dtype::named(&info.dtype)
                .ok_or_else(|| wrong(&format!("`{}` is no format", text::ident(&info.dtype))))?;
            let [start, end] = info.data_offsets;
            let shape = info.shape.0;
            let entry = Entry {
                dtype,
                shape,
                start,
                end,
            };
            header.tensors.insert(name, entry);
        }
        Ok(header)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info<'a> {
    #[serde(borrow)]
    dtype: Cow<'a, str>,
    shape: Shape,
    data_offsets: [u64; 2],
}

struct Shape(Box<[usize]>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sizes;
        impl<'de> Visitor<'de> for Sizes {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shape")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
                let mut sizes = Vec::new();
                while let Some(size) = seq.next_element()? {
                    if sizes.len() == MOST_DIMENSIONS {
                        let what = format!("it has more than {MOST_DIMENSIONS} dimensions");
                        return Err(A::Error::custom(what));
                    }
                    sizes.push(size);
                }
                Ok(Shape(sizes.into()))
            }
        }
        deserializer.deserialize_seq(Sizes)
    }
}

/// The `format` of `__metadata__`, which maps texts to texts.
struct Metadata(Option<String>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let mut format = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key == "format" {
                        format = Some(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Metadata(format))
            }
        }
        deserializer.deserialize_map(Texts)
    }
}
