//! `modeldesk pull`.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use super::interrupt::stop_on_interrupt;
use super::out::{Out, say, tell};
use super::{Exit, Result};
use crate::advisor::{Machine, Room, Space, architecture_name, is_known};
use crate::card::Origin;
use crate::error::{Error, Kind, shown};
use crate::files::Folders;
use crate::hub::{Cached, Hub, Offer, Progress, Revision};
use crate::index::TakenIn;
use crate::jobs::{Arrived, Cancel, Card, HubReport, HubRequest, HubWorker};
use crate::settings::Settings;
use crate::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Fetches what running the model needs into the cache that Python's huggingface_hub uses, checks every
file by its hash, and indexes its card. What is there is checked and not fetched again; what was
interrupted goes on where it ended. HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HOME and HF_HUB_CACHE
mean what they mean in Python.

Examples:
  modeldesk pull google/flan-t5-small
  modeldesk pull openai-community/gpt2 --revision 607a30d783dfa663caf39e06633721c8d4cfcd7e
  modeldesk pull sentence-transformers/all-MiniLM-L6-v2 --json")]
pub(super) struct Arguments {
    /// The hub's id of the model, such as google/flan-t5-small
    model: String,
    /// A branch, a tag or a commit
    #[arg(long, default_value = "main")]
    revision: String,
    /// Fetch it although it does not fit into the free memory of this machine
    #[arg(long)]
    anyway: bool,
    /// Print where it is, and each file with its hash, as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let revision: Revision = arguments.revision.parse()?;
    let folders = Folders::of_user()?;
    let hub = Hub::of_environment(settings)?;
    if hub.is_offline() {
        return offline(arguments, &hub, &revision, out);
    }
    let machine = Machine::read(&folders, settings);
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let (reports, inbox) = channel();
    let report = move |report| {
        // Nobody hears the end of a command that has failed.
        let _ = reports.send(report);
    };
    let worker = HubWorker::start(hub.clone(), folders, report)?;
    let id = arguments.model.clone();
    let asked = HubRequest::Offer {
        ticket: 0,
        id,
        revision,
    };
    worker.send(asked, cancel.clone());
    let offer = offered(&inbox).map_err(|error| with_cached(&hub, &arguments.model, error))?;
    tell_offer(&offer, &hub);
    check_room(&offer, &machine, arguments.anyway)?;
    offer.fits_on_disk()?;
    let fetch = HubRequest::Fetch {
        ticket: 0,
        offer: offer.clone(),
    };
    worker.send(fetch, cancel);
    match fetched(&inbox) {
        Ok(arrived) => {
            tell_arrived(&offer, &arrived);
            if arguments.json {
                out.json(&to_json(&offer, &arrived));
            } else {
                out.line(shown(&arrived.fetched.folder));
            }
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == Kind::Interrupted => {
            let (kept, all) = (text::bytes(hub.kept(&offer)), text::bytes(offer.bytes()));
            let id = &offer.id;
            say(
                "note",
                &format!(
                    "stopped; {kept} of {all} are kept, and modeldesk pull {id} goes on from there"
                ),
            );
            Ok(Exit::Interrupted)
        }
        Err(error) => Err(error),
    }
}

/// What the hub offers.
fn offered(inbox: &Receiver<HubReport>) -> Result<Box<Offer>> {
    loop {
        match next(inbox)? {
            HubReport::Offered { offer, .. } => return offer,
            other => tell_other(other)?,
        }
    }
}

/// What arrived, with progress on the way.
fn fetched(inbox: &Receiver<HubReport>) -> Result<Box<Arrived>> {
    let mut screen = Screen {
        terminal: std::io::stderr().is_terminal(),
        drawn: false,
    };
    loop {
        let report = next(inbox);
        if let Ok(HubReport::Progress { progress, .. }) = &report {
            screen.draw(progress);
            continue;
        }
        screen.clear();
        match report? {
            HubReport::Fetched { arrived, .. } => return arrived,
            other => tell_other(other)?,
        }
    }
}

fn next(inbox: &Receiver<HubReport>) -> Result<HubReport> {
    inbox
        .recv()
        .map_err(|_| Error::new("the hub's thread has ended"))
}

fn tell_other(report: HubReport) -> Result<()> {
    match report {
        HubReport::Noted { note, .. } => {
            say("note", &note);
            Ok(())
        }
        HubReport::Broken(error) => Err(error),
        _ => Ok(()),
    }
}

/// One line that is drawn over itself, on a terminal only.
struct Screen {
    terminal: bool,
    drawn: bool,
}

impl Screen {
    fn draw(&mut self, progress: &Progress) {
        if !self.terminal {
            return;
        }
        self.drawn = true;
        let share = 100.0 * progress.done as f64 / (progress.bytes as f64).max(1.0);
        let (done, all) = (text::bytes(progress.done), text::bytes(progress.bytes));
        let Progress {
            file,
            number,
            files,
            ..
        } = progress;
        let line = format!("{share:.0}%  {done} of {all}  {number}/{files} {file}");
        let _ = write!(std::io::stderr(), "\r\x1b[K{}", text::line(&line));
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Says what fetching brings and takes, before anything is fetched.
fn tell_offer(offer: &Offer, hub: &Hub) {
    let (id, commit, revision, host) = (
        &offer.id,
        offer.commit.short(),
        offer.revision.as_str(),
        &offer.host,
    );
    let revision = match offer.revision.commit() {
        Some(_) => String::new(),
        None => format!(" ({revision})"),
    };
    tell(&format!("{id} at {commit}{revision} on {host}"));
    let access = match (offer.gated, offer.private) {
        (_, true) => ", private",
        (true, _) => ", gated",
        _ => "",
    };
    let licence = offer.licence.as_deref().unwrap_or("not stated");
    tell(&format!("  licence  {licence}{access}"));
    let (files, all) = (offer.files.len(), text::bytes(offer.bytes()));
    let here = match (offer.here(), offer.missing()) {
        (_, 0) => "all of it on this disk".to_owned(),
        (0, _) => format!("{all} to fetch"),
        (here, missing) => format!(
            "{} on this disk, {} to fetch",
            text::bytes(here),
            text::bytes(missing)
        ),
    };
    tell(&format!("  files    {files}, {all}: {here}"));
    let free = offer
        .free_disk
        .map_or_else(|| "unknown".to_owned(), text::bytes);
    tell(&format!(
        "  disk     {free} free, in {}",
        shown(hub.cache().folder())
    ));
    if let Some(before) = &offer.before {
        let before = before.short();
        say(
            "note",
            &format!(
                "{} was {before} when it was last fetched",
                offer.revision.as_str()
            ),
        );
    }
    if let Some(now) = &offer.renamed {
        say("note", &format!("{host} calls it {now} now"));
    }
    for name in &offer.lacks {
        say(
            "note",
            &format!("it has no {name}, without which modeldesk try cannot run it"),
        );
    }
    let unknown = offer.architecture.as_deref().filter(|kind| !is_known(kind));
    if let Some(kind) = unknown {
        say(
            "note",
            &format!(
                "this build has no {}: it can be fetched and not run here",
                architecture_name(kind)
            ),
        );
    }
}

/// Says what memory the model takes, and stops what would not fit.
fn check_room(offer: &Offer, machine: &Machine, anyway: bool) -> Result<()> {
    let room = Room::of(offer.weights(), machine);
    let (needed, free) = (text::bytes(room.needed), text::bytes(room.free));
    tell(&format!("  memory   about {needed} to run, {free} free"));
    match room.space {
        Space::Ample => Ok(()),
        Space::Tight => {
            say(
                "note",
                "that leaves less than a fifth of this machine's memory",
            );
            Ok(())
        }
        Space::None if anyway => Ok(()),
        Space::None => Err(Error::new(format!(
            "needs about {needed} of memory and {free} are free"
        ))
        .at(offer.id.clone())
        .hint("--anyway fetches it all the same; a smaller model: modeldesk ask")),
    }
}

fn tell_arrived(offer: &Offer, arrived: &Arrived) {
    let took = arrived.fetched.took.as_secs_f64();
    let (id, all) = (&offer.id, text::bytes(offer.bytes()));
    let fetched = text::bytes(arrived.fetched.fetched);
    tell(&format!(
        "{fetched} fetched, {all} checked in {took:.1} s; modeldesk try {id}"
    ));
    match &arrived.card {
        Card::None => say("note", "it has no card"),
        Card::Taken(TakenIn::Indexed) => tell("its card is indexed, unchecked"),
        Card::Taken(TakenIn::Kept(Origin::BuiltIn)) => {
            tell("its card is not indexed: the built-in one answers");
        }
        Card::Taken(TakenIn::Kept(_)) => tell("its card is not indexed: your own answers"),
        Card::Failed(error) => say("note", &format!("its card could not be indexed: {error}")),
    }
}

fn to_json(offer: &Offer, arrived: &Arrived) -> Value {
    let files = offer.files.iter().map(|file| {
        json!({
            "name": file.name.as_str(),
            "bytes": file.size,
            "hash": file.digest.as_str(),
            "algorithm": file.digest.algorithm(),
        })
    });
    json!({
        "model": offer.id,
        "host": offer.host,
        "revision": offer.revision.as_str(),
        "commit": offer.commit.as_str(),
        "folder": shown(&arrived.fetched.folder),
        "licence": offer.licence,
        "bytes": offer.bytes(),
        "fetched": arrived.fetched.fetched,
        "seconds": arrived.fetched.took.as_secs_f64(),
        "files": files.collect::<Vec<_>>(),
    })
}

/// What is on this disk, where it is all that may be had.
fn offline(arguments: &Arguments, hub: &Hub, revision: &Revision, out: &mut Out) -> Result<Exit> {
    let cached = whole(hub, &arguments.model);
    let wanted = revision.commit();
    let fits = |cached: &Cached| match &wanted {
        Some(commit) => cached.revision.as_deref() == Some(commit.as_str()),
        None => revision.as_str() == "main",
    };
    let found = cached.filter(fits);
    let found = found.and_then(|cached| Some((hub.cache().snapshot(&cached)?, cached)));
    let Some((folder, cached)) = found else {
        return Err(
            Error::new("HF_HUB_OFFLINE is set, and this model is not whole on this disk")
                .at(text::ident(&text::line(&arguments.model)))
                .hint("unset it to fetch; modeldesk doctor says where models are kept"),
        );
    };
    let commit = cached.revision.unwrap_or_default();
    say(
        "note",
        &format!(
            "HF_HUB_OFFLINE is set: cached revision {}, not checked",
            &commit[..commit.len().min(7)]
        ),
    );
    if arguments.json {
        let folder = shown(&folder);
        out.json(&json!({"model": cached.id, "commit": commit, "folder": folder, "bytes": cached.bytes, "fetched": 0}));
    } else {
        out.line(shown(&folder));
    }
    Ok(Exit::Done)
}

fn whole(hub: &Hub, id: &str) -> Option<Cached> {
    hub.cache().find(id).filter(|cached| cached.whole)
}

/// `error`, after saying what can be used all the same.
fn with_cached(hub: &Hub, id: &str, error: Error) -> Error {
    let commit = whole(hub, id).and_then(|cached| cached.revision);
    if let Some(commit) = commit.filter(|_| error.kind() != Kind::Interrupted) {
        let commit = &commit[..commit.len().min(7)];
        say(
            "note",
            &format!("cached revision {commit} is on this disk: modeldesk try {id} runs it"),
        );
    }
    error
}
