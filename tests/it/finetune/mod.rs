//! From files to rows, to what a model learns from them, to what that ends in, and how good it is.

mod adapters;
mod cases;
mod dataset;
mod differences;
mod evaluate;
mod faults;
mod features;
mod interrupted;
mod learning;
mod measured;
mod metrics;
mod mishaps;
mod preview;
mod resume;
mod runs;
mod training;

use std::path::{Path, PathBuf};

use modeldesk::error::Result;
use modeldesk::finetune::dataset::{Dataset, Example, Opened, Options, Part, Sources};
use tempfile::TempDir;

/// A folder with the files of a dataset.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(name: &str, content: impl AsRef<[u8]>) -> (Self, PathBuf) {
        let files = Self::new();
        let path = files.add(name, content);
        (files, path)
    }

    fn add(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        modeldesk::files::write(&path, content.as_ref()).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn read(train: &Path, options: &Options) -> Result<Dataset> {
    let sources = Sources {
        train: train.to_owned(),
        ..Sources::default()
    };
    Opened::open(&sources, options)?.check(None, &mut || false)
}

/// The dataset of one file, understood without help.
fn understood(train: &Path) -> Dataset {
    read(train, &Options::default()).unwrap_or_else(|e| panic!("{e}; {:?}", e.hint_text()))
}

/// All rows, whatever their part, in the order of their lines.
fn all(dataset: &Dataset) -> Vec<(u64, Example)> {
    let mut rows: Vec<(u64, Example)> = Vec::new();
    for part in Part::ALL {
        rows.extend(dataset.rows(part).unwrap().map(|row| {
            let row = row.unwrap();
            (row.place.line, row.example)
        }));
    }
    rows.sort_by_key(|(line, _)| *line);
    rows
}

/// The line of each row.
fn lines(dataset: &Dataset) -> Vec<u64> {
    all(dataset).into_iter().map(|(line, _)| line).collect()
}

/// What `row` gives for each number below `count`, one after another.
fn repeated(count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).map(row).collect()
}
