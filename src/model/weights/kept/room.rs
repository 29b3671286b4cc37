//! Room for packed weights: what is of no use goes first, then what was not used for longest.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Index, SUFFIX, read_index};
use crate::model::weights::source::fingerprint;

/// Most bytes that all packed weights take together.
pub const MOST_BYTES: u64 = 8_000_000_000;

/// What is kept in a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// How many checkpoints and precisions.
    pub count: u64,
    /// Bytes that they take.
    pub bytes: u64,
    /// How many of them are of weights that are gone, or were changed.
    pub stale: u64,
}

/// What is kept in `folder`.
pub fn held(folder: &Path) -> Held {
    let entries = entries(folder);
    Held {
        count: entries.len() as u64,
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
        stale: entries.iter().filter(|entry| !entry.is_of_use).count() as u64,
    }
}

/// Removes what is of no use, and while the folder of `newest` has more than `most` bytes what was
/// not used for longest; `newest` itself stays.
pub(super) fn make(newest: &Path, most: u64) {
    let Some(folder) = newest.parent() else {
        return;
    };
    let mut entries = entries(folder);
    entries.sort_by_key(|entry| (entry.is_of_use, entry.used));
    let mut bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
    for entry in entries {
        let goes = !entry.is_of_use || bytes > most;
        // One that cannot be removed stays until the next time.
        if goes && entry.path != newest && std::fs::remove_file(&entry.path).is_ok() {
            bytes -= entry.bytes;
        }
    }
}

/// One file of packed weights.
struct Entry {
    path: PathBuf,
    bytes: u64,
    used: Option<SystemTime>,
    /// The checkpoint is there, as it was.
    is_of_use: bool,
}

fn entries(folder: &Path) -> Vec<Entry> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entry = |file: std::fs::DirEntry| {
        let path = file.path();
        let found = file.metadata().ok()?;
        let is_kept = found.is_file() && path.extension().is_some_and(|end| end == SUFFIX);
        is_kept.then(|| Entry {
            bytes: found.len(),
            used: found.modified().ok(),
            is_of_use: read_index(&path).is_ok_and(|(_, index)| is_current(&index)),
            path,
        })
    };
    files.filter_map(entry).collect()
}

/// Whether the files that the weights were packed from are there, as they were then.
fn is_current(index: &Index) -> bool {
    let now: Option<Vec<String>> = index.files.iter().map(|file| fingerprint(file)).collect();
    now.is_some_and(|now| !now.is_empty() && now.join(".") == index.of)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::Kept;
    use super::*;
    use crate::files;
    use crate::model::kernels::quant::{Format, Packed};

    /// Packs a checkpoint that is one file, with the bytes `content`.
    fn keep(folder: &Path, of: &Path, content: &[u8]) -> PathBuf {
        files::write(of, content).unwrap();
        let known = fingerprint(of).unwrap();
        let kept = Kept::of(folder, known, vec![of.to_owned()], "q8");
        let packed = Packed::pack(Format::Q8, 8, 64, |_, row| row.fill(1.0));
        let weights = BTreeMap::from([("w".to_owned(), Arc::new(packed))]);
        kept.write(&weights).unwrap();
        kept.path
    }

    #[test]
    fn what_is_of_no_use_goes_and_then_the_longest_unused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("packed");
        let source = |name: &str| home.path().join(name);
        let at = |path: &Path, seconds: u64| {
            let file = std::fs::File::open(path).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            file.set_modified(time).unwrap();
        };
        let gone = keep(&folder, &source("gone"), b"1");
        let changed = keep(&folder, &source("changed"), b"2");
        let [old, used, new] = ["old", "used", "new"].map(|n| keep(&folder, &source(n), b"3"));
        assert_eq!((held(&folder).count, held(&folder).stale), (5, 0));
        std::fs::remove_file(source("gone")).unwrap();
        files::write(&source("changed"), b"22").unwrap();
        at(&used, 100);
        at(&old, 200);
        at(&new, 300);
        // To be used is to be new.
        let known = fingerprint(&source("used")).unwrap();
        drop(Kept::of(&folder, known, Vec::new(), "q8"));
        assert_eq!(held(&folder).stale, 2);
        make(&new, held(&folder).bytes);
        assert!(!gone.exists() && !changed.exists());
        assert!(old.exists() && used.exists() && new.exists());
        make(&new, held(&folder).bytes - 1);
        assert!(!old.exists() && used.exists() && new.exists());
        make(&new, 0);
        assert!(!used.exists() && new.exists());
    }
}
