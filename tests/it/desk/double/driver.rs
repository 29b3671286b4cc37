//! Drives a desk: keys in, screens out.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::jobs::engine::{Order, Shelf};
use modeldesk::jobs::{Did, Engine, HubRequest, Request, RunsReport, RunsRequest, Snapshot};
use modeldesk::tui::{App, Effect, Event, Leave, Look, Outcome, Theme, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use unicode_width::UnicodeWidthStr;

use super::{Double, Plainly, measured, opened, planned, replies, runs, shelf};

/// A desk without colour, on the keys that ship.
fn plain() -> Look {
    Look {
        theme: Theme::new(false),
        ..Look::default()
    }
}

/// A desk without a terminal: keys in, screens out. Requests are answered at once by [`Double`],
/// unless they are held.
pub(in crate::desk) struct Driver {
    pub(in crate::desk) app: App,
    size: (u16, u16),
    /// Requests are left unanswered.
    pub(in crate::desk) hold: bool,
    /// Requests that were held.
    pub(in crate::desk) held: Vec<Request>,
    /// What was copied, of what kind.
    pub(in crate::desk) copied: Vec<(String, String)>,
    /// How the desk asked to leave.
    pub(in crate::desk) left: Option<Leave>,
    /// What was to be kept for the next time.
    pub(in crate::desk) kept: Vec<String>,
    /// Whether the mouse was listened to, each time that changed.
    pub(in crate::desk) mouse: Vec<bool>,
    /// The models on the disk.
    pub(in crate::desk) shelf: Shelf,
    /// Orders for the engine are left undone.
    pub(in crate::desk) idle: bool,
    /// Orders that were left undone.
    pub(in crate::desk) orders: Vec<Order>,
    /// Requests to the hub's thread.
    pub(in crate::desk) hub: Vec<HubRequest>,
    /// The fine-tunes.
    pub(in crate::desk) runs: Vec<Arc<Snapshot>>,
    /// Requests to the thread that watches them.
    pub(in crate::desk) asked: Vec<RunsRequest>,
    /// Models that were to be deleted.
    pub(in crate::desk) deleted: Vec<String>,
    /// Orders and fetches that were to be stopped.
    pub(in crate::desk) halted: Vec<u64>,
    /// Whether there is a clipboard.
    pub(in crate::desk) clipboard: Outcome,
}

impl Driver {
    /// A desk that has just been started.
    pub(in crate::desk) fn starting(columns: u16, rows: u16) -> Self {
        Self {
            app: App::new((columns, rows), plain(), Arc::new(Plainly)),
            size: (columns, rows),
            hold: false,
            held: Vec::new(),
            copied: Vec::new(),
            left: None,
            kept: Vec::new(),
            mouse: Vec::new(),
            shelf: shelf(),
            idle: false,
            orders: Vec::new(),
            hub: Vec::new(),
            runs: runs(),
            asked: Vec::new(),
            deleted: Vec::new(),
            halted: Vec::new(),
            clipboard: Outcome::Desktop,
        }
    }

    /// A desk whose library is open.
    pub(in crate::desk) fn open(columns: u16, rows: u16) -> Self {
        let mut driver = Self::starting(columns, rows);
        driver.feed(Event::Opened(Ok(opened())));
        driver
    }

    /// A desk that has answered the first example.
    pub(in crate::desk) fn answered(columns: u16, rows: u16) -> Self {
        let mut driver = Self::open(columns, rows);
        driver.ask("Which model is best for summarizing legal documents?");
        driver
    }

    /// Feeds an event, and then all that comes of it.
    pub(in crate::desk) fn feed(&mut self, event: Event) {
        let mut waiting = vec![event];
        while let Some(event) = waiting.pop() {
            for effect in self.app.update(event) {
                match effect {
                    Effect::Request(request) if self.hold => self.held.push(request),
                    Effect::Request(request) => waiting.push(reply(request)),
                    Effect::Order(order) if self.idle => self.orders.push(order),
                    // The last of the list is taken first.
                    Effect::Order(order) => waiting.extend(replies(&order).into_iter().rev()),
                    Effect::Halt(ticket) | Effect::StopHub(ticket) | Effect::StopPlan(ticket) => {
                        self.halted.push(ticket);
                    }
                    Effect::LookAtShelf => waiting.push(Event::Shelf(self.shelf.clone())),
                    Effect::Hub(request) => self.hub.push(request),
                    Effect::Measure { ticket, .. } => {
                        let measured = Ok(measured());
                        waiting.push(Event::Measured { ticket, measured });
                    }
                    Effect::Plan { ticket, draft } => {
                        let planned = planned(&draft);
                        waiting.extend(planned.map(|planned| Event::Planned { ticket, planned }));
                    }
                    Effect::Runs(request) => {
                        let report = self.watched(&request);
                        waiting.extend(report.map(Event::Runs));
                        self.asked.push(request);
                    }
                    Effect::Delete(id) => {
                        self.deleted.push(id.clone());
                        waiting.push(Event::Deleted(id, Ok(120_000_000)));
                    }
                    Effect::Copy { what, text } => {
                        self.copied.push((what.clone(), text.clone()));
                        let outcome = self.clipboard;
                        waiting.push(Event::Copied {
                            what,
                            text,
                            outcome,
                        });
                    }
                    Effect::Keep(_, text) => self.kept.push(text),
                    Effect::Quit(leave) => self.left = Some(leave),
                    Effect::Mouse(on) => self.mouse.push(on),
                    Effect::Edit(text) => {
                        waiting.push(Event::Edited(Ok(format!("{text} (edited)"))));
                    }
                    Effect::Remind | Effect::Redraw | Effect::Suspend | Effect::Retake => {}
                }
            }
        }
    }

    /// What the thread that watches the runs tells of a request.
    fn watched(&self, request: &RunsRequest) -> Option<RunsReport> {
        let did = match request {
            RunsRequest::Watch(true) => return Some(RunsReport::Seen(self.runs.clone())),
            RunsRequest::Watch(false) => return None,
            RunsRequest::Begin { name, .. } => Did::Begun(name.clone()),
            RunsRequest::Ask(run, ask) => Did::Asked(run.id.clone(), *ask),
            RunsRequest::Resume(run) => Did::Resumed(run.id.clone()),
            RunsRequest::Delete(run) => Did::Deleted(run.id.clone(), 9_000),
        };
        Some(RunsReport::Did(Ok(did)))
    }

    /// Answers what was held, oldest first.
    pub(in crate::desk) fn release(&mut self) {
        for request in std::mem::take(&mut self.held) {
            self.feed(reply(request));
        }
    }

    /// Presses keys, by name: `Tab Enter j Ctrl+C`.
    pub(in crate::desk) fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.feed(Event::Key(key_of(key)));
        }
    }

    /// Types a text, key by key.
    pub(in crate::desk) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.feed(Event::Key(KeyEvent::new(
                KeyCode::Char(c),
                KeyModifiers::NONE,
            )));
        }
    }

    /// Types a question and sends it.
    pub(in crate::desk) fn ask(&mut self, question: &str) {
        self.type_text(question);
        self.press("Enter");
    }

    /// Gives the terminal another size.
    pub(in crate::desk) fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        self.feed(Event::Resize(columns, rows));
    }

    /// The frame, with what is reversed in `{}`.
    pub(in crate::desk) fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view(&self.app, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let (mut row, mut skip, mut reversed) = (String::new(), 0, false);
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let now = cell.modifier.contains(ratatui::style::Modifier::REVERSED);
                if now != reversed {
                    row.push(if now { '{' } else { '}' });
                    reversed = now;
                }
                row.push_str(cell.symbol());
                skip = cell.symbol().width().saturating_sub(1);
            }
            if reversed {
                row.push('}');
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

/// The report that a request gets.
pub(in crate::desk) fn reply(request: Request) -> Event {
    match request {
        Request::Ask {
            ticket,
            question,
            before,
        } => Event::Answered {
            ticket,
            answer: Double.ask(&question, before.as_deref()).map(Box::new),
        },
        Request::Redo { ticket, reading } => Event::Answered {
            ticket,
            answer: Double.answer(*reading).map(Box::new),
        },
        Request::Compare { ticket, models, .. } => Event::Compared {
            ticket,
            answer: Double.compare(&models).map(Box::new),
        },
        Request::Try { ticket, id, .. } => Event::Tried {
            ticket,
            answer: Double.try_out(&id).map(Box::new),
        },
        Request::Card { ticket, id, .. } => Event::CardRead {
            ticket,
            card: Double.card(&id),
        },
        Request::Rescan => Event::Lapsed,
        Request::Find { ticket, wanted } => Event::Found {
            ticket,
            // Three days after the models on the disk were used.
            at: SystemTime::UNIX_EPOCH + Duration::from_hours(72),
            found: Double.catalogue().map(|catalogue| {
                let found = catalogue.find(&wanted);
                (Arc::new(catalogue), found)
            }),
        },
    }
}

/// The key of a name.
fn key_of(name: &str) -> KeyEvent {
    let (mut modifiers, mut rest) = (KeyModifiers::NONE, name);
    for (prefix, modifier) in [
        ("Ctrl+", KeyModifiers::CONTROL),
        ("Alt+", KeyModifiers::ALT),
        ("Shift+", KeyModifiers::SHIFT),
    ] {
        if let Some(after) = rest.strip_prefix(prefix) {
            modifiers |= modifier;
            rest = after;
        }
    }
    let code = match rest {
        "Enter" => KeyCode::Enter,
        "Tab" if modifiers == KeyModifiers::SHIFT => KeyCode::BackTab,
        "Tab" => KeyCode::Tab,
        "Esc" => KeyCode::Esc,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        "Delete" => KeyCode::Delete,
        "Space" => KeyCode::Char(' '),
        "F1" => KeyCode::F(1),
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
