//! Model cards: the hub's front matter and Markdown, read so that every fact knows its line.

pub mod body;
pub mod check;
pub mod facts;
pub mod front;
mod json;
mod lines;
mod read;
#[doc(hidden)]
pub mod soak;
pub mod yaml;

use std::sync::Arc;

pub use body::{Section, Sentence};
pub use check::{Problem, Severity, check, check_as};
pub use facts::{Architecture, Fact, Facts, Figure, Kind, Quantity, Rank, Recipe, Speed, TaskFit};

/// Where a card came from, which decides how far it is trusted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
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
        let mut problems = Vec::new();
        let (front, body, line) = parts(&text, &mut problems);
        let document = front.and_then(|f| yaml::read(f.yaml, f.line, &mut problems));
        let facts = document
            .map(|document| read::facts(&document.root, origin, &mut problems))
            .unwrap_or_default();
        let sections = body::sections(body, line, &mut problems);
        let problems = check::settled(problems);
        Self {
            id: id.to_owned(),
            origin,
            text,
            facts,
            sections,
            problems,
        }
    }

    /// The short name to show: the extension's `name`, else the last part of the id.
    pub fn name(&self) -> &str {
        match &self.facts.name {
            Some(name) => &name.value,
            None => self.id.rsplit('/').next().unwrap_or(&self.id),
        }
    }

    /// The lines of the text, as facts and citations count them.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        lines::lines(&self.text)
    }

    /// The section whose heading is `title`, in any letter case.
    pub fn section(&self, title: &str) -> Option<&Section> {
        self.sections
            .iter()
            .find(|s| s.title.eq_ignore_ascii_case(title))
    }

    /// The first paragraph under the card's title: what the model is.
    pub fn summary(&self) -> Option<&Sentence> {
        self.sections.first().and_then(|s| s.sentences.first())
    }
}

/// The front matter, the body and the body's first line; a problem where the hub sees none.
fn parts<'a>(
    text: &'a str,
    problems: &mut Vec<Problem>,
) -> (Option<front::Front<'a>>, &'a str, usize) {
    let (line, what, hint) = match front::split(text) {
        front::Split::Found(front) => return (Some(front), front.body, front.body_line),
        front::Split::Absent => return (None, text, 1),
        front::Split::Unterminated(line) => (
            line,
            "the front matter is never closed",
            "end it with a line of `---`",
        ),
        front::Split::TrailingSpace(line) => (
            line,
            "spaces behind `---`: the hub sees no front matter",
            "remove the spaces",
        ),
    };
    problems.push(Problem {
        severity: Severity::Warning,
        line,
        field: String::new(),
        what: what.to_owned(),
        hint: Some(hint.to_owned()),
    });
    (None, text, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "\
---
license: [MIT]
language: en
pipeline_tag: Summarization
model-index:
- name: x
  results:
  - task: {type: summarization}
    dataset: {type: xsum, name: XSum, split: test}
    metrics:
    - type: rouge
      name: ROUGE-1
      value: 44.10
      args: {rank: card}
    - type: accuracy
      value: 999
      args: {rank: card}
    source:
      name: a paper
modeldesk:
  name: X
  aliases: [x]
  architecture: {value: t5, layers: \"12+12\", source: s}
  parameters: {value: 5, source: p}
  size: {value: 1.5, unit: GB, source: hub, unverified: true}
  fine_tuning:
  - method: lora
    learning_rate: 1e-3
    source: peft
---
# X

X is *small* and [fast](http://x).
It has `two` lines.

## Good at

- One.
  - Nested <b>two</b>.
";

    #[test]
    fn facts_and_sentences_know_their_lines() {
        let card = Card::parse("a/x", Origin::BuiltIn, CARD);
        let facts = &card.facts;
        let license = facts.license.as_ref().unwrap();
        assert_eq!((license.value.as_str(), license.line), ("mit", 2));
        assert_eq!(facts.tasks.ready[0].value, "summarization");
        assert_eq!(facts.architecture.as_ref().unwrap().value.layers, Some(24));
        let size = facts.size.as_ref().unwrap();
        assert_eq!((size.value.bytes, size.unverified), (1_500_000_000, true));
        let rate = facts.fine_tuning[0].value.learning_rate.as_ref().unwrap();
        assert_eq!((rate.line, rate.source.as_deref()), (28, Some("peft")));
        assert_eq!(
            card.summary().unwrap().text,
            "X is small and fast. It has two lines."
        );
        let bullets = &card.section("good AT").unwrap().sentences;
        assert_eq!(
            (bullets[1].text.as_str(), bullets[1].line),
            ("Nested two.", 39)
        );
    }

    #[test]
    fn figures_keep_their_digits_and_an_impossible_one_is_unverified() {
        let card = Card::parse("a/x", Origin::BuiltIn, CARD);
        let [rouge, accuracy] = &card.facts.figures[..] else {
            panic!("two figures")
        };
        assert_eq!(
            (rouge.digits.as_str(), rouge.line, rouge.rank),
            ("44.10", 13, Rank::Card)
        );
        assert_eq!(accuracy.rank, Rank::Unverified);
        assert_eq!(card.problems.len(), 1);
        assert_eq!(card.problems[0].line, 16);
        let imported = Card::parse("a/x", Origin::Imported, CARD);
        assert_eq!(imported.facts.figures[0].rank, Rank::Unverified);
    }
}
