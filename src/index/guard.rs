//! What goes wrong inside tantivy, sorted by what can be done about it.
//!
//! A damaged index shows as an error or as a panic. Both are caught here and become
//! [`Fault::Damaged`], which is answered by rebuilding; a full disk, missing rights or a busy lock
//! never are, because rebuilding would not help and must not wipe anything.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

use crate::error::Error;

/// Why the index could not be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// The system does not let us read or write: rights, a read-only or full disk.
    Denied(String),
    /// Another process is writing.
    Busy(String),
    /// The files are not what was written, or were written by another program.
    Damaged(String),
}

impl Fault {
    /// What happened, for a person.
    pub(super) fn why(&self) -> &str {
        let (Self::Denied(why) | Self::Busy(why) | Self::Damaged(why)) = self;
        why
    }

    /// The fault behind an input or output error.
    pub(super) fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as K;
        match error.kind() {
            K::PermissionDenied
            | K::ReadOnlyFilesystem
            | K::StorageFull
            | K::QuotaExceeded
            | K::FileTooLarge => Self::Denied(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }

    /// As an error of the program.
    pub(super) fn into_error(self, doing: &str) -> Error {
        Error::new(format!("cannot {doing}")).caused_by(self.why().to_owned())
    }
}

impl From<TantivyError> for Fault {
    fn from(error: TantivyError) -> Self {
        match &error {
            TantivyError::IoError(io_error)
            | TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
            | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. })
            | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error, .. })
            | TantivyError::LockFailure(LockError::IoError(io_error), _) => Self::of_io(io_error),
            TantivyError::LockFailure(LockError::LockBusy, _) => {
                Self::Busy("another process is writing the index".to_owned())
            }
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::of_io(&error)
    }
}

/// Runs `work` inside tantivy; a panic in it is a damaged index.
pub(super) fn guarded<T>(work: impl FnOnce() -> tantivy::Result<T>) -> Result<T, Fault> {
    quiet_panics();
    let depth = GUARDED.get();
    GUARDED.set(depth + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(depth);
    match result {
        Ok(result) => result.map_err(Fault::from),
        Err(panic) => Err(Fault::Damaged(message(panic.as_ref()))),
    }
}

thread_local! {
    static GUARDED: Cell<u32> = const { Cell::new(0) };
}

/// The names that tantivy gives its threads, whose panics it hands on as errors.
const TANTIVY_THREADS: [&str; 4] = [
    "thrd-tantivy",
    "segment_updater",
    "merge_thread",
    "docstore-compressor",
];

/// Keeps caught panics off the screen; all others are reported as before.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or_default();
            let ours = GUARDED.try_with(Cell::get).unwrap_or(0) > 0
                || TANTIVY_THREADS
                    .iter()
                    .any(|prefix| name.starts_with(prefix));
            if !ours {
                before(info);
            }
        }));
    });
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("the index could not be read").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_damage_and_a_full_disk_is_not() {
        assert!(
            matches!(guarded::<()>(|| panic!("torn")), Err(Fault::Damaged(why)) if why == "torn")
        );
        let full = || Err::<(), _>(io::Error::from(io::ErrorKind::StorageFull).into());
        assert!(matches!(guarded(full), Err(Fault::Denied(_))));
        assert_eq!(guarded(|| Ok(1)).unwrap(), 1);
    }
}
