//! One index on disk: a folder `index/<stamp>-<unique>/`, and the pointer to the current one.
//!
//! `index/current` holds the folder's name and is replaced atomically, so a rebuild never
//! disturbs who reads the old folder. Readers hold `<folder>/in-use` shared; a folder that is no
//! longer current is removed by whoever gets that lock exclusively. `<folder>/verified` lists
//! lengths and times of files whose checksums were right, so that they are not read again.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tantivy::Index;
use tantivy::index::IndexMeta;

use super::guard::{Fault, guarded};
use super::sealed::META;
use crate::files;

const POINTER: &str = "current";
const IN_USE: &str = "in-use";
const VERIFIED: &str = "verified";

/// What a file looked like: enough to see that it was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    bytes: u64,
    changed: Option<SystemTime>,
    inode: u64,
}

/// How the file at `path` looks now; `None` when it is not there.
pub(super) fn look(path: &Path) -> Option<Look> {
    let data = path.metadata().ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&data);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Look {
        bytes: data.len(),
        changed: data.modified().ok(),
        inode,
    })
}

/// A folder that is in use by this process.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Shared while this value lives; absent on systems or disks that cannot lock.
    _in_use: Option<File>,
}

impl Folder {
    /// The current folder below `root`. `None` when there is none yet.
    pub(super) fn current(root: &Path) -> Result<Option<Self>, Fault> {
        // Another process may switch the pointer and remove the folder between our two steps.
        for _ in 0..3 {
            let name = match std::fs::read_to_string(root.join(POINTER)) {
                Ok(name) => name,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let name = name.trim_end();
            let plain = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !plain {
                return Err(Fault::Damaged(
                    "the pointer to the index is not readable".to_owned(),
                ));
            }
            let path = root.join(name);
            let in_use = File::open(path.join(IN_USE)).ok();
            if let Some(file) = &in_use {
                // Fails only while its remover holds it, or where there are no locks at all.
                let _ = file.try_lock_shared();
            }
            if path.join(META).exists() {
                return Ok(Some(Self {
                    path,
                    _in_use: in_use,
                }));
            }
        }
        Err(Fault::Damaged(
            "the index has no list of its files".to_owned(),
        ))
    }

    /// A new folder below `root` for an index of that stamp; not current yet.
    pub(super) fn create(root: &Path, stamp: &str) -> Result<Self, Fault> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let path = root.join(format!("{stamp}-{:x}-{now:x}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        let in_use = File::create(path.join(IN_USE))?;
        let _ = in_use.try_lock_shared();
        Ok(Self {
            path,
            _in_use: Some(in_use),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the index was made from what `stamp` stands for.
    pub(super) fn is_of(&self, stamp: &str) -> bool {
        let name = self
            .path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name.split('-').next() == Some(stamp)
    }

    /// Makes this the current folder.
    pub(super) fn make_current(&self, root: &Path) -> Result<(), Fault> {
        let name = self
            .path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let written = files::write(&root.join(POINTER), format!("{name}\n").as_bytes());
        written.map_err(|error| Fault::Denied(error.to_string()))
    }

    /// Checks every file of `index` against its checksum, unless that was done before and the
    /// files look as they did then.
    pub(super) fn verify(&self, index: &Index) -> Result<(), Fault> {
        let marker = self.path.join(VERIFIED);
        let listed = self.marker(&index.load_metas()?);
        if std::fs::read_to_string(&marker).is_ok_and(|known| known == listed) {
            return Ok(());
        }
        check_sums(index)?;
        self.mark_verified(index);
        Ok(())
    }

    /// Notes that the files as they are now were checked, or written by this process.
    pub(super) fn mark_verified(&self, index: &Index) {
        if let Ok(metas) = index.load_metas() {
            // Without the note the next start checks again: slower, not wrong.
            let _ = std::fs::File::create(self.path.join(VERIFIED)).and_then(|mut file| {
                io::Write::write_all(&mut file, self.marker(&metas).as_bytes())
            });
        }
    }

    fn marker(&self, metas: &IndexMeta) -> String {
        use std::fmt::Write as _;
        let mut names = metas.list_segment_files().into_iter().collect::<Vec<_>>();
        names.push(PathBuf::from(META));
        names.sort();
        let mut text = "verified 1\n".to_owned();
        for name in names {
            if let Some(Look { bytes, changed, .. }) = look(&self.path.join(&name)) {
                let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let nanos = changed.unwrap_or_default().as_nanos();
                let _ = writeln!(text, "{} {bytes} {nanos}", name.display());
            }
        }
        text
    }
}

/// Reads every file of the index and compares its checksum.
pub(super) fn check_sums(index: &Index) -> Result<(), Fault> {
    guarded(|| {
        let directory = index.directory();
        for path in index.load_metas()?.list_segment_files() {
            let there = tantivy::Directory::exists(directory, &path)?;
            if there && !directory.validate_checksum(&path)? {
                let what = "its checksum is wrong".to_owned();
                return Err(tantivy::error::DataCorruption::new(path, what).into());
            }
        }
        Ok(())
    })
}

/// How the pointer below `root` looks now.
pub(super) fn pointer(root: &Path) -> Option<Look> {
    look(&root.join(POINTER))
}

/// Removes what killed writers left half written in `folder`. Only for the holder of the write
/// lock.
pub(super) fn sweep_temporary(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let temporary = name.starts_with(b".write-") || name.starts_with(b".tmp");
        if temporary && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Removes folders below `root` that are neither current nor in use. Only for the holder of the
/// write lock, since a folder that is being built is not current either.
pub(super) fn sweep(root: &Path) {
    let current = std::fs::read_to_string(root.join(POINTER)).unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_current = entry.file_name().to_str() == Some(current.trim_end());
        if is_current || !path.is_dir() {
            continue;
        }
        // Held until the folder is gone, so that nobody begins to use it meanwhile.
        let free = match File::open(path.join(IN_USE)) {
            Ok(file) => match file.try_lock() {
                Ok(()) => Some(file),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => continue,
            },
            Err(_) => None,
        };
        let _ = std::fs::remove_dir_all(&path);
        drop(free);
    }
}
