//! Earlier inputs: in memory for Up and Ctrl+R, and in a file for the next time.
//!
//! The file is `history` in the state folder, one JSON string a line, oldest first. A home that
//! cannot be written only means that nothing is kept.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::error::Result;
use crate::jobs;

/// How many inputs are kept.
const MOST: usize = 1_000;

/// Earlier inputs, oldest first, no two alike in a row.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<String>,
}

impl History {
    /// Puts what the file holds before what was typed since the start.
    pub(super) fn remember(&mut self, earlier: Vec<String>) {
        let since = std::mem::replace(&mut self.entries, earlier);
        self.entries.extend(since);
    }

    /// Appends an input.
    pub(super) fn push(&mut self, text: &str) {
        append(&mut self.entries, text);
    }

    /// All of them, oldest first.
    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }
}

fn append(entries: &mut Vec<String>, text: &str) {
    if entries.last().is_none_or(|last| last != text) {
        entries.push(text.to_owned());
    }
    let over = entries.len().saturating_sub(MOST);
    entries.drain(..over);
}

/// The inputs that a file holds; what cannot be read is left out.
pub(super) fn read(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut entries = Vec::new();
    for line in text.lines() {
        if let Ok(entry) = serde_json::from_str::<String>(line) {
            append(&mut entries, &crate::text::block(&entry));
        }
    }
    entries
}

fn write(path: &Path, entries: &[String]) -> Result<()> {
    let mut bytes = String::new();
    for entry in entries {
        bytes.push_str(&serde_json::Value::from(entry.as_str()).to_string());
        bytes.push('\n');
    }
    crate::files::write(path, bytes.as_bytes())
}

/// Writes inputs to the file on a thread of its own, since a sync may take long. Dropping it waits
/// for the last write.
#[derive(Debug)]
pub(super) struct Keeper {
    inbox: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(path: PathBuf) -> Result<Self> {
        let (inbox, entries) = channel::<String>();
        let thread = jobs::spawn("history", move || {
            while let Ok(first) = entries.recv() {
                // Another desk may have written meanwhile: its inputs stay.
                let mut all = read(&path);
                append(&mut all, &first);
                for entry in entries.try_iter() {
                    append(&mut all, &entry);
                }
                if write(&path, &all).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self {
            inbox: Some(inbox),
            thread: Some(thread),
        })
    }

    /// Hands over an input. Never waits.
    pub(super) fn keep(&self, entry: String) {
        if let Some(inbox) = &self.inbox {
            // Fails once the file could not be written, and then there is nothing to keep.
            let _ = inbox.send(entry);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_survive_in_their_order_and_damage_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/history");
        let keeper = Keeper::start(path.clone()).unwrap();
        for entry in ["one", "two\nlines", "two\nlines", "three"] {
            keeper.keep(entry.to_owned());
        }
        drop(keeper);
        let mut file = std::fs::read_to_string(&path).unwrap();
        assert_eq!(read(&path), ["one", "two\nlines", "three"]);
        file.push_str("{broken\n\"four\"\n");
        crate::files::write(&path, file.as_bytes()).unwrap();
        assert_eq!(read(&path), ["one", "two\nlines", "three", "four"]);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut history = History::default();
        (0..MOST + 5).for_each(|n| history.push(&n.to_string()));
        assert_eq!(history.entries().len(), MOST);
        assert_eq!(history.entries()[0], "5");
    }

    #[test]
    fn a_home_that_cannot_be_written_only_means_that_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        crate::files::write(&path, b"").unwrap();
        let keeper = Keeper::start(path.join("history")).unwrap();
        keeper.keep("one".to_owned());
        drop(keeper);
        assert_eq!(read(&path.join("history")), Vec::<String>::new());
    }
}
