//! A file that is being fetched: as much of it as has arrived, and the hash of that.
//!
//! It only ever grows, at its end, and is never cut: what has another content is another file
//! under the same name. So two processes that a disk let in at once write the same bytes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::names::Digest;
use super::verify::{Hasher, pass};
use crate::error::{Error, Result};
use crate::files;
use crate::jobs::Cancel;

/// A file that is not finished.
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    digest: Digest,
    size: u64,
    length: u64,
    hasher: Hasher,
}

impl Partial {
    /// Takes up what is at `path` of the `size` bytes that are known by `digest`; `each` is told of
    /// its bytes as they are checked.
    ///
    /// # Errors
    /// When it cannot be read or made, or this is to stop.
    pub(super) async fn open(
        path: PathBuf,
        (digest, size): (&Digest, u64),
        cancel: &Cancel,
        each: &mut dyn FnMut(u64),
    ) -> Result<Self> {
        let found = path.symlink_metadata().ok();
        let usable = found
            .as_ref()
            .is_some_and(|found| found.is_file() && found.len() <= size);
        let mut partial = Self {
            file: if usable || found.is_none() {
                open_at(&path)?
            } else {
                fresh(&path)?
            },
            path,
            digest: digest.clone(),
            size,
            length: 0,
            hasher: Hasher::of(digest, size),
        };
        partial.length = pass(&mut partial.file, &mut partial.hasher, cancel, each).await?;
        Ok(partial)
    }

    /// How much has arrived.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether its file has nothing in it, not even the beginning of what could not be written.
    pub(super) fn is_empty(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.len() == 0)
    }

    /// How much that will be.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Begins anew.
    pub(super) fn begin_again(&mut self) -> Result<()> {
        self.file = fresh(&self.path)?;
        self.length = 0;
        self.hasher = Hasher::of(&self.digest, self.size);
        Ok(())
    }

    /// Adds what has arrived next; whether it is no more than there may be.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<bool> {
        let length = self.length + bytes.len() as u64;
        if length > self.size {
            return Ok(false);
        }
        self.file
            .write_all(bytes)
            .map_err(|e| self.cannot_write(e))?;
        self.hasher.update(bytes);
        self.length = length;
        Ok(true)
    }

    /// Whether it is the file that is wanted.
    pub(super) fn is_right(&self) -> bool {
        self.length == self.size && self.hasher.is(&self.digest)
    }

    /// Gives it its name, for good. `false` where another process took the file away, which a disk
    /// without locks allows.
    pub(super) fn finish(self, blob: &Path) -> Result<bool> {
        self.file.sync_all().map_err(|e| self.cannot_write(e))?;
        if !is_same(&self.file, &self.path).unwrap_or(false) {
            return Ok(false);
        }
        match std::fs::rename(&self.path, blob) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            named => named
                .and_then(|()| files::sync_folder(blob.parent().unwrap_or(blob)))
                .map_err(|e| Error::io("rename", &self.path, e))?,
        }
        Ok(true)
    }

    /// Leaves nothing of it.
    pub(super) fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
    }

    fn cannot_write(&self, e: io::Error) -> Error {
        let missing = self.size - self.length;
        Error::io(&format!("write {missing} more bytes"), &self.path, e)
    }
}

/// The file at `path`, as it is, or a new one.
fn open_at(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|e| Error::io("make", path, e))
}

/// A new file at `path`, in place of what is there.
fn fresh(path: &Path) -> Result<File> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("make", path, e)),
        _ => open_at(path),
    }
}

/// Whether `path` is that open file.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (ours, there) = (file.metadata()?, path.symlink_metadata()?);
    Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino()))
}

/// Whether `path` is that open file, as far as its length tells.
#[cfg(not(unix))]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    Ok(file.metadata()?.len() == path.metadata()?.len())
}
