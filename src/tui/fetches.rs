//! Models that are being fetched, whoever asked for them: every pane sees how far they are.

use std::collections::BTreeMap;

use super::event::Effect;
use super::pane::told;
use crate::advisor::{is_known, quantity};
use crate::error::Kind;
use crate::hub::{Offer, Progress, Revision};
use crate::jobs::{HubReport, HubRequest};
use crate::text;

/// How much more than its card says a model may have, before the user is asked again.
const MORE: f64 = 1.1;

/// Cells of the bar.
const BAR: usize = 30;

/// How far a fetch is.
#[derive(Debug)]
enum State {
    /// The hub is asked what it has.
    Asking,
    /// What the hub has is not what was said; the user has to ask for it once more.
    Other(Box<Offer>, Vec<String>),
    Running(Progress),
    Stopped,
    Failed(Vec<String>),
}

#[derive(Debug)]
struct Fetch {
    ticket: u64,
    /// Bytes that the user was told of.
    said: u64,
    /// Who is asked.
    host: String,
    state: State,
    notes: Vec<String>,
}

impl Fetch {
    fn is_busy(&self) -> bool {
        matches!(self.state, State::Asking | State::Running(_))
    }
}

/// What follows from a report.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What is to be done.
    pub(super) effects: Vec<Effect>,
    /// A sentence for the user.
    pub(super) said: Option<String>,
    /// A model has arrived.
    pub(super) arrived: bool,
}

/// All fetches, by the model's id.
#[derive(Debug, Default)]
pub(super) struct Fetches(BTreeMap<String, Fetch>);

impl Fetches {
    /// Begins to fetch the model `id`, of which `said` bytes were spoken of; or goes on.
    pub(super) fn begin(&mut self, id: &str, said: u64, host: &str, ticket: u64) -> HubRequest {
        let before = self.0.remove(id).map(|fetch| fetch.state);
        let (state, request) = match before {
            Some(State::Other(offer, _)) => (
                State::Running(Progress::default()),
                HubRequest::Fetch { ticket, offer },
            ),
            _ => (
                State::Asking,
                HubRequest::Offer {
                    ticket,
                    id: id.to_owned(),
                    revision: Revision::default(),
                },
            ),
        };
        let fetch = Fetch {
            ticket,
            said,
            host: text::line(host).into_owned(),
            state,
            notes: Vec::new(),
        };
        self.0.insert(id.to_owned(), fetch);
        request
    }

    /// Stops the fetch of the model `id`; its ticket.
    pub(super) fn stop(&mut self, id: &str) -> Option<u64> {
        let fetch = self.0.get_mut(id).filter(|fetch| fetch.is_busy())?;
        fetch.state = State::Stopped;
        Some(fetch.ticket)
    }

    /// Whether the model `id` is being fetched.
    pub(super) fn is_busy(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(Fetch::is_busy)
    }

    /// Whether any model is being fetched.
    pub(super) fn any(&self) -> bool {
        self.0.values().any(Fetch::is_busy)
    }

    /// Takes what the hub's thread says.
    pub(super) fn hear(&mut self, report: HubReport) -> Heard {
        let ticket = match &report {
            HubReport::Offered { ticket, .. }
            | HubReport::Progress { ticket, .. }
            | HubReport::Noted { ticket, .. }
            | HubReport::Fetched { ticket, .. } => *ticket,
            HubReport::Broken(error) => {
                for fetch in self.0.values_mut().filter(|fetch| fetch.is_busy()) {
                    fetch.state = State::Failed(told(error));
                }
                return Heard::default();
            }
        };
        let waits = |(_, fetch): &(&String, &mut Fetch)| fetch.ticket == ticket && fetch.is_busy();
        let Some((id, fetch)) = self.0.iter_mut().find(waits) else {
            return Heard::default();
        };
        let failed = |error: &crate::error::Error| match error.kind() {
            Kind::Interrupted => State::Stopped,
            Kind::Failed | Kind::Usage => State::Failed(told(error)),
        };
        match report {
            HubReport::Offered {
                offer: Ok(offer), ..
            } => return offered(fetch, offer),
            HubReport::Offered {
                offer: Err(error), ..
            }
            | HubReport::Fetched {
                arrived: Err(error),
                ..
            } => fetch.state = failed(&error),
            HubReport::Progress { progress, .. } => fetch.state = State::Running(progress),
            HubReport::Noted { note, .. } => fetch.notes.push(note),
            HubReport::Fetched { arrived: Ok(_), .. } => {
                let id = id.clone();
                self.0.remove(&id);
                return Heard {
                    said: Some(format!("{} is on this disk now.", text::ident(&id))),
                    arrived: true,
                    ..Heard::default()
                };
            }
            HubReport::Broken(_) => {}
        }
        Heard::default()
    }

    /// `fetching 41%`: how far all of them are together, while there are any.
    pub(super) fn in_all(&self) -> Option<String> {
        let busy = self.0.values().filter(|fetch| fetch.is_busy());
        let (done, bytes) = busy.fold((0, 0), |(done, bytes), fetch| match &fetch.state {
            State::Running(progress) => (done + progress.done, bytes + progress.bytes),
            _ => (done, bytes + fetch.said),
        });
        (bytes > 0).then(|| format!("fetching {}%", share(done, bytes)))
    }

    /// How the fetch of the model `id` stands, in a few words.
    pub(super) fn short(&self, id: &str) -> Option<String> {
        let fetch = self.0.get(id)?;
        Some(match &fetch.state {
            State::Asking => format!("asking {}", fetch.host),
            State::Other(..) => "p fetches it all the same".to_owned(),
            State::Running(progress) => {
                format!("fetching {}%", share(progress.done, progress.bytes))
            }
            State::Stopped => "fetch stopped; p goes on".to_owned(),
            State::Failed(told) => {
                let why = told.first().map_or("", String::as_str);
                format!("p tries again; {why}")
            }
        })
    }

    /// How the fetch of the model `id` stands, line by line; whether that is bad news.
    pub(super) fn lines(&self, id: &str) -> Option<(Vec<String>, bool)> {
        let fetch = self.0.get(id)?;
        let mut lines = match &fetch.state {
            State::Asking => vec![format!("Asking {} what it has.", fetch.host)],
            State::Other(_, why) => {
                let mut lines = why.clone();
                lines.push("p fetches it all the same.".to_owned());
                lines
            }
            State::Running(progress) => running(progress, &fetch.host),
            State::Stopped => {
                vec!["Stopped; what has arrived is kept. p goes on from there.".to_owned()]
            }
            State::Failed(told) => {
                let mut lines = told.clone();
                lines.push("p tries again.".to_owned());
                lines
            }
        };
        lines.extend(fetch.notes.iter().map(|note| format!("note: {note}")));
        Some((lines, matches!(fetch.state, State::Failed(_))))
    }
}

/// Goes on from an offer, unless it is another than the user was told of.
fn offered(fetch: &mut Fetch, offer: Box<Offer>) -> Heard {
    let mut why = Vec::new();
    if let Err(error) = offer.fits_on_disk() {
        fetch.state = State::Failed(told(&error));
        return Heard::default();
    }
    if offer.bytes() as f64 > fetch.said as f64 * MORE + 5e6 {
        let (bytes, said) = (quantity::bytes(offer.bytes()), quantity::bytes(fetch.said));
        why.push(format!("It has {bytes}, and not {said} as its card says."));
    }
    if let Some(kind) = offer.architecture.as_ref().filter(|kind| !is_known(kind)) {
        why.push(format!(
            "It is of the kind {kind}, which does not run here."
        ));
    }
    if !offer.lacks.is_empty() {
        let lacks = offer.lacks.join(", ");
        why.push(format!(
            "It lacks {lacks}, without which it does not run here."
        ));
    }
    if !why.is_empty() {
        fetch.state = State::Other(offer, why);
        return Heard::default();
    }
    fetch.state = State::Running(Progress {
        done: offer.here(),
        bytes: offer.bytes(),
        files: offer.files.len(),
        ..Progress::default()
    });
    if let Some(licence) = &offer.licence {
        fetch.notes.push(format!("its licence is {licence}"));
    }
    let ticket = fetch.ticket;
    Heard {
        effects: vec![Effect::Hub(HubRequest::Fetch { ticket, offer })],
        ..Heard::default()
    }
}

fn share(done: u64, bytes: u64) -> u64 {
    done.saturating_mul(100) / bytes.max(1)
}

fn running(progress: &Progress, host: &str) -> Vec<String> {
    let amount = |done, bytes| format!("{} of {}", quantity::bytes(done), quantity::bytes(bytes));
    let filled = share(progress.done, progress.bytes) as usize * BAR / 100;
    let filled = filled.min(BAR);
    let bar = format!("[{}{}]", "#".repeat(filled), "-".repeat(BAR - filled));
    let all = amount(progress.done, progress.bytes);
    let mut lines = vec![format!("Fetching from {host}: {all}  {bar}")];
    if progress.number > 0 {
        lines.push(format!(
            "file {} of {}: {}  {}",
            progress.number,
            progress.files,
            progress.file,
            amount(progress.file_done, progress.file_bytes)
        ));
    }
    if progress.again > 0 {
        let again = quantity::bytes(progress.again);
        lines.push(format!("{again} had to be fetched again"));
    }
    lines.push("x stops it; what has arrived is kept.".to_owned());
    lines
}
