//! One writer at a time: an flock on `cards/lock`, which the system releases when its holder
//! ends, however it ends. The file itself stays and means nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::guard::Fault;
use crate::text;

/// How long a writer waits for another.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(25);
/// After how long it says that it waits.
const SAY_AFTER: Duration = Duration::from_millis(300);

/// The right to write the store and the index, until dropped.
#[derive(Debug)]
pub(super) struct WriteLock(#[expect(dead_code, reason = "holds the lock by being open")] File);

impl WriteLock {
    /// Takes the lock in `folder`, waiting for its holder for at most `patience`. `purpose` is what
    /// others are told that this process does; `waiting` is told once whom it waits for.
    pub(super) fn acquire(
        folder: &Path,
        purpose: &str,
        patience: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let start = Instant::now();
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) => {}
            }
            if start.elapsed() >= patience {
                return Err(Fault::Busy(format!(
                    "{} is writing the cards",
                    holder(&mut file)
                )));
            }
            if !said && start.elapsed() >= SAY_AFTER {
                waiting(&format!(
                    "waiting for {}, which is writing the cards",
                    holder(&mut file)
                ));
                said = true;
            }
            std::thread::sleep(PAUSE);
        }
        // Only a courtesy to who waits: the lock holds without it, as on a full disk.
        let _ = file.set_len(0).and_then(|()| {
            use std::io::Seek;
            file.rewind()?;
            write!(file, "process {} ({purpose})", std::process::id())
        });
        Ok(Self(file))
    }
}

/// Who wrote itself into the lock file last.
fn holder(file: &mut File) -> String {
    use std::io::Seek;
    let mut name = String::new();
    let read = file
        .rewind()
        .and_then(|()| Read::by_ref(file).take(200).read_to_string(&mut name));
    if read.is_ok() && !name.is_empty() {
        text::line(&name).into_owned()
    } else {
        "another process".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_writes_and_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let held = WriteLock::acquire(folder.path(), "import", PATIENCE, &mut |_| ()).unwrap();
        let patience = SAY_AFTER + 4 * PAUSE;
        let mut said = Vec::new();
        let again = WriteLock::acquire(folder.path(), "add", patience, &mut |m| {
            said.push(m.to_owned());
        });
        assert!(matches!(again, Err(Fault::Busy(why)) if why.contains("(import)")));
        assert_eq!(said.len(), 1);
        drop(held);
        assert!(WriteLock::acquire(folder.path(), "add", Duration::ZERO, &mut |_| ()).is_ok());
    }
}
