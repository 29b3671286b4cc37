//! The thread that opens the library and answers questions, so that typing never waits.
//!
//! Requests queue in a channel. Before each piece of work the thread takes all that has arrived
//! and keeps the newest question, the newest comparison and the newest card only: what was asked
//! before the newest is of no use to anybody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::{panic_error, spawn};
use crate::advisor::machine::Machine;
use crate::advisor::{Advisor, Answer, Reading};
use crate::card::{Card, Origin};
use crate::error::Result;
use crate::files::Folders;
use crate::index::{Library, Notice};

/// What the thread works with: the advisor, or a stand-in for tests.
pub trait Engine {
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

    /// The card of that id.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn card(&self, id: &str) -> Result<Option<Arc<Card>>>;

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

    fn card(&self, id: &str) -> Result<Option<Arc<Card>>> {
        self.library().card(id)
    }

    fn take_notices(&self) -> Vec<Notice> {
        self.library().take_notices()
    }
}

/// What the desk shows of a library that has been opened.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// How many model cards of each origin there are.
    pub counts: Vec<(Origin, usize)>,
    /// Names of models, for completion while typing.
    pub names: Vec<String>,
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
        /// The models' ids.
        models: Vec<String>,
    },
    /// Fetch a card's text.
    Card {
        /// Names this request.
        ticket: u64,
        /// The card's id.
        id: String,
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
    /// The card of [`Request::Card`].
    CardRead {
        /// The request's.
        ticket: u64,
        /// The card; none when no card has that id.
        card: Result<Option<Arc<Card>>>,
    },
}

/// Opens the library and the machine: what the thread does first.
///
/// # Errors
/// When the library cannot be opened.
pub fn open_advisor(folders: &Folders) -> Result<(Advisor, Opened)> {
    let (library, notices) = Library::open(folders)?;
    let machine = Machine::read(folders);
    let mut names: Vec<String> = Vec::new();
    for card in library.built_in().iter().chain(&library.own()) {
        if card.facts.kind == crate::card::Kind::Model {
            names.push(card.name().to_owned());
            names.push(card.id.clone());
        }
    }
    names.sort();
    names.dedup();
    let opened = Opened {
        counts: library.counts(),
        names,
        cores: machine.cores,
        free_memory: machine.free_memory,
        notices,
    };
    Ok((Advisor::new(Arc::new(library), machine), opened))
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
        report: impl Fn(Report) + Send + 'static,
    ) -> Result<Self> {
        let (requests, inbox) = channel();
        spawn("advisor", move || {
            let opened = guarded("opening the library", open);
            match opened {
                Ok((engine, opened)) => {
                    report(Report::Opened(Ok(opened)));
                    // What fails here is done again by the answer that needs it.
                    let _ = guarded("preparing", || {
                        engine.prepare();
                        Ok(())
                    });
                    serve(&inbox, &report, Some(&engine));
                }
                Err(error) => {
                    report(Report::Opened(Err(error)));
                    serve::<E>(&inbox, &report, None);
                }
            }
        })?;
        Ok(Self { requests })
    }

    /// Hands over a request. Never waits.
    pub fn send(&self, request: Request) {
        // The thread outlives the handle, so a send cannot fail; were it gone, nothing is lost.
        let _ = self.requests.send(request);
    }
}

/// The newest of what has arrived.
#[derive(Default)]
struct Newest {
    question: Option<Request>,
    comparison: Option<Request>,
    card: Option<Request>,
}

impl Newest {
    fn take_in(&mut self, request: Request) {
        match request {
            Request::Card { .. } => self.card = Some(request),
            Request::Compare { .. } => self.comparison = Some(request),
            Request::Ask { .. } | Request::Redo { .. } => self.question = Some(request),
        }
    }
}

fn serve<E: Engine>(inbox: &Receiver<Request>, report: &impl Fn(Report), engine: Option<&E>) {
    while let Ok(first) = inbox.recv() {
        let mut newest = Newest::default();
        newest.take_in(first);
        for request in inbox.try_iter() {
            newest.take_in(request);
        }
        let all = [newest.card, newest.comparison, newest.question];
        for request in all.into_iter().flatten() {
            report(work(request, engine));
            let notices = engine.map(Engine::take_notices).unwrap_or_default();
            if !notices.is_empty() {
                report(Report::Noticed(notices));
            }
        }
    }
}

fn work<E: Engine>(request: Request, engine: Option<&E>) -> Report {
    let engine = engine.ok_or_else(|| {
        crate::error::Error::new("the library of cards is not open")
            .hint("leave the desk and run `modeldesk doctor`")
    });
    match request {
        Request::Ask {
            ticket,
            question,
            before,
        } => {
            let answer = engine.and_then(|engine| {
                guarded("the advisor", || engine.ask(&question, before.as_deref()))
            });
            Report::Answered {
                ticket,
                answer: answer.map(Box::new),
            }
        }
        Request::Redo { ticket, reading } => {
            let answer =
                engine.and_then(|engine| guarded("the advisor", || engine.answer(*reading)));
            Report::Answered {
                ticket,
                answer: answer.map(Box::new),
            }
        }
        Request::Compare { ticket, models } => {
            let answer =
                engine.and_then(|engine| guarded("the advisor", || engine.compare(&models)));
            Report::Compared {
                ticket,
                answer: answer.map(Box::new),
            }
        }
        Request::Card { ticket, id } => {
            let card = engine.and_then(|engine| guarded("reading the card", || engine.card(&id)));
            Report::CardRead { ticket, card }
        }
    }
}

/// Runs `job`; a panic becomes an error.
fn guarded<T>(name: &str, job: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing of `job` is used again after a panic but the engine, which is read-only.
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|p| Err(panic_error(name, p.as_ref())))
}
