//! Ctrl+C while a command works.

use crate::error::{Error, Result};
use crate::jobs::Cancel;

/// Lets Ctrl+C ask the work to stop; the second one ends the program at once.
pub(super) fn stop_on_interrupt(cancel: &Cancel) -> Result<()> {
    use signal_hook::consts::SIGINT;
    let flag = cancel.flag();
    signal_hook::flag::register_conditional_shutdown(SIGINT, 130, cancel.flag())
        .and_then(|_| signal_hook::flag::register(SIGINT, flag))
        .map(|_| ())
        .map_err(|error| Error::new("cannot listen for Ctrl+C").caused_by(error))
}

/// Lets Ctrl+C, and what asks a process to end, ask the work to stop; a second one ends the program
/// at once.
pub(super) fn stop_on_signals(cancel: &Cancel) -> Result<()> {
    use signal_hook::consts::SIGTERM;
    stop_on_interrupt(cancel)?;
    signal_hook::flag::register(SIGTERM, cancel.flag())
        .map(|_| ())
        .map_err(|error| Error::new("cannot listen for the end of this process").caused_by(error))
}
