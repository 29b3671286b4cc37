//! The hub's thread: it asks a hub for offers and fetches them, several at once, on the only
//! asynchronous runtime of the program.
//!
//! A pane or a command sends a [`HubRequest`] with a ticket of its own and a [`Cancel`], and hears
//! [`HubReport`]s that name the ticket. Of each request exactly one report is the last:
//! [`HubReport::Offered`] or [`HubReport::Fetched`]. What failed or was cancelled is tried again by
//! sending the same request once more; a fetch then goes on from what has arrived.

use std::rc::Rc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};

use super::{Cancel, panic_error, watch};
use crate::error::{Error, Result};
use crate::files::Folders;
use crate::hub::{Fetched, Hub, Observer, Offer, Progress, Revision};
use crate::index::{Library, TakenIn, read_card};

/// What the hub's thread is asked for.
#[derive(Debug)]
pub enum HubRequest {
    /// What fetching the model `id` would bring, and take. Answered by [`HubReport::Offered`].
    Offer {
        /// Names the request.
        ticket: u64,
        /// The hub's id, as the user gave it.
        id: String,
        /// A branch, a tag or a commit.
        revision: Revision,
    },
    /// To fetch what was offered. Answered by [`HubReport::Fetched`], after any number of
    /// [`HubReport::Progress`] and [`HubReport::Noted`].
    Fetch {
        /// Names the request.
        ticket: u64,
        /// What is fetched: that commit, and no other.
        offer: Box<Offer>,
    },
}

/// What the hub's thread says.
#[derive(Debug)]
pub enum HubReport {
    /// What fetching would bring.
    Offered {
        /// Of which request.
        ticket: u64,
        /// The offer.
        offer: Result<Box<Offer>>,
    },
    /// How far a fetch is: about ten times a second. No number becomes smaller.
    Progress {
        /// Of which request.
        ticket: u64,
        /// How far it is.
        progress: Progress,
    },
    /// Something that the user should know and that stops nothing, safe to show.
    Noted {
        /// Of which request.
        ticket: u64,
        /// In words.
        note: String,
    },
    /// The model is there, or why not. An error of the kind `Interrupted` was asked for.
    Fetched {
        /// Of which request.
        ticket: u64,
        /// What arrived.
        arrived: Result<Box<Arrived>>,
    },
    /// The thread has failed and does nothing more.
    Broken(Error),
}

/// A model that was fetched.
#[derive(Debug)]
pub struct Arrived {
    /// Where it is.
    pub fetched: Fetched,
    /// What became of its card.
    pub card: Card,
}

/// What became of the card of a fetched model.
#[derive(Debug)]
pub enum Card {
    /// The repository has none.
    None,
    /// It answers, or another with that id does.
    Taken(TakenIn),
    /// It is on this disk and could not be indexed.
    Failed(Error),
}

/// The hub's thread. It ends, with all that it does, once this is dropped; what has arrived stays.
#[derive(Debug)]
pub struct HubWorker {
    requests: UnboundedSender<(HubRequest, Cancel)>,
}

impl HubWorker {
    /// Starts the thread, which opens no connection before it is asked. Cards of fetched models go
    /// into the library in `folders`. `report` is called on the thread and must not block.
    ///
    /// # Errors
    /// When the system gives no further thread.
    pub fn start(
        hub: Hub,
        folders: Folders,
        report: impl Fn(HubReport) + Clone + Send + 'static,
    ) -> Result<Self> {
        let (requests, inbox) = unbounded_channel();
        let broken = report.clone();
        watch(
            "hub",
            move || serve(hub, folders, inbox, report),
            move |error| broken(HubReport::Broken(error)),
        )?;
        Ok(Self { requests })
    }

    /// Sends a request, which ends early once `cancel` says so.
    pub fn send(&self, request: HubRequest, cancel: Cancel) {
        // Of a thread that is gone its last report has told.
        let _ = self.requests.send((request, cancel));
    }
}

fn serve(
    hub: Hub,
    folders: Folders,
    mut inbox: UnboundedReceiver<(HubRequest, Cancel)>,
    report: impl Fn(HubReport) + 'static,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(e) => {
            let error = Error::new("cannot wait for the network").caused_by(e);
            return report(HubReport::Broken(error));
        }
    };
    let desk = Rc::new(Desk {
        hub,
        folders,
        report: Box::new(report),
    });
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        while let Some((request, cancel)) = inbox.recv().await {
            spawn_local(Rc::clone(&desk).answer(request, cancel));
        }
    });
    drop(tasks);
    // A name that is still being looked up holds nobody back.
    runtime.shutdown_background();
}

/// What all requests share.
struct Desk {
    hub: Hub,
    folders: Folders,
    report: Box<dyn Fn(HubReport)>,
}

impl Desk {
    async fn answer(self: Rc<Self>, request: HubRequest, cancel: Cancel) {
        let desk = Rc::clone(&self);
        match request {
            HubRequest::Offer {
                ticket,
                id,
                revision,
            } => {
                let asked = async move { desk.hub.offer(&id, &revision, &cancel).await };
                let offer = guarded("asking the hub", asked).await.map(Box::new);
                (self.report)(HubReport::Offered { ticket, offer });
            }
            HubRequest::Fetch { ticket, offer } => {
                let fetching = async move { desk.fetch(ticket, &offer, &cancel).await };
                let arrived = guarded("the fetch", fetching).await.map(Box::new);
                (self.report)(HubReport::Fetched { ticket, arrived });
            }
        }
    }

    async fn fetch(&self, ticket: u64, offer: &Offer, cancel: &Cancel) -> Result<Arrived> {
        let mut teller = Teller {
            ticket,
            report: &*self.report,
        };
        let fetched = self.hub.fetch(offer, cancel, &mut teller).await?;
        let card = self.index(&offer.id, &fetched, &mut teller);
        Ok(Arrived { fetched, card })
    }

    /// Indexes the card; a model without its card is a model all the same.
    fn index(&self, id: &str, fetched: &Fetched, teller: &mut Teller<'_>) -> Card {
        let Some(path) = &fetched.card else {
            return Card::None;
        };
        let mut index = || {
            let (text, _) = read_card(path)?;
            let (library, _) = Library::open(&self.folders)?;
            library.take_in(id, &text, &mut |whom| teller.note(whom))
        };
        index().map_or_else(Card::Failed, Card::Taken)
    }
}

/// Runs `work`; a panic becomes an error.
async fn guarded<T: 'static>(
    name: &str,
    work: impl Future<Output = Result<T>> + 'static,
) -> Result<T> {
    match spawn_local(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => Err(panic_error(name, panic.as_ref())),
            Err(_) => Err(Error::interrupted()),
        },
    }
}

/// Names the request in what a fetch tells.
struct Teller<'a> {
    ticket: u64,
    report: &'a dyn Fn(HubReport),
}

impl Observer for Teller<'_> {
    fn progress(&mut self, progress: &Progress) {
        (self.report)(HubReport::Progress {
            ticket: self.ticket,
            progress: progress.clone(),
        });
    }

    fn note(&mut self, note: &str) {
        (self.report)(HubReport::Noted {
            ticket: self.ticket,
            note: note.to_owned(),
        });
    }
}
