//! D9: what fetches put in the place of a model's files.

use std::path::Path;

use serde::de::IgnoredAny;

use modeldesk::error::Result;
use modeldesk::model::config::Config;
use modeldesk::model::json;
use modeldesk::model::weights::Checkpoint;

use super::{Folder, WEIGHTS, failure};
use crate::counts;

const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n\
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 123456789\n";
const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>";
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xaeJ\x01";
const ERROR: &[u8] = br#"{"error":"Access to model x/y is restricted."}"#;

/// Opens one of a model's files.
type Open = fn(&Path) -> Result<()>;

/// The tokenizer of a model, as its reader begins.
fn tokenizer(folder: &Path) -> Result<IgnoredAny> {
    let path = folder.join("tokenizer.json");
    let bytes = json::load(&path, 1 << 20)?;
    json::decode(&path, &bytes)
}

#[test]
fn each_body_in_each_place_is_named() {
    let row = counts::row("D9");
    assert_eq!(POINTER.len(), 134);
    let whole = Folder::new();
    let weights = whole.put_tensors(WEIGHTS, &[("a", &[1.0; 64])]);
    let weights = std::fs::read(weights).unwrap();
    let places: [(&str, &[u8], Open); 3] = [
        (WEIGHTS, &weights, |folder| {
            Checkpoint::open(folder).map(drop)
        }),
        ("config.json", br#"{"model_type":"bert"}"#, |folder| {
            Config::read(folder).map(drop)
        }),
        (
            "tokenizer.json",
            br#"{"model":{"vocab":{"a":1}}}"#,
            |folder| tokenizer(folder).map(drop),
        ),
    ];
    let mut held = 0;
    for (name, good, open) in places {
        let bodies: [(&[u8], &str); 6] = [
            (POINTER, "is a Git LFS pointer of 134 bytes, not"),
            (PAGE, "is an HTML page, not"),
            (b"", "is an empty file, not"),
            (GZIP, "is gzip data, not"),
            (
                ERROR,
                "is the error message of a server (`Access to model x/y is restricted.`), not",
            ),
            (&good[..good.len() - 1], "is truncated: "),
        ];
        let folder = Folder::new();
        folder.put(name, good);
        open(folder.path()).unwrap();
        for (body, expected) in bodies {
            let path = folder.put(name, body);
            let said = failure(open(folder.path()));
            assert!(said.starts_with(path.to_str().unwrap()), "{said}");
            assert!(said.contains(expected), "{expected}: {said}");
            assert!(!said.ends_with("hint: -"), "{said}");
            held += 1;
        }
    }
    assert_eq!(held, 18);
    row.held(held);
}

#[test]
fn files_that_are_too_large_are_not_read_to_the_end() {
    let folder = Folder::new();
    folder.put("tokenizer.json", &vec![b'1'; (1 << 20) + 1]);
    assert!(failure(tokenizer(folder.path())).contains("has more than 1048576 bytes"));
    folder.put("config.json", &vec![b' '; (4 << 20) + 1]);
    assert!(failure(Config::read(folder.path())).contains("has more than 4194304 bytes"));
}
