//! The loop: takes what has arrived, does what the desk asks for, draws once, and sleeps until
//! something happens. Nothing ticks.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::app::{App, view};
use super::clipboard::Clipboard;
use super::event::{Effect, Event, Leave};
use super::history::{self, Keeper, Kept};
use super::keys_in::Input;
use super::notice::{self, Fetching, Opening};
use super::pane::Look;
use super::terminal::{Screen, failed};
use super::wording::Wording;
use super::{Opener, external, signals};
use crate::error::{Error, Result};
use crate::files::Folders;
use crate::finetune::plan::Plan;
use crate::hub::{Cache, Hub};
use crate::jobs::engine::{EngineWorker, Models, Shelf};
use crate::jobs::runner;
use crate::jobs::tuning::{self, Draft};
use crate::jobs::{
    self, AdvisorWorker, Cancel, Engine, HubReport, HubRequest, HubWorker, RunsWorker,
};
use crate::settings::Settings;

/// How long the second Ctrl+C may take.
const REMINDER: Duration = Duration::from_secs(2);

/// How many events are taken before a frame is drawn, so that a flood of them cannot hide the
/// desk.
const MOST_EVENTS: usize = 1_000;

/// What the loop works with.
struct Desk {
    app: App,
    screen: Screen,
    advisor: AdvisorWorker,
    /// Runs models, once one was wanted.
    engine: Option<EngineWorker>,
    /// Fetches models, once one was wanted; and how to stop each fetch.
    hub: Option<HubWorker>,
    stops: BTreeMap<u64, Cancel>,
    /// Watches the runs.
    runs: RunsWorker,
    settings: Settings,
    folders: Folders,
    keeper: Keeper,
    input: Input,
    clipboard: Clipboard,
    events: Receiver<Event>,
    /// Sends to `events`.
    sender: Sender<Event>,
    /// The opening of the library, and fetches, whose ends are told outside the screen.
    opening: Opening,
    fetching: Fetching,
    /// When [`Event::Lapsed`] is due.
    due: Option<Instant>,
    /// Whether every cell is to be drawn anew.
    anew: bool,
    /// Whether the program was just continued after a stop of its own.
    resumed: bool,
}

/// How the desk was left.
pub(super) struct Left {
    leave: Leave,
    /// What goes on without it, line by line.
    goes_on: Vec<String>,
}

/// Runs the desk until the user leaves; says why it was left.
pub(super) fn run<E: Engine>(
    folders: &Folders,
    settings: &Settings,
    look: Look,
    wording: Arc<dyn Wording>,
    open: impl Opener<E>,
) -> Result<Left> {
    let (sender, events) = channel();
    let screen = Screen::take()?;
    let signals = signals::forward(sender.clone())?;
    let reports = sender.clone();
    let advisor = AdvisorWorker::start(open, move |report| {
        // The desk may have been left: then nobody waits for the report.
        let _ = reports.send(report.into());
    })?;
    let told = sender.clone();
    let runs = RunsWorker::start(folders, move |report| {
        // The desk may have been left: then nobody waits for the report.
        let _ = told.send(Event::Runs(report));
    })?;
    let size = crossterm::terminal::size().map_err(failed)?;
    let notify = look.notify;
    let mut app = App::new(size, look, wording);
    for kept in Kept::ALL {
        app.update(Event::Remembered(kept, history::read(&folders.state, kept)));
    }
    let keeper = Keeper::start(folders.state.clone())?;
    let input = Input::start(sender.clone())?;
    let clipboard = Clipboard::default();
    let listens = app.listens();

    let mut desk = Desk {
        app,
        screen,
        advisor,
        engine: None,
        hub: None,
        stops: BTreeMap::new(),
        runs,
        settings: settings.clone(),
        folders: folders.clone(),
        keeper,
        input,
        clipboard,
        events,
        sender,
        opening: Opening::began(notify, Instant::now()),
        fetching: Fetching::new(notify),
        due: None,
        anew: false,
        resumed: false,
    };
    if listens {
        desk.screen.listen(true)?;
    }
    let leave = desk.serve();
    drop(signals);
    Ok(Left {
        goes_on: desk.app.goes_on(),
        leave: leave?,
    })
}

impl Desk {
    fn serve(&mut self) -> Result<Leave> {
        self.draw()?;
        loop {
            let first = self.wait();
            self.tell(&first)?;
            let mut effects = self.app.update(first);
            for _ in 0..MOST_EVENTS {
                let Ok(event) = self.events.try_recv() else {
                    break;
                };
                self.tell(&event)?;
                effects.extend(self.app.update(event));
            }
            for effect in effects {
                if let Some(leave) = self.perform(effect)? {
                    return Ok(leave);
                }
            }
            self.draw()?;
        }
    }

    /// Tells outside the screen that the library is open or a model fetched, where that took long.
    fn tell(&mut self, event: &Event) -> Result<()> {
        match event {
            // The next request starts another thread.
            Event::Hub(HubReport::Broken(_)) => self.hub = None,
            Event::Hub(HubReport::Fetched { ticket, .. }) => drop(self.stops.remove(ticket)),
            _ => {}
        }
        let now = Instant::now();
        let fetched = self.fetching.ended(event, now);
        match self.opening.ended(event, now).or(fetched) {
            Some(sentence) => notice::send(self.screen.out(), sentence).map_err(failed),
            None => Ok(()),
        }
    }

    /// Sleeps until something happens.
    fn wait(&mut self) -> Event {
        let gone = "the desk holds a sender itself";
        let Some(due) = self.due else {
            return self.events.recv().expect(gone);
        };
        match self
            .events
            .recv_timeout(due.saturating_duration_since(Instant::now()))
        {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => {
                self.due = None;
                Event::Lapsed
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("{gone}"),
        }
    }

    /// Does what the desk asks for; says when that is to leave.
    fn perform(&mut self, effect: Effect) -> Result<Option<Leave>> {
        match effect {
            Effect::Request(request) => self.advisor.send(request),
            Effect::Order(order) => self.engine()?.send(order),
            Effect::Halt(ticket) => {
                if let Some(engine) = &self.engine {
                    engine.stop(ticket);
                }
            }
            Effect::LookAtShelf => self.look_at_shelf()?,
            Effect::Hub(request) => self.ask_hub(request),
            Effect::StopHub(ticket) | Effect::StopPlan(ticket) => {
                if let Some(stop) = self.stops.remove(&ticket) {
                    stop.cancel();
                }
            }
            Effect::Plan { ticket, draft } => self.plan(ticket, draft)?,
            Effect::Measure { ticket, plan } => self.measure(ticket, plan)?,
            Effect::Runs(request) => self.runs.send(request),
            Effect::Delete(id) => self.delete(id)?,
            Effect::Keep(kept, entry) => self.keeper.keep(kept, entry),
            Effect::Mouse(on) => self.screen.listen(on)?,
            Effect::Edit(text) => self.edit(&text)?,
            Effect::Remind => self.due = Some(Instant::now() + REMINDER),
            Effect::Redraw => self.anew = true,
            Effect::Copy { what, text } => {
                let outcome = self.clipboard.copy(&text, self.screen.out());
                // The loop holds the receiver.
                let _ = self.sender.send(Event::Copied {
                    what,
                    text,
                    outcome,
                });
            }
            Effect::Suspend => {
                self.screen.release()?;
                // Comes back here when the shell continues the program.
                signals::stop()?;
                self.retake()?;
                self.resumed = true;
            }
            // The signal that ended a stop of our own, which has taken the terminal already:
            // giving it back for a moment more could lose a key.
            Effect::Retake if std::mem::take(&mut self.resumed) => {}
            Effect::Retake => self.retake()?,
            Effect::Quit(leave) => return Ok(Some(leave)),
        }
        Ok(None)
    }

    /// The thread that runs models; it starts with the first order.
    fn engine(&mut self) -> Result<&EngineWorker> {
        if let Some(engine) = self.engine.take() {
            return Ok(self.engine.insert(engine));
        }
        let reports = self.sender.clone();
        let runner = Models::new(Some(self.folders.cache.join("packed")));
        let engine = EngineWorker::start(runner, move |report| {
            // The desk may have been left: then nobody waits for the report.
            let _ = reports.send(Event::Engine(report));
        })?;
        Ok(self.engine.insert(engine))
    }

    /// Hands a request to the hub's thread, which starts with the first one.
    fn ask_hub(&mut self, request: HubRequest) {
        let (HubRequest::Offer { ticket, .. } | HubRequest::Fetch { ticket, .. }) = &request;
        let stop = self.stops.entry(*ticket).or_default().clone();
        if let HubRequest::Fetch { ticket, .. } = &request {
            self.fetching.began(*ticket, Instant::now());
        }
        let hub = match self.hub.take() {
            Some(hub) => Ok(hub),
            None => self.start_hub(),
        };
        match hub {
            Ok(hub) => self.hub.insert(hub).send(request, stop),
            Err(error) => {
                // The loop holds the receiver.
                let _ = self.sender.send(Event::Hub(HubReport::Broken(error)));
            }
        }
    }

    fn start_hub(&self) -> Result<HubWorker> {
        let reports = self.sender.clone();
        let hub = Hub::of_environment(&self.settings)?;
        HubWorker::start(hub, self.folders.clone(), move |report| {
            // The desk may have been left: then nobody waits for the report.
            let _ = reports.send(Event::Hub(report));
        })
    }

    /// Plans what was chosen, on a thread of its own: rows may be many.
    fn plan(&mut self, ticket: u64, draft: Box<Draft>) -> Result<()> {
        let stop = self.stops.entry(ticket).or_default().clone();
        let (settings, folders) = (self.settings.clone(), self.folders.clone());
        let reports = self.sender.clone();
        let broken = self.sender.clone();
        jobs::watch(
            "plan",
            move || {
                let planned =
                    tuning::sketch(&draft, &folders, &settings, &mut || stop.is_cancelled());
                // The desk may have been left.
                let _ = reports.send(Event::Planned { ticket, planned });
            },
            move |error| {
                let planned = Err(error);
                let _ = broken.send(Event::Planned { ticket, planned });
            },
        )?;
        Ok(())
    }

    /// Takes some steps of a plan, in a process of its own.
    fn measure(&self, ticket: u64, plan: Box<Plan>) -> Result<()> {
        let reports = self.sender.clone();
        jobs::spawn("measure", move || {
            let measured = runner::probe(&plan);
            // The desk may have been left.
            let _ = reports.send(Event::Measured { ticket, measured });
        })?;
        Ok(())
    }

    /// Deletes a model, on a thread of its own.
    fn delete(&self, id: String) -> Result<()> {
        let (settings, reports) = (self.settings.clone(), self.sender.clone());
        jobs::spawn("delete", move || {
            let freed = Cache::of_environment(&settings).delete(&id);
            // The desk may have been left.
            let _ = reports.send(Event::Deleted(id, freed));
        })?;
        Ok(())
    }

    /// Looks at the disk on a thread of its own: a network disk may be slow.
    fn look_at_shelf(&self) -> Result<()> {
        let (settings, reports) = (self.settings.clone(), self.sender.clone());
        let folders = self.folders.clone();
        jobs::spawn("shelf", move || {
            // The desk may have been left.
            let _ = reports.send(Event::Shelf(Shelf::look(&settings, &folders)));
        })?;
        Ok(())
    }

    /// Lends the terminal to the user's editor.
    fn edit(&mut self, text: &str) -> Result<()> {
        self.input.pause();
        self.screen.release()?;
        let edited = external::edit(text);
        self.retake()?;
        self.input.resume();
        // Ctrl+C in the editor was meant for the editor.
        let waiting: Vec<Event> = self.events.try_iter().collect();
        let meant = |event: &Event| !matches!(event, Event::Signal(signals::INTERRUPT));
        let (edited, said) = match edited {
            Ok(edited) => (Ok(edited.text), edited.said),
            Err(error) => (Err(error), None),
        };
        let told = said.map(|notice| Event::Noticed(vec![notice]));
        let own = [Event::Edited(edited)].into_iter().chain(told);
        for event in waiting.into_iter().filter(meant).chain(own) {
            // The loop holds the receiver.
            let _ = self.sender.send(event);
        }
        Ok(())
    }

    /// Takes the terminal again; its size may have changed while nobody looked.
    fn retake(&mut self) -> Result<()> {
        self.screen.retake()?;
        if let Ok((columns, rows)) = crossterm::terminal::size() {
            // The loop holds the receiver.
            let _ = self.sender.send(Event::Resize(columns, rows));
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<()> {
        if std::mem::take(&mut self.anew) {
            self.screen.forget()?;
        }
        let terminal = &mut self.screen.terminal;
        terminal
            .draw(|frame| view(&self.app, frame))
            .map_err(failed)?;
        Ok(())
    }
}

/// What the program ends with: leaving is no error, but for a terminal that went away.
pub(super) fn ended(left: Left) -> Result<()> {
    match left.leave {
        Leave::Asked => {
            let mut out = std::io::stdout().lock();
            for line in left.goes_on {
                // A terminal that is gone needs no word.
                let _ = writeln!(out, "{line}");
            }
            Ok(())
        }
        Leave::Signal(number) => signals::exit(number),
        Leave::InputLost(why) => Err(Error::new("the desk can hear the terminal no more")
            .hint("questions can be asked without one: modeldesk ask \"QUESTION\"")
            .caused_by(why)),
    }
}
