//! Earlier inputs of each pane: in memory for Up and Ctrl+R, and in a file for the next time.
//!
//! The files are in the state folder, one JSON string a line, oldest first. A home that cannot be
//! written only means that nothing is kept.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::error::Result;
use crate::jobs;

/// How many inputs are kept.
const MOST: usize = 1_000;

/// Which inputs belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Questions of the Ask pane.
    Questions,
    /// Filters of the Models pane.
    Filters,
    /// Texts of the Try pane.
    Texts,
    /// Files of rows to learn from.
    Data,
    /// Messages of the Chat pane.
    Messages,
}

impl Kept {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Questions,
        Self::Filters,
        Self::Texts,
        Self::Data,
        Self::Messages,
    ];

    /// Its file in the state folder.
    fn file(self) -> &'static str {
        match self {
            Self::Questions => "history",
            Self::Filters => "history-models",
            Self::Texts => "history-texts",
            Self::Data => "history-data",
            Self::Messages => "history-messages",
        }
    }
}

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

/// The inputs that were kept in the folder `state`; what cannot be read is left out.
pub(super) fn read(state: &Path, kept: Kept) -> Vec<String> {
    read_file(&state.join(kept.file()))
}

fn read_file(path: &Path) -> Vec<String> {
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

/// Adds inputs to a file. Another desk may have written it meanwhile: its inputs stay.
fn add<'a>(path: &Path, new: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut new = new.peekable();
    if new.peek().is_none() {
        return Ok(());
    }
    let mut all = read_file(path);
    new.for_each(|entry| append(&mut all, entry));
    write(path, &all)
}

/// Writes inputs to their files on a thread of its own, since a sync may take long. Dropping it waits
/// for the last write.
#[derive(Debug)]
pub(super) struct Keeper {
    inbox: Option<Sender<(Kept, String)>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread, for files in the folder `state`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(state: PathBuf) -> Result<Self> {
        let (inbox, entries) = channel::<(Kept, String)>();
        let thread = jobs::spawn("history", move || {
            while let Ok(first) = entries.recv() {
                let new: Vec<_> = std::iter::once(first).chain(entries.try_iter()).collect();
                for kept in Kept::ALL {
                    let new = new.iter().filter(|(of, _)| *of == kept);
                    if add(&state.join(kept.file()), new.map(|(_, entry)| entry)).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Self {
            inbox: Some(inbox),
            thread: Some(thread),
        })
    }

    /// Hands over an input. Never waits.
    pub(super) fn keep(&self, kept: Kept, entry: String) {
        if let Some(inbox) = &self.inbox {
            // Fails once the file could not be written, and then there is nothing to keep.
            let _ = inbox.send((kept, entry));
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
        let state = folder.path().join("state");
        let keeper = Keeper::start(state.clone()).unwrap();
        for entry in ["one", "two\nlines", "two\nlines", "three"] {
            keeper.keep(Kept::Questions, entry.to_owned());
        }
        keeper.keep(Kept::Filters, "mit".to_owned());
        drop(keeper);
        let path = state.join("history");
        let mut file = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            read(&state, Kept::Questions),
            ["one", "two\nlines", "three"]
        );
        assert_eq!(read(&state, Kept::Filters), ["mit"]);
        file.push_str("{broken\n\"four\"\n");
        crate::files::write(&path, file.as_bytes()).unwrap();
        assert_eq!(
            read(&state, Kept::Questions),
            ["one", "two\nlines", "three", "four"]
        );
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
        let keeper = Keeper::start(path.clone()).unwrap();
        keeper.keep(Kept::Questions, "one".to_owned());
        drop(keeper);
        assert_eq!(read(&path, Kept::Questions), Vec::<String>::new());
    }
}
