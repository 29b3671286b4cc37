//! The index of a model whose weights are spread over several files.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// Most bytes of an index that are read; those of the largest models have 12 MB.
const MOST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Index {
    weight_map: Names,
}

/// The files of a `weight_map`; which tensor is in which is not kept.
struct Names(BTreeSet<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors and the files that they are in")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = BTreeSet::new();
                while let Some((IgnoredAny, name)) = map.next_entry::<IgnoredAny, String>()? {
                    names.insert(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// The names of the files that the index of `bytes` bytes at `path` spreads the weights over.
pub(super) fn shards(path: &Path, bytes: u64) -> io::Result<BTreeSet<String>> {
    if bytes > MOST {
        return Err(io::Error::other(format!("it has more than {MOST} bytes")));
    }
    let mut text = Vec::with_capacity(bytes as usize + 1);
    File::open(path)?.take(MOST).read_to_end(&mut text)?;
    let index: Index = serde_json::from_slice(&text)?;
    Ok(index.weight_map.0)
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
