//! One process at a time fetches a file: the lock that Python's `huggingface_hub` takes too.
//!
//! It saves work and is not what keeps the cache whole: some network disks grant a lock to
//! everybody, and a file is checked before it gets its name, whoever wrote it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::client::unless;
use crate::error::{Error, Result};
use crate::jobs::Cancel;

/// How often to look.
const PAUSE: Duration = Duration::from_millis(50);
/// After how long to say that this waits.
const SAY_AFTER: Duration = Duration::from_millis(300);

/// The right to fetch one file, until dropped or until the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "holds the lock by being open")] File);

impl Lock {
    /// Takes the lock at `path`, and waits for its holder for at most `patience` after anything of
    /// what it fetches has arrived, as `arrived` tells. `waiting` is told once that this waits.
    ///
    /// # Errors
    /// When the file cannot be made, the holder stands still, or this is to stop.
    pub(super) async fn take(
        path: &Path,
        patience: Duration,
        cancel: &Cancel,
        arrived: impl Fn() -> u64,
        waiting: &mut dyn FnMut(),
    ) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options
            .open(path)
            .map_err(|e| Error::io("make the lock", path, e))?;
        let start = Instant::now();
        let mut said = false;
        let mut seen = (arrived(), start);
        loop {
            match file.try_lock() {
                // A disk without locks.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => {}
            }
            let now = arrived();
            if now != seen.0 {
                seen = (now, Instant::now());
            }
            if seen.1.elapsed() >= patience {
                return Err(
                    Error::new("another process holds this lock and fetches nothing")
                        .at_path(path)
                        .hint("end that process, or try again when it is done"),
                );
            }
            if !said && start.elapsed() >= SAY_AFTER {
                said = true;
                waiting();
            }
            unless(cancel, tokio::time::sleep(PAUSE)).await?;
        }
    }
}

/// Whether somebody holds the lock at `path`.
pub(super) fn is_held(path: &Path) -> bool {
    let file = OpenOptions::new().read(true).write(true).open(path);
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
