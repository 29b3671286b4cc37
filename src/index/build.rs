//! Making an index and keeping it up to date.
//!
//! The built-in cards are indexed in memory as one segment and then written out file by file,
//! which takes a few milliseconds. Everything else goes through [`Indexer`], whose commits note
//! the number of the store's last batch that they contain: whatever is missing after a crash is
//! applied at the next start.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::schema::Schema;
use tantivy::{Index, IndexBuilder, IndexReader, IndexWriter, ReloadPolicy, Searcher, Term};

use super::document::{document, key};
use super::embedded;
use super::folder::{self, Folder, Look, look};
use super::guard::{Fault, guarded};
use super::schema::{Fields, Settings, schema};
use super::sealed::{META, Sealed};
use super::store::{Batch, Record, Store};
use super::tokens;
use super::{Notice, State};
use crate::card::{Card, Origin};
use crate::error::{Error, Result as Outcome, shown};
use crate::files::Folders;

/// tantivy's least heap for a writer: enough for a few hundred cards at a time.
pub(super) const SMALL_HEAP: usize = 15_000_000;
/// The heap for an import.
pub(super) const LARGE_HEAP: usize = 128 << 20;
/// Batches of more bytes than this are worth the larger heap.
const MANY_BYTES: u64 = 2 << 20;

/// Where the user's cards and indexes are, and what they are made from.
#[derive(Debug)]
pub(super) struct Home {
    /// `data/index`.
    pub(super) root: PathBuf,
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) stamp: String,
    schema: Schema,
    pub(super) fields: Fields,
}

impl Home {
    pub(super) fn new(folders: &Folders, settings: Settings) -> Self {
        let (schema, fields) = schema();
        let root = folders.data.join("index");
        let store = Store::new(folders.data.join("cards"));
        Self {
            root,
            store,
            stamp: settings.stamp(),
            settings,
            schema,
            fields,
        }
    }
}

/// How many indexes this process has opened.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// An index that is open for searching.
pub(super) struct Opened {
    /// Tells it from every other that this process opens.
    serial: u64,
    pub(super) index: Index,
    reader: IndexReader,
    /// `None`: in memory.
    pub(super) folder: Option<Folder>,
    /// The pointer and the list of segments when they were read last.
    pointer: Option<Look>,
    meta: std::sync::Mutex<Option<Look>>,
}

impl Opened {
    /// Opens the index in `folder`, checked.
    pub(super) fn on_disk(home: &Home, folder: Folder) -> Result<Self, Fault> {
        let pointer = folder::pointer(&home.root);
        let meta = look(&folder.path().join(META));
        let index = guarded(|| {
            let mut index = Index::open(Sealed::on_disk(folder.path())?)?;
            index.set_tokenizers(tokens::manager());
            if index.schema() == home.schema {
                Ok(index)
            } else {
                Err(tantivy::TantivyError::SchemaError(
                    "it has other fields".to_owned(),
                ))
            }
        })?;
        folder.verify(&index)?;
        Self::new(index, Some(folder), pointer, meta)
    }

    fn new(
        index: Index,
        folder: Option<Folder>,
        pointer: Option<Look>,
        meta: Option<Look>,
    ) -> Result<Self, Fault> {
        let reader = guarded(|| {
            index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .try_into()
        })?;
        Ok(Self {
            serial: OPENED.fetch_add(1, Ordering::Relaxed),
            index,
            reader,
            folder,
            pointer,
            meta: meta.into(),
        })
    }

    /// The number of the last batch of the store that the index contains.
    pub(super) fn batch(&self) -> Result<u64, Fault> {
        let payload = guarded(|| Ok(self.index.load_metas()?.payload))?;
        let Some(payload) = payload else { return Ok(0) };
        payload
            .parse()
            .map_err(|_| Fault::Damaged("its last batch has no number".to_owned()))
    }

    /// A view of the index as it was at the last reload.
    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Which cards a searcher of this index sees.
    pub(super) fn state(&self, searcher: &Searcher) -> State {
        State(self.serial, searcher.generation().generation_id())
    }

    /// Whether another process made another folder current.
    pub(super) fn was_replaced(&self, home: &Home) -> bool {
        self.folder.is_some() && folder::pointer(&home.root) != self.pointer
    }

    /// Takes in what was committed since, by this process or another. Costs one look at a file
    /// when there is nothing.
    pub(super) fn refresh(&self) -> Result<(), Fault> {
        let now = match &self.folder {
            Some(folder) => look(&folder.path().join(META)),
            None => None,
        };
        let mut known = self
            .meta
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.folder.is_none() || *known != now {
            guarded(|| self.reader.reload())?;
            *known = now;
        }
        Ok(())
    }
}

/// A new index of everything, in a folder of its own, and made current.
pub(super) fn build(home: &Home, notices: &mut Vec<Notice>) -> Result<Opened, Fault> {
    let folder = Folder::create(&home.root, &home.stamp)?;
    let made = fill(home, folder, notices);
    if made.is_err() {
        folder::sweep(&home.root);
    }
    made
}

fn fill(home: &Home, folder: Folder, notices: &mut Vec<Notice>) -> Result<Opened, Fault> {
    let (memory, index) = built_in(home)?;
    guarded(|| {
        let disk = Sealed::on_disk(folder.path())?;
        let mut names = index
            .directory()
            .list_managed_files()
            .into_iter()
            .collect::<Vec<_>>();
        names.sort_by_key(|name| name.as_os_str() == META);
        for name in names {
            disk.put(&name, &memory.get(&name)?)?;
        }
        let managed = PathBuf::from(".managed.json");
        disk.put(&managed, &memory.get(&managed)?)?;
        Ok(tantivy::Directory::sync_directory(&disk)?)
    })?;
    drop(index);
    let mut index = guarded(|| Index::open(Sealed::on_disk(folder.path())?))?;
    index.set_tokenizers(tokens::manager());
    folder.mark_verified(&index);
    let mut opened = Opened::new(index, Some(folder), None, None)?;
    catch_up(home, &opened, notices)?;
    if let Some(folder) = &opened.folder {
        folder.make_current(&home.root)?;
        opened.pointer = folder::pointer(&home.root);
    }
    opened.refresh()?;
    folder::sweep(&home.root);
    Ok(opened)
}

/// A new index of everything that can be read, in memory.
pub(super) fn build_in_memory(home: &Home, notices: &mut Vec<Notice>) -> Result<Opened, Fault> {
    let (_, index) = built_in(home)?;
    let opened = Opened::new(index, None, None, None)?;
    if let Err(fault) = catch_up(home, &opened, notices) {
        notices.push(Notice(format!(
            "your own cards are left out: {}",
            fault.why()
        )));
    }
    opened.refresh()?;
    Ok(opened)
}

/// The built-in cards as one segment in memory.
fn built_in(home: &Home) -> Result<(Sealed, Index), Fault> {
    let documents = embedded::cards()
        .iter()
        .map(|card| document(card, &home.fields, &home.settings));
    guarded(|| {
        let memory = Sealed::in_memory();
        let mut writer = IndexBuilder::new()
            .schema(home.schema.clone())
            .tokenizers(tokens::manager())
            .single_segment_index_writer(memory.clone(), SMALL_HEAP)?;
        for document in documents {
            writer.add_document(document)?;
        }
        Ok((memory, writer.finalize()?))
    })
}

/// Which sealed batches the index does not contain yet.
pub(super) fn missing(home: &Home, opened: &Opened) -> Result<Vec<Batch>, Fault> {
    let seen = opened.batch()?;
    if home.store.newest()? < seen {
        return Err(Fault::Damaged(
            "cards that it was made from are gone".to_owned(),
        ));
    }
    let batches = home.store.batches()?;
    Ok(batches
        .into_iter()
        .filter(|batch| batch.number > seen)
        .collect())
}

/// Applies the batches that the index does not contain yet. A damaged one is set aside, and what
/// stands before the damage is kept. Only for the holder of the write lock, or in memory.
pub(super) fn catch_up(
    home: &Home,
    opened: &Opened,
    notices: &mut Vec<Notice>,
) -> Result<(), Fault> {
    let missing = missing(home, opened)?;
    if missing.is_empty() {
        return Ok(());
    }
    let bytes = missing.iter().map(|batch| batch.bytes).sum::<u64>();
    let heap = if bytes > MANY_BYTES {
        LARGE_HEAP
    } else {
        SMALL_HEAP
    };
    let mut last = opened.batch()?;
    let mut indexer = Indexer::open(home, opened, heap)?;
    for batch in missing {
        let mut fault = None;
        let whole = Store::read(&batch, &mut |record| {
            indexer.record(record).map_err(|found| {
                fault = Some(found);
                Error::interrupted()
            })
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        match whole {
            Ok(true) => {}
            Ok(false) => notices.push(damaged(&batch, home.store.set_aside(&batch))),
            // Tried again at the next start, and what follows with it.
            Err(error) => {
                notices.push(Notice(format!("some cards are left out for now: {error}")));
                break;
            }
        }
        last = batch.number;
    }
    // Once for all batches: whatever interrupts this, the next start does it again.
    indexer.commit(last)?;
    indexer.finish()?;
    opened.refresh()
}

fn damaged(batch: &Batch, aside: Outcome<PathBuf>) -> Notice {
    let what = format!(
        "{} is damaged; cards after the damage are lost",
        shown(&batch.path)
    );
    Notice(match aside {
        Ok(aside) => format!("{what}; set aside as {}", shown(&aside)),
        Err(error) => format!("{what}, and it cannot be set aside: {error}"),
    })
}

/// Writes cards into an index.
pub(super) struct Indexer<'a> {
    home: &'a Home,
    opened: &'a Opened,
    writer: IndexWriter,
    /// The index as it was before.
    before: Searcher,
    /// Keys written since.
    written: HashSet<String>,
}

impl<'a> Indexer<'a> {
    /// Begins to write. Files are checked again if they changed, since tantivy's own threads
    /// would end the process over a damaged one.
    pub(super) fn open(home: &'a Home, opened: &'a Opened, heap: usize) -> Result<Self, Fault> {
        if let Some(folder) = &opened.folder {
            folder.verify(&opened.index)?;
        }
        opened.refresh()?;
        let writer = guarded(|| opened.index.writer_with_num_threads(1, heap))?;
        let before = opened.searcher();
        Ok(Self {
            home,
            opened,
            writer,
            before,
            written: HashSet::new(),
        })
    }

    /// Puts a card in, in place of the one with the same key.
    pub(super) fn card(&mut self, card: &Card) -> Result<(), Fault> {
        self.delete(key(card.origin, &card.id))?;
        let document = document(card, &self.home.fields, &self.home.settings);
        guarded(|| self.writer.add_document(document))?;
        Ok(())
    }

    /// Takes the store's card of that id out.
    pub(super) fn remove(&mut self, id: &str) -> Result<(), Fault> {
        self.delete(key(Origin::User, id))
    }

    /// Applies a line of the store.
    fn record(&mut self, record: Record) -> Result<(), Fault> {
        match record {
            Record::Removed { id, .. } => self.remove(&id),
            Record::Card { id, origin, card } => {
                let origin = if origin == Origin::BuiltIn {
                    Origin::Imported
                } else {
                    origin
                };
                self.card(&Card::parse(&id, origin, card))
            }
        }
    }

    /// A deletion is paid for at every commit, so it is only asked for what is there.
    fn delete(&mut self, key: String) -> Result<(), Fault> {
        let term = Term::from_field_text(self.home.fields.key, &key);
        let written = !self.written.insert(key);
        guarded(|| {
            if written || self.before.doc_freq(&term)? > 0 {
                self.writer.delete_term(term);
            }
            Ok(())
        })
    }

    /// Makes what was written so far durable and visible, and notes that the index contains the
    /// store up to `batch`.
    pub(super) fn commit(&mut self, batch: u64) -> Result<(), Fault> {
        guarded(|| {
            let mut prepared = self.writer.prepare_commit()?;
            prepared.set_payload(&batch.to_string());
            prepared.commit()?;
            Ok(())
        })
    }

    /// Ends, once segments that were due are merged.
    pub(super) fn finish(self) -> Result<(), Fault> {
        let Self { opened, writer, .. } = self;
        guarded(|| writer.wait_merging_threads())?;
        if let Some(folder) = &opened.folder {
            folder.mark_verified(&opened.index);
        }
        Ok(())
    }
}
