//! Packed weights of earlier, kept in one file for each checkpoint and precision.
//!
//! The file is a cache: what is damaged, or of other weights, is not read, and is made anew.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `MDKEPT01` |
//! | 8..16 | the length of the index |
//! | then | the index: JSON, `{"of": fingerprint, "weights": {name: [offset, length]}}` |
//! | then | the weights, at offsets from the start of the file, each a multiple of 64 |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::files;
use crate::model::kernels::quant::Packed;

const MAGIC: &[u8; 8] = b"MDKEPT01";
/// Longest index that is read: a name and two numbers a weight.
const MOST_INDEX: u64 = 16 << 20;
/// Weights start at multiples of this.
const ALIGN: u64 = 64;

/// What is in the file.
#[derive(Default, Serialize, Deserialize)]
struct Index {
    of: String,
    weights: BTreeMap<String, (u64, u64)>,
}

/// The packed weights of one checkpoint at one precision.
pub struct Kept {
    path: PathBuf,
    fingerprint: String,
    file: Option<(File, Index)>,
}

impl Kept {
    /// Looks into `folder` for the weights that `fingerprint` and `precision` name.
    pub fn open(folder: &Path, fingerprint: String, precision: &str) -> Self {
        let path = folder.join(format!("{:016x}-{precision}.packed", fnv(&fingerprint)));
        let file = read_index(&path)
            .ok()
            .filter(|(_, index)| index.of == fingerprint);
        Self {
            path,
            fingerprint,
            file,
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

    /// Replaces the file by one with these weights.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, weights: &BTreeMap<String, Arc<Packed>>) -> Result<()> {
        let mut index = Index {
            of: self.fingerprint.clone(),
            ..Index::default()
        };
        // The index's own length moves the offsets: they are laid out as if it were this long.
        let room = 64
            + weights
                .keys()
                .map(|name| name.len() as u64 + 64)
                .sum::<u64>()
            + self.fingerprint.len() as u64;
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
        })
    }
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

/// The 64-bit hash of Fowler, Noll and Vo: it only names a file, whose index has the whole.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
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
        let open = |of: &str, precision| Kept::open(folder.path(), of.to_owned(), precision);
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
    }

    #[test]
    fn damage_is_noticed_everywhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::open(folder.path(), "one".to_owned(), "q8");
        let all = weights();
        kept.write(&all).expect("written");
        let whole = std::fs::read(&kept.path).expect("read");
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            files::write(&kept.path, &bytes).expect("written");
            let damaged = Kept::open(folder.path(), "one".to_owned(), "q8");
            for (name, packed) in &all {
                assert!(
                    damaged.get(name).is_none_or(|found| found == **packed),
                    "byte {at}"
                );
            }
            files::write(&kept.path, &whole[..at]).expect("written");
            let cut = Kept::open(folder.path(), "one".to_owned(), "q8");
            assert!(cut.get("b.weight").is_none(), "cut at {at}");
        }
    }
}
