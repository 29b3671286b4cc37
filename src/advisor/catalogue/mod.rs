//! Every model there is a card for, to be filtered and sorted while somebody types.
//!
//! A [`Catalogue`] is made once from the index's columns and never changes; whoever keeps one asks
//! [`Advisor::is_current`] whether the library still holds the same cards. Nothing in it is a copy
//! of a card: a row has the few facts that a list shows, repeated texts once.

mod conditions;
mod facets;
mod find;
mod make;
mod measure;
mod nothing;
mod order;
mod rows;
mod texts;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::SystemTime;

use super::Advisor;
use super::here::{Availability, Needs, RunsHere};
use super::machine::Machine;
use super::measured::Record;
use super::reading::vocabulary::Vocabulary;
use crate::card::Origin;
use crate::error::Result;
use crate::index::{Filter, State, Summary};
use facets::Facets;
use make::Draft;
use order::Orders;
use rows::Rows;
use texts::{Texts, Word, Words};

/// All model cards of a library, compactly. Where two cards share an id, the one that answers to it.
pub struct Catalogue {
    ids: Texts,
    names: Texts,
    /// Name and id in lower case, which typed words are looked for in.
    folded: Texts,
    words: Words,
    rows: Vec<Row>,
    /// The rows that no other card stands before.
    listed: Rows,
    on_disk: HashMap<u32, OnDisk>,
    facets: Facets,
    orders: Orders,
    machine: Machine,
    vocabulary: Arc<Vocabulary>,
    state: Option<State>,
}

/// What is kept of a card besides its texts.
#[derive(Debug, Clone, Copy)]
struct Row {
    origin: Origin,
    task: Option<Word>,
    license: Option<Word>,
    architecture: Option<Word>,
    parameters: Option<NonZeroU64>,
    bytes: Option<NonZeroU64>,
    context: Option<NonZeroU64>,
}

/// The files of a model on this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnDisk {
    /// Their size.
    pub bytes: u64,
    /// Whether nothing is missing.
    pub whole: bool,
    /// When they were read last, where the system tells.
    pub last_used: Option<SystemTime>,
}

/// One model of a catalogue. All texts but the id are safe to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    /// The card's id, as the library knows it; untrusted unless built in.
    pub id: &'a str,
    /// The name to show.
    pub name: &'a str,
    /// Where the card came from.
    pub origin: Origin,
    /// The task it is made for.
    pub task: Option<&'a str>,
    /// The licence's id.
    pub license: Option<&'a str>,
    /// config.json's `model_type`.
    pub architecture: Option<&'a str>,
    /// Number of parameters.
    pub parameters: Option<u64>,
    /// Bytes of the weights, as the card states them.
    pub bytes: Option<u64>,
    /// Tokens.
    pub context: Option<u64>,
    /// Whether this program runs it on this machine.
    pub runs: RunsHere,
    /// What stands between the user and running it.
    pub availability: Availability,
    /// The words for it: `fetch 990 MB`, `no: LED`.
    pub here: String,
    /// Its files on this disk, where there are any.
    pub on_disk: Option<OnDisk>,
}

/// What the rows are ordered by. Rows that lack it come last, whichever way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// Yours, built in, imported; each by name. The order where nothing else is asked for.
    #[default]
    Origin,
    /// The shown name, in any letter case.
    Name,
    /// The number of parameters.
    Parameters,
    /// Bytes of the weights.
    Bytes,
    /// Tokens read at once.
    Context,
    /// The task.
    Task,
    /// The licence.
    License,
    /// When the files on this disk were read last.
    LastUsed,
}

impl Sort {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Origin,
        Self::Name,
        Self::Parameters,
        Self::Bytes,
        Self::Context,
        Self::Task,
        Self::License,
        Self::LastUsed,
    ];
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// As typed: words that must be contained, or else limits such as `translates under 500 MB`.
    pub text: String,
    /// Facets that must hold, all of them: `task:summarization`, `license:mit`, `origin:imported`,
    /// `size:small`, `language:fr`, `domain:legal`, `architecture:bert`, `here:fetch`.
    pub facets: Vec<String>,
    /// What the rows are ordered by.
    pub sort: Sort,
    /// The highest first.
    pub descending: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The rows of the catalogue, in order.
    pub rows: Vec<u32>,
    /// Out of how many.
    pub of: usize,
    /// How the text was read, where its words are contained nowhere.
    pub read_as: Option<String>,
    /// What the rows can be narrowed to further: facet by facet, the frequent values first.
    pub facets: Vec<FacetCount>,
    /// That nothing was found, and what is nearest; safe to show.
    pub nothing: Option<String>,
}

/// How many rows have a value of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// The facet: `task`.
    pub facet: String,
    /// Its value, safe to show; `facet:value` narrows to it.
    pub value: String,
    /// How many of the rows found have it.
    pub count: usize,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = self.len();
        f.debug_struct("Catalogue")
            .field("models", &models)
            .finish_non_exhaustive()
    }
}

impl Catalogue {
    /// A catalogue of `cards` for `machine`; `on_disk` names models by the ids of their cards.
    pub fn new(
        cards: impl IntoIterator<Item = Summary>,
        on_disk: &[(String, OnDisk)],
        machine: &Machine,
    ) -> Self {
        let vocabulary = Arc::new(Vocabulary::new(std::iter::empty()));
        let mut draft = Draft::default();
        cards.into_iter().for_each(|card| draft.add(card));
        draft.finish(on_disk, machine.clone(), vocabulary, None)
    }

    /// How many models there are.
    pub fn len(&self) -> usize {
        self.orders.by(Sort::Origin).rows().len()
    }

    /// Whether there is no model.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether files of any model are on this disk.
    pub fn any_on_disk(&self) -> bool {
        !self.on_disk.is_empty()
    }

    /// The model of a row that was found.
    pub fn entry(&self, row: u32) -> Option<Entry<'_>> {
        let at = row as usize;
        let packed = self.rows.get(at)?;
        let here = self.needs(row).on(&self.machine);
        let word = |word: Option<Word>| word.map(|word| self.words.get(word));
        Some(Entry {
            id: self.ids.get(at),
            name: self.names.get(at),
            origin: packed.origin,
            task: word(packed.task),
            license: word(packed.license),
            architecture: word(packed.architecture),
            parameters: packed.parameters.map(NonZeroU64::get),
            bytes: packed.bytes.map(NonZeroU64::get),
            context: packed.context.map(NonZeroU64::get),
            runs: here.runs,
            availability: here.availability,
            here: here.words(),
            on_disk: self.on_disk.get(&row).copied(),
        })
    }

    fn needs(&self, row: u32) -> Needs<'_> {
        let packed = &self.rows[row as usize];
        Needs {
            architecture: packed.architecture.map(|word| self.words.get(word)),
            task: packed.task.map(|word| self.words.get(word)),
            parameters: packed.parameters.map(NonZeroU64::get),
            bytes: packed.bytes.map(NonZeroU64::get),
            fetched: self.on_disk.get(&row).is_some_and(|disk| disk.whole),
            measured: self
                .machine
                .measured(self.ids.get(row as usize))
                .map(Record::memory),
        }
    }
}

impl Advisor {
    /// The catalogue of all model cards as they are now. Takes long where cards are many.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn catalogue(&self, on_disk: &[(String, OnDisk)]) -> Result<Catalogue> {
        let (state, draft) = self.library.collect(&Filter::default(), Draft::add)?;
        let vocabulary = Arc::clone(&self.vocabulary);
        Ok(draft.finish(on_disk, self.machine.clone(), vocabulary, Some(state)))
    }

    /// Whether the library still holds the cards that `catalogue` was made from.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn is_current(&self, catalogue: &Catalogue) -> Result<bool> {
        Ok(catalogue.state == Some(self.library.state_now()?))
    }
}
