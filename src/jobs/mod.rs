//! The only threads and channels: named threads, cancellation, the thread that answers, the one
//! that keeps the catalogue of models, the one that runs them, and the one that speaks to a hub;
//! [`runner`] starts the processes that fine-tune, and a thread watches their folders;
//! [`tuning`] plans what they do.
//!
//! A job reports through a closure that its owner gives it, and every report names the request
//! that it belongs to, so that a late one can be dropped.

mod advisor;
mod cancel;
mod catalogue;
pub mod engine;
mod hub;
pub mod runner;
mod runs;
pub mod tuning;

use std::num::NonZeroUsize;
use std::thread::JoinHandle;

pub use advisor::{
    AdvisorWorker, Engine, OpenCard, Opened, Report, Request, Requester, open_advisor,
};
pub use cancel::Cancel;
pub use hub::{Arrived, Card, HubReport, HubRequest, HubWorker};
pub use runs::{Did, RunsReport, RunsRequest, RunsWorker, Snapshot, Watch};

use crate::error::{Error, Result};

/// Starts a thread called `name`, as it shows in `ps` and in panic messages.
///
/// # Errors
/// When the system gives no further thread.
pub fn spawn<T: Send + 'static>(
    name: &str,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(job)
        .map_err(|e| {
            Error::new(format!("cannot start the thread `{name}`"))
                .hint("close some programs, or raise the limit that `ulimit -u` shows")
                .caused_by(e)
        })
}

/// As [`spawn`], for a thread that the program cannot do without: its panic goes to `broken`.
///
/// # Errors
/// When the system gives no further thread.
pub fn watch(
    name: &'static str,
    job: impl FnOnce() + Send + 'static,
    broken: impl FnOnce(Error) + Send + 'static,
) -> Result<JoinHandle<()>> {
    spawn(name, move || {
        // Nothing of the job is used again.
        if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)) {
            broken(panic_error(&format!("the thread `{name}`"), panic.as_ref()));
        }
    })
}

/// Holds the threads that compute, which the library of matrix products shares, to `count` for as
/// long as the program runs.
///
/// # Errors
/// When they have been started already, or the system gives no further thread.
pub fn compute_on(count: NonZeroUsize) -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(count.get())
        .thread_name(|n| format!("compute-{n}"))
        .build_global()
        .map_err(|e| Error::new(format!("cannot compute on {count} threads")).caused_by(e))
}

/// What a panic said, as an error: a job that panics must not take the program down.
pub fn panic_error(job: &str, payload: &(dyn std::any::Any + Send)) -> Error {
    let said = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    Error::new(format!("{job} failed: {}", crate::text::line(&said)))
        .hint("the desk goes on; this is a fault of the program, please report it")
}
