//! Deleting what is on this disk: a whole model, or one revision of it, with what that frees.
//!
//! A blob that two revisions share is counted, and freed, with the last of them. What is deleted
//! loses its name first, so that a deletion that is killed leaves nothing that looks whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use super::cache::Cache;
use super::lock::is_held;
use super::names::Commit;
use super::place::Place;
use super::repository::blob_named;
use crate::error::{Error, Result, shown};
use crate::index;

/// What the folders of deletions under way begin with.
const DOOMED: &str = ".modeldesk-deleting-";

/// A revision that is on this disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its commit.
    pub commit: Commit,
    /// What names it: `main`, `v1.0`.
    pub names: Vec<String>,
    /// Bytes of its files.
    pub bytes: u64,
    /// Bytes that deleting it alone frees.
    pub freed: u64,
}

impl Cache {
    /// The revisions of the model `id` on this disk, in the order of commits.
    ///
    /// # Errors
    /// When `id` is none, or its folder cannot be read.
    pub fn revisions(&self, id: &str) -> Result<Vec<Kept>> {
        let place = self.place(id)?;
        let model = Model::read(&place)?;
        Ok(model
            .snapshots
            .iter()
            .map(|(commit, files)| model.kept(commit, files))
            .collect())
    }

    /// Deletes the model `id` with all its revisions; how many bytes that freed.
    ///
    /// # Errors
    /// When there is none, it is being fetched, or it cannot be deleted.
    pub fn delete(&self, id: &str) -> Result<u64> {
        let place = self.place(id)?;
        check_idle(&place, id)?;
        let freed = self.find(id).map_or(0, |found| found.bytes);
        self.doom(place.folder())?;
        let _ = std::fs::remove_dir_all(place.locks());
        Ok(freed)
    }

    /// Deletes one revision of the model `id`, and the model with its last one; how many bytes that
    /// freed.
    ///
    /// # Errors
    /// When there is none, the model is being fetched, or it cannot be deleted.
    pub fn delete_revision(&self, id: &str, commit: &Commit) -> Result<u64> {
        let place = self.place(id)?;
        check_idle(&place, id)?;
        let mut model = Model::read(&place)?;
        let Some(files) = model.snapshots.remove(commit) else {
            return Err(Error::new(format!("has no revision {commit} on this disk")).at(id));
        };
        if model.snapshots.is_empty() {
            return self.delete(id);
        }
        for name in model
            .names
            .iter()
            .filter(|(_, of)| *of == commit)
            .map(|(name, _)| name)
        {
            remove(&place.folder().join("refs").join(name))?;
        }
        self.doom(&place.snapshot(commit))?;
        let mut freed = files.loose;
        let shared: BTreeSet<&String> = model
            .snapshots
            .values()
            .flat_map(|files| &files.blobs)
            .collect();
        for blob in files.blobs.iter().filter(|blob| !shared.contains(blob)) {
            freed += model.blobs.get(blob).copied().unwrap_or(0);
            remove(&place.folder().join("blobs").join(blob))?;
        }
        Ok(freed)
    }

    fn place(&self, id: &str) -> Result<Place> {
        let missing = || Error::new("is not on this disk").at(crate::text::ident(id));
        index::check_id(id).map_err(|_| missing())?;
        let place = Place::of(self.folder(), id);
        let found = place
            .folder()
            .symlink_metadata()
            .ok()
            .filter(Metadata::is_dir);
        found.map(|_| place).ok_or_else(missing)
    }

    /// Takes a folder's name away, and then the folder; and those of deletions that were killed.
    fn doom(&self, folder: &Path) -> Result<()> {
        let doomed = tempfile::Builder::new()
            .prefix(DOOMED)
            .tempdir_in(self.folder());
        let doomed = doomed.map_err(|e| Error::io("write to", self.folder(), e))?;
        let moved = std::fs::rename(folder, doomed.path().join("x"));
        moved.map_err(|e| Error::io("delete", folder, e))?;
        let cannot = |path: &Path, e| Error::io("delete", path, e);
        doomed.close().map_err(|e| cannot(folder, e))?;
        let entries = std::fs::read_dir(self.folder()).map_err(|e| cannot(self.folder(), e))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(DOOMED) {
                std::fs::remove_dir_all(entry.path()).map_err(|e| cannot(&entry.path(), e))?;
            }
        }
        Ok(())
    }
}

/// What is in a model's folder.
#[derive(Default)]
struct Model {
    /// Bytes of each blob.
    blobs: BTreeMap<String, u64>,
    snapshots: BTreeMap<Commit, Files>,
    /// The commit of each ref.
    names: BTreeMap<String, Commit>,
}

/// What a snapshot needs.
#[derive(Default)]
struct Files {
    blobs: BTreeSet<String>,
    /// Bytes of files that stand in it themselves.
    loose: u64,
}

impl Model {
    fn read(place: &Place) -> Result<Self> {
        let mut model = Self::default();
        for (path, found) in entries(&place.folder().join("blobs"))? {
            if found.is_file() {
                model.blobs.insert(name_of(&path), found.len());
            }
        }
        for (path, found) in entries(&place.folder().join("snapshots"))? {
            if let (true, Ok(commit)) = (found.is_dir(), name_of(&path).parse::<Commit>()) {
                let mut files = Files::default();
                take_files(&path, 2, &mut files)?;
                model.snapshots.insert(commit, files);
            }
        }
        let refs = place.folder().join("refs");
        let mut open = vec![refs.clone()];
        while let Some(folder) = open.pop() {
            for (path, found) in entries(&folder)? {
                if found.is_dir() {
                    open.push(path);
                } else if let Some(commit) = std::fs::read_to_string(&path)
                    .ok()
                    .and_then(|text| text.parse().ok())
                {
                    let name = path
                        .strip_prefix(&refs)
                        .unwrap_or(&path)
                        .to_string_lossy()
                        .into_owned();
                    model.names.insert(name, commit);
                }
            }
        }
        Ok(model)
    }

    fn kept(&self, commit: &Commit, files: &Files) -> Kept {
        let others = || self.snapshots.iter().filter(|(other, _)| *other != commit);
        let is_shared = |blob: &String| others().any(|(_, files)| files.blobs.contains(blob));
        let bytes = |blob: &String| self.blobs.get(blob).copied().unwrap_or(0);
        let own = files
            .blobs
            .iter()
            .filter(|blob| !is_shared(blob))
            .map(bytes);
        let names = self.names.iter().filter(|(_, of)| *of == commit);
        Kept {
            commit: commit.clone(),
            names: names.map(|(name, _)| name.clone()).collect(),
            bytes: files.loose + files.blobs.iter().map(bytes).sum::<u64>(),
            freed: files.loose + own.sum::<u64>(),
        }
    }
}

/// Takes the files below a snapshot; a link out of the blobs counts for nothing.
fn take_files(folder: &Path, depth: usize, files: &mut Files) -> Result<()> {
    for (path, found) in entries(folder)? {
        if found.is_dir() {
            take_files(&path, depth + 1, files)?;
        } else if found.is_symlink() {
            let target = path.read_link().unwrap_or_default();
            let below = target
                .strip_prefix("../".repeat(depth - 2))
                .unwrap_or(&target);
            files.blobs.extend(blob_named(below).map(str::to_owned));
        } else {
            files.loose += found.len();
        }
    }
    Ok(())
}

/// The entries of a folder, with what they are themselves; none of one that is not there.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, Metadata)>> {
    let read = || -> io::Result<Vec<(PathBuf, Metadata)>> {
        let entries = folder.read_dir()?;
        entries
            .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.metadata()?))))
            .collect()
    };
    match read() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|e| Error::io("read", folder, e)),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("delete", path, e)),
        _ => Ok(()),
    }
}

/// Nobody fetches the model at this moment.
fn check_idle(place: &Place, id: &str) -> Result<()> {
    for (path, _) in entries(&place.locks())? {
        if is_held(&path) {
            return Err(
                Error::new("is being fetched by another process, and is not deleted")
                    .at(id)
                    .hint(format!("end that fetch first; it holds {}", shown(&path))),
            );
        }
    }
    Ok(())
}
