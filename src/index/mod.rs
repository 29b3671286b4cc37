//! The library of cards: what ships with the program, what the user added, what was imported;
//! and the tantivy index over all of it.
//!
//! The store (`data/cards`) is the truth about the user's cards, the binary about the built-in
//! ones; the index (`data/index`) can be rebuilt from both at any time, and is, whenever it is
//! absent, stale, foreign or damaged. Writing goes store first, index second: see change.rs and
//! import.rs.

mod build;
mod change;
mod document;
pub mod embedded;
mod folder;
mod guard;
mod hub;
mod ids;
mod import;
mod list;
mod lock;
mod open;
mod query;
mod records;
mod schema;
mod sealed;
mod store;
mod tokens;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::collector::{Count, DocSetCollector};
use tantivy::query::{BooleanQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

use build::{Home, Opened};
pub use change::{Draft, TakenIn};
use document::ORIGINS;
pub use document::origin_name;
pub use document::precedence;
use guard::{Fault, guarded};
pub use ids::check_id;
pub use import::{Listing, Observer, Progress, Report};
pub use list::{Filter, Summary};
pub use records::{id_of, markdown_below, read_card};

use crate::card::{Card, Origin};
pub use crate::error::Notice;
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
    /// Words, as typed; typos are tolerated. Without any, all cards match.
    pub text: String,
    /// Facets that must hold, as `task:summarization`; all of them.
    pub facets: Vec<String>,
    /// Origins to search; empty means all.
    pub origins: Vec<Origin>,
    /// How many hits at most.
    pub limit: usize,
}

/// Which cards a library holds, told apart within one process: two are the same only when nothing
/// was added, imported or removed between them, by this process or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State(u64, u64);

/// Cards, and the state of the index they are from.
type Own = (State, Vec<Arc<Card>>);

/// All cards, and the index over them. Can be shared between threads.
pub struct Library {
    home: Home,
    state: RwLock<Arc<Opened>>,
    /// The user's own cards, as of one state of the index.
    own: Mutex<Option<Own>>,
    /// What happened since opening.
    notices: Mutex<Vec<Notice>>,
}

impl Library {
    /// Opens the library of this user; builds the index where it is absent, stale, foreign or
    /// corrupt, and keeps it in memory where the folder cannot be written.
    ///
    /// # Errors
    /// When the index settings of this build are wrong, or not even memory can hold an index.
    pub fn open(folders: &Folders) -> Result<(Self, Vec<Notice>)> {
        let home = Home::new(folders, schema::Settings::built_in()?);
        let mut notices = Vec::new();
        let opened = open::open(&home, &mut notices)?;
        let library = Self {
            home,
            state: RwLock::new(Arc::new(opened)),
            own: Mutex::default(),
            notices: Mutex::default(),
        };
        Ok((library, notices))
    }

    /// The cards that ship with the program, models and guide, in the order of ids.
    pub fn built_in(&self) -> &[Arc<Card>] {
        embedded::cards()
    }

    /// The user's own cards (added, and written by runs), in the order of ids. None where the
    /// index cannot be read.
    pub fn own(&self) -> Vec<Arc<Card>> {
        let own = self.with_index(|opened| {
            let searcher = opened.searcher();
            let state = opened.state(&searcher);
            let mut known = lock(&self.own);
            if let Some((of, cards)) = &*known
                && *of == state
            {
                return Ok(cards.clone());
            }
            let clauses = query::filter(&self.home, &[], &[Origin::User, Origin::Run]);
            let mut cards = guarded(|| {
                let found = searcher.search(&BooleanQuery::new(clauses), &DocSetCollector)?;
                found
                    .into_iter()
                    .map(|address| stored(&self.home, &searcher, address))
                    .collect()
            })
            .map(|cards: Vec<Card>| cards.into_iter().map(Arc::new).collect::<Vec<_>>())?;
            cards.sort_by(|a, b| a.id.cmp(&b.id));
            *known = Some((state, cards.clone()));
            Ok(cards)
        });
        own.unwrap_or_default()
    }

    /// How many cards of each origin there are (guide cards not counted).
    pub fn counts(&self) -> Vec<(Origin, usize)> {
        let count = |origin| {
            let facets = ["kind:model".to_owned()];
            let clauses = query::filter(&self.home, &facets, &[origin]);
            let query = BooleanQuery::new(clauses);
            let counted =
                self.with_index(|opened| guarded(|| opened.searcher().search(&query, &Count)));
            (origin, counted.unwrap_or_default())
        };
        ORIGINS.map(count).to_vec()
    }

    /// The card of that id, whatever its origin (the user's own before built-in before imported).
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn card(&self, id: &str) -> Result<Option<Arc<Card>>> {
        let term = Term::from_field_text(self.home.fields.id, id);
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        self.with_index(|opened| {
            let searcher = opened.searcher();
            guarded(|| {
                let mut best: Option<(u8, DocAddress)> = None;
                for address in searcher.search(&query, &DocSetCollector)? {
                    let rank = precedence(query::identity(&searcher, address)?.1);
                    if best.is_none_or(|(known, _)| rank < known) {
                        best = Some((rank, address));
                    }
                }
                match best {
                    Some((1, _)) => Ok(embedded::card(id).cloned()),
                    Some((_, at)) => Ok(Some(Arc::new(stored(&self.home, &searcher, at)?))),
                    None => Ok(None),
                }
            })
        })
    }

    /// Searches. Typically takes well under a millisecond.
    ///
    /// # Errors
    /// When the index cannot be read, even after it was built anew.
    pub fn search(&self, search: &Search) -> Result<Vec<Hit>> {
        self.with_index(|opened| query::search(&self.home, &opened.searcher(), search))
    }

    /// Lists cards, ordered by id and origin.
    ///
    /// # Errors
    /// When the index cannot be read, even after it was built anew.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Summary>> {
        let (_, mut cards) = self.collect(filter, |cards: &mut Vec<Summary>, card| {
            cards.push(card);
        })?;
        cards.sort_by(|a, b| a.id.cmp(&b.id).then(a.origin.cmp(&b.origin)));
        Ok(cards)
    }

    /// Hands the cards of a list to `take` one by one, in no order, and returns what it made of
    /// them: a list of many cards need not be in memory at once.
    ///
    /// # Errors
    /// When the index cannot be read, even after it was built anew.
    pub fn collect<T: Default>(
        &self,
        filter: &Filter,
        take: impl Fn(&mut T, Summary),
    ) -> Result<(State, T)> {
        self.with_index(|opened| {
            let searcher = opened.searcher();
            let mut made = T::default();
            list::each(&self.home, &searcher, filter, &mut |card| {
                take(&mut made, card);
            })?;
            Ok((opened.state(&searcher), made))
        })
    }

    /// Which cards the library holds now. Costs one look at a file.
    ///
    /// # Errors
    /// When the index cannot be read, even after it was built anew.
    pub fn state_now(&self) -> Result<State> {
        self.with_index(|opened| Ok(opened.state(&opened.searcher())))
    }

    /// What the user should know of what happened since the library was opened, once.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *lock(&self.notices))
    }

    /// Reads every file of the index and compares its checksum, for `doctor`.
    ///
    /// # Errors
    /// When a file is damaged or cannot be read.
    pub fn verify(&self) -> Result<()> {
        folder::check_sums(&self.state().index).map_err(|fault| fault.into_error("trust the index"))
    }

    /// Where the indexes are, for `doctor`.
    pub fn folder(&self) -> PathBuf {
        self.home.root.clone()
    }

    /// Whether the index is kept in memory, because its folder cannot be used.
    pub fn is_in_memory(&self) -> bool {
        self.state().folder.is_none()
    }

    fn state(&self) -> Arc<Opened> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, opened: Opened) -> Arc<Opened> {
        let opened = Arc::new(opened);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&opened);
        opened
    }

    /// Runs `work` on the newest state of the index; builds it anew once where it is damaged.
    fn with_index<T>(&self, work: impl Fn(&Opened) -> Result<T, Fault>) -> Result<T> {
        let mut opened = self.state();
        if opened.was_replaced(&self.home) {
            opened = self.reopen()?;
        }
        match opened.refresh().and_then(|()| work(&opened)) {
            Ok(made) => Ok(made),
            Err(Fault::Damaged(why)) => {
                let opened = self.rebuild(&opened, &why)?;
                work(&opened).map_err(|fault| fault.into_error("read the index"))
            }
            Err(fault) => Err(fault.into_error("read the index")),
        }
    }

    /// Opens whatever is current now.
    fn reopen(&self) -> Result<Arc<Opened>> {
        let mut notices = Vec::new();
        let opened = open::open(&self.home, &mut notices)?;
        lock(&self.notices).append(&mut notices);
        Ok(self.replace(opened))
    }

    fn rebuild(&self, bad: &Opened, why: &str) -> Result<Arc<Opened>> {
        let mut notices = Vec::new();
        let folder = bad.folder.as_ref().map(folder::Folder::path);
        let opened = open::rebuild(&self.home, Some(why), folder, None, &mut notices)?;
        lock(&self.notices).append(&mut notices);
        Ok(self.replace(opened))
    }
}

/// A card of the store, from the text that the index keeps.
fn stored(home: &Home, searcher: &Searcher, address: DocAddress) -> tantivy::Result<Card> {
    let (id, origin) = query::identity(searcher, address)?;
    let document = searcher.doc::<TantivyDocument>(address)?;
    let text = document
        .get_first(home.fields.text)
        .and_then(|value| value.as_str());
    Ok(Card::parse(&id, origin, text.unwrap_or_default()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
