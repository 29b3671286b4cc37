//! Signals: those that end the program give the terminal back first, and Ctrl+Z stops it.

use std::sync::mpsc::Sender;

use super::event::Event;
use crate::error::Result;
use crate::jobs;

/// Ends the forwarding of signals when dropped.
pub(super) struct Forwarding {
    #[cfg(unix)]
    handle: signal_hook::iterator::Handle,
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.handle.close();
    }
}

/// Sends the signals that end or stop the program to the loop.
///
/// # Errors
/// When a handler cannot be set.
#[cfg(unix)]
pub(super) fn forward(events: Sender<Event>) -> Result<Forwarding> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let all = [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT];
    let mut signals = signal_hook::iterator::Signals::new(all)
        .map_err(|e| crate::error::Error::new("cannot listen for signals").caused_by(e))?;
    let handle = signals.handle();
    let broken = events.clone();
    let listen = move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGTSTP => Event::Suspend,
                SIGCONT => Event::Continued,
                signal => Event::Signal(signal),
            };
            if events.send(event).is_err() {
                return;
            }
        }
    };
    // Deaf to signals the desk could not be told to end.
    jobs::watch("signals", listen, move |error| {
        let _ = broken.send(Event::InputLost(error.to_string()));
    })?;
    Ok(Forwarding { handle })
}

/// Signals of this kind do not exist here.
#[cfg(not(unix))]
pub(super) fn forward(events: Sender<Event>) -> Result<Forwarding> {
    drop(events);
    jobs::spawn("signals", || ())?;
    Ok(Forwarding {})
}

/// The signal of Ctrl+C.
pub(super) const INTERRUPT: i32 = 2;

/// Tells this program that its terminal has another size, which ends a read of the terminal.
pub(super) fn size_changed() {
    #[cfg(unix)]
    // Failing leaves the reader where it is: it gives up its place with the next key.
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGWINCH);
}

/// Stops the program until the shell continues it.
#[cfg(unix)]
pub(super) fn stop() -> Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
        .map_err(|e| crate::error::Error::new("cannot suspend").caused_by(e))
}

/// There is no way to be continued.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn stop() -> Result<()> {
    Ok(())
}

/// Ends the program as a shell reports a signal: 128 + its number.
#[expect(
    clippy::exit,
    reason = "the terminal is given back and what ran is told to end"
)]
pub(super) fn exit(signal: i32) -> ! {
    std::process::exit(128 + signal)
}
