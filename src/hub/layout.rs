//! How a model's files are called on the hub, and the index of weights that are spread over
//! several.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// What the model computes.
pub const CONFIG: &str = "config.json";
/// Its weights, where one file holds them all.
pub const WEIGHTS: &str = "model.safetensors";
/// Which file holds which of its weights, where several do.
pub const INDEX: &str = "model.safetensors.index.json";
/// How the names of files end that run code when they are read.
pub const PICKLES: [&str; 5] = ["bin", "pt", "pth", "ckpt", "pkl"];

/// Most bytes of an index that are read; those of the largest models have 12 MB.
pub const MOST_INDEX: u64 = 64 << 20;

#[derive(Deserialize)]
#[serde(bound = "C: Default + Extend<(String, String)>")]
struct Index<C> {
    weight_map: Collected<C>,
}

/// What became of a `weight_map`.
struct Collected<C>(C);

impl<'de, C: Default + Extend<(String, String)>> Deserialize<'de> for Collected<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<C>(PhantomData<C>);
        impl<'de, C: Default + Extend<(String, String)>> Visitor<'de> for Map<C> {
            type Value = Collected<C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors and the files that they are in")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = C::default();
                while let Some(pair) = map.next_entry()? {
                    all.extend([pair]);
                }
                Ok(Collected(all))
            }
        }
        deserializer.deserialize_map(Map(PhantomData))
    }
}

/// The tensors and the files that hold them, as the index `text` says, one after another.
///
/// # Errors
/// When it is no index.
pub fn weight_map<C: Default + Extend<(String, String)>>(text: &[u8]) -> serde_json::Result<C> {
    let index: Index<C> = serde_json::from_slice(text)?;
    Ok(index.weight_map.0)
}

/// Each name of a file once; which tensor is in which is not kept.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Extend<(String, String)> for Names {
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, pairs: I) {
        self.0.extend(pairs.into_iter().map(|(_, name)| name));
    }
}

/// The names of the files that the index of `bytes` bytes at `path` spreads the weights over.
pub(super) fn shards(path: &Path, bytes: u64) -> io::Result<BTreeSet<String>> {
    if bytes > MOST_INDEX {
        return Err(io::Error::other(format!(
            "it has more than {MOST_INDEX} bytes"
        )));
    }
    let mut text = Vec::with_capacity(bytes as usize + 1);
    File::open(path)?.take(MOST_INDEX).read_to_end(&mut text)?;
    Ok(weight_map::<Names>(&text)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], bytes: u64) -> io::Result<BTreeSet<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        crate::files::write(&path, text).unwrap();
        shards(&path, bytes)
    }

    #[test]
    fn each_file_is_named_once() {
        let names = read(
            br#"{"x": [], "weight_map": {"a": "1", "b": "2", "c": "1"}}"#,
            9,
        );
        assert_eq!(names.unwrap(), ["1", "2"].map(str::to_owned).into());
    }

    #[test]
    fn what_is_no_index_is_an_error() {
        for text in [
            "",
            "{}",
            r#"{"weight_map": ["1"]}"#,
            r#"{"weight_map": {"a": 1}}"#,
            "[[",
        ] {
            assert!(read(text.as_bytes(), 9).is_err(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(format!("{{\"x\": {deep}").as_bytes(), 9).is_err());
        assert!(read(b"{}", u64::MAX).is_err());
    }
}
