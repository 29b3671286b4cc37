//! What a run goes on from: weights that learn, the optimizer's state, and how far it has come.
//!
//! A checkpoint is a folder that was written beside its place, synced, and renamed. Its
//! `manifest.json` has the size and SHA-256 of every file in it; one that does not agree with its
//! manifest is passed over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::learner::Learner;
use super::trainer::Trainer;
use crate::digest;
use crate::error::{Error, Result};
use crate::files;
use crate::model::weights::{self, Checkpoint, Stored};

const MANIFEST: &str = "manifest.json";
const PROGRESS: &str = "progress.json";
const WEIGHTS: &str = "weights/model.safetensors";
const OPTIMIZER: &str = "optimizer/model.safetensors";

/// The largest of the JSON files that is read.
const MOST_BYTES: u64 = 64 << 20;

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that were taken.
    pub step: u64,
    /// Tokens that were read.
    pub tokens: u64,
    /// Seconds that steps took.
    pub seconds: f64,
    /// The bits of the sum of losses that were not written down yet, and how many there are.
    pub window: (u64, u64),
    /// The step of the best check, and the bits of its figure.
    pub best: Option<(u64, u64)>,
    /// Checks in a row that were no better.
    pub worse: u32,
    /// Steps in a row that gave no number.
    pub skipped: u32,
    /// What decides the run, by the name of the option.
    pub identity: BTreeMap<String, String>,
}

impl Progress {
    /// The best figure so far, and its step.
    pub fn best_value(&self) -> Option<(u64, f64)> {
        self.best.map(|(step, bits)| (step, f64::from_bits(bits)))
    }
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    step: u64,
    files: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    bytes: u64,
    sha256: String,
}

/// A checkpoint that agrees with its manifest.
#[derive(Debug)]
pub struct Saved {
    folder: PathBuf,
    /// How far the run had come.
    pub progress: Progress,
}

/// A checkpoint that does not, and why.
#[derive(Debug)]
pub struct Broken {
    /// The step that it is called after.
    pub step: u64,
    /// What is wrong with it.
    pub error: Error,
}

impl Saved {
    /// Writes a checkpoint of `trainer` into `folder`, under the number of its step.
    ///
    /// # Errors
    /// When it cannot be written; what was there before is as it was.
    pub fn write(folder: &Path, trainer: &Trainer, progress: &Progress) -> Result<Self> {
        let failed = |e| Error::io("write", folder, e);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let draft = tempfile::Builder::new()
            .prefix(".write-")
            .tempdir_in(folder)
            .map_err(failed)?;
        let within = |name: &str| draft.path().join(name);
        write_weights(&within(WEIGHTS), &trainer.learner)?;
        weights::write(&within(OPTIMIZER), &trainer.optimizer().stored())?;
        files::write(&within(PROGRESS), &to_json(progress))?;
        let mut manifest = Manifest {
            step: progress.step,
            files: BTreeMap::new(),
        };
        for name in [WEIGHTS, OPTIMIZER, PROGRESS] {
            let path = within(name);
            let (bytes, sha256) = digest::of_file(&path, &mut || false)?;
            manifest
                .files
                .insert(name.to_owned(), Entry { bytes, sha256 });
        }
        files::write(&within(MANIFEST), &to_json(&manifest))?;
        let place = folder.join(progress.step.to_string());
        let moved = || -> std::io::Result<()> {
            if place.exists() {
                std::fs::remove_dir_all(&place)?;
            }
            std::fs::rename(draft.path(), &place)?;
            files::sync_folder(folder)
        };
        moved().map_err(failed)?;
        Ok(Self {
            folder: place,
            progress: progress.clone(),
        })
    }

    /// The checkpoint of `step` in `folder`.
    ///
    /// # Errors
    /// When it is not there, or does not agree with its manifest.
    pub fn open(folder: &Path, step: u64) -> Result<Self> {
        let folder = folder.join(step.to_string());
        let path = folder.join(MANIFEST);
        let manifest: Manifest = files::read_json(&path, MOST_BYTES)?;
        let wrong = |path: &Path, what: &str| Err(Error::new(what).at_path(path));
        if manifest.step != step {
            return wrong(&path, "is the manifest of another step");
        }
        for name in [WEIGHTS, OPTIMIZER, PROGRESS] {
            let path = folder.join(name);
            let Some(entry) = manifest.files.get(name) else {
                return wrong(&path, "is not in the manifest");
            };
            let (bytes, sha256) = digest::of_file(&path, &mut || false)?;
            if bytes != entry.bytes || sha256 != entry.sha256 {
                return wrong(&path, "is not what was written");
            }
        }
        let path = folder.join(PROGRESS);
        let progress: Progress = files::read_json(&path, MOST_BYTES)?;
        Ok(Self { folder, progress })
    }

    /// The newest checkpoint in `folder` that is whole, and the newer ones that are not.
    pub fn newest(folder: &Path) -> (Option<Self>, Vec<Broken>) {
        let mut broken = Vec::new();
        for step in steps(folder).into_iter().rev() {
            match Self::open(folder, step) {
                Ok(saved) => return (Some(saved), broken),
                Err(error) => broken.push(Broken { step, error }),
            }
        }
        (None, broken)
    }

    /// Puts the weights into those of `learner` that learn.
    ///
    /// # Errors
    /// When they are of another model, or cannot be read.
    pub fn weights_into(&self, learner: &Learner) -> Result<()> {
        let path = self.folder.join(WEIGHTS);
        let checkpoint = Checkpoint::open(path.parent().unwrap_or(&path))?.with_any_values();
        for param in learner.trainable() {
            checkpoint.expect(param.name(), param.shape())?;
            *param.write() = checkpoint.read(param.name())?;
        }
        Ok(())
    }

    /// The optimizer's state.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn optimizer(&self) -> Result<Checkpoint> {
        let path = self.folder.join(OPTIMIZER);
        Ok(Checkpoint::open(path.parent().unwrap_or(&path))?.with_any_values())
    }
}

/// The steps of the checkpoints in `folder`, in order.
pub fn steps(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut steps: Vec<u64> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    steps.sort_unstable();
    steps
}

/// Removes what is older than the newest `keep` checkpoints, but never the step `best`.
///
/// # Errors
/// When a folder cannot be removed.
pub fn prune(folder: &Path, keep: usize, best: Option<u64>) -> Result<()> {
    let steps = steps(folder);
    let old = steps.len().saturating_sub(keep.max(1));
    for step in steps[..old].iter().filter(|step| Some(**step) != best) {
        let path = folder.join(step.to_string());
        std::fs::remove_dir_all(&path).map_err(|e| Error::io("remove", &path, e))?;
    }
    Ok(())
}

/// Writes the weights that learn.
fn write_weights(path: &Path, learner: &Learner) -> Result<()> {
    let values: Vec<_> = learner
        .trainable()
        .map(|param| (param, param.read()))
        .collect();
    let stored: Vec<Stored<'_>> = values
        .iter()
        .map(|(param, values)| Stored {
            name: param.name(),
            shape: param.shape(),
            values,
        })
        .collect();
    weights::write(path, &stored)
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    // Maps of texts and numbers always become JSON.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}
