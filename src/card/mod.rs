//! Model cards: the hub's front matter and Markdown, read so that every fact knows its line.

pub mod body;
pub mod check;
pub mod facts;
pub mod front;
pub mod yaml;

use std::sync::Arc;

pub use body::{Section, Sentence};
pub use check::{Problem, Severity};
pub use facts::{
    Architecture, Fact, Facts, Figure, Kind, Quantity, Rank, Recipe, Speed, TaskFit,
};

/// Where a card came from, which decides how far it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Ships with the program; its facts were checked.
    BuiltIn,
    /// Added by the user.
    User,
    /// Written by a fine-tune of the user's.
    Run,
    /// Imported in bulk or fetched from the hub, unchecked.
    Imported,
}

/// One card: its text, and what was understood of it.
#[derive(Debug, Clone)]
pub struct Card {
    /// The hub id, `org/name` (or a bare name).
    pub id: String,
    /// Where it came from.
    pub origin: Origin,
    /// The README.md as it is, untrusted unless built in.
    pub text: Arc<str>,
    /// What the front matter says.
    pub facts: Facts,
    /// The Markdown below the front matter, by heading.
    pub sections: Vec<Section>,
    /// What could not be read; a card with problems is still a card.
    pub problems: Vec<Problem>,
}

impl Card {
    /// Reads a card. Never fails: what cannot be understood becomes a [`Problem`].
    pub fn parse(id: &str, origin: Origin, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let _ = (id, origin, &text);
        todo!("the card module's author writes this")
    }

    /// The short name to show: the extension's `name`, else the last part of the id.
    pub fn name(&self) -> &str {
        match &self.facts.name {
            Some(name) => &name.value,
            None => self.id.rsplit('/').next().unwrap_or(&self.id),
        }
    }

    /// The section whose heading is `title`, in any letter case.
    pub fn section(&self, title: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.title.eq_ignore_ascii_case(title))
    }

    /// The first paragraph under the card's title: what the model is.
    pub fn summary(&self) -> Option<&Sentence> {
        self.sections.first().and_then(|s| s.sentences.first())
    }
}
