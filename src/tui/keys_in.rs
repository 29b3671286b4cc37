//! What the terminal sends, on a thread of its own that can be told to leave the terminal alone
//! while another program reads it.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{self as terminal, MouseButton, MouseEventKind};

use super::event::{Event, Mouse};
use super::signals;
use crate::error::Result;
use crate::jobs;

/// How long the thread may take to leave the terminal alone.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the thread may read.
#[derive(Debug, Default)]
struct Gate {
    shut: bool,
    /// The thread stands before the gate.
    waits: bool,
}

/// The thread that reads the terminal.
#[derive(Debug)]
pub(super) struct Input {
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

impl Input {
    /// Starts the thread: what is typed, pasted, clicked and resized goes to `events`, and at last
    /// why there will be nothing more.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(events: Sender<Event>) -> Result<Self> {
        Self::start_with(events, terminal::read)
    }

    fn start_with(
        events: Sender<Event>,
        mut read: impl FnMut() -> std::io::Result<terminal::Event> + Send + 'static,
    ) -> Result<Self> {
        let gate = Arc::<(Mutex<Gate>, Condvar)>::default();
        let own = Arc::clone(&gate);
        let broken = events.clone();
        let listen = move || {
            loop {
                let event = match read() {
                    Ok(read) => event(read),
                    Err(error) => Some(Event::InputLost(error.to_string())),
                };
                let lost = matches!(event, Some(Event::InputLost(_)));
                let gone = event.is_some_and(|event| events.send(event).is_err());
                if gone || lost {
                    return;
                }
                pass(&own);
            }
        };
        jobs::watch("input", listen, move |error| {
            // The desk may have been left already.
            let _ = broken.send(Event::InputLost(error.to_string()));
        })?;
        Ok(Self { gate })
    }

    /// Leaves the terminal alone. The thread may sit in a read, which a change of size ends.
    pub(super) fn pause(&self) {
        let (gate, changed) = &*self.gate;
        let mut state = lock(gate);
        state.shut = true;
        signals::size_changed();
        while !state.waits {
            let (next, late) = changed
                .wait_timeout(state, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if late.timed_out() {
                return;
            }
        }
    }

    /// Reads the terminal again.
    pub(super) fn resume(&self) {
        let (gate, changed) = &*self.gate;
        lock(gate).shut = false;
        changed.notify_all();
    }
}

/// Waits while the gate is shut.
fn pass(gate: &(Mutex<Gate>, Condvar)) {
    let (gate, changed) = gate;
    let mut state = lock(gate);
    while state.shut {
        state.waits = true;
        changed.notify_all();
        state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    state.waits = false;
}

fn lock(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the desk takes of what the terminal sends.
fn event(read: terminal::Event) -> Option<Event> {
    match read {
        terminal::Event::Key(key) => Some(Event::Key(key)),
        terminal::Event::Paste(text) => Some(Event::Paste(text)),
        terminal::Event::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        terminal::Event::Mouse(mouse) => {
            let (x, y) = (mouse.column, mouse.row);
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Some(Event::Mouse(Mouse::Click(x, y))),
                MouseEventKind::ScrollDown => Some(Event::Mouse(Mouse::Wheel(x, y, true))),
                MouseEventKind::ScrollUp => Some(Event::Mouse(Mouse::Wheel(x, y, false))),
                _ => None,
            }
        }
        terminal::Event::FocusGained | terminal::Event::FocusLost => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_thread_that_panics_says_that_the_terminal_is_lost() {
        let (events, inbox) = channel();
        let mut left = vec![terminal::Event::Paste("text".to_owned())];
        Input::start_with(events, move || Ok(left.pop().expect("told to panic"))).unwrap();
        let heard: Vec<Event> = inbox.iter().collect();
        let [Event::Paste(_), Event::InputLost(why)] = &heard[..] else {
            panic!("{heard:?}");
        };
        assert!(
            why.contains("the thread `input` failed: told to panic"),
            "{why}"
        );
    }
}
