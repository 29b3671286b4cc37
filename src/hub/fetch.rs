//! A fetch: each file into its blob, checked; then all of them under their names; then the
//! revision's name for the commit. Until the last step the model is as it was before.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::body::{Arrival, Body};
use super::choice::CARD;
use super::client::Client;
use super::environment::Hub;
use super::layout::{INDEX, shards};
use super::lock::Lock;
use super::names::Commit;
use super::offer::{Offer, Offered};
use super::partial::Partial;
use super::place::Place;
use super::verify::{Hasher, pass};
use crate::error::{Error, Kind, Result};
use crate::jobs::Cancel;
use crate::text;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How often another process may take a file away that was just fetched.
const MOST_LOSSES: usize = 5;

/// Hears what a fetch does.
pub trait Observer {
    /// So far it is; at most ten times a second, at the end of each file, and at the end.
    fn progress(&mut self, progress: &Progress);
    /// Something that the user should know and that stops nothing.
    fn note(&mut self, note: &str);
}

/// How far a fetch is. No number here ever becomes smaller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The file at hand; safe to show.
    pub file: String,
    /// Which one that is, from 1.
    pub number: usize,
    /// How many there are.
    pub files: usize,
    /// Bytes of the file at hand that are there.
    pub file_done: u64,
    /// Bytes that it will have.
    pub file_bytes: u64,
    /// Bytes of all files that are there.
    pub done: u64,
    /// Bytes that there will be.
    pub bytes: u64,
    /// Bytes that had to be fetched again.
    pub again: u64,
}

/// A model that is on this disk, whole and checked.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Where its files have their names.
    pub folder: PathBuf,
    /// Which commit it is.
    pub commit: Commit,
    /// Bytes that came over the network.
    pub fetched: u64,
    /// How long it took.
    pub took: Duration,
    /// Its card, where it has one.
    pub card: Option<PathBuf>,
}

impl Hub {
    /// Fetches what `offer` offers and this disk has not, and checks all of it, what was there
    /// before too.
    ///
    /// # Errors
    /// When the hub sends something else than it states, or nothing; the disk is full; or this is
    /// to stop. What has arrived is kept, and the next fetch goes on from there.
    pub async fn fetch(
        &self,
        offer: &Offer,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<Fetched> {
        offer.fits_on_disk()?;
        let place = Place::of(self.cache.folder(), &offer.id);
        place.make()?;
        let start = Instant::now();
        let mut fetch = Fetch {
            hub: self,
            client: None,
            offer,
            cancel,
            place,
            tally: Tally {
                observer,
                progress: Progress {
                    files: offer.files.len(),
                    bytes: offer.bytes(),
                    ..Progress::default()
                },
                before: 0,
                came: 0,
                told: None,
            },
        };
        let ended = fetch.run().await;
        let folder = ended.map_err(|error| self.with_rest(offer, error))?;
        Ok(Fetched {
            card: Some(folder.join(CARD)).filter(|card| card.is_file()),
            folder,
            commit: offer.commit.clone(),
            fetched: fetch.tally.came,
            took: start.elapsed(),
        })
    }

    /// Bytes of `offer` that are on this disk now.
    pub fn kept(&self, offer: &Offer) -> u64 {
        let place = Place::of(self.cache.folder(), &offer.id);
        let kept = offer
            .files
            .iter()
            .map(|file| place.kept(&file.digest, file.size));
        kept.fold(0, u64::saturating_add)
    }

    /// `error`, which says what is kept and how to go on where it says nothing better.
    fn with_rest(&self, offer: &Offer, error: Error) -> Error {
        if error.kind() == Kind::Interrupted || error.hint_text().is_some() {
            return error;
        }
        let (kept, all) = (text::bytes(self.kept(offer)), text::bytes(offer.bytes()));
        let id = &offer.id;
        error.hint(format!(
            "{kept} of {all} are kept; modeldesk pull {id} goes on from there"
        ))
    }
}

struct Fetch<'a> {
    hub: &'a Hub,
    /// Made when the first body is needed.
    client: Option<Client>,
    offer: &'a Offer,
    cancel: &'a Cancel,
    place: Place,
    tally: Tally<'a>,
}

impl Fetch<'_> {
    async fn run(&mut self) -> Result<PathBuf> {
        let offer = self.offer;
        for (at, file) in offer.files.iter().enumerate() {
            self.tally.begin(at + 1, file);
            self.file(file).await?;
            if file.name.as_str() == INDEX {
                self.check_index(file)?;
            }
            self.tally.end(file);
        }
        for file in &offer.files {
            self.place.link(&offer.commit, &file.name, &file.digest)?;
        }
        self.place.name(&offer.revision, &offer.commit)?;
        self.place.sweep();
        Ok(self.place.snapshot(&offer.commit))
    }

    /// Sees to it that the blob of `file` is there and right.
    async fn file(&mut self, file: &Offered) -> Result<()> {
        for _ in 0..MOST_LOSSES {
            if self.blob(file).await? {
                return Ok(());
            }
        }
        let path = self.place.partial(&file.digest);
        Err(Error::new("other processes take this file away again and again")
            .at_path(&path)
            .hint("the disk of the cache grants locks to everybody; let one process fetch at a time"))
    }

    /// As [`Self::file`], once; `false` where another process took away what was fetched.
    async fn blob(&mut self, file: &Offered) -> Result<bool> {
        let (blob, path) = (
            self.place.blob(&file.digest),
            self.place.partial(&file.digest),
        );
        let shown = text::ident(file.name.as_str()).into_owned();
        let lock = self.place.lock(&file.digest);
        let arrived = || path.metadata().map_or(0, |found| found.len());
        let mut waiting = || {
            let what = format!("waiting for the lock of another process, which fetches {shown}");
            self.tally.observer.note(&what);
        };
        let patience = self.hub.patience.lock;
        let _lock = Lock::take(&lock, patience, self.cancel, arrived, &mut waiting).await?;
        if blob.symlink_metadata().is_ok() {
            if self.is_right(&blob, file).await? {
                return Ok(true);
            }
            self.tally.observer.note(&format!(
                "{shown} on this disk was damaged, and is fetched again"
            ));
            std::fs::remove_file(&blob).map_err(|e| Error::io("remove", &blob, e))?;
        }
        let known = (&file.digest, file.size);
        let mut there = 0;
        let mut each = |bytes| {
            there += bytes;
            self.tally.reached(there);
        };
        let mut partial = Partial::open(path.clone(), known, self.cancel, &mut each).await?;
        match self.body(file, &mut partial).await {
            Ok(()) => partial.finish(&blob),
            Err(error) => {
                let is_wrong = partial.length() == partial.size() && !partial.is_right();
                if is_wrong || partial.is_empty() {
                    partial.discard();
                }
                Err(error)
            }
        }
    }

    async fn body(&mut self, file: &Offered, partial: &mut Partial) -> Result<()> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(Client::new(self.hub)?),
        };
        let body = Body {
            client,
            hub: self.hub,
            id: &self.offer.id,
            commit: &self.offer.commit,
            name: &file.name,
            cancel: self.cancel,
        };
        body.fetch(partial, &mut self.tally).await
    }

    /// Whether what stands at `blob` is `file`.
    async fn is_right(&mut self, blob: &Path, file: &Offered) -> Result<bool> {
        let found = blob
            .symlink_metadata()
            .map_err(|e| Error::io("look at", blob, e))?;
        if !found.is_file() || found.len() != file.size {
            return Ok(false);
        }
        let mut open = std::fs::File::open(blob).map_err(|e| Error::io("read", blob, e))?;
        let mut hasher = Hasher::of(&file.digest, file.size);
        let mut there = 0;
        let mut each = |bytes| {
            there += bytes;
            self.tally.reached(there);
        };
        let passed = pass(&mut open, &mut hasher, self.cancel, &mut each).await?;
        Ok(passed == file.size && hasher.is(&file.digest))
    }

    /// An index may name files of this offer and no others.
    fn check_index(&self, file: &Offered) -> Result<()> {
        let path = self.place.blob(&file.digest);
        let named = shards(&path, file.size).map_err(|e| {
            let error = Error::new(format!("its {INDEX} cannot be read")).at(self.offer.id.clone());
            error.caused_by(e)
        })?;
        let offered = |name: &String| {
            let mut weights = self.offer.files.iter().filter(|file| file.is_weights);
            weights.any(|file| file.name.as_str() == name)
        };
        match named.iter().find(|name| !offered(name)) {
            None => Ok(()),
            Some(name) => {
                let start: String = name.chars().take(80).collect();
                let what = format!(
                    "its index names `{}`, which is none of its safetensors",
                    text::ident(&start)
                );
                Err(Error::new(what)
                    .at(self.offer.id.clone())
                    .hint("nothing of it is used; look at another revision"))
            }
        }
    }
}

/// Keeps the count, which only grows.
struct Tally<'a> {
    observer: &'a mut dyn Observer,
    progress: Progress,
    /// Bytes of the files before the one at hand.
    before: u64,
    /// Bytes that came over the network.
    came: u64,
    told: Option<Instant>,
}

impl Tally<'_> {
    fn begin(&mut self, number: usize, file: &Offered) {
        self.progress.file = text::ident(file.name.as_str()).into_owned();
        self.progress.number = number;
        self.progress.file_done = 0;
        self.progress.file_bytes = file.size;
        self.tell(false);
    }

    fn end(&mut self, file: &Offered) {
        self.reached(file.size);
        self.before = self.before.saturating_add(file.size);
        self.tell(true);
    }

    /// So many bytes of the file at hand are there.
    fn reached(&mut self, length: u64) {
        let progress = &mut self.progress;
        progress.file_done = progress.file_done.max(length);
        progress.done = progress.done.max(self.before.saturating_add(length));
        self.tell(false);
    }

    fn tell(&mut self, now: bool) {
        if now || self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            self.told = Some(Instant::now());
            self.observer.progress(&self.progress);
        }
    }
}

impl Arrival for Tally<'_> {
    fn came(&mut self, bytes: u64, length: u64) {
        self.came += bytes;
        self.reached(length);
    }

    fn again(&mut self, bytes: u64, why: &str) {
        self.progress.again = self.progress.again.saturating_add(bytes);
        let (bytes, file) = (text::bytes(bytes), &self.progress.file);
        self.observer
            .note(&format!("{bytes} of {file} are fetched again: {why}"));
    }
}
