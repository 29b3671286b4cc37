//! Packed weights of earlier, kept in one file for each checkpoint and precision.
//!
//! The file is a cache: what is damaged, or of other weights, is not read, and is made anew. All of
//! them together have a limit, which `room` keeps.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `MDKEPT01` |
//! | 8..16 | the length of the index |
//! | then | the index: JSON, `{"of": fingerprint, "files": [path], "weights": {name: [offset, length]}}` |
//! | then | the weights, at offsets from the start of the file, each a multiple of 64 |

mod room;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Checkpoint;
use crate::error::{Error, Result};
use crate::files;
use crate::model::kernels::quant::Packed;

pub use room::{Held, MOST_BYTES, held};

const MAGIC: &[u8; 8] = b"MDKEPT01";
/// Longest index that is read: a name and two numbers a weight.
const MOST_INDEX: u64 = 16 << 20;
/// What the names of kept weights end with.
const SUFFIX: &str = "packed";
/// Weights start at multiples of this.
const ALIGN: u64 = 64;

/// What is in the file.
#[derive(Default, Serialize, Deserialize)]
struct Index {
    of: String,
    /// The checkpoint's.
    #[serde(default)]
    files: Vec<PathBuf>,
    weights: BTreeMap<String, (u64, u64)>,
}

/// The packed weights of one checkpoint at one precision.
pub struct Kept {
    path: PathBuf,
    fingerprint: String,
    files: Vec<PathBuf>,
    file: Option<(File, Index)>,
}

impl Kept {
    /// Looks into `folder` for the weights of `checkpoint` in `precision`, and notes that they are
    /// used.
    pub fn open(folder: &Path, checkpoint: &Checkpoint, precision: &str) -> Self {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let files = checkpoint.files().map(absolute).collect();
        Self::of(folder, checkpoint.fingerprint(), files, precision)
    }

    fn of(folder: &Path, fingerprint: String, files: Vec<PathBuf>, precision: &str) -> Self {
        let path = path(folder, &fingerprint, precision);
        let file = read_index(&path)
            .ok()
            .filter(|(_, index)| index.of == fingerprint);
        if let Some((file, _)) = &file {
            // A system that cannot tell counts from when it was written.
            let _ = file.set_modified(SystemTime::now());
        }
        Self {
            path,
            fingerprint,
            files,
            file,
        }
    }

    /// Removes what is kept in `folder` of the checkpoint that `fingerprint` names in `precision`.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn forget(folder: &Path, fingerprint: &str, precision: &str) -> Result<()> {
        let path = path(folder, fingerprint, precision);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// The weight `name`, if it is there and undamaged.
    pub fn get(&self, name: &str) -> Option<Packed> {
        let (file, index) = self.file.as_ref()?;
        let (offset, len) = *index.weights.get(name)?;
        Packed::read(len, |at, to| {
            files::read_at(file, offset.saturating_add(at), to)
        })
        .ok()
    }

    /// Replaces the file by one with these weights, and makes room for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, weights: &BTreeMap<String, Arc<Packed>>) -> Result<()> {
        let mut index = Index {
            of: self.fingerprint.clone(),
            files: self.files.clone(),
            ..Index::default()
        };
        // The index's own length moves the offsets: they are laid out as if it were this long.
        let room = 64
            + weights
                .keys()
                .map(|name| name.len() as u64 + 64)
                .sum::<u64>()
            + self.fingerprint.len() as u64
            // A byte of a path may take six in JSON.
            + self.files.iter().map(|file| file.as_os_str().len() as u64 * 6 + 8).sum::<u64>();
        let first = (16 + room).next_multiple_of(ALIGN);
        let mut at = first;
        for (name, packed) in weights {
            index
                .weights
                .insert(name.clone(), (at, packed.stored_bytes()));
            at = (at + packed.stored_bytes()).next_multiple_of(ALIGN);
        }
        files::write_with(&self.path, |file| {
            let mut out = io::BufWriter::with_capacity(1 << 20, file);
            let json = serde_json::to_vec(&index)?;
            out.write_all(MAGIC)?;
            out.write_all(&(json.len() as u64).to_le_bytes())?;
            out.write_all(&json)?;
            pad(&mut out, 16 + json.len() as u64, first)?;
            for (packed, (offset, len)) in weights.values().zip(index.weights.values()) {
                packed.write(&mut out)?;
                let end = offset + len;
                pad(&mut out, end, end.next_multiple_of(ALIGN))?;
            }
            out.flush()
        })?;
        room::make(&self.path, MOST_BYTES);
        Ok(())
    }
}

fn path(folder: &Path, fingerprint: &str, precision: &str) -> PathBuf {
    folder.join(format!(
        "{}-{precision}.{SUFFIX}",
        files::short_name(fingerprint)
    ))
}

fn pad(out: &mut impl io::Write, from: u64, to: u64) -> io::Result<()> {
    let missing = to.checked_sub(from).ok_or(io::ErrorKind::InvalidData)?;
    io::copy(&mut io::Read::take(io::repeat(0), missing), out).map(|_| ())
}

fn read_index(path: &Path) -> io::Result<(File, Index)> {
    let file = File::open(path)?;
    let mut head = [0; 16];
    files::read_at(&file, 0, &mut head)?;
    let (magic, len) = head.split_at(8);
    let len = u64::from_le_bytes(len.try_into().map_err(|_| io::ErrorKind::InvalidData)?);
    if magic != MAGIC || len > MOST_INDEX.min(file.metadata()?.len()) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = vec![0; len as usize];
    files::read_at(&file, 16, &mut json)?;
    Ok((file, serde_json::from_slice(&json)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kernels::quant::Format;

    fn weights() -> BTreeMap<String, Arc<Packed>> {
        let packed = |outputs, seed: usize| {
            Arc::new(Packed::pack(Format::Q8, outputs, 70, |i, row| {
                for (j, x) in row.iter_mut().enumerate() {
                    *x = ((i * 31 + j * 17 + seed) % 23) as f32 - 11.0;
                }
            }))
        };
        [("a.weight", 5), ("b.weight", 33)]
            .map(|(name, n)| (name.to_owned(), packed(n, n)))
            .into()
    }

    #[test]
    fn weights_come_back_for_the_same_checkpoint_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let open =
            |of: &str, precision| Kept::of(folder.path(), of.to_owned(), Vec::new(), precision);
        assert!(open("one", "q8").get("a.weight").is_none());
        let all = weights();
        open("one", "q8").write(&all).expect("written");
        let kept = open("one", "q8");
        for (name, packed) in &all {
            assert_eq!(kept.get(name).as_ref(), Some(&**packed));
        }
        assert!(kept.get("c.weight").is_none());
        assert!(open("one", "q4").get("a.weight").is_none());
        assert!(open("two", "q8").get("a.weight").is_none());
        Kept::forget(folder.path(), "one", "q8").expect("removed");
        Kept::forget(folder.path(), "one", "q8").expect("it was not there");
        assert!(open("one", "q8").get("a.weight").is_none());
    }

    #[test]
    fn damage_is_noticed_everywhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Kept::of(folder.path(), "one".to_owned(), Vec::new(), "q8");
        let kept = open();
        let all = weights();
        kept.write(&all).expect("written");
        let whole = std::fs::read(&kept.path).expect("read");
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            files::write(&kept.path, &bytes).expect("written");
            let damaged = open();
            for (name, packed) in &all {
                assert!(
                    damaged.get(name).is_none_or(|found| found == **packed),
                    "byte {at}"
                );
            }
            files::write(&kept.path, &whole[..at]).expect("written");
            let cut = open();
            assert!(cut.get("b.weight").is_none(), "cut at {at}");
        }
    }
}
