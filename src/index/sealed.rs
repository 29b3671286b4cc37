//! The files of an index as tantivy sees them, with what tantivy leaves open closed:
//!
//! - the lists of files (`meta.json`, `.managed.json`) carry a checksum, as all other files do
//! - small files are read instead of mapped, so that a file cut short cannot end the process
//! - an index in a folder that cannot be written opens, since reading takes no lock there

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    DirectoryLock, FileHandle, Lock, META_LOCK, MmapDirectory, OwnedBytes, RamDirectory,
    WatchCallback, WatchHandle, WritePtr,
};

use super::embedded::Hash;
use super::guard::Fault;

/// tantivy's list of the segments that are searched.
pub(super) const META: &str = "meta.json";
/// tantivy's list of the files that are its own.
const MANAGED: &str = ".managed.json";
/// Files up to this size are read, longer ones mapped.
const READ_UP_TO: u64 = 4 << 20;
/// What stands between a list of files and its checksum.
const SEAL: &[u8] = b"\n#sum ";

/// A folder, or memory, with the additions above.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    inner: Box<dyn Directory>,
    root: Option<PathBuf>,
}

impl Sealed {
    /// The files in the folder `root`.
    pub(super) fn on_disk(root: &Path) -> tantivy::Result<Self> {
        Ok(Self {
            inner: Box::new(MmapDirectory::open(root)?),
            root: Some(root.to_path_buf()),
        })
    }

    /// Files in memory.
    pub(super) fn in_memory() -> Self {
        Self {
            inner: Box::new(RamDirectory::create()),
            root: None,
        }
    }

    /// Writes a whole file as it is; the list of segments gets its checksum.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> tantivy::Result<()> {
        if is_list(path) {
            self.atomic_write(path, bytes)?;
            return Ok(());
        }
        let mut file = self.inner.open_write(path)?;
        file.write_all(bytes)?;
        tantivy::directory::TerminatingWrite::terminate(file)?;
        Ok(())
    }

    /// The bytes of a file as they are stored, footer and all.
    pub(super) fn get(&self, path: &Path) -> tantivy::Result<Vec<u8>> {
        if is_list(path) {
            return Ok(self.atomic_read(path)?);
        }
        Ok(self.inner.open_read(path)?.read_bytes()?.to_vec())
    }
}

fn is_list(path: &Path) -> bool {
    path == Path::new(META) || path == Path::new(MANAGED)
}

/// `data` with its checksum.
fn seal(data: &[u8]) -> Vec<u8> {
    let mut sealed = data.to_vec();
    sealed.extend_from_slice(SEAL);
    sealed.extend_from_slice(format!("{:016x}\n", Hash::of(data)).as_bytes());
    sealed
}

/// What [`seal`] was given, if the checksum is right.
fn unseal(mut sealed: Vec<u8>) -> Option<Vec<u8>> {
    let at = sealed.len().checked_sub(SEAL.len() + 17)?;
    let right = seal(&sealed[..at]) == sealed;
    sealed.truncate(at);
    right.then_some(sealed)
}

impl Directory for Sealed {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let small = self
            .root
            .as_ref()
            .map(|root| root.join(path))
            .filter(|path| {
                path.metadata()
                    .is_ok_and(|data| data.is_file() && data.len() <= READ_UP_TO)
            });
        let Some(file) = small else {
            return self.inner.get_file_handle(path);
        };
        let bytes = std::fs::read(file)
            .map_err(|error| OpenReadError::wrap_io_error(error, path.to_path_buf()))?;
        Ok(Arc::new(OwnedBytes::new(bytes)))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.inner.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let data = self.inner.atomic_read(path)?;
        if !is_list(path) {
            return Ok(data);
        }
        unseal(data).ok_or_else(|| {
            let error = io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong");
            OpenReadError::wrap_io_error(error, path.to_path_buf())
        })
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let data = if is_list(path) {
            seal(data)
        } else {
            data.to_vec()
        };
        match &self.root {
            // Written for every new file, and only to know what to clean up: not worth a sync.
            Some(root) if path == Path::new(MANAGED) => {
                let mut file = tempfile::Builder::new()
                    .prefix(".write-")
                    .tempfile_in(root)?;
                file.write_all(&data)?;
                file.persist(root.join(path))?;
                Ok(())
            }
            _ => self.inner.atomic_write(path, &data),
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        match self.inner.acquire_lock(lock) {
            Err(LockError::IoError(error))
                if lock.filepath == META_LOCK.filepath
                    && matches!(Fault::of_io(&error), Fault::Denied(_)) =>
            {
                Ok(DirectoryLock::from(Box::new(())))
            }
            other => other,
        }
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_of_a_list_is_noticed() {
        let sealed = seal(b"{\"segments\":[]}");
        assert_eq!(unseal(sealed.clone()).unwrap(), b"{\"segments\":[]}");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(unseal(changed).is_none(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(unseal(sealed[..length].to_vec()).is_none());
        }
    }
}
