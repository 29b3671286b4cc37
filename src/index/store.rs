//! The store of the user's cards: what any index can be rebuilt from.
//!
//! `cards/NNNNNNNN.jsonl.zst`, one file a batch, each written whole and then renamed into place.
//! A line is `{"id","origin","card"}` or `{"id","removed":true}`; a later line of an id replaces
//! an earlier one. A file is a row of small zstd frames with checksums, so that a reader needs
//! little memory, never uses a line of a damaged frame, and keeps what stands before it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::card::Origin;
use crate::error::{Error, Result};
use crate::files;

/// Card text is kept up to this many bytes.
pub(super) const LONGEST_CARD: usize = 1 << 20;
/// More batches than this are merged.
const MOST_BATCHES: usize = 64;
/// How many batches become one.
const MERGED_AT_ONCE: usize = 32;
/// A frame is closed when it has this many bytes of lines.
const FRAME: usize = 1 << 20;
/// A frame holds one line more than [`FRAME`]; a card's text grows at most sixfold as JSON.
const LONGEST_FRAME: u64 = 16 << 20;

/// One line of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Record {
    /// The card of that id is this.
    Card {
        id: String,
        origin: Origin,
        card: String,
    },
    /// There is no card of that id any more.
    Removed { id: String, removed: bool },
}

impl Record {
    /// Whose line this is.
    pub(super) fn id(&self) -> &str {
        let (Self::Card { id, .. } | Self::Removed { id, .. }) = self;
        id
    }
}

/// A sealed batch on disk.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// The batches in one folder.
#[derive(Debug, Clone)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The sealed batches, oldest first. A folder that is not there has none.
    pub(super) fn batches(&self) -> io::Result<Vec<Batch>> {
        let mut found = Vec::new();
        for (number, path) in self.numbered()? {
            if path.extension().is_some_and(|end| end == "zst") {
                let bytes = path.metadata()?.len();
                found.push(Batch {
                    number,
                    path,
                    bytes,
                });
            }
        }
        found.sort_by_key(|batch| batch.number);
        Ok(found)
    }

    /// The number of the newest batch, counting those set aside: numbers are never used twice.
    pub(super) fn newest(&self) -> io::Result<u64> {
        Ok(self
            .numbered()?
            .into_iter()
            .map(|(number, _)| number)
            .max()
            .unwrap_or(0))
    }

    fn numbered(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let number = name
                .split_once(".jsonl.zst")
                .and_then(|(number, _)| number.parse().ok());
            found.extend(number.map(|number| (number, path.clone())));
        }
        Ok(found)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:08}.jsonl.zst"))
    }

    /// Writes a batch. It is there whole when this returns, and not at all when it fails.
    pub(super) fn append<T>(
        &self,
        number: u64,
        fill: impl FnOnce(&mut BatchWriter<'_>) -> Result<T>,
    ) -> Result<T> {
        let path = self.path(number);
        let mut outcome = None;
        let written = files::write_with(&path, |file| {
            let mut writer = BatchWriter {
                file,
                frame: Vec::with_capacity(FRAME),
            };
            let filled = fill(&mut writer);
            let failed = filled.is_err();
            outcome = Some(filled);
            if failed {
                Err(io::Error::other("not finished"))
            } else {
                writer.close()
            }
        });
        match outcome {
            Some(Err(error)) => Err(error),
            Some(Ok(made)) => written.map(|()| made),
            None => Err(written
                .err()
                .unwrap_or_else(|| Error::new("cannot write the cards"))),
        }
    }

    /// Hands every record of `batch` to `each`, in order. `Ok(false)`: the rest is damaged.
    pub(super) fn read(batch: &Batch, each: &mut dyn FnMut(Record) -> Result<()>) -> Result<bool> {
        let file = File::open(&batch.path).map_err(|e| Error::io("read", &batch.path, e))?;
        let mut file = BufReader::new(file);
        let mut frame = Vec::new();
        loop {
            match next_frame(&mut file, &mut frame) {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(error) if is_damage(&error) => return Ok(false),
                Err(error) => return Err(Error::io("read", &batch.path, error)),
            }
            for line in frame
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                let Ok(record) = serde_json::from_slice(line) else {
                    return Ok(false);
                };
                each(record)?;
            }
        }
    }

    /// Sets a damaged batch aside and keeps the records that stand before the damage.
    pub(super) fn set_aside(&self, batch: &Batch) -> Result<PathBuf> {
        let mut kept = Vec::new();
        Self::read(batch, &mut |record| {
            kept.push(record);
            Ok(())
        })?;
        let aside = batch.path.with_extension("zst.corrupt");
        std::fs::rename(&batch.path, &aside).map_err(|e| Error::io("rename", &batch.path, e))?;
        if !kept.is_empty() {
            self.append(batch.number, |writer| {
                kept.iter().try_for_each(|record| writer.push(record))
            })?;
        }
        Ok(aside)
    }

    /// Merges neighbouring batches where there are many. The merged batch takes the number of
    /// the last one, so an index that has seen that number has seen all of it; a crash half way
    /// leaves batches that say the same twice.
    pub(super) fn compact(&self) -> Result<()> {
        let listed = || {
            self.batches()
                .map_err(|e| Error::io("read", &self.folder, e))
        };
        let mut batches = listed()?;
        while batches.len() > MOST_BATCHES {
            let cheapest = batches
                .windows(MERGED_AT_ONCE)
                .min_by_key(|window| window.iter().map(|batch| batch.bytes).sum::<u64>())
                .expect("there are more batches than a window has")
                .to_vec();
            if !self.merge(&cheapest)? {
                return Ok(());
            }
            batches = listed()?;
        }
        Ok(())
    }

    /// Merges `batches` into the last of them; `false` when one is damaged, which the next start
    /// will set aside.
    fn merge(&self, batches: &[Batch]) -> Result<bool> {
        let mut whole = true;
        // Newest first, so that the first record of an id that is seen is the one that stands.
        let mut seen = HashSet::new();
        let mut stands = Vec::with_capacity(batches.len());
        for batch in batches.iter().rev() {
            let mut ids = Vec::new();
            whole &= Self::read(batch, &mut |record| {
                ids.push(record.id().to_owned());
                Ok(())
            })?;
            let mut keep = ids
                .into_iter()
                .rev()
                .map(|id| seen.insert(id))
                .collect::<Vec<_>>();
            keep.reverse();
            stands.push(keep);
        }
        stands.reverse();
        let Some(last) = batches.last().filter(|_| whole) else {
            return Ok(false);
        };
        self.append(last.number, |writer| {
            for (batch, keep) in batches.iter().zip(&stands) {
                let mut keep = keep.iter();
                let whole = Self::read(batch, &mut |record| match keep.next() {
                    Some(true) => writer.push(&record),
                    _ => Ok(()),
                })?;
                if !whole {
                    return Err(
                        Error::new("these cards changed while they were read").at_path(&batch.path)
                    );
                }
            }
            Ok(())
        })?;
        for batch in &batches[..batches.len() - 1] {
            std::fs::remove_file(&batch.path).map_err(|e| Error::io("remove", &batch.path, e))?;
        }
        Ok(true)
    }
}

/// Writes the lines of one batch.
#[derive(Debug)]
pub(super) struct BatchWriter<'a> {
    file: &'a mut File,
    frame: Vec<u8>,
}

impl BatchWriter<'_> {
    /// Adds a line.
    pub(super) fn push(&mut self, record: &Record) -> Result<()> {
        let failed = |e: io::Error| Error::new("cannot write the cards").caused_by(e);
        serde_json::to_writer(&mut self.frame, record).map_err(|e| failed(e.into()))?;
        self.frame.push(b'\n');
        if self.frame.len() >= FRAME {
            self.close().map_err(failed)
        } else {
            Ok(())
        }
    }

    /// Ends the frame.
    fn close(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let mut encoder = zstd::Encoder::new(&mut *self.file, 3)?;
        encoder.include_checksum(true)?;
        encoder.write_all(&self.frame)?;
        encoder.finish()?;
        self.frame.clear();
        Ok(())
    }
}

/// Reads the next frame, checked; `false` at the end of the file.
fn next_frame(file: &mut BufReader<File>, frame: &mut Vec<u8>) -> io::Result<bool> {
    frame.clear();
    if file.fill_buf()?.is_empty() {
        return Ok(false);
    }
    let decoder = zstd::Decoder::with_buffer(file)?.single_frame();
    decoder.take(LONGEST_FRAME).read_to_end(frame)?;
    let whole = frame.last() == Some(&b'\n');
    if whole {
        Ok(true)
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// zstd reports damage as errors without a kind; what the system reports has one.
fn is_damage(error: &io::Error) -> bool {
    error.raw_os_error().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(id: &str, text: &str) -> Record {
        Record::Card {
            id: id.to_owned(),
            origin: Origin::User,
            card: text.to_owned(),
        }
    }

    fn put(store: &Store, number: u64, records: &[Record]) {
        store
            .append(number, |writer| {
                records.iter().try_for_each(|r| writer.push(r))
            })
            .unwrap();
    }

    fn all(store: &Store) -> (Vec<Record>, bool) {
        let mut found = Vec::new();
        let mut whole = true;
        for batch in store.batches().unwrap() {
            whole &= Store::read(&batch, &mut |record| {
                found.push(record);
                Ok(())
            })
            .unwrap();
        }
        (found, whole)
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("cards"));
        assert_eq!(store.newest().unwrap(), 0);
        let long = "ä".repeat(FRAME);
        let records = [
            card("a", "x\ny"),
            card("b", &long),
            Record::Removed {
                id: "a".into(),
                removed: true,
            },
        ];
        put(&store, 1, &records);
        assert_eq!(all(&store), (records.to_vec(), true));
    }

    #[test]
    fn a_batch_that_fails_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("cards"));
        let failed = store.append(1, |writer| {
            writer.push(&card("a", "x"))?;
            Err::<(), _>(Error::interrupted())
        });
        assert!(failed.is_err());
        assert!(store.batches().unwrap().is_empty());
    }

    #[test]
    fn damage_costs_its_frame_and_what_follows() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_path_buf());
        let text = "z".repeat(FRAME);
        put(
            &store,
            1,
            &[card("a", &text), card("b", &text), card("c", &text)],
        );
        let batch = store.batches().unwrap().remove(0);
        let mut bytes = std::fs::read(&batch.path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        files::write(&batch.path, &bytes).unwrap();
        assert!(!all(&store).1);
        let aside = store.set_aside(&batch).unwrap();
        assert!(
            aside
                .to_string_lossy()
                .ends_with("00000001.jsonl.zst.corrupt")
        );
        let (kept, whole) = all(&store);
        assert!(whole);
        assert_eq!(kept, [card("a", &text)]);
        assert_eq!(store.newest().unwrap(), 1);
    }

    #[test]
    fn many_batches_become_few_and_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_path_buf());
        for number in 1..=70 {
            let id = format!("m{}", number % 10);
            let removed = Record::Removed {
                id: id.clone(),
                removed: true,
            };
            let record = if number % 7 == 0 {
                removed
            } else {
                card(&id, &number.to_string())
            };
            put(&store, number, &[record]);
        }
        let last = |records: Vec<Record>| {
            let by_id = records.into_iter().map(|r| (r.id().to_owned(), r));
            by_id.collect::<std::collections::BTreeMap<_, _>>()
        };
        let before = last(all(&store).0);
        store.compact().unwrap();
        assert!(store.batches().unwrap().len() <= MOST_BATCHES);
        assert_eq!(store.newest().unwrap(), 70);
        assert_eq!(last(all(&store).0), before);
    }
}
