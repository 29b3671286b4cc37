//! A file of weights: open, read by position, and known again.
//!
//! It is never mapped: a mapped file that somebody else cuts short kills the process that reads
//! it. Reading by position returns an error instead, and [`Source::unchanged`] tells whether what
//! was read is of one piece.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::header::{self, Header, MOST_BYTES, PREFIX};
use crate::error::{Error, Result};
use crate::files;
use crate::model::diagnosis::{START, diagnose};

/// What is read first, in messages.
const HEADER: &str = "its header";

/// A safetensors file.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    file: File,
    stamp: Stamp,
    /// Where its tensors begin.
    data: u64,
}

/// What changes when a file is written, cut short or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// The device and the number of the file on it, where the system has them.
    place: (u64, u64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            bytes: found.len(),
            modified: found.modified().ok(),
            place: place(found),
        }
    }

    /// As [`Source::fingerprint`], of the file at `path`.
    fn fingerprint(&self, path: &Path) -> String {
        let bytes = self.bytes;
        if let Some(blob) = blob(path) {
            return format!("{blob}-{bytes}");
        }
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let written = self.modified.and_then(since).unwrap_or_default();
        let (device, number) = self.place;
        format!("{device}-{number}-{bytes}-{}", written.as_nanos())
    }
}

/// What the file at `path` is known by now, if it is there.
pub(super) fn fingerprint(path: &Path) -> Option<String> {
    Some(Stamp::of(&path.metadata().ok()?).fingerprint(path))
}

/// The SHA-256 in `blobs/SHA-256`.
fn blob(path: &Path) -> Option<String> {
    let real = path.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    let is_hash = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let is_blob = real.parent()?.file_name()? == "blobs";
    (is_hash && is_blob).then(|| name.to_owned())
}

#[cfg(unix)]
fn place(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

impl Source {
    /// Opens the file and reads its header.
    pub(super) fn open(path: &Path) -> Result<(Self, Header)> {
        let failed = |e| Error::io("open", path, e);
        // Opening a pipe would wait for somebody to write to it.
        if !path.metadata().map_err(failed)?.is_file() {
            return Err(Error::new("is not a file").at_path(path));
        }
        let file = File::open(path).map_err(failed)?;
        let stamp = Stamp::of(&file.metadata().map_err(failed)?);
        let mut source = Self {
            path: path.to_owned(),
            file,
            stamp,
            data: 0,
        };
        let header = source.header()?;
        source.unchanged(HEADER)?;
        Ok((source, header))
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> u64 {
        self.stamp.bytes
    }

    /// Fills `out` with what is `at` bytes behind the header.
    pub(super) fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        files::read_at(&self.file, self.data + at, out)
    }

    /// Whether the file is still the one that was opened, as it was then, now that `part` was read.
    pub(super) fn unchanged(&self, part: &str) -> Result<()> {
        let now = |found: io::Result<Metadata>| found.ok().map(|found| Stamp::of(&found));
        let (open, named) = (now(self.file.metadata()), now(self.path.metadata()));
        let what = match (open, named) {
            (Some(open), _) if open.bytes < self.stamp.bytes => "was cut short",
            (Some(open), _) if open != self.stamp => "was written to",
            (Some(_), Some(named)) if named == self.stamp => return Ok(()),
            (_, Some(_)) => "was replaced by another",
            (_, None) => "was taken away",
        };
        Err(Error::new(format!("{what} while {part} was read"))
            .at_path(&self.path)
            .hint("load the model again when nothing writes to its folder"))
    }

    /// What the file is known by in a cache: the name of its blob, which says what is in it, else
    /// its place, its size and when it was written.
    pub(super) fn fingerprint(&self) -> String {
        self.stamp.fingerprint(&self.path)
    }

    /// Reads the header, and finds where the tensors begin.
    fn header(&mut self) -> Result<Header> {
        let wrong = |what: String| Error::new(what).at_path(&self.path);
        let truncated = |what| wrong(what).hint("fetch the file again");
        let mut start = vec![0; self.bytes().min(START as u64) as usize];
        self.read_at(&mut start, 0)
            .map_err(|e| self.failed(e, HEADER))?;
        let length = length(&start).map_err(|what| {
            let known = diagnose(&start, self.bytes());
            known.map_or_else(
                || wrong(what),
                |known| known.error(&self.path, "safetensors"),
            )
        })?;
        let Some(data) = self.bytes().checked_sub(PREFIX + length) else {
            return Err(truncated(
                "is truncated: it ends inside its header".to_owned(),
            ));
        };
        let mut text = vec![0; length as usize];
        self.read_at(&mut text, PREFIX)
            .map_err(|e| self.failed(e, HEADER))?;
        let header = header::parse(&text).map_err(wrong)?;
        if data < header.end {
            let end = header.end;
            return Err(truncated(format!(
                "is truncated: {data} of the {end} bytes of its tensors are there"
            )));
        }
        if data > header.end {
            let more = data - header.end;
            return Err(wrong(format!("has {more} bytes that belong to no tensor")));
        }
        if let Some(format @ ("tf" | "flax")) = header.format.as_deref() {
            return Err(wrong(format!("has the weights as {format} arranges them"))
                .hint("take the ones that are saved for PyTorch, with the format `pt`"));
        }
        self.data = PREFIX + length;
        Ok(header)
    }

    /// Reading `part` failed: because the file changed, or for the reason that the system gives.
    pub(super) fn failed(&self, e: io::Error, part: &str) -> Error {
        match self.unchanged(part) {
            Err(changed) => changed,
            Ok(()) => Error::io(&format!("read {part}"), &self.path, e),
        }
    }
}

/// The length of the header of a file that begins with `start`.
///
/// A file that begins with the length of an object is not taken for anything else, whatever the
/// bytes of that length look like.
fn length(start: &[u8]) -> Result<u64, String> {
    let Some(prefix) = start.first_chunk() else {
        let bytes = start.len();
        return Err(format!(
            "is truncated: it ends inside its header, after {bytes} bytes"
        ));
    };
    let length = u64::from_le_bytes(*prefix);
    if start.trim_ascii_start().starts_with(b"{") {
        return Err("is JSON, not safetensors".to_owned());
    }
    if length > MOST_BYTES {
        return Err(format!(
            "is not safetensors: its header would have {length} bytes, more than {MOST_BYTES}"
        ));
    }
    match start.get(PREFIX as usize) {
        Some(b'{') => Ok(length),
        Some(_) => Err("is not safetensors: its header does not begin with `{`".to_owned()),
        None => Err("is truncated: it ends before its header".to_owned()),
    }
}
