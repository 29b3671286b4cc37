//! The thread that watches the runs: it looks at their folders, reports what is new, and does what
//! is asked of a run.
//!
//! It knows of a run what the folder says and nothing else, so it does not matter who started it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::runner;
use crate::error::{Error, Result};
use crate::files::Folders;
use crate::finetune::plan::Plan;
use crate::finetune::run::{Ask, Phase, Run, State, Story, Tail, size};
use crate::jobs;

/// From one look to the next while somebody watches or a run works, and while neither is so.
const OFTEN: Duration = Duration::from_millis(250);
const RARELY: Duration = Duration::from_secs(5);

/// What is asked of the thread.
#[derive(Debug)]
pub enum RunsRequest {
    /// Somebody watches, or nobody does any more.
    Watch(bool),
    /// Make a run of this name and start it.
    Begin {
        /// What it should be called.
        name: String,
        /// Everything that decides it.
        plan: Box<Plan>,
    },
    /// Ask the process that works on a run.
    Ask(Run, Ask),
    /// Go on with a run.
    Resume(Run),
    /// Remove a run and everything in it.
    Delete(Run),
}

/// What the thread tells.
#[derive(Debug)]
pub enum RunsReport {
    /// The runs, the newest first.
    Seen(Vec<Arc<Snapshot>>),
    /// What became of a request.
    Did(Result<Did>),
}

/// A request that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// The run of this name was started.
    Begun(String),
    /// The run of this name was asked.
    Asked(String, Ask),
    /// The run of this name goes on.
    Resumed(String),
    /// The run of this name is gone; so many bytes are free.
    Deleted(String, u64),
}

/// A run as it stood when somebody looked.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The run.
    pub run: Run,
    /// Everything that decides it; none where that cannot be read.
    pub plan: Option<Arc<Plan>>,
    /// Where it stands.
    pub state: State,
    /// Whether a process works on it.
    pub works: bool,
    /// What happened in it.
    pub story: Arc<Story>,
    /// The bytes of its folder, while no process works on it.
    pub bytes: u64,
}

impl Snapshot {
    /// Steps that were taken.
    pub fn step(&self) -> u64 {
        let told = self.story.pace.map_or(0, |pace| pace.step);
        told.max(self.state.step)
    }

    /// Steps in all; 0 before they are known.
    pub fn total(&self) -> u64 {
        self.story.total.max(self.state.total_steps)
    }

    /// Seconds that are left, while it works and that is known.
    pub fn left(&self) -> Option<f64> {
        let pace = self.story.pace.filter(|_| self.works)?;
        pace.left(self.total())
    }

    /// Whether a process may go on with it.
    pub fn can_go_on(&self) -> bool {
        !self.works && self.state.state.can_go_on()
    }
}

/// The runs, and what is known of each.
#[derive(Debug)]
pub struct Watch {
    folders: Folders,
    known: BTreeMap<String, Known>,
}

/// A run, and how far its events have been read.
#[derive(Debug)]
struct Known {
    tail: Tail,
    snapshot: Arc<Snapshot>,
    begun: std::time::SystemTime,
}

impl Watch {
    /// Over the runs of a user, before anybody looked.
    pub fn new(folders: &Folders) -> Self {
        Self {
            folders: folders.clone(),
            known: BTreeMap::new(),
        }
    }

    /// Looks at all folders; gives the runs, the newest first.
    pub fn look(&mut self) -> Vec<Arc<Snapshot>> {
        let runs = Run::list(&self.folders);
        self.known
            .retain(|id, known| runs.iter().any(|run| run.id == *id && known.is_of(run)));
        for run in runs {
            match self.known.get_mut(&run.id) {
                Some(known) => known.look(),
                None => {
                    self.known.insert(run.id.clone(), Known::of(run));
                }
            }
        }
        let mut all: Vec<&Known> = self.known.values().collect();
        all.sort_by_key(|known| std::cmp::Reverse(known.begun));
        all.into_iter()
            .map(|known| Arc::clone(&known.snapshot))
            .collect()
    }
}

/// When the plan of a run was written.
fn begun(run: &Run) -> std::time::SystemTime {
    let path = run.plan_path();
    let modified = path.metadata().and_then(|meta| meta.modified());
    modified.unwrap_or(std::time::SystemTime::UNIX_EPOCH)
}

impl Known {
    fn of(run: Run) -> Self {
        let snapshot = Snapshot {
            plan: run.plan().ok().map(Arc::new),
            state: State::queued(),
            works: false,
            story: Arc::new(Story::default()),
            bytes: 0,
            run,
        };
        let mut known = Self {
            tail: Tail::new(&snapshot.run.events_path()),
            begun: begun(&snapshot.run),
            snapshot: Arc::new(snapshot),
        };
        known.look();
        known
    }

    /// Whether the folder is the one that was read: a longer plan or a new run is read anew.
    fn is_of(&self, run: &Run) -> bool {
        self.begun == begun(run)
    }

    fn look(&mut self) {
        let run = &self.snapshot.run;
        // Before the events are read: what a process wrote before it let go is among them.
        let works = run.works().unwrap_or(false);
        let state = run.state().unwrap_or_else(|error| State {
            state: Phase::Failed,
            message: Some(error.to_string()),
            hint: error.hint_text().map(str::to_owned),
            ..State::queued()
        });
        let events = self.tail.read().unwrap_or_default();
        let old = &*self.snapshot;
        let rests = !works && (old.works || old.bytes == 0 || old.state != state);
        let same = old.works == works && old.state == state && events.is_empty() && !rests;
        if same {
            return;
        }
        let bytes = if rests { size(&run.folder) } else { old.bytes };
        let snapshot = Arc::make_mut(&mut self.snapshot);
        if !events.is_empty() {
            let story = Arc::make_mut(&mut snapshot.story);
            for event in events {
                story.take(event);
            }
        }
        snapshot.state = state;
        snapshot.works = works;
        snapshot.bytes = bytes;
    }
}

/// The thread.
#[derive(Debug)]
pub struct RunsWorker(Sender<RunsRequest>);

impl RunsWorker {
    /// Starts it; it ends once this is dropped. Only news are reported.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        folders: &Folders,
        report: impl Fn(RunsReport) + Send + Sync + 'static,
    ) -> Result<Self> {
        let (sender, inbox) = channel();
        let watch = Watch::new(folders);
        let report = Arc::new(report);
        let broken = Arc::clone(&report);
        jobs::watch(
            "runs",
            move || serve(watch, &inbox, &*report),
            move |error| broken(RunsReport::Did(Err(error))),
        )?;
        Ok(Self(sender))
    }

    /// Hands a request to it. After its end nothing happens, which it has told.
    pub fn send(&self, request: RunsRequest) {
        let _ = self.0.send(request);
    }
}

fn serve(mut watch: Watch, inbox: &Receiver<RunsRequest>, report: &impl Fn(RunsReport)) {
    let mut told: Option<Vec<Arc<Snapshot>>> = None;
    let mut watched = false;
    loop {
        let seen = watch.look();
        let works = seen.iter().any(|one| one.works);
        if told.as_ref() != Some(&seen) {
            report(RunsReport::Seen(seen.clone()));
            told = Some(seen);
        }
        let wait = if watched || works { OFTEN } else { RARELY };
        match inbox.recv_timeout(wait) {
            Ok(RunsRequest::Watch(on)) => watched = on,
            Ok(request) => {
                let did = follow(&watch.folders, request);
                // Whoever hears of it finds the run as it is now.
                let seen = watch.look();
                report(RunsReport::Seen(seen.clone()));
                told = Some(seen);
                if let Some(did) = did.transpose() {
                    report(RunsReport::Did(did));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Does what is asked of a run.
fn follow(folders: &Folders, request: RunsRequest) -> Result<Option<Did>> {
    Ok(Some(match request {
        RunsRequest::Watch(_) => return Ok(None),
        RunsRequest::Begin { name, plan } => {
            runner::fits(&plan)?;
            let run = Run::create(folders, &name, &plan)?;
            go_on(&run)?;
            Did::Begun(run.id)
        }
        RunsRequest::Ask(run, ask) => {
            run.ask(ask)?;
            Did::Asked(run.id, ask)
        }
        RunsRequest::Resume(run) => {
            let state = run.state()?.state;
            if !state.can_go_on() {
                return Err(Error::new(format!("this run is {}", state.name()))
                    .at(run.id)
                    .hint("`modeldesk tune extend` makes it longer"));
            }
            go_on(&run)?;
            Did::Resumed(run.id)
        }
        RunsRequest::Delete(run) => {
            let freed = run.delete()?;
            Did::Deleted(run.id, freed)
        }
    }))
}

/// Starts the process of a run. A thread of its own waits for its end, so that it leaves nothing
/// behind in the table of processes.
fn go_on(run: &Run) -> Result<()> {
    let mut child = runner::start(run, false)?;
    jobs::spawn("run", move || {
        // How it ended is in its folder.
        let _ = child.wait();
    })?;
    Ok(())
}
