//! Models from a hub: fetched, interrupted, gone on with, refused, deleted.
//!
//! Long runs of the same tests, with full counts: `cargo xtask soak hub`.
#![cfg(unix)]

mod command;
mod deleting;
mod interrupted;
mod lies;
mod names;
mod network;
mod offers;
mod server;
mod shared;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use modeldesk::error::{Kind, Result};
use modeldesk::files::Folders;
use modeldesk::hub::{Cache, Hub, Offer, Patience, Progress, Revision};
use modeldesk::jobs::{Arrived, Cancel, HubReport, HubRequest, HubWorker};
use server::{Repository, Server, git, sha256};
use tempfile::TempDir;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const LATER: &str = "89abcdef0123456789abcdef0123456789abcdef";
const ID: &str = "org/tiny";
/// The path of the weights on the hub.
const WEIGHTS: &str = "model.safetensors";
/// So long nothing here takes, unless it never ends.
const FOREVER: Duration = Duration::from_mins(2);

/// Bytes that no packing makes smaller and no two of which are the same file.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| step()).collect()
}

/// A model with weights of so many bytes.
fn model(bytes: usize) -> Repository {
    Repository::new(ID, COMMIT)
        .with("README.md", "---\nlicense: mit\n---\n# Tiny\n")
        .with("config.json", r#"{"model_type": "gpt2"}"#)
        .with("tokenizer.json", "{}")
        .with(WEIGHTS, noise(bytes, 7))
}

/// A hub, a user who fetches from it, and what is around.
struct World {
    server: Server,
    root: TempDir,
    patience: Patience,
}

impl World {
    /// With a model of so many bytes.
    fn with(bytes: usize) -> Self {
        let server = Server::start();
        server.has(model(bytes));
        Self {
            server,
            root: tempfile::tempdir().unwrap(),
            patience: Patience {
                answer: FOREVER,
                bytes: FOREVER,
                lock: Duration::from_millis(900),
                attempts: 1,
                pause: Duration::from_millis(2),
            },
        }
    }

    /// As little patience as is needed to see what becomes of a server that stands still.
    fn hasty(&self) -> Patience {
        Patience {
            answer: Duration::from_millis(400),
            bytes: Duration::from_millis(400),
            ..self.patience
        }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("hub")
    }

    fn cache(&self) -> Cache {
        Cache::at(self.folder())
    }

    fn hub(&self) -> Hub {
        let hub = Hub::at(&self.server.endpoint(), self.cache()).unwrap();
        hub.with_patience(self.patience)
    }

    fn model(&self) -> PathBuf {
        self.folder().join("models--org--tiny")
    }

    fn blobs(&self) -> PathBuf {
        self.model().join("blobs")
    }

    fn pull(&self) -> Pulled {
        self.pull_as(&self.hub(), "main", &Cancel::new())
    }

    fn pull_as(&self, hub: &Hub, revision: &str, cancel: &Cancel) -> Pulled {
        let talk = Talk::with(hub, &self.root.path().join("home"));
        let revision = revision.parse().unwrap();
        match talk.offer(ID, revision, cancel) {
            Ok(offer) => talk.fetch(offer, cancel),
            Err(error) => Pulled::failed(&error),
        }
    }

    /// Every blob is what its name says, and every link leads to one.
    fn check(&self) {
        let Ok(blobs) = self.blobs().read_dir() else {
            return;
        };
        for blob in blobs.flatten() {
            let name = blob.file_name().into_string().unwrap();
            if name.ends_with(".incomplete") {
                continue;
            }
            let content = std::fs::read(blob.path()).unwrap();
            assert!(name == sha256(&content) || name == git(&content), "{name}");
        }
        for link in links(&self.model().join("snapshots")) {
            assert!(link.is_file(), "{}", link.display());
        }
    }

    /// The model is there, whole and right, and nothing unfinished is.
    fn check_whole(&self, of: &Repository) {
        self.check();
        let found = self.cache().find(ID).expect("it is there");
        assert!(found.whole && found.revision.as_deref() == Some(of.commit.as_str()));
        let folder = self.cache().snapshot(&found).unwrap();
        assert_eq!(
            std::fs::read(folder.join(WEIGHTS)).unwrap(),
            of.files[WEIGHTS]
        );
        assert_eq!(self.unfinished(), 0);
    }

    /// The model does not look whole.
    fn check_absent(&self) {
        self.check();
        assert!(self.cache().find(ID).is_none_or(|found| !found.whole));
        assert!(!self.blobs().join(sha256(&noise_of(self))).exists());
    }

    /// Bytes of files that are not finished.
    fn unfinished(&self) -> u64 {
        let entries = self.blobs().read_dir().into_iter().flatten().flatten();
        let unfinished =
            entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".incomplete"));
        unfinished
            .map(|entry| entry.metadata().unwrap().len())
            .sum()
    }

    /// Bytes of weights that the hub has sent since this was last asked.
    fn sent(&self) -> u64 {
        let seen = self.server.seen();
        seen.iter()
            .filter(|seen| seen.path.ends_with(WEIGHTS))
            .map(|seen| seen.sent)
            .sum()
    }
}

/// The weights, whatever length they have in this world.
fn noise_of(world: &World) -> Vec<u8> {
    let offer = Talk::with(&world.hub(), &world.root.path().join("home")).offer(
        ID,
        Revision::default(),
        &Cancel::new(),
    );
    let size = offer.map_or(0, |offer| offer.weights());
    noise(size as usize, 7)
}

fn links(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(links(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// The hub's thread, and what it says.
struct Talk {
    worker: HubWorker,
    inbox: Receiver<HubReport>,
}

impl Talk {
    fn with(hub: &Hub, home: &Path) -> Self {
        let (reports, inbox) = channel();
        let report = move |report| {
            let _ = reports.send(report);
        };
        let worker = HubWorker::start(hub.clone(), Folders::below(home), report).unwrap();
        Self { worker, inbox }
    }

    fn offer(&self, id: &str, revision: Revision, cancel: &Cancel) -> Result<Offer> {
        let id = id.to_owned();
        let asked = HubRequest::Offer {
            ticket: 1,
            id,
            revision,
        };
        self.worker.send(asked, cancel.clone());
        match self.inbox.recv_timeout(FOREVER).expect("an answer") {
            HubReport::Offered { ticket: 1, offer } => offer.map(|offer| *offer),
            other => panic!("{other:?}"),
        }
    }

    fn fetch(&self, offer: Offer, cancel: &Cancel) -> Pulled {
        let offer = Box::new(offer);
        self.worker
            .send(HubRequest::Fetch { ticket: 2, offer }, cancel.clone());
        let mut pulled = Pulled::default();
        loop {
            match self.inbox.recv_timeout(FOREVER).expect("an answer") {
                HubReport::Progress {
                    ticket: 2,
                    progress,
                } => pulled.advance(progress),
                HubReport::Noted { ticket: 2, note } => pulled.notes.push(note),
                HubReport::Fetched { ticket: 2, arrived } => {
                    match arrived {
                        Ok(arrived) => pulled.arrived = Some(arrived),
                        Err(error) => pulled.fail(&error),
                    }
                    return pulled;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// How a fetch went.
#[derive(Debug, Default)]
struct Pulled {
    arrived: Option<Box<Arrived>>,
    /// What failed, with the hint.
    error: Option<(Kind, String)>,
    notes: Vec<String>,
    last: Progress,
}

impl Pulled {
    fn failed(error: &modeldesk::error::Error) -> Self {
        let mut pulled = Self::default();
        pulled.fail(error);
        pulled
    }

    fn fail(&mut self, error: &modeldesk::error::Error) {
        let hint = error.hint_text().unwrap_or_default();
        let said = format!("{error} / {hint}");
        assert!(!said.contains('\n'), "{said}");
        self.error = Some((error.kind(), said));
    }

    /// No number becomes smaller.
    fn advance(&mut self, next: Progress) {
        let last = &self.last;
        assert!(
            next.done >= last.done && next.again >= last.again && next.number >= last.number,
            "{last:?} {next:?}"
        );
        assert!(
            next.number > last.number || next.file_done >= last.file_done,
            "{last:?} {next:?}"
        );
        assert!(
            next.done <= next.bytes && next.file_done <= next.file_bytes,
            "{next:?}"
        );
        self.last = next;
    }

    fn is_done(&self) -> bool {
        self.arrived.is_some()
    }

    /// What failed.
    fn why(&self) -> &str {
        &self.error.as_ref().expect("it failed").1
    }
}

/// A hub that has the files of one folder as a model, for tests of what fetches from it.
pub(crate) struct Serving(Server);

impl Serving {
    pub(crate) fn new(id: &str, folder: &Path) -> Self {
        let mut repository = Repository::new(id, COMMIT);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            repository = repository.with(name, std::fs::read(&path).unwrap());
        }
        let server = Server::start();
        server.has(repository);
        Self(server)
    }

    pub(crate) fn endpoint(&self) -> String {
        self.0.endpoint()
    }
}
