//! The thread that opens the library and answers questions, so that typing never waits.
//!
//! Requests queue in a channel. Before each piece of work the thread takes all that has arrived
//! and keeps the newest only of each kind (question, list of models; comparison, script and card by
//! who asks): what was asked before the newest is of no use to anybody. Lists of models are handed
//! on to the catalogue's thread.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::catalogue::{self, Find};
use super::{panic_error, spawn};
use crate::advisor::catalogue::{Catalogue, Found, OnDisk, Wanted};
use crate::advisor::machine::Machine;
use crate::advisor::offer::Offer;
use crate::advisor::{Advisor, Answer, Reading, Related};
use crate::card::{Card, Origin, Problem};
use crate::error::{Error, Result};
use crate::files::Folders;
use crate::index::{Library, Notice};
use crate::settings::Settings;

/// What the thread works with: the advisor, or a stand-in for tests.
pub trait Engine: Send + Sync + 'static {
    /// Does ahead what a first answer would wait for, once the desk is on the screen.
    fn prepare(&self) {}

    /// Answers a question; `before` is the reading that a follow-up carries on from.
    ///
    /// # Errors
    /// When the index cannot be searched.
    fn ask(&self, question: &str, before: Option<&Reading>) -> Result<Answer>;

    /// Answers a reading that the user has edited.
    ///
    /// # Errors
    /// When the index cannot be searched.
    fn answer(&self, reading: Reading) -> Result<Answer>;

    /// Sets models side by side, named by id.
    ///
    /// # Errors
    /// When a name has no card, or the index cannot be searched.
    fn compare(&self, models: &[String]) -> Result<Answer>;

    /// What to do with a model that somebody wants to try, named by id.
    ///
    /// # Errors
    /// When no card has that id, or the index cannot be searched.
    fn try_out(&self, id: &str) -> Result<Answer>;

    /// The card of that id, and what stands beside it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn card(&self, id: &str) -> Result<Option<OpenCard>>;

    /// All models that there is a card for. Made on a thread of its own, since it takes long.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn catalogue(&self) -> Result<Catalogue> {
        Ok(Catalogue::new([], &[], &Machine::of(1, 0, 0, 1.0)))
    }

    /// Whether `catalogue` still holds all models and no other; looked at before each find.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn is_current(&self, catalogue: &Catalogue) -> Result<bool> {
        let _ = catalogue;
        Ok(true)
    }

    /// The same, with what is on this disk now; nothing if that makes no difference to it.
    fn renewed(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// What the user should know of what happened since the last call.
    fn take_notices(&self) -> Vec<Notice> {
        Vec::new()
    }
}

impl Engine for Advisor {
    fn prepare(&self) {
        self.machine().measure();
    }

    fn ask(&self, question: &str, before: Option<&Reading>) -> Result<Answer> {
        Self::ask(self, question, before)
    }

    fn answer(&self, reading: Reading) -> Result<Answer> {
        Self::answer(self, reading)
    }

    fn compare(&self, models: &[String]) -> Result<Answer> {
        Self::compare(self, models, &[])
    }

    fn try_out(&self, id: &str) -> Result<Answer> {
        Self::try_out(self, id)
    }

    fn card(&self, id: &str) -> Result<Option<OpenCard>> {
        let Some(card) = self.library().card(id)? else {
            return Ok(None);
        };
        Ok(Some(OpenCard {
            problems: crate::card::check(&card),
            related: self.related(&card)?,
            offer: self.offer(&card),
            card,
        }))
    }

    fn catalogue(&self) -> Result<Catalogue> {
        let on_disk = self.machine().cached.iter().map(|cached| {
            let disk = OnDisk {
                bytes: cached.bytes,
                whole: cached.whole,
                last_used: cached.last_used,
            };
            (cached.id.clone(), disk)
        });
        Self::catalogue(self, &on_disk.collect::<Vec<_>>())
    }

    fn is_current(&self, catalogue: &Catalogue) -> Result<bool> {
        Self::is_current(self, catalogue)
    }

    fn renewed(&self) -> Option<Self> {
        Some(Self::renewed(self))
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.library().take_notices()
    }
}

/// A card, and what is known of it besides.
#[derive(Debug, Clone)]
pub struct OpenCard {
    /// The card.
    pub card: Arc<Card>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// The cards beside it, the closest first.
    pub related: Vec<Related>,
    /// What it can be tried for, if it runs here.
    pub offer: Option<Offer>,
}

/// What the desk shows of a library that has been opened.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// How many model cards of each origin there are.
    pub counts: Vec<(Origin, usize)>,
    /// Names of models, for completion while typing.
    pub names: Vec<String>,
    /// The built-in models and the user's own that run here.
    pub offers: Vec<Offer>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory that is free or can be freed, bytes.
    pub free_memory: u64,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

impl Opened {
    /// How many model cards there are in all.
    pub fn cards(&self) -> usize {
        self.counts.iter().map(|(_, n)| n).sum()
    }
}

/// Who asks for what a view shows: of the requests of one kind by one of them only the newest is
/// answered, since they show one view at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Requester(pub &'static str);

/// What is asked of the thread. Tickets come back in the report.
#[derive(Debug)]
pub enum Request {
    /// Answer a question.
    Ask {
        /// Names this request.
        ticket: u64,
        /// As typed.
        question: String,
        /// The reading that a follow-up carries on from.
        before: Option<Box<Reading>>,
    },
    /// Answer an edited reading.
    Redo {
        /// Names this request.
        ticket: u64,
        /// The edited reading.
        reading: Box<Reading>,
    },
    /// Set models side by side.
    Compare {
        /// Names this request.
        ticket: u64,
        /// Who waits for it.
        by: Requester,
        /// The models' ids.
        models: Vec<String>,
    },
    /// Say what to do with a model that somebody wants to try.
    Try {
        /// Names this request.
        ticket: u64,
        /// Who waits for it.
        by: Requester,
        /// The model's id.
        id: String,
    },
    /// Fetch a card, and what stands beside it.
    Card {
        /// Names this request.
        ticket: u64,
        /// Who waits for it.
        by: Requester,
        /// The card's id.
        id: String,
    },
    /// Look anew which models are on this disk.
    Rescan,
    /// Find models.
    Find {
        /// Names this request.
        ticket: u64,
        /// What is wanted.
        wanted: Wanted,
    },
}

/// What the thread reports.
#[derive(Debug)]
pub enum Report {
    /// The library is open, or could not be opened.
    Opened(Result<Opened>),
    /// Something happened that stopped nothing, such as an index that was built anew.
    Noticed(Vec<Notice>),
    /// The answer to [`Request::Ask`] or [`Request::Redo`].
    Answered {
        /// The request's.
        ticket: u64,
        /// The answer, or why there is none.
        answer: Result<Box<Answer>>,
    },
    /// The comparison of [`Request::Compare`].
    Compared {
        /// The request's.
        ticket: u64,
        /// The answer that holds it, or why there is none.
        answer: Result<Box<Answer>>,
    },
    /// The answer to [`Request::Try`].
    Tried {
        /// The request's.
        ticket: u64,
        /// What to do, or why nothing can be said.
        answer: Result<Box<Answer>>,
    },
    /// The card of [`Request::Card`].
    CardRead {
        /// The request's.
        ticket: u64,
        /// The card; none when no card has that id.
        card: Result<Option<OpenCard>>,
    },
    /// What [`Request::Find`] found. Comes twice where the library had changed: at once from the
    /// models as they were, and then from the models as they are.
    Found {
        /// The request's.
        ticket: u64,
        /// The models, and which of them are wanted; or why there are none.
        found: Result<(Arc<Catalogue>, Found)>,
    },
}

/// Opens the library and the machine: what the thread does first.
///
/// # Errors
/// When the library cannot be opened.
pub fn open_advisor(folders: &Folders, settings: &Settings) -> Result<(Advisor, Opened)> {
    let (library, notices) = Library::open(folders)?;
    let machine = Machine::read(folders, settings);
    let mut names: Vec<String> = Vec::new();
    for card in library.built_in().iter().chain(&library.own()) {
        if card.facts.kind == crate::card::Kind::Model {
            names.push(card.name().to_owned());
            names.push(card.id.clone());
        }
    }
    names.sort();
    names.dedup();
    let advisor = Advisor::new(Arc::new(library), machine);
    let opened = Opened {
        counts: advisor.library().counts(),
        names,
        offers: advisor.offers(),
        cores: advisor.machine().cores,
        free_memory: advisor.machine().free_memory,
        notices,
    };
    Ok((advisor, opened))
}

/// A handle on the thread. Dropping it lets the thread end after the work at hand.
#[derive(Debug)]
pub struct AdvisorWorker {
    requests: Sender<Request>,
}

impl AdvisorWorker {
    /// Starts the thread: it runs `open`, reports, and then answers requests until the handle is
    /// dropped. Requests made before the library is open wait for it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start<E: Engine>(
        open: impl FnOnce() -> Result<(E, Opened)> + Send + 'static,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self> {
        let (requests, inbox) = channel();
        let report = Arc::new(report);
        spawn("advisor", move || {
            let (engine, opened) = match guarded("opening the library", open) {
                Ok((engine, opened)) => (Some(Arc::new(engine)), Ok(opened)),
                Err(error) => (None, Err(error)),
            };
            report(Report::Opened(opened));
            // What fails here is done again by the answer that needs it.
            let _ = guarded("preparing", || {
                if let Some(engine) = &engine {
                    engine.prepare();
                }
                Ok(())
            });
            let finds = None;
            Served {
                engine,
                report,
                finds,
            }
            .serve(&inbox);
        })?;
        Ok(Self { requests })
    }

    /// Hands over a request. Never waits.
    pub fn send(&self, request: Request) {
        // The thread outlives the handle, so a send cannot fail; were it gone, nothing is lost.
        let _ = self.requests.send(request);
    }
}

impl Request {
    /// Its kind and who asks: a later request of the same takes its place. What is quickly done
    /// comes first.
    fn slot(&self) -> (u8, Requester) {
        match self {
            // What is asked together with it is answered from what is there now.
            Self::Rescan => (0, Requester::default()),
            Self::Find { .. } => (1, Requester::default()),
            Self::Card { by, .. } => (2, *by),
            Self::Compare { by, .. } => (3, *by),
            Self::Try { by, .. } => (4, *by),
            Self::Ask { .. } | Self::Redo { .. } => (5, Requester::default()),
        }
    }
}

/// `first` and all that has arrived since, the newest of each slot.
fn newest(first: Request, inbox: &Receiver<Request>) -> impl Iterator<Item = Request> + use<> {
    let mut kept = BTreeMap::from([(first.slot(), first)]);
    kept.extend(inbox.try_iter().map(|request| (request.slot(), request)));
    kept.into_values()
}

/// What the thread works with once the library was opened, or could not be.
struct Served<E, R> {
    engine: Option<Arc<E>>,
    report: Arc<R>,
    /// To the catalogue's thread, which starts with the first find.
    finds: Option<Sender<Find>>,
}

impl<E: Engine, R: Fn(Report) + Send + Sync + 'static> Served<E, R> {
    fn serve(mut self, inbox: &Receiver<Request>) {
        while let Ok(first) = inbox.recv() {
            for request in newest(first, inbox) {
                self.work(request);
            }
        }
    }

    fn work(&mut self, request: Request) {
        let report = match request {
            Request::Ask {
                ticket,
                question,
                before,
            } => {
                let ask = |engine: &E| engine.ask(&question, before.as_deref());
                Report::Answered {
                    ticket,
                    answer: self.with_engine("the advisor", ask).map(Box::new),
                }
            }
            Request::Redo { ticket, reading } => {
                let answer = |engine: &E| engine.answer(*reading);
                Report::Answered {
                    ticket,
                    answer: self.with_engine("the advisor", answer).map(Box::new),
                }
            }
            Request::Compare { ticket, models, .. } => {
                let compare = |engine: &E| engine.compare(&models);
                Report::Compared {
                    ticket,
                    answer: self.with_engine("the comparison", compare).map(Box::new),
                }
            }
            Request::Try { ticket, id, .. } => {
                let try_out = |engine: &E| engine.try_out(&id);
                Report::Tried {
                    ticket,
                    answer: self.with_engine("the advisor", try_out).map(Box::new),
                }
            }
            Request::Card { ticket, id, .. } => Report::CardRead {
                ticket,
                card: self.with_engine("reading the card", |engine| engine.card(&id)),
            },
            Request::Rescan => return self.rescan(),
            Request::Find { ticket, wanted } => match self.hand_over(Find { ticket, wanted }) {
                Ok(()) => return,
                Err(error) => Report::Found {
                    ticket,
                    found: Err(error),
                },
            },
        };
        (self.report)(report);
        if let Some(engine) = &self.engine {
            tell_notices(&**engine, &*self.report);
        }
    }

    /// Works with what is on this disk now; the catalogue's thread makes its list anew.
    fn rescan(&mut self) {
        let renew = |engine: &E| Ok(engine.renewed());
        if let Ok(Some(renewed)) = self.with_engine("looking at the disk", renew) {
            self.engine = Some(Arc::new(renewed));
            self.finds = None;
        }
    }

    fn with_engine<T>(&self, job: &str, work: impl FnOnce(&E) -> Result<T>) -> Result<T> {
        let engine = self.engine.as_deref().ok_or_else(not_open)?;
        guarded(job, || work(engine))
    }

    fn hand_over(&mut self, find: Find) -> Result<()> {
        let engine = self.engine.as_ref().ok_or_else(not_open)?;
        let finds = match self.finds.take() {
            Some(finds) => finds,
            None => catalogue::start(Arc::clone(engine), Arc::clone(&self.report))?,
        };
        // The thread lives as long as its sender.
        let _ = finds.send(find);
        self.finds = Some(finds);
        Ok(())
    }
}

/// Reports what the user should know; what cannot be told is no reason to end the thread.
pub(super) fn tell_notices(engine: &impl Engine, report: &impl Fn(Report)) {
    let notices = guarded("looking for notices", || Ok(engine.take_notices()));
    let notices = notices.unwrap_or_default();
    if !notices.is_empty() {
        report(Report::Noticed(notices));
    }
}

fn not_open() -> Error {
    Error::new("the library of cards is not open").hint("leave the desk and run `modeldesk doctor`")
}

/// Runs `job`; a panic becomes an error.
pub(super) fn guarded<T>(name: &str, job: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing of `job` is used again after a panic but the engine, which is read-only.
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|p| Err(panic_error(name, p.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_request_of_each_kind_and_each_requester_is_answered() {
        let (sender, inbox) = channel();
        let card = |ticket, by| Request::Card {
            ticket,
            by: Requester(by),
            id: "a/b".to_owned(),
        };
        let question = |ticket| Request::Ask {
            ticket,
            question: "?".to_owned(),
            before: None,
        };
        // Two panes open a card each while the library opens, and one of them another one.
        for request in [card(2, "models"), question(3), card(4, "ask"), question(5)] {
            sender.send(request).unwrap();
        }
        let kept = newest(card(1, "ask"), &inbox).map(|request| match request {
            Request::Card { ticket, .. } | Request::Ask { ticket, .. } => ticket,
            other => panic!("{other:?}"),
        });
        assert_eq!(kept.collect::<Vec<_>>(), [4, 2, 5]);
    }
}
