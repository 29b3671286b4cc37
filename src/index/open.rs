//! Opening the index, whatever state it is in.
//!
//! Absent, stale, foreign or damaged: built anew from the built-in cards and the store, in a new
//! folder. Not writable, or another process writes for long: what can be read is used, and where
//! nothing can be read the index is made in memory. Opening fails only if that fails.

use std::path::Path;
use std::time::Duration;

use super::Notice;
use super::build::{Home, Opened, build, build_in_memory, catch_up, missing};
use super::folder::Folder;
use super::guard::Fault;
use super::lock::{PATIENCE, WriteLock};
use crate::error::Result;

/// Opens the index, or makes one.
///
/// # Errors
/// When not even memory can hold an index.
pub(super) fn open(home: &Home, notices: &mut Vec<Notice>) -> Result<Opened> {
    let why = match existing(home, notices) {
        Ok(Some(opened)) => return Ok(opened),
        Ok(None) if home.store.newest().is_ok_and(|newest| newest == 0) => None,
        Ok(None) => Some("it was gone".to_owned()),
        Err(Fault::Denied(why) | Fault::Busy(why)) => return in_memory(home, &why, notices),
        Err(Fault::Damaged(why)) => Some(why),
    };
    rebuild(home, why.as_deref(), None, None, notices)
}

/// Builds the index anew because of `why`; `None` where there was none. The index in the folder
/// `bad` is not used, however right it looks; `held` is the write lock, where the caller has it.
///
/// # Errors
/// When not even memory can hold an index.
pub(super) fn rebuild(
    home: &Home,
    why: Option<&str>,
    bad: Option<&Path>,
    held: Option<&WriteLock>,
    notices: &mut Vec<Notice>,
) -> Result<Opened> {
    match rebuild_on_disk(home, why, bad, held, notices) {
        Ok(opened) => Ok(opened),
        Err(fault) => in_memory(home, fault.why(), notices),
    }
}

fn rebuild_on_disk(
    home: &Home,
    why: Option<&str>,
    bad: Option<&Path>,
    held: Option<&WriteLock>,
    notices: &mut Vec<Notice>,
) -> Result<Opened, Fault> {
    let acquire = || {
        WriteLock::acquire(
            home.store.folder(),
            "building the index",
            PATIENCE,
            &mut |_| (),
        )
    };
    let _lock = if held.is_none() {
        Some(acquire()?)
    } else {
        None
    };
    // Whoever held the lock before may have built it.
    if let Ok(Some(folder)) = Folder::current(&home.root)
        && folder.is_of(&home.stamp)
        && bad != Some(folder.path())
        && let Ok(opened) = Opened::on_disk(home, folder)
        && catch_up(home, &opened, notices).is_ok()
    {
        return Ok(opened);
    }
    let opened = build(home, notices)?;
    if let Some(why) = why {
        notices.push(Notice(format!("the index was built anew: {why}")));
    }
    Ok(opened)
}

/// The current index, brought up to date where that is possible. `None`: there is none.
fn existing(home: &Home, notices: &mut Vec<Notice>) -> Result<Option<Opened>, Fault> {
    let Some(folder) = Folder::current(&home.root)? else {
        return Ok(None);
    };
    if !folder.is_of(&home.stamp) {
        return Err(Fault::Damaged(
            "it was made from other cards or settings".to_owned(),
        ));
    }
    let opened = Opened::on_disk(home, folder)?;
    if missing(home, &opened)?.is_empty() {
        return Ok(Some(opened));
    }
    match WriteLock::acquire(home.store.folder(), "indexing", Duration::ZERO, &mut |_| ()) {
        Ok(_lock) => {
            // Another process may have done it, and may have switched folders, meanwhile.
            if opened.was_replaced(home) {
                return Err(Fault::Damaged("another process replaced it".to_owned()));
            }
            opened.refresh()?;
            catch_up(home, &opened, notices)?;
            Ok(Some(opened))
        }
        // It is adding these cards right now, and the next search sees them.
        Err(Fault::Busy(_)) => Ok(Some(opened)),
        Err(fault) => Err(fault),
    }
}

fn in_memory(home: &Home, why: &str, notices: &mut Vec<Notice>) -> Result<Opened> {
    let opened =
        build_in_memory(home, notices).map_err(|fault| fault.into_error("index the cards"))?;
    notices.push(Notice(format!(
        "the index is kept in memory for now, because {} cannot be used: {why}",
        crate::error::shown(&home.root)
    )));
    Ok(opened)
}
