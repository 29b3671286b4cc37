//! Imports cards in bulk: read, checked, stored and indexed in batches of bounded size.
//!
//! A batch that was written stays, whatever happens later: an import that is stopped or killed
//! can simply be run again.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::Library;
use super::build::LARGE_HEAP;
use super::change::Pen;
use super::embedded;
use super::list::Filter;
use super::records::{self, Found, Meter};
use crate::card::{Card, Origin};
use crate::error::{Kind, Result};
use crate::jobs::Cancel;
use crate::text;

/// A batch is written when it has so many cards or bytes of text.
const BATCH_CARDS: usize = 10_000;
const BATCH_BYTES: usize = 32 << 20;
/// So many entries of a [`Listing`] are kept.
const SHOWN: usize = 20;
/// How often progress is reported.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// Hears what an import does. Called on the importing thread.
pub trait Observer {
    /// The import waits for `whom`.
    fn waiting(&mut self, whom: &str) {
        let _ = whom;
    }

    /// So much is done; called about ten times a second, and at the end.
    fn progress(&mut self, progress: &Progress) {
        let _ = progress;
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Records read.
    pub records: u64,
    /// Records that were bad.
    pub bad: u64,
    /// Bytes read, packed as they are.
    pub bytes: u64,
    /// Bytes there are.
    pub total_bytes: u64,
    /// Since the beginning.
    pub seconds: f64,
}

impl Progress {
    /// Records a second, so far.
    pub fn rate(&self) -> f64 {
        self.records as f64 / self.seconds.max(1e-3)
    }
}

/// Things that were counted, the first few of them in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// How many there were.
    pub count: u64,
    /// The first 20, safe to show.
    pub first: Vec<String>,
}

impl Listing {
    fn add(&mut self, entry: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(entry());
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Cards that were not there before.
    pub added: u64,
    /// Cards that took the place of an imported one.
    pub replaced: u64,
    /// Ids that are built in, or the user's own: those cards stay.
    pub kept: Listing,
    /// Cards of which only the first mebibyte is kept.
    pub cut: Listing,
    /// Records that could not be read, and why.
    pub bad: Listing,
    /// How much was read.
    pub progress: Progress,
    /// Whether it was stopped; what was read until then is there.
    pub stopped: bool,
}

impl Library {
    /// Imports every card at `path`: a file of JSON lines or of one JSON array, packed by gzip or
    /// zstd or not, or a folder. Records are `{"id","card"}` or the hub's model objects.
    ///
    /// # Errors
    /// When `path` cannot be read, the store cannot be written, or another process writes for
    /// more than ten seconds.
    pub fn import(
        &self,
        path: &Path,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<Report> {
        let ids = |origins: &[Origin]| -> Result<HashSet<String>> {
            let filter = Filter {
                origins: origins.to_vec(),
                guide: true,
                ..Filter::default()
            };
            Ok(self
                .list(&filter)?
                .into_iter()
                .map(|card| card.id)
                .collect())
        };
        let own = ids(&[Origin::User, Origin::Run])?;
        let imported = ids(&[Origin::Imported])?;
        let observer = RefCell::new(observer);
        let waiting = &mut |whom: &str| observer.borrow_mut().waiting(whom);
        self.write("importing cards", LARGE_HEAP, waiting, |pen| {
            let meter = Rc::new(Cell::new(0));
            let mut import = Import {
                pen,
                own,
                imported,
                waiting: Vec::new(),
                bytes: 0,
                report: Report::default(),
                start: Instant::now(),
                reported: None,
                meter: Rc::clone(&meter),
                total_bytes: records::total_bytes(path),
            };
            let read = records::read(path, &meter, &mut |place, found| {
                cancel.check()?;
                import.take(place, found)?;
                import.observe(&observer, false);
                Ok(())
            });
            import.flush()?;
            match read {
                Err(error) if error.kind() == Kind::Interrupted => import.report.stopped = true,
                other => other?,
            }
            import.observe(&observer, true);
            Ok(import.report)
        })
    }
}

struct Import<'a, 'p> {
    pen: &'a mut Pen<'p>,
    own: HashSet<String>,
    /// Ids that were imported before, or just now.
    imported: HashSet<String>,
    /// The next batch.
    waiting: Vec<Card>,
    bytes: usize,
    report: Report,
    start: Instant,
    reported: Option<Instant>,
    meter: Meter,
    total_bytes: u64,
}

impl Import<'_, '_> {
    fn take(&mut self, place: &str, found: Found) -> Result<()> {
        self.report.progress.records += 1;
        let (id, card_text, cut) = match found {
            Found::Card { id, text, cut } => (id, text, cut),
            Found::Bad(why) => {
                self.report
                    .bad
                    .add(|| format!("{}: {}", text::line(place), text::line(&why)));
                return Ok(());
            }
        };
        let shown = || text::ident(&id).into_owned();
        if embedded::has(&id) {
            self.report.kept.add(|| format!("{} is built in", shown()));
            return Ok(());
        }
        if self.own.contains(&id) {
            self.report
                .kept
                .add(|| format!("{} is a card of your own", shown()));
            return Ok(());
        }
        if cut {
            self.report.cut.add(shown);
        }
        if self.imported.insert(id.clone()) {
            self.report.added += 1;
        } else {
            self.report.replaced += 1;
        }
        self.bytes += card_text.len();
        self.waiting
            .push(Card::parse(&id, Origin::Imported, card_text));
        if self.waiting.len() >= BATCH_CARDS || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the batch.
    fn flush(&mut self) -> Result<()> {
        let cards = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if cards.is_empty() {
            return Ok(());
        }
        self.pen
            .batch(|sheet| cards.iter().try_for_each(|card| sheet.card(card)))
    }

    fn observe(&mut self, observer: &RefCell<&mut dyn Observer>, now: bool) {
        if now
            || self
                .reported
                .is_none_or(|last| last.elapsed() >= REPORT_EVERY)
        {
            let progress = &mut self.report.progress;
            progress.bad = self.report.bad.count;
            progress.bytes = self.meter.get();
            progress.total_bytes = self.total_bytes;
            progress.seconds = self.start.elapsed().as_secs_f64();
            observer.borrow_mut().progress(progress);
            self.reported = Some(Instant::now());
        }
    }
}
