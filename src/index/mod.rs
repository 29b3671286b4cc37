//! The library of cards: what ships with the program, what the user added, what was imported;
//! and the tantivy index over all of it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::card::{Card, Origin};
use crate::error::Result;
use crate::files::Folders;

/// Cards that match words, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The card's id.
    pub id: String,
    /// Where it came from.
    pub origin: Origin,
    /// BM25 over the weighted fields; comparable within one search only.
    pub score: f32,
}

/// What to search for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Words, as typed; typos are tolerated.
    pub text: String,
    /// Facets that must hold, as `task:summarization`; all of them.
    pub facets: Vec<String>,
    /// Origins to search; empty means all.
    pub origins: Vec<Origin>,
    /// How many hits at most.
    pub limit: usize,
}

/// Something the user should know that stopped nothing: the index was rebuilt, the home is read-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice(pub String);

/// All cards, and the index over them.
pub struct Library {
    folders: Folders,
    built_in: Vec<Arc<Card>>,
}

impl Library {
    /// Opens the library of this user; builds the index where it is absent, stale, foreign or
    /// corrupt, and keeps it in memory where the folder cannot be written.
    pub fn open(folders: &Folders) -> Result<(Self, Vec<Notice>)> {
        let _ = folders;
        todo!()
    }

    /// The cards that ship with the program, models and guide, in a fixed order.
    pub fn built_in(&self) -> &[Arc<Card>] {
        &self.built_in
    }

    /// The user's own cards (added, and written by runs).
    pub fn own(&self) -> Vec<Arc<Card>> {
        todo!()
    }

    /// How many cards of each origin there are (guide cards not counted).
    pub fn counts(&self) -> Vec<(Origin, usize)> {
        todo!()
    }

    /// The card of that id, whatever its origin (the user's own before built-in before imported).
    pub fn card(&self, id: &str) -> Result<Option<Arc<Card>>> {
        let _ = id;
        todo!()
    }

    /// Searches.
    pub fn search(&self, search: &Search) -> Result<Vec<Hit>> {
        let _ = search;
        todo!()
    }

    /// Where the index is, for `doctor`.
    pub fn folder(&self) -> PathBuf {
        self.folders.data.join("index")
    }
}
