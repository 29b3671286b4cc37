//! What a model's file really is, when it is not what its name says.
//!
//! Fetches go wrong in the same few ways everywhere: a pointer instead of the file, a page or an
//! error of the server, a packed or an empty file. They are told by their first bytes.

use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::text;

/// How many bytes from the start of a file decide.
pub const START: usize = 4096;

/// Most characters of a server's message that are shown.
const MESSAGE: usize = 200;

/// What to do about a pickle.
pub(super) const PICKLE: &str = "a pickle runs code when it is read and is never opened here; \
    take the model's safetensors, or save it so where you trust it";
/// What to do about a file of Keras.
pub(super) const KERAS: &str =
    "take the model's safetensors, or load it with `from_tf=True` in Python and save it again";
/// What to do about GGUF.
pub(super) const GGUF: &str =
    "llama.cpp runs it; here the model's safetensors, which it was made from, run";
const AGAIN: &str = "fetch the file again, and look at what the server sends";

/// What a file is instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    what: String,
    hint: &'static str,
}

impl Diagnosis {
    fn new(what: impl Into<String>, hint: &'static str) -> Self {
        let what = what.into();
        Self { what, hint }
    }

    /// What the file is: `a Git LFS pointer of 134 bytes`.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The error that `path` is this and not `wanted`, with the way out.
    pub fn error(self, path: &Path, wanted: &str) -> Error {
        Error::new(format!("is {}, not {wanted}", self.what))
            .at_path(path)
            .hint(self.hint)
    }
}

/// What a file of `bytes` bytes that begins with `start` is, if that is none of a model's files.
///
/// `start` is the whole file, or [`START`] bytes of it.
pub fn diagnose(start: &[u8], bytes: u64) -> Option<Diagnosis> {
    if bytes == 0 {
        return Some(Diagnosis::new("an empty file", AGAIN));
    }
    let text = start.trim_ascii_start();
    if start.starts_with(b"version https://git-lfs") {
        return Some(Diagnosis::new(
            format!("a Git LFS pointer of {bytes} bytes"),
            "`git lfs pull` in its repository puts the file in the pointer's place",
        ));
    }
    if text.starts_with(b"<") {
        return Some(Diagnosis::new(page(text), AGAIN));
    }
    if text.starts_with(b"{") {
        return server_error(start, bytes);
    }
    if start.iter().all(|byte| *byte == 0) {
        return Some(Diagnosis::new(
            "zeros, as an unfinished fetch leaves",
            AGAIN,
        ));
    }
    packed(start)
}

fn page(text: &[u8]) -> &'static str {
    let start = text[..text.len().min(512)].to_ascii_lowercase();
    let has = |tag: &[u8]| start.windows(tag.len()).any(|part| part == tag);
    if has(b"<!doctype html") || has(b"<html") || has(b"<head") {
        "an HTML page"
    } else {
        "an XML page"
    }
}

/// The message in `{"error": "..."}` and its like.
fn server_error(start: &[u8], bytes: u64) -> Option<Diagnosis> {
    if start.len() as u64 != bytes {
        return None;
    }
    let object = serde_json::from_slice::<Value>(start).ok()?;
    let said = ["error", "message", "detail"]
        .iter()
        .find_map(|key| object.get(key))?;
    let said = said.get("message").unwrap_or(said);
    let said = said
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    let said: String = text::line(&said).chars().take(MESSAGE).collect();
    Some(Diagnosis::new(
        format!("the error message of a server (`{said}`)"),
        AGAIN,
    ))
}

/// Formats that are told by their first bytes.
fn packed(start: &[u8]) -> Option<Diagnosis> {
    let (what, hint) = match start {
        [0x1f, 0x8b, ..] => ("gzip data", "unpack it with `gzip -d`, or fetch it again"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => ("a zip archive, as PyTorch pickles models", PICKLE),
        [0x80, 2..=5, ..] => ("a Python pickle", PICKLE),
        [b'G', b'G', b'U', b'F', ..] => ("GGUF", GGUF),
        [0x89, b'H', b'D', b'F', ..] => ("HDF5, as Keras saves models", KERAS),
        _ => return None,
    };
    Some(Diagnosis::new(what, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(start: &[u8]) -> Option<String> {
        diagnose(start, start.len() as u64).map(|found| found.what)
    }

    #[test]
    fn what_stands_in_the_place_of_a_file_is_named() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:";
        let cases: [(&[u8], &str); 12] = [
            (b"", "an empty file"),
            (pointer, "a Git LFS pointer of 54 bytes"),
            (b"\n <!DOCTYPE html><title>", "an HTML page"),
            (b"<?xml version=\"1.0\"?><Error>", "an XML page"),
            (&[0; 64], "zeros, as an unfinished fetch leaves"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "gzip data"),
            (
                b"PK\x03\x04rest",
                "a zip archive, as PyTorch pickles models",
            ),
            (b"\x80\x02}q\0", "a Python pickle"),
            (b"GGUF\x03\0\0\0", "GGUF"),
            (b"\x89HDF\r\n", "HDF5, as Keras saves models"),
            (
                br#"{"error": "Repository \u001b[2Jnot found"}"#,
                "the error message of a server (`Repository not found`)",
            ),
            (
                br#"{"error": {"message": "gone", "code": 410}}"#,
                "the error message of a server (`gone`)",
            ),
        ];
        for (start, expected) in cases {
            assert_eq!(what(start).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_may_be_a_file_of_a_model_is_not_named() {
        for start in [
            br#"{"model_type": "bert"}"#.as_slice(),
            br#"{"model_type": "#,
            b"\x40\0\0\0\0\0\0\0{\"a\":",
            b"[1]",
        ] {
            assert_eq!(what(start), None);
        }
    }
}
