//! Folders of models: weights, configurations and tokenizers, whole, damaged, hostile and changing.

mod bodies;
mod changing;
mod config;
mod folders;
mod generation;
mod malformed;
mod mutants;
mod tokenizer;

use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modeldesk::error::{Error, Result};
use modeldesk::model::weights::{Checkpoint, Stored, write};

use crate::counts;

/// How long reading one file may take.
const LONGEST: Duration = Duration::from_secs(2);

const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// A folder for a model, gone with its test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Puts a file there, in the place of the one that was there.
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        // Some disks write a file at once that was cut to nothing and filled again.
        let _ = std::fs::remove_file(&path);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(bytes).unwrap();
        path
    }

    /// Puts tensors of one dimension there.
    fn put_tensors(&self, name: &str, tensors: &[(&str, &[f32])]) -> PathBuf {
        let path = self.at(name);
        let shapes: Vec<[usize; 1]> = tensors.iter().map(|(_, values)| [values.len()]).collect();
        let stored = tensors
            .iter()
            .zip(&shapes)
            .map(|((name, values), shape)| Stored {
                name,
                shape,
                values,
            });
        write(&path, &stored.collect::<Vec<_>>()).unwrap();
        path
    }

    fn open(&self) -> Result<Checkpoint> {
        Checkpoint::open(self.path())
    }
}

/// A safetensors file of this header, and so many bytes behind it.
fn file(header: impl AsRef<[u8]>, data: usize) -> Vec<u8> {
    let header = header.as_ref();
    let length = (header.len() as u64).to_le_bytes();
    [length.as_slice(), header, &vec![0; data]].concat()
}

/// Does `work`, for which a soak allows two seconds.
fn in_time<T>(what: impl Display, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let taken = start.elapsed();
    assert!(!counts::is_full() || taken < LONGEST, "{what}: {taken:?}");
    done
}

/// All that an error says.
fn said(error: &Error) -> String {
    let hint = error.hint_text().unwrap_or("-");
    format!("{error}\n  hint: {hint}")
}

/// What went wrong, which something must have.
fn failure<T>(result: Result<T>) -> String {
    said(&result.err().unwrap())
}
