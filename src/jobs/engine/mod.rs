//! The thread that holds loaded models and runs them, so that no screen ever waits for one.
//!
//! An [`Order`] names a model, a task, an input and options; what comes of it is told in
//! [`Report`]s that carry its ticket: that the model is being loaded, tokens as they come, the
//! result. Of one requester the newest order counts: sending it stops the one before. `models`
//! keeps what was loaded until memory is short, `work` runs a task, `talk` gives the next answer of
//! a conversation, `input` reads the files that a text names, `shelf` says what could be run, and
//! `speaker` what one can talk to.

mod input;
mod models;
mod options;
mod outcome;
mod shelf;
mod speaker;
mod talk;
mod work;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::advisor::Requester;
use super::{Cancel, panic_error, spawn};
use crate::error::Result;
use crate::model::generate;
use crate::model::layers::Precision;
use crate::model::pipeline::Task;

pub use models::{Models, needs};
pub use outcome::{Done, Output, Pace};
pub use shelf::{Kept, Shelf};
pub use speaker::{Origin, Speaker, form_of};
pub use talk::{Talk, usual};

/// A model in a folder, in the form in which it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// Where its files are.
    pub folder: PathBuf,
    /// What its weights are kept in.
    pub precision: Precision,
}

/// What a model is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A text. A line `@FILE` stands for what is in that file. For question-answering the question
    /// is the first line; for sentence-similarity each line is a text.
    Text(String),
    /// A conversation whose next answer is wanted.
    Talk(Talk),
}

/// What is to be done with a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Run a task.
    Run {
        /// Which.
        task: Task,
        /// On what.
        input: Input,
        /// What is put before the text, where the model was saved with nothing for that.
        prefix: Option<String>,
        /// What differs from what the model was saved with, under transformers' names.
        options: Map<String, Value>,
    },
    /// Measure how fast it is.
    Measure,
}

/// One piece of work for the thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Names it in the reports.
    pub ticket: u64,
    /// Who waits for it; a newer one by the same takes its place.
    pub by: Requester,
    /// The model.
    pub model: Weights,
    /// What is to be done.
    pub work: Work,
}

/// What the thread tells of an order.
#[derive(Debug)]
pub struct Report {
    /// The order's.
    pub ticket: u64,
    /// What there is to tell.
    pub news: News,
}

/// What there is to tell of an order, in the order in which it comes.
#[derive(Debug)]
pub enum News {
    /// The model is being read from the disk; so many bytes.
    Loading(u64),
    /// The model is there.
    Loaded {
        /// How long that took; nothing if it was there already.
        took: Option<Duration>,
        /// What decides how it writes, for a model that writes.
        options: Option<Box<generate::Options>>,
    },
    /// The text as the model gets it, with the files that it names in their places.
    Given(String),
    /// The conversation as the model gets it.
    Sent {
        /// The exact text.
        text: String,
        /// How many tokens it takes.
        tokens: usize,
        /// How many the model reads and writes in all.
        of: usize,
        /// How many of the oldest turns had no room.
        dropped: usize,
    },
    /// One token more.
    Token {
        /// What is certain of the text since the last time; may be empty.
        text: String,
        /// How fast it comes.
        pace: Pace,
    },
    /// Part `at` of `of` of a long document is being read.
    Reading {
        /// Which, from 1 on.
        at: usize,
        /// How many.
        of: usize,
        /// The part itself.
        text: String,
    },
    /// The part that was being read has this summary.
    Summary(String),
    /// The order is done, was stopped, or failed. Nothing follows.
    Ended(Result<Box<Done>>),
}

/// What the thread works with: the models of this disk, or a stand-in for tests.
pub trait Runner: Send + 'static {
    /// Does what is to be done with a model, and tells of it on the way.
    ///
    /// # Errors
    /// A model that cannot be loaded, an input or options that do not fit, or a stop.
    fn work(
        &mut self,
        model: &Weights,
        work: &Work,
        cancel: &Cancel,
        tell: &mut dyn FnMut(News),
    ) -> Result<Done>;

    /// Called after a panic in [`Self::work`]: what was held then may be half changed.
    fn reset(&mut self);
}

/// The order of each requester that counts, and how to stop it.
type Newest = Arc<Mutex<BTreeMap<Requester, (u64, Cancel)>>>;

/// A handle on the thread. Dropping it stops the work at hand and lets the thread end.
#[derive(Debug)]
pub struct EngineWorker {
    orders: Sender<(Order, Cancel)>,
    newest: Newest,
}

impl EngineWorker {
    /// Starts the thread, which does one order after the other.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(runner: impl Runner, report: impl Fn(Report) + Send + 'static) -> Result<Self> {
        let (orders, inbox) = channel();
        let newest = Newest::default();
        let known = Arc::clone(&newest);
        spawn("engine", move || serve(runner, &inbox, &known, &report))?;
        Ok(Self { orders, newest })
    }

    /// Hands over an order, which stops the one before by the same requester. Never waits.
    pub fn send(&self, order: Order) {
        let cancel = Cancel::new();
        let before = lock(&self.newest).insert(order.by, (order.ticket, cancel.clone()));
        if let Some((_, cancel)) = before {
            cancel.cancel();
        }
        // The thread outlives the handle, so a send cannot fail; were it gone, nothing is lost.
        let _ = self.orders.send((order, cancel));
    }

    /// Stops an order, if it is not done yet. It still ends with a report.
    pub fn stop(&self, ticket: u64) {
        for (_, cancel) in lock(&self.newest).values().filter(|(of, _)| *of == ticket) {
            cancel.cancel();
        }
    }
}

impl Drop for EngineWorker {
    fn drop(&mut self) {
        for (_, cancel) in lock(&self.newest).values() {
            cancel.cancel();
        }
    }
}

fn lock(newest: &Newest) -> std::sync::MutexGuard<'_, BTreeMap<Requester, (u64, Cancel)>> {
    // Nothing panics while it is held.
    newest.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    mut runner: impl Runner,
    inbox: &Receiver<(Order, Cancel)>,
    newest: &Newest,
    report: &impl Fn(Report),
) {
    while let Ok((order, cancel)) = inbox.recv() {
        let ticket = order.ticket;
        let mut tell = |news| report(Report { ticket, news });
        let ended = cancel
            .check()
            .and_then(|()| attend(&mut runner, &order, &cancel, &mut tell));
        let mut known = lock(newest);
        if known.get(&order.by).is_some_and(|(of, _)| *of == ticket) {
            known.remove(&order.by);
        }
        drop(known);
        tell(News::Ended(ended.map(Box::new)));
    }
}

/// Does an order; a panic becomes an error, and what was held is given up.
fn attend(
    runner: &mut impl Runner,
    order: &Order,
    cancel: &Cancel,
    tell: &mut dyn FnMut(News),
) -> Result<Done> {
    let work = || runner.work(&order.model, &order.work, cancel, tell);
    // Nothing of the work is used again but the runner, which is reset.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        runner.reset();
        Err(panic_error("the engine", panic.as_ref()))
    })
}

#[cfg(test)]
mod tests;
