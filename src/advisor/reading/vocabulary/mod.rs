//! The phrases that the advisor understands, from index/vocabulary.yaml and the cards' names.

mod spelling;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::words::{Stems, Token, tokens};
use crate::advisor::question::{Intent, Prefer};
use crate::card::{Card, Kind, Origin};

/// The file that ships with the program.
const VOCABULARY: &str = include_str!("../../../../index/vocabulary.yaml");

/// What a phrase stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::advisor) enum Concept {
    Task(String),
    Subtask(String),
    Domain(String),
    Language(String),
    Licence(String),
    Hardware(String),
    Prefer(Prefer),
    Field(String),
    Intent(Intent),
    /// Training is spoken of.
    Tune,
    Commercial,
    Permissive,
    RunHere,
    /// Imported cards may answer.
    HubCards,
    LongContext,
    Trainable,
    Negation,
    /// Opens a follow-up: `and`, `what about`.
    Follow,
    /// Points at the models of the answer before: `them`, `the first one`.
    Those,
    /// A model is named only to ask for another: `like`, `instead of`.
    Alternative,
    /// A card's id.
    Model(String),
    Author(String),
    Family(String),
    /// A guide card's id.
    Topic(String),
    /// Images, audio, ...: no card here is about them.
    Modality(String),
    /// A model that has no card.
    Foreign(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tasks: BTreeMap<String, TaskWords>,
    subtasks: BTreeMap<String, SubtaskWords>,
    domains: BTreeMap<String, DomainWords>,
    languages: BTreeMap<String, Vec<String>>,
    licences: BTreeMap<String, LicenceWords>,
    words: BTreeMap<String, Vec<String>>,
    hardware: BTreeMap<String, Vec<String>>,
    prefer: BTreeMap<Prefer, Vec<String>>,
    fields: BTreeMap<String, Vec<String>>,
    intents: BTreeMap<String, Vec<String>>,
    modalities: BTreeMap<String, Vec<String>>,
    foreign: Vec<String>,
    authors: BTreeMap<String, Vec<String>>,
    misspellings: HashMap<String, String>,
    plain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskWords {
    label: String,
    says: Vec<String>,
    hints: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubtaskWords {
    task: String,
    tags: Vec<String>,
    says: Vec<String>,
    hints: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainWords {
    #[serde(default)]
    long: bool,
    #[serde(default)]
    narrow: bool,
    says: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicenceWords {
    terms: Terms,
    says: Vec<String>,
}

/// What a licence allows, as far as a choice of model depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::advisor) enum Terms {
    /// Commercial use, no conditions on what is built with it.
    Permissive,
    /// Commercial use; changed versions carry the same licence.
    ShareAlike,
    /// No commercial use.
    NonCommercial,
    /// Terms of its own: to be read.
    Custom,
}

/// The tokens after a phrase's first, and what the phrase stands for.
type Phrase = (Vec<String>, Vec<Concept>);

/// All phrases, and what follows from the things that they name.
pub(in crate::advisor) struct Vocabulary {
    /// By the first token's stem (a name's by its text): the other tokens, and the concepts.
    phrases: HashMap<String, Vec<Phrase>>,
    /// Single words that may be what a misspelt word means.
    spellings: Vec<String>,
    misspellings: HashMap<String, String>,
    /// Built-in cards: a word that they use is no misspelling.
    texts: Vec<Arc<str>>,
    plain: HashSet<String>,
    tasks: BTreeMap<String, String>,
    subtasks: BTreeMap<String, (String, Vec<String>)>,
    /// By stem: the tasks and subtasks that the word hints at.
    hints: HashMap<String, Vec<Concept>>,
    long_domains: HashSet<String>,
    narrow_domains: HashSet<String>,
    languages: BTreeMap<String, String>,
    licences: BTreeMap<String, Terms>,
    pub(in crate::advisor) stems: Stems,
}

impl Vocabulary {
    /// Reads the shipped file and the names of `cards`.
    pub(in crate::advisor) fn new<'a>(cards: impl Iterator<Item = &'a Card>) -> Self {
        let file: File = serde_yaml::from_str(VOCABULARY)
            .expect("index/vocabulary.yaml ships with the program and a test reads it");
        let mut v = Self {
            phrases: HashMap::new(),
            spellings: Vec::new(),
            plain: file.plain.split_whitespace().map(str::to_owned).collect(),
            misspellings: file.misspellings.clone(),
            texts: Vec::new(),
            tasks: file
                .tasks
                .iter()
                .map(|(k, t)| (k.clone(), t.label.clone()))
                .collect(),
            subtasks: BTreeMap::new(),
            hints: HashMap::new(),
            long_domains: HashSet::new(),
            narrow_domains: HashSet::new(),
            languages: BTreeMap::new(),
            licences: file
                .licences
                .iter()
                .map(|(k, l)| (k.clone(), l.terms))
                .collect(),
            stems: Stems::new(),
        };
        v.add_file(file);
        for card in cards {
            v.add_card(card);
        }
        v
    }

    fn add_file(&mut self, file: File) {
        for (id, words) in file.tasks {
            self.add_hints(&words.hints, &Concept::Task(id.clone()));
            self.add_all(&words.says, &Concept::Task(id.clone()), true);
            self.add(&id.replace('-', " "), Concept::Task(id), false);
        }
        for (id, words) in file.subtasks {
            self.add_hints(&words.hints, &Concept::Subtask(id.clone()));
            self.add_all(&words.says, &Concept::Subtask(id.clone()), true);
            self.subtasks.insert(id, (words.task, words.tags));
        }
        for (id, words) in file.domains {
            self.add_all(&words.says, &Concept::Domain(id.clone()), true);
            if words.long {
                self.long_domains.insert(id.clone());
            }
            if words.narrow {
                self.narrow_domains.insert(id);
            }
        }
        for (code, names) in file.languages {
            self.add_all(&names, &Concept::Language(code.clone()), true);
            let shown = capitalized(names.first().unwrap_or(&code));
            self.languages.insert(code, shown);
        }
        for (id, words) in file.licences {
            self.add_all(&words.says, &Concept::Licence(id.clone()), false);
            if !words.says.is_empty() {
                self.add(&id, Concept::Licence(id.clone()), false);
            }
        }
        for (id, phrases) in file.hardware {
            self.add_all(&phrases, &Concept::Hardware(id), true);
        }
        self.add_map(file.fields, Concept::Field);
        self.add_map(file.modalities, Concept::Modality);
        self.add_map(file.authors, Concept::Author);
        for (prefer, phrases) in file.prefer {
            self.add_all(&phrases, &Concept::Prefer(prefer), false);
        }
        let counted = [
            "examples",
            "parameters",
            "tokens",
            "million",
            "billion",
            "gigabyte",
            "tune",
            "train",
            "shot",
            "megabyte",
        ];
        self.spellings.extend(counted.map(str::to_owned));
        for name in file.foreign {
            self.add(&name, Concept::Foreign(name.clone()), false);
        }
        for (name, phrases) in file.words {
            let concept = match name.as_str() {
                "commercial" => Concept::Commercial,
                "permissive" => Concept::Permissive,
                "must_run_here" => Concept::RunHere,
                "long_context" => Concept::LongContext,
                "hub_cards" => Concept::HubCards,
                "trainable" => Concept::Trainable,
                "without" => Concept::Negation,
                "follow" => Concept::Follow,
                "those" => Concept::Those,
                _ => Concept::Alternative,
            };
            self.add_all(&phrases, &concept, false);
        }
        for (name, phrases) in file.intents {
            let concept = match name.as_str() {
                "compare" => Concept::Intent(Intent::Compare),
                "how_to" => Concept::Intent(Intent::HowTo),
                "lookup" => Concept::Intent(Intent::Lookup),
                "recommend" => Concept::Intent(Intent::Recommend),
                _ => Concept::Tune,
            };
            self.add_all(&phrases, &concept, false);
        }
    }

    fn add_hints(&mut self, words: &[String], concept: &Concept) {
        for word in words {
            let (found, _) = tokens(word, &mut self.stems);
            for token in found.into_iter().take(1) {
                let known = self.hints.entry(token.stem).or_default();
                if !known.contains(concept) {
                    known.push(concept.clone());
                }
            }
        }
    }

    /// The task or subtask that most of the words hint at, and with how many votes. A word that
    /// hints at several counts for each in part.
    pub(in crate::advisor) fn hinted(&self, found: &[Token]) -> Option<(&Concept, f64)> {
        let mut votes: Vec<(&Concept, f64)> = Vec::new();
        let mut seen = HashSet::new();
        for token in found.iter().filter(|t| seen.insert(&t.stem)) {
            let concepts = self
                .hints
                .get(&token.stem)
                .map(Vec::as_slice)
                .unwrap_or_default();
            for concept in concepts {
                let vote = 1.0 / (concepts.len() as f64).sqrt();
                match votes.iter_mut().find(|(c, _)| *c == concept) {
                    Some((_, sum)) => *sum += vote,
                    None => votes.push((concept, vote)),
                }
            }
        }
        votes.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn add_map(&mut self, map: BTreeMap<String, Vec<String>>, of: impl Fn(String) -> Concept) {
        for (id, phrases) in map {
            self.add_all(&phrases, &of(id), false);
        }
    }

    fn add_card(&mut self, card: &Card) {
        if card.origin == Origin::BuiltIn {
            self.texts.push(Arc::clone(&card.text));
        }
        let guide = card.facts.kind == Kind::Guide;
        let name = card.id.rsplit('/').next().unwrap_or(&card.id);
        let aliases = card.facts.aliases.iter().map(String::as_str);
        let names: HashSet<&str> = aliases
            .chain([name, card.name(), card.id.as_str()])
            .collect();
        for alias in names {
            // A card that nobody checked gets no name that means something already.
            if card.origin != Origin::BuiltIn && alias != card.id && self.is_taken(alias) {
                continue;
            }
            if guide {
                self.add(alias, Concept::Topic(card.id.clone()), false);
            } else {
                self.add_name(alias, Concept::Model(card.id.clone()));
            }
        }
        if let (false, Some(family)) = (guide, &card.facts.family) {
            self.add_name(&family.value, Concept::Family(family.value.clone()));
        }
        if let (false, Some(author)) = (guide, &card.facts.author) {
            let short = author.value.to_lowercase();
            self.add(&short, Concept::Author(short.clone()), false);
        }
    }

    /// Whether all of `name` is an ordinary word, or a phrase that stands for something.
    fn is_taken(&mut self, name: &str) -> bool {
        let (found, _) = tokens(name, &mut self.stems);
        match &found[..] {
            [] => true,
            [only] if self.is_plain(only) => true,
            all => self
                .longest(all, 0)
                .is_some_and(|(length, _)| length == all.len()),
        }
    }

    fn add_all(&mut self, phrases: &[String], concept: &Concept, spell: bool) {
        for phrase in phrases {
            self.add(phrase, concept.clone(), spell);
        }
    }

    fn add(&mut self, phrase: &str, concept: Concept, spell: bool) {
        let (found, _) = tokens(phrase, &mut self.stems);
        // A word of six letters or more is hardly another one misspelt.
        let spell = spell || matches!(&found[..], [only] if only.text.len() >= 6);
        if spell && let [only] = &found[..] {
            self.spellings.push(only.text.clone());
        } else {
            let long = found
                .iter()
                .filter(|t| found.len() > 1 && t.text.len() >= 6);
            self.spellings.extend(long.map(|t| t.text.clone()));
        }
        self.insert(found.into_iter().map(|t| t.stem), concept);
    }

    /// Adds a proper name, which has no stem: `LegalLED` is not `legal`.
    fn add_name(&mut self, name: &str, concept: Concept) {
        let (found, _) = tokens(name, &mut self.stems);
        let long = found
            .iter()
            .enumerate()
            .filter(|(n, t)| t.text.len() > 3 + usize::from(*n > 0));
        self.spellings.extend(long.map(|(_, t)| t.text.clone()));
        self.insert(found.into_iter().map(|t| t.text), concept);
    }

    fn insert(&mut self, mut words: impl Iterator<Item = String>, concept: Concept) {
        let Some(first) = words.next() else { return };
        let rest: Vec<String> = words.collect();
        let ways = self.phrases.entry(first).or_default();
        match ways.iter_mut().find(|(r, _)| *r == rest) {
            Some((_, concepts)) if concepts.contains(&concept) => {}
            // A name belongs to the card that had it first: the built-in one.
            Some((_, concepts))
                if matches!(concept, Concept::Model(_)) && concepts.iter().any(is_model) => {}
            Some((_, concepts)) => concepts.push(concept),
            None => ways.push((rest, vec![concept])),
        }
    }

    /// The longest phrase that starts at `at`: its length in tokens and what it stands for.
    pub(in crate::advisor) fn longest(
        &self,
        found: &[Token],
        at: usize,
    ) -> Option<(usize, &[Concept])> {
        self.longest_within(found, at, usize::MAX)
    }

    /// As [`Self::longest`], of at most `most` tokens.
    pub(in crate::advisor) fn longest_within(
        &self,
        found: &[Token],
        at: usize,
        most: usize,
    ) -> Option<(usize, &[Concept])> {
        let first = &found[at];
        let after = &found[at + 1..];
        let by = |key: &String| self.phrases.get(key).map(Vec::as_slice).unwrap_or_default();
        let by_name = if first.text == first.stem {
            &[]
        } else {
            by(&first.text)
        };
        by(&first.stem)
            .iter()
            .chain(by_name)
            .filter(|(rest, _)| rest.len() < most)
            .filter_map(|(rest, concepts)| {
                let length = follows(rest, after).filter(|length| *length < most)?;
                Some((rest.len(), length + 1, concepts.as_slice()))
            })
            .max_by_key(|(words, length, _)| (*words, std::cmp::Reverse(*length)))
            .map(|(_, length, concepts)| (length, concepts))
    }

    /// Whether the word is ordinary English that carries no constraint, or one that votes for a task.
    pub(in crate::advisor) fn is_plain(&self, token: &Token) -> bool {
        token.text.len() < 3
            || self.plain.contains(&token.text)
            || self.plain.contains(&token.stem)
            || self.hints.contains_key(&token.stem)
    }

    /// The task's name in words.
    pub(in crate::advisor) fn task_label<'a>(&'a self, task: &'a str) -> &'a str {
        self.tasks.get(task).map_or(task, String::as_str)
    }

    /// The task of a subtask, and the tags that cards mark it with.
    pub(in crate::advisor) fn subtask(&self, subtask: &str) -> Option<(&str, &[String])> {
        self.subtasks
            .get(subtask)
            .map(|(task, tags)| (task.as_str(), tags.as_slice()))
    }

    /// Whether a card's tag says that it was tuned for one of the subtasks.
    pub(in crate::advisor) fn is_subtask_tag(&self, tag: &str) -> bool {
        self.subtasks
            .values()
            .any(|(_, tags)| tags.iter().any(|t| t == tag))
    }

    /// Whether texts of the domain are usually longer than an encoder reads.
    pub(in crate::advisor) fn domain_is_long(&self, domain: &str) -> bool {
        self.long_domains.contains(domain)
    }

    /// Whether a model of this domain serves it and little else.
    pub(in crate::advisor) fn domain_is_narrow(&self, domain: &str) -> bool {
        self.narrow_domains.contains(domain)
    }

    /// The language's English name.
    pub(in crate::advisor) fn language<'a>(&'a self, code: &'a str) -> &'a str {
        self.languages.get(code).map_or(code, String::as_str)
    }

    /// Whether `code` is a language's code.
    pub(in crate::advisor) fn is_language(&self, code: &str) -> bool {
        self.languages.contains_key(code)
    }

    /// What a licence allows; nothing is known of a licence that the vocabulary lacks.
    pub(in crate::advisor) fn terms(&self, licence: &str) -> Option<Terms> {
        self.licences.get(licence).copied()
    }
}

fn is_model(concept: &Concept) -> bool {
    matches!(concept, Concept::Model(_))
}

/// `french` as `French`.
pub(in crate::advisor) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// How many of the tokens the words of a phrase take up, where `found` begins with them. Small words
/// may stand between: `rank the passages` is `rank passages`.
fn follows(words: &[String], found: &[Token]) -> Option<usize> {
    const SMALL: [&str; 14] = [
        "the", "a", "an", "all", "my", "our", "these", "those", "any", "every", "their", "its",
        "your", "some",
    ];
    let mut at = 0;
    for word in words {
        let same = |t: &Token| *word == t.stem || *word == t.text;
        let small = |t: &Token| !same(t) && SMALL.contains(&t.text.as_str()) && !t.after_break;
        at += usize::from(found.get(at).is_some_and(small));
        found.get(at).filter(|t| same(t))?;
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concepts(text: &str) -> Vec<Concept> {
        let v = Vocabulary::new(std::iter::empty());
        let (found, _) = tokens(text, &mut v.stems.clone());
        v.longest(&found, 0)
            .map(|(_, c)| c.to_vec())
            .unwrap_or_default()
    }

    #[test]
    fn the_shipped_vocabulary_is_read() {
        assert!(concepts("summarizing").contains(&Concept::Task("summarization".into())));
        assert!(concepts("norwegian").contains(&Concept::Language("no".into())));
    }

    #[test]
    fn the_longest_phrase_wins() {
        assert_eq!(
            concepts("text classification"),
            [Concept::Task("text-classification".into())]
        );
        assert_eq!(concepts("no gpu"), [Concept::Hardware("cpu".into())]);
    }
}
