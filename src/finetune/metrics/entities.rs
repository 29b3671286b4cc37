//! Entities in sentences of tagged words: precision, recall and F1 of whole entities, as seqeval
//! has them.

use std::collections::BTreeMap;

use super::Family;
use super::counts::{Average, Class, Counts, ZeroDivision};

/// What counts as an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As in `conlleval.pl`, seqeval's default: an entity may also begin with `I-`.
    #[default]
    Default,
    /// As IOB2 demands, seqeval's `mode="strict", scheme=IOB2`: an entity begins with `B-` and goes
    /// on with `I-` of the same type.
    Strict,
}

/// An entity: its type, its first word, and its last.
pub type Entity<'a> = (&'a str, usize, usize);

/// The entities of a sentence.
pub fn entities<'a>(tags: &[&'a str], mode: Mode) -> Vec<Entity<'a>> {
    match mode {
        Mode::Default => by_chunks(tags),
        Mode::Strict => by_iob2(tags),
    }
}

/// A tag's letter and its type, which is `_` if it has none.
fn parts(tag: &str) -> (char, &str) {
    let mut chars = tag.chars();
    let letter = chars.next().unwrap_or('O');
    let rest = chars.as_str();
    let kind = rest.split_once('-').map_or(rest, |(_, kind)| kind);
    (letter, if kind.is_empty() { "_" } else { kind })
}

fn by_chunks<'a>(tags: &[&'a str]) -> Vec<Entity<'a>> {
    let mut found = Vec::new();
    let mut first = 0;
    let (mut before, mut kind_before) = ('O', "_");
    for (i, tag) in tags.iter().copied().chain(["O"]).enumerate() {
        let (letter, kind) = parts(tag);
        let other = kind_before != kind;
        if ends(before, letter) || (!is_outside(before) && other) {
            found.push((kind_before, first, i - 1));
        }
        if starts(before, letter) || (!is_outside(letter) && other) {
            first = i;
        }
        (before, kind_before) = (letter, kind);
    }
    found
}

fn is_outside(letter: char) -> bool {
    matches!(letter, 'O' | '.')
}

/// Whether an entity ends between words tagged so, whatever their types.
fn ends(before: char, letter: char) -> bool {
    match before {
        'E' | 'S' => true,
        'B' | 'I' => matches!(letter, 'B' | 'S' | 'O'),
        _ => false,
    }
}

/// Whether one starts.
fn starts(before: char, letter: char) -> bool {
    match letter {
        'B' | 'S' => true,
        'E' | 'I' => matches!(before, 'E' | 'S' | 'O'),
        _ => false,
    }
}

fn by_iob2<'a>(tags: &[&'a str]) -> Vec<Entity<'a>> {
    let parts: Vec<(char, &str)> = tags
        .iter()
        .map(|tag| {
            let mut chars = tag.chars();
            let letter = chars.next().unwrap_or('O');
            let kind = chars.as_str().trim_matches('-');
            (letter, if kind.is_empty() { "_" } else { kind })
        })
        .collect();
    let mut found = Vec::new();
    for (first, (letter, kind)) in parts.iter().enumerate() {
        if *letter == 'B' {
            let rest = parts[first + 1..].iter();
            let more = rest.take_while(|part| **part == ('I', *kind)).count();
            found.push((*kind, first, first + more));
        }
    }
    found
}

/// What is kept of a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    /// The counts of the types that are in it.
    counts: Vec<(u32, Class)>,
    /// How many words there are, and how many have the right tag.
    words: u64,
    right: u64,
}

impl Sentence {
    /// How many entities are missed or wrong.
    pub fn wrong(&self) -> u64 {
        let of = |class: &Class| class.truth + class.predicted - 2 * class.right;
        self.counts.iter().map(|(_, class)| of(class)).sum()
    }
}

/// The metrics of entities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities {
    mode: Mode,
    kinds: BTreeMap<String, u32>,
}

impl Entities {
    /// For entities of that mode.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            kinds: BTreeMap::new(),
        }
    }

    /// The same, with the types of `tags` numbered alike for all that are made of the same tags.
    pub fn of<'a>(mode: Mode, tags: impl Iterator<Item = &'a str>) -> Self {
        let mut family = Self::new(mode);
        for tag in tags {
            family.kind(parts(tag).1);
        }
        family
    }

    /// Counts a sentence; words that have a tag on one side only are left out.
    pub fn judge(&mut self, truth: &[&str], predicted: &[&str]) -> Sentence {
        let pairs = || truth.iter().zip(predicted);
        let (words, right) = (pairs().count(), pairs().filter(|(t, p)| t == p).count());
        let truth = entities(&truth[..words], self.mode);
        let predicted = entities(&predicted[..words], self.mode);
        let mut counts: BTreeMap<u32, Class> = BTreeMap::new();
        for entity in &truth {
            let class = counts.entry(self.kind(entity.0)).or_default();
            class.truth += 1;
            class.right += u64::from(predicted.contains(entity));
        }
        for entity in &predicted {
            counts.entry(self.kind(entity.0)).or_default().predicted += 1;
        }
        Sentence {
            counts: counts.into_iter().collect(),
            words: words as u64,
            right: right as u64,
        }
    }

    fn kind(&mut self, name: &str) -> u32 {
        let next = self.kinds.len() as u32;
        *self.kinds.entry(name.to_owned()).or_insert(next)
    }

    /// The types, in the order of their names, with their counts.
    pub fn by_kind<'a>(&self, rows: impl Iterator<Item = &'a Sentence>) -> Vec<(&str, Class)> {
        let counts = self.counts(rows);
        let classes = counts.classes();
        let named = self
            .kinds
            .iter()
            .map(|(name, id)| (name.as_str(), classes[*id as usize]));
        named.collect()
    }

    /// The counts of all types.
    pub fn counts<'a>(&self, rows: impl Iterator<Item = &'a Sentence>) -> Counts {
        let mut counts = Counts::new(self.kinds.len());
        for (kind, class) in rows.flat_map(|row| &row.counts) {
            counts.add(*kind as usize, *class);
        }
        counts
    }
}

impl Family for Entities {
    type Row = Sentence;

    fn names(&self) -> Vec<&'static str> {
        vec![
            "f1",
            "precision",
            "recall",
            "f1_macro",
            "f1_weighted",
            "accuracy",
        ]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Sentence>) -> Vec<f64> {
        let (mut words, mut right) = (0.0, 0.0);
        let rows = rows.inspect(|row| {
            words += row.words as f64;
            right += row.right as f64;
        });
        let counts = self.counts(rows).present();
        let of = |average| counts.average(average, ZeroDivision::Zero);
        let micro = of(Average::Micro);
        vec![
            micro.f1,
            micro.precision,
            micro.recall,
            of(Average::Macro).f1,
            // Without an entity that is true seqeval's weighted mean is 0.
            if counts.total().truth == 0 {
                0.0
            } else {
                of(Average::Weighted).f1
            },
            right / words,
        ]
    }
}
