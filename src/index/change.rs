//! Adding and removing cards: the store first, then the index.
//!
//! A batch is acknowledged once its file is in the store. If the index cannot follow, or the
//! process ends in between, the next start applies what is missing.

use std::sync::Arc;

use super::Library;
use super::build::{Indexer, Opened, SMALL_HEAP, catch_up};
use super::embedded;
use super::folder;
use super::guard::Fault;
use super::ids::check_id;
use super::list::Filter;
use super::lock::{PATIENCE, WriteLock};
use super::open;
use super::store::{BatchWriter, LONGEST_CARD, Record, Store};
use crate::card::{Card, Origin};
use crate::error::{Error, Result, shown};
use crate::text;

/// A card to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// [`Origin::User`] or [`Origin::Run`].
    pub origin: Origin,
    /// The README.md; at most 1 MiB of it is kept.
    pub text: String,
}

/// What became of a card from a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenIn {
    /// It answers, marked as imported and unchecked.
    Indexed,
    /// A card of that origin has the id already and answers instead.
    Kept(Origin),
}

impl Library {
    /// Adds the user's own cards, in place of those with the same ids. Durable when this returns.
    /// `waiting` is told whom this waits for, if anyone.
    ///
    /// # Errors
    /// When an id is not one, the store cannot be written, or another process writes for more
    /// than ten seconds; then no card is added.
    pub fn add(&self, drafts: &[Draft], waiting: &mut dyn FnMut(&str)) -> Result<Vec<Arc<Card>>> {
        for draft in drafts {
            check_id(&draft.id).map_err(|why| not_an_id(&draft.id, &why))?;
        }
        let parse =
            |draft: &Draft| Arc::new(Card::parse(&draft.id, draft.origin, kept(&draft.text)));
        let cards = drafts.iter().map(parse).collect::<Vec<_>>();
        if !cards.is_empty() {
            self.write("adding cards", SMALL_HEAP, waiting, |pen| {
                pen.batch(|sheet| cards.iter().try_for_each(|card| sheet.card(card)))
            })?;
        }
        Ok(cards)
    }

    /// Removes cards that were added or imported, all or none.
    ///
    /// # Errors
    /// When one of them is built in or is not there, the store cannot be written, or another
    /// process writes for more than ten seconds.
    pub fn remove(&self, ids: &[String], waiting: &mut dyn FnMut(&str)) -> Result<()> {
        let origins = vec![Origin::User, Origin::Run, Origin::Imported];
        let stored = self.list(&Filter {
            origins,
            guide: true,
            ..Filter::default()
        })?;
        for id in ids {
            if stored.iter().any(|card| card.id == *id) {
                continue;
            }
            let id_shown = text::ident(id);
            return Err(if embedded::has(id) {
                Error::new(format!("`{id_shown}` is built in and cannot be removed"))
                    .hint("a card of your own with this id takes its place: modeldesk cards add")
            } else {
                Error::new(format!("there is no card `{id_shown}`"))
                    .hint("modeldesk cards list --source user shows your own")
            });
        }
        if ids.is_empty() {
            return Ok(());
        }
        self.write("removing cards", SMALL_HEAP, waiting, |pen| {
            pen.batch(|sheet| ids.iter().try_for_each(|id| sheet.remove(id)))
        })
    }

    /// Takes in the card of a model that came from a hub, unchecked, in place of an imported one.
    ///
    /// # Errors
    /// When `id` is none, the store cannot be written, or another process writes for more than ten
    /// seconds.
    pub fn take_in(&self, id: &str, text: &str, waiting: &mut dyn FnMut(&str)) -> Result<TakenIn> {
        check_id(id).map_err(|why| not_an_id(id, &why))?;
        let there = self.card(id)?;
        let card = Card::parse(id, Origin::Imported, kept(text));
        match there.map(|there| (there.origin, there)) {
            Some((Origin::Imported, there)) if there.text == card.text => {
                return Ok(TakenIn::Indexed);
            }
            Some((Origin::Imported, _)) | None => {}
            Some((origin, _)) => return Ok(TakenIn::Kept(origin)),
        }
        self.write("indexing a card", SMALL_HEAP, waiting, |pen| {
            pen.batch(|sheet| sheet.card(&card))
        })?;
        Ok(TakenIn::Indexed)
    }

    /// Takes the write lock, brings the index up to date, and lets `work` write.
    pub(super) fn write<T>(
        &self,
        purpose: &str,
        heap: usize,
        waiting: &mut dyn FnMut(&str),
        work: impl FnOnce(&mut Pen<'_>) -> Result<T>,
    ) -> Result<T> {
        let folder = self.home.store.folder();
        let lock = WriteLock::acquire(folder, purpose, PATIENCE, waiting).map_err(|fault| {
            let error = Error::new("cannot write your cards").at(shown(folder));
            match fault {
                Fault::Busy(why) => error.hint("try again when it is done").caused_by(why),
                Fault::Denied(why) | Fault::Damaged(why) => error
                    .hint("check that folder's owner, mode and free space, or set XDG_DATA_HOME")
                    .caused_by(why),
            }
        })?;
        folder::sweep_temporary(folder);
        folder::sweep_temporary(&self.home.root);
        folder::sweep(&self.home.root);
        let opened = self.current_under(&lock)?;
        if let Some(folder) = &opened.folder {
            folder::sweep_temporary(folder.path());
        }
        let newest = self
            .home
            .store
            .newest()
            .map_err(|e| Error::io("read", folder, e))?;
        let next = newest.max(opened.batch().unwrap_or(0)) + 1;
        let (indexer, fault) = match Indexer::open(&self.home, &opened, heap) {
            Ok(indexer) => (Some(indexer), None),
            Err(fault) => (None, Some(fault)),
        };
        let mut pen = Pen {
            store: &self.home.store,
            indexer,
            next,
            fault,
        };
        let worked = work(&mut pen);
        let Pen {
            indexer, mut fault, ..
        } = pen;
        if let Some(Err(found)) = indexer.map(Indexer::finish) {
            fault = Some(found);
        }
        // Many batches are slower to rebuild from, nothing else.
        let _ = self.home.store.compact();
        drop(lock);
        if fault.is_some() {
            self.reopen()?;
        }
        worked
    }

    /// The newest state of the index, containing all of the store, for the holder of `lock`.
    fn current_under(&self, lock: &WriteLock) -> Result<Arc<Opened>> {
        let mut notices = Vec::new();
        let mut opened = self.state();
        let ready = |opened: &Opened, notices: &mut Vec<_>| {
            if opened.was_replaced(&self.home) {
                return Err(Fault::Damaged("another process replaced it".to_owned()));
            }
            opened.refresh()?;
            catch_up(&self.home, opened, notices)
        };
        if let Err(Fault::Damaged(why)) = ready(&opened, &mut notices) {
            let bad = opened.folder.as_ref().map(folder::Folder::path);
            let made = open::rebuild(&self.home, Some(&why), bad, Some(lock), &mut notices)?;
            opened = self.replace(made);
        }
        super::lock(&self.notices).append(&mut notices);
        Ok(opened)
    }
}

/// Writes batches into the store and the index.
pub(super) struct Pen<'a> {
    store: &'a Store,
    /// `None` once the index cannot follow.
    indexer: Option<Indexer<'a>>,
    next: u64,
    fault: Option<Fault>,
}

impl Pen<'_> {
    /// Writes one batch. What `fill` writes is durable when this returns, and not there at all
    /// when this fails.
    pub(super) fn batch<T>(
        &mut self,
        fill: impl FnOnce(&mut Sheet<'_, '_, '_>) -> Result<T>,
    ) -> Result<T> {
        let (indexer, fault) = (&mut self.indexer, &mut self.fault);
        let written = self.store.append(self.next, |lines| {
            let mut sheet = Sheet {
                lines,
                indexer: indexer.as_mut(),
                fault,
            };
            fill(&mut sheet)
        });
        match (&written, &mut self.indexer, &self.fault) {
            (Ok(_), Some(indexer), None) => {
                if let Err(fault) = indexer.commit(self.next) {
                    self.fault = Some(fault);
                    self.indexer = None;
                }
            }
            // Drops what was not committed; the next start sees the store.
            _ => self.indexer = None,
        }
        if written.is_ok() {
            self.next += 1;
        }
        written
    }
}

/// One batch while it is written.
pub(super) struct Sheet<'s, 'f, 'h> {
    lines: &'s mut BatchWriter<'f>,
    indexer: Option<&'s mut Indexer<'h>>,
    fault: &'s mut Option<Fault>,
}

impl Sheet<'_, '_, '_> {
    /// Puts a card in, in place of the one with the same id.
    pub(super) fn card(&mut self, card: &Card) -> Result<()> {
        self.lines.push(&Record::Card {
            id: card.id.clone(),
            origin: card.origin,
            card: card.text.to_string(),
        })?;
        self.index(|indexer| indexer.card(card));
        Ok(())
    }

    /// Takes the card of that id out.
    fn remove(&mut self, id: &str) -> Result<()> {
        self.lines.push(&Record::Removed {
            id: id.to_owned(),
            removed: true,
        })?;
        self.index(|indexer| indexer.remove(id));
        Ok(())
    }

    fn index(&mut self, work: impl FnOnce(&mut Indexer<'_>) -> Result<(), Fault>) {
        if self.fault.is_none()
            && let Some(indexer) = &mut self.indexer
            && let Err(fault) = work(indexer)
        {
            *self.fault = Some(fault);
        }
    }
}

/// The part of a card's text that is kept.
pub(super) fn kept(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_CARD)]
}

pub(super) fn not_an_id(id: &str, why: &str) -> Error {
    Error::usage(format!("`{}` is not an id: {why}", text::ident(id)))
        .hint("give one like `org/name` with --id")
}
