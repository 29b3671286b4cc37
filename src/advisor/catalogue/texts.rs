//! Many short texts in one allocation, and repeated ones once.

use std::collections::HashMap;
use std::num::NonZeroU32;

/// Texts one after another.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Text number `at`; empty where there is none.
    pub(super) fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(at).copied().unwrap_or_default();
        let start = start.copied().unwrap_or_default();
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Gives back what was allocated ahead.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// A text of a [`Words`].
pub(super) type Word = NonZeroU32;

/// Texts that recur, each kept once, beside their lower case.
#[derive(Debug, Default)]
pub(super) struct Words {
    texts: Texts,
    lower: Texts,
    known: HashMap<Box<str>, Word>,
}

impl Words {
    /// The word for `text`.
    pub(super) fn word(&mut self, text: &str) -> Option<Word> {
        if let Some(known) = self.known.get(text) {
            return Some(*known);
        }
        self.texts.push(text);
        self.lower.push(&text.to_lowercase());
        let word = Word::new(self.texts.len() as u32)?;
        self.known.insert(text.into(), word);
        Some(word)
    }

    pub(super) fn get(&self, word: Word) -> &str {
        self.texts.get(word.get() as usize - 1)
    }

    /// Which words `holds` of, in lower case.
    pub(super) fn those(&self, holds: impl Fn(&str) -> bool) -> WordSet {
        WordSet(self.lower.iter().map(holds).collect())
    }

    /// The place of each word in their order.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.lower.len()).collect();
        order.sort_by_key(|at| (self.lower.get(*at), *at));
        let mut ranks = vec![0; order.len()];
        for (rank, at) in order.into_iter().enumerate() {
            ranks[at] = rank as u32;
        }
        ranks
    }
}

/// Some words of a [`Words`].
pub(super) struct WordSet(Vec<bool>);

impl WordSet {
    pub(super) fn has(&self, word: Option<Word>) -> bool {
        word.and_then(|word| self.0.get(word.get() as usize - 1))
            .is_some_and(|has| *has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_went_in() {
        let mut texts = Texts::default();
        for text in ["a", "", "äöü", "b"] {
            texts.push(text);
        }
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "", "äöü", "b"]);
        assert_eq!(texts.get(9), "");
    }

    #[test]
    fn a_word_is_kept_once() {
        let mut words = Words::default();
        let (mit, apache) = (words.word("MIT").unwrap(), words.word("apache").unwrap());
        assert_eq!(words.word("MIT"), Some(mit));
        assert_eq!(words.get(mit), "MIT");
        assert_eq!(words.ranks(), [1, 0]);
        let found = words.those(|text| text.contains("mi"));
        assert!(found.has(Some(mit)) && !found.has(Some(apache)) && !found.has(None));
    }
}
