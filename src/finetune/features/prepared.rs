//! Features in a file: written once, read by position.
//!
//! The file is a head, one record after another, a table with offset and length of each record,
//! and a tail that says how many there are and what their checksum is. All numbers are
//! little-endian. It is whole or not there: it gets its name when it has been written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Features, Target};
use crate::digest::{Sha256, hexadecimal};
use crate::error::{Error, Result};
use crate::files;

/// The first bytes: the name of the format and its version.
const HEAD: &[u8; 8] = b"mdfeat\0\x01";
/// The last bytes.
const TAIL: &[u8; 8] = b"mdfeat\0\xff";
/// Count, place of the table, checksum, mark.
const TAIL_BYTES: u64 = 8 + 8 + 32 + 8;
/// Offset, length, row.
const ENTRY_BYTES: u64 = 8 + 4 + 8;
/// A record of more bytes is none of ours.
const LONGEST_RECORD: u64 = 1 << 30;
/// Stands for a token from which nothing is learned.
const NOTHING: u32 = u32::MAX;

/// Writes features one after another; see [`Prepared`].
pub struct Writer<'a> {
    file: BufWriter<&'a mut File>,
    at: u64,
    entries: Vec<(u64, u32, u64)>,
    digest: Sha256,
    record: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Writes `path` with what `fill` adds. Nothing is there if that fails.
    ///
    /// # Errors
    /// When the file cannot be written, or `fill` fails.
    pub fn create<T>(path: &Path, fill: impl FnOnce(&mut Writer<'_>) -> Result<T>) -> Result<T> {
        let mut outcome = None;
        let written = files::write_with(path, |file| {
            let mut writer = Writer::new(file)?;
            match fill(&mut writer) {
                Ok(value) => {
                    writer.finish()?;
                    outcome = Some(Ok(value));
                    Ok(())
                }
                Err(error) => {
                    outcome = Some(Err(error));
                    Err(std::io::Error::other("stopped"))
                }
            }
        });
        match (outcome, written) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::new("nothing was written").at_path(path)),
        }
    }

    fn new(file: &'a mut File) -> std::io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 18, file);
        file.write_all(HEAD)?;
        Ok(Self {
            file,
            at: HEAD.len() as u64,
            entries: Vec::new(),
            digest: Sha256::default(),
            record: Vec::new(),
        })
    }

    /// Adds the features of row `row` of the part.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, features: &Features, row: u64) -> Result<()> {
        self.record.clear();
        encode(features, &mut self.record);
        self.digest.update(&self.record);
        self.file
            .write_all(&self.record)
            .map_err(|e| Error::new("cannot write the prepared rows").caused_by(e))?;
        self.entries.push((self.at, features.len() as u32, row));
        self.at += self.record.len() as u64;
        Ok(())
    }

    /// How many were added.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn finish(mut self) -> std::io::Result<()> {
        for (offset, length, row) in &self.entries {
            let mut entry = [0; ENTRY_BYTES as usize];
            entry[..8].copy_from_slice(&offset.to_le_bytes());
            entry[8..12].copy_from_slice(&length.to_le_bytes());
            entry[12..].copy_from_slice(&row.to_le_bytes());
            self.digest.update(&entry);
            self.file.write_all(&entry)?;
        }
        self.file
            .write_all(&(self.entries.len() as u64).to_le_bytes())?;
        self.file.write_all(&self.at.to_le_bytes())?;
        self.file.write_all(&self.digest.finish())?;
        self.file.write_all(TAIL)?;
        self.file.flush()
    }
}

/// The features of a part of a dataset, in a file that [`Writer`] has written.
#[derive(Debug)]
pub struct Prepared {
    file: File,
    path: PathBuf,
    lengths: Vec<u32>,
    table: u64,
    digest: [u8; 32],
}

impl Prepared {
    /// Opens `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is not whole.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::io("read", path, e);
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let mut head = [0; HEAD.len()];
        let mut tail = [0; TAIL_BYTES as usize];
        if bytes < HEAD.len() as u64 + TAIL_BYTES {
            return Err(damaged(path));
        }
        files::read_at(&file, 0, &mut head).map_err(failed)?;
        files::read_at(&file, bytes - TAIL_BYTES, &mut tail).map_err(failed)?;
        let (count, table) = (number(&tail[..8]), number(&tail[8..16]));
        let ends = count
            .checked_mul(ENTRY_BYTES)
            .and_then(|entries| entries.checked_add(table)?.checked_add(TAIL_BYTES));
        if &head != HEAD || &tail[48..] != TAIL || ends != Some(bytes) {
            return Err(damaged(path));
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&tail[16..48]);
        let mut prepared = Self {
            file,
            path: path.to_owned(),
            lengths: Vec::with_capacity(count as usize),
            table,
            digest,
        };
        prepared.read_lengths(count)?;
        Ok(prepared)
    }

    fn read_lengths(&mut self, count: u64) -> Result<()> {
        const AT_ONCE: u64 = 4096;
        let mut block = vec![0; (AT_ONCE * ENTRY_BYTES) as usize];
        for start in (0..count).step_by(AT_ONCE as usize) {
            let entries = (count - start).min(AT_ONCE);
            let block = &mut block[..(entries * ENTRY_BYTES) as usize];
            self.read(self.table + start * ENTRY_BYTES, block)?;
            let lengths = block
                .chunks_exact(ENTRY_BYTES as usize)
                .map(|entry| word(&entry[8..12]));
            self.lengths.extend(lengths);
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// How many tokens each has.
    pub fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// The features at a place.
    ///
    /// # Errors
    /// When the file was changed or cannot be read.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn get(&self, place: usize) -> Result<Features> {
        let (start, end, _) = self.entry(place)?;
        let mut record = vec![0; (end - start) as usize];
        self.read(start, &mut record)?;
        decode(&record)
            .filter(|features| features.len() == self.lengths[place] as usize)
            .ok_or_else(|| damaged(&self.path))
    }

    /// Which row of its part the features at a place are of, from 0 on.
    ///
    /// # Errors
    /// As for [`Prepared::get`].
    ///
    /// # Panics
    /// When there is no such place.
    pub fn row(&self, place: usize) -> Result<u64> {
        Ok(self.entry(place)?.2)
    }

    /// Where a record begins and ends, and its row.
    fn entry(&self, place: usize) -> Result<(u64, u64, u64)> {
        assert!(place < self.len(), "place {place} of {}", self.len());
        let mut entries = [0; 2 * ENTRY_BYTES as usize];
        let is_last = place + 1 == self.len();
        let bytes = if is_last {
            ENTRY_BYTES
        } else {
            2 * ENTRY_BYTES
        } as usize;
        self.read(
            self.table + place as u64 * ENTRY_BYTES,
            &mut entries[..bytes],
        )?;
        let start = number(&entries[..8]);
        let next = ENTRY_BYTES as usize;
        let end = if is_last {
            self.table
        } else {
            number(&entries[next..next + 8])
        };
        if start < HEAD.len() as u64
            || start > end
            || end > self.table
            || end - start > LONGEST_RECORD
        {
            return Err(damaged(&self.path));
        }
        Ok((start, end, number(&entries[12..20])))
    }

    /// The checksum of all features, in hexadecimal digits: the same features in the same order
    /// have the same.
    pub fn fingerprint(&self) -> String {
        hexadecimal(&self.digest)
    }

    /// Reads everything and holds it against the checksum.
    ///
    /// # Errors
    /// When the file was changed or cannot be read.
    pub fn verify(&self) -> Result<()> {
        let end = self.table + self.len() as u64 * ENTRY_BYTES;
        let mut digest = Sha256::default();
        let mut block = vec![0; 1 << 18];
        let mut at = HEAD.len() as u64;
        while at < end {
            let bytes = (end - at).min(block.len() as u64) as usize;
            self.read(at, &mut block[..bytes])?;
            digest.update(&block[..bytes]);
            at += bytes as u64;
        }
        if digest.finish()[..] == self.digest {
            Ok(())
        } else {
            Err(damaged(&self.path))
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        files::read_at(&self.file, offset, out).map_err(|e| Error::io("read", &self.path, e))
    }
}

fn damaged(path: &Path) -> Error {
    Error::new("these prepared rows are damaged")
        .at_path(path)
        .hint("delete the file; it is made again from the data")
}

fn number(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

fn word(bytes: &[u8]) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(bytes);
    u32::from_le_bytes(four)
}

/// Number of ids, kind of target, whether there are segments; ids, segments, target.
fn encode(features: &Features, out: &mut Vec<u8>) {
    let (kind, extra): (u8, Vec<u32>) = match &features.target {
        Target::Class(class) => (0, vec![*class]),
        Target::Classes(classes) => (1, classes.iter().map(|x| x.to_bits()).collect()),
        Target::Number(number) => (2, vec![number.to_bits()]),
        Target::Tokens(tokens) => (3, tokens.iter().map(|id| id.unwrap_or(NOTHING)).collect()),
        Target::Span { start, end } => (4, vec![*start, *end]),
        Target::Text(ids) => (5, ids.clone()),
        Target::Masked => (6, Vec::new()),
    };
    let has_types = !features.type_ids.is_empty();
    out.extend((features.len() as u32).to_le_bytes());
    out.extend([kind, u8::from(has_types)]);
    let words = features.ids.iter().chain(&features.type_ids).chain(&extra);
    words.for_each(|word| out.extend(word.to_le_bytes()));
}

/// The reverse of [`encode`]; nothing if these are not bytes that it makes.
fn decode(record: &[u8]) -> Option<Features> {
    let (head, rest) = record.split_at_checked(6)?;
    let count = word(&head[..4]) as usize;
    let (kind, has_types) = (head[4], head[5] == 1);
    if !rest.len().is_multiple_of(4) {
        return None;
    }
    let words: Vec<u32> = rest.chunks_exact(4).map(word).collect();
    let (ids, rest) = words.split_at_checked(count)?;
    let (types, extra) = rest.split_at_checked(if has_types { count } else { 0 })?;
    let target = match (kind, extra) {
        (0, [class]) => Target::Class(*class),
        (1, classes) => Target::Classes(classes.iter().map(|x| f32::from_bits(*x)).collect()),
        (2, [number]) => Target::Number(f32::from_bits(*number)),
        (3, ids) => Target::Tokens(
            ids.iter()
                .map(|id| (*id != NOTHING).then_some(*id))
                .collect(),
        ),
        (4, [start, end]) => Target::Span {
            start: *start,
            end: *end,
        },
        (5, ids) => Target::Text(ids.to_vec()),
        (6, []) => Target::Masked,
        _ => return None,
    };
    if matches!(&target, Target::Tokens(tokens) if tokens.len() != count) {
        return None;
    }
    Some(Features {
        ids: ids.to_vec(),
        type_ids: types.to_vec(),
        target,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each() -> Vec<Features> {
        let targets = [
            Target::Class(3),
            Target::Classes(vec![1.0, 0.0]),
            Target::Number(-0.5),
            Target::Tokens(vec![None, Some(7), Some(0)]),
            Target::Span { start: 1, end: 2 },
            Target::Text(vec![9, 1]),
            Target::Masked,
        ];
        let features = targets.into_iter().enumerate();
        let made = features.map(|(i, target)| Features {
            ids: vec![i as u32, 5, 6],
            type_ids: if i % 2 == 0 {
                vec![0, 0, 1]
            } else {
                Vec::new()
            },
            target,
        });
        made.collect()
    }

    fn write(path: &Path) {
        Writer::create(path, |writer| {
            each()
                .iter()
                .enumerate()
                .try_for_each(|(i, features)| writer.add(features, i as u64 / 2))
        })
        .expect("written");
    }

    #[test]
    fn every_kind_of_target_comes_back_at_its_place() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("train.features");
        write(&path);
        let prepared = Prepared::open(&path).expect("whole");
        prepared.verify().expect("whole");
        assert_eq!(prepared.lengths(), [3; 7]);
        for (i, features) in each().iter().enumerate().rev() {
            assert_eq!(&prepared.get(i).expect("there"), features);
            assert_eq!(prepared.row(i).expect("there"), i as u64 / 2);
        }
        let again = folder.path().join("again.features");
        write(&again);
        assert_eq!(
            prepared.fingerprint(),
            Prepared::open(&again).expect("whole").fingerprint()
        );
    }

    #[test]
    fn what_was_cut_or_changed_anywhere_is_never_read_as_whole() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("train.features");
        write(&path);
        let whole = std::fs::read(&path).expect("read");
        let is_damaged = |bytes: &[u8]| {
            files::write(&path, bytes).expect("written");
            match Prepared::open(&path) {
                Err(_) => true,
                Ok(prepared) => {
                    (0..prepared.len()).for_each(|i| drop(prepared.get(i)));
                    prepared.verify().is_err()
                }
            }
        };
        assert!(!is_damaged(&whole));
        assert!((0..whole.len()).all(|end| is_damaged(&whole[..end])));
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x41;
            assert!(is_damaged(&changed), "byte {at}");
        }
    }

    #[test]
    fn a_failure_leaves_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("train.features");
        let failed = Writer::create(&path, |writer| {
            writer.add(&each()[0], 0)?;
            Err::<(), _>(Error::interrupted())
        });
        assert_eq!(
            failed.expect_err("stopped").kind(),
            crate::error::Kind::Interrupted
        );
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0);
    }
}
