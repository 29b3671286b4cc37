//! Question -> constraints -> ranked models -> claims; comparison; plan; this machine.
//!
//! [`Advisor::ask`] reads a question ([`question`]), lets the one composer that fits its intent
//! build the parts of an [`Answer`] from cards, and numbers what they cite. [`present`] lays the
//! answer out as lines. Nothing here writes a screen or opens a connection.

pub mod answer;
pub mod catalogue;
mod compare;
mod compose;
mod here;
mod how_to;
mod json;
mod latency;
mod lookup;
pub mod machine;
pub mod measured;
mod no_card;
pub mod offer;
mod out_of_reach;
pub mod plan;
pub mod present;
pub mod quantity;
pub mod question;
mod rank;
mod reading;
mod recipe;
mod recommend;
mod related;
mod script;
mod shape;
mod sheet;

use std::collections::HashMap;
use std::sync::Arc;

pub use answer::{Answer, Comparison};
pub use catalogue::Catalogue;
pub use here::{Room, Space, architecture_name, is_known};
pub use machine::Machine;
pub use question::{Intent, Reading};
pub use recipe::{Advice, advice};
pub use related::{Related, Relation};
pub use sheet::{Stated, sheet};

use crate::card::{Card, Origin};
use crate::error::Result;
use crate::index::{Library, Search};
use rank::{Scale, Weights};
use reading::vocabulary::Vocabulary;

/// Words with a slash that are looked up as ids.
const MOST_IDS: usize = 8;

/// Answers questions from the library's cards, on this machine. Deterministic; never uses a
/// network.
pub struct Advisor {
    library: Arc<Library>,
    machine: Machine,
    vocabulary: Arc<Vocabulary>,
    weights: Weights,
}

/// Ids that a question names as a whole.
#[derive(Default)]
struct Ids {
    imported: Vec<String>,
    unknown: Vec<String>,
    /// The question without them.
    rest: String,
}

/// `org/name-7b`, but not `and/or`.
fn is_like_an_id(word: &str) -> bool {
    let Some((organization, name)) = word.split_once('/') else {
        return false;
    };
    let letters = |s: &str| {
        s.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let told_apart = |c: char| c.is_ascii_digit() || "-_".contains(c);
    organization.len() > 1 && letters(organization) && letters(name) && name.contains(told_apart)
}

/// What a composer works with.
struct Desk<'a> {
    library: &'a Library,
    machine: &'a Machine,
    vocabulary: &'a Vocabulary,
    weights: &'a Weights,
    /// Built-in cards and the user's own.
    cards: Vec<Arc<Card>>,
}

/// What a composer makes.
#[derive(Default)]
struct Draft {
    parts: Vec<answer::Part>,
    models: Vec<answer::Ranked>,
    plan: Option<plan::Plan>,
    comparison: Option<Comparison>,
    actions: Vec<answer::Action>,
    swap: Option<String>,
}

impl Advisor {
    /// An advisor over `library` for `machine`.
    pub fn new(library: Arc<Library>, machine: Machine) -> Self {
        let own = library.own();
        let cards = library.built_in().iter().chain(&own).map(AsRef::as_ref);
        let vocabulary = Arc::new(Vocabulary::new(cards));
        Self {
            library,
            machine,
            vocabulary,
            weights: Weights::shipped(),
        }
    }

    /// The same, with the models that are on this disk now.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            library: Arc::clone(&self.library),
            machine: self.machine.rescanned(),
            vocabulary: Arc::clone(&self.vocabulary),
            weights: Weights::shipped(),
        }
    }

    /// Answers `question`; `before` is the reading that a follow-up carries on from.
    ///
    /// # Errors
    /// When the index cannot be searched.
    pub fn ask(&self, question: &str, before: Option<&Reading>) -> Result<Answer> {
        let ids = self.take_ids(question)?;
        let mut reading = self.read(&ids.rest, before);
        if !ids.imported.is_empty() || !ids.unknown.is_empty() {
            crate::text::line(question)
                .trim()
                .clone_into(&mut reading.question);
            reading.models.extend(ids.imported);
            reading.foreign.extend(ids.unknown);
            reading.intent = match (reading.intent, reading.models.len()) {
                (_, 0) => Intent::OutOfScope,
                (Intent::HowTo, _) => Intent::HowTo,
                (_, 1) => Intent::Lookup,
                _ => Intent::Compare,
            };
        }
        self.answer(reading)
    }

    /// How `question` is read, without answering it.
    pub fn read(&self, question: &str, before: Option<&Reading>) -> Reading {
        reading::read(question, before, &self.vocabulary)
    }

    /// Takes whole ids that no vocabulary has out of a question: imported cards, and ids that have
    /// no card at all.
    fn take_ids(&self, question: &str) -> Result<Ids> {
        let mut ids = Ids {
            rest: question.to_owned(),
            ..Ids::default()
        };
        for word in question
            .split_whitespace()
            .filter(|w| w.contains('/'))
            .take(MOST_IDS)
        {
            let id = word.trim_matches(|c: char| !c.is_alphanumeric());
            match self.library.card(id)? {
                Some(card) if card.origin == Origin::Imported => ids.imported.push(card.id.clone()),
                None if is_like_an_id(id) => ids.unknown.push(crate::text::ident(id).into_owned()),
                _ => continue,
            }
            ids.rest = ids.rest.replacen(id, "", 1);
        }
        Ok(ids)
    }

    /// Answers a reading, as it is after the user has edited it.
    ///
    /// # Errors
    /// When the index cannot be searched.
    pub fn answer(&self, mut reading: Reading) -> Result<Answer> {
        let desk = self.desk();
        let draft = match reading.intent {
            Intent::Recommend => recommend::compose(&desk, &mut reading)?,
            Intent::Compare => compare::compose(&desk, &mut reading)?,
            Intent::HowTo => how_to::compose(&desk, &mut reading)?,
            Intent::Lookup => lookup::compose(&desk, &mut reading)?,
            Intent::OutOfScope => no_card::compose(&desk, &reading)?,
        };
        reading.shown = if draft.models.is_empty() {
            reading.models.clone()
        } else {
            draft.models.iter().take(3).map(|m| m.id.clone()).collect()
        };
        Ok(Answer {
            citations: compose::citations(&draft.parts),
            reading,
            parts: draft.parts,
            models: draft.models,
            plan: draft.plan,
            comparison: draft.comparison,
            actions: draft.actions,
            swap: draft.swap,
        })
    }

    /// Sets the named models side by side; `fields` empty means all that the cards state.
    ///
    /// # Errors
    /// When a name has no card; the hint names the nearest.
    pub fn compare(&self, models: &[String], fields: &[String]) -> Result<Answer> {
        let desk = self.desk();
        let ids = models
            .iter()
            .map(|m| self.model_id(&desk, m))
            .collect::<Result<Vec<_>>>()?;
        self.answer(Reading {
            question: format!("Compare {}", models.join(", ")),
            intent: Intent::Compare,
            models: ids,
            fields: fields.to_vec(),
            ..Reading::default()
        })
    }

    /// The id of the card that a name on the command line means: an id, an alias, or the last part
    /// of an id.
    ///
    /// # Errors
    /// When it has no card; the hint names the nearest.
    pub fn resolve(&self, name: &str) -> Result<String> {
        self.model_id(&self.desk(), name)
    }

    fn model_id(&self, desk: &Desk<'_>, name: &str) -> Result<String> {
        if let Some(card) = desk.library.card(name)? {
            return Ok(card.id.clone());
        }
        let read = self.read(name, None);
        match read.models.first() {
            Some(id) if read.models.len() == 1 && read.corrections.is_empty() => Ok(id.clone()),
            _ => Err(no_card::unknown(desk, name, read.models.first())?),
        }
    }

    fn desk(&self) -> Desk<'_> {
        let mut cards = self.library.own();
        let built_in = self.library.built_in().iter();
        let shadowed: Vec<String> = cards.iter().map(|c| c.id.clone()).collect();
        cards.extend(built_in.filter(|c| !shadowed.contains(&c.id)).cloned());
        Desk {
            library: &self.library,
            machine: &self.machine,
            vocabulary: &self.vocabulary,
            weights: &self.weights,
            cards,
        }
    }

    /// The library.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// This machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
}

impl Desk<'_> {
    /// The card with that id among built-in and own cards.
    fn card(&self, id: &str) -> Option<&Arc<Card>> {
        self.cards.iter().find(|c| c.id == id)
    }

    /// The cards with these ids, imported ones too, in that order; ids without a card are left out.
    fn find(&self, ids: &[String]) -> Result<Vec<Arc<Card>>> {
        let found = ids.iter().map(|id| match self.card(id) {
            Some(card) => Ok(Some(Arc::clone(card))),
            None => self.library.card(id),
        });
        Ok(found
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// The guide card of that slug.
    fn guide(&self, slug: &str) -> Option<&Arc<Card>> {
        self.card(&format!("guide/{slug}"))
    }

    /// A scale with the question's words weighed over the cards.
    fn scale(&self, question: &str) -> Result<Scale<'_>> {
        // A card of somebody else's could be stuffed with words.
        let search = Search {
            text: question.to_owned(),
            origins: vec![Origin::BuiltIn],
            limit: 50,
            ..Search::default()
        };
        let hits = self.library.search(&search)?;
        let best = hits
            .first()
            .map_or(1.0, |h| f64::from(h.score))
            .max(f64::MIN_POSITIVE);
        let words: HashMap<String, f64> = hits
            .into_iter()
            .map(|h| (h.id, f64::from(h.score) / best))
            .collect();
        Ok(Scale {
            vocabulary: self.vocabulary,
            machine: self.machine,
            weights: self.weights,
            words,
        })
    }
}
