//! What a misspelt word means: the nearest word that names something.

use super::Vocabulary;

impl Vocabulary {
    /// Whether the word is one that people often type for another.
    pub(in crate::advisor) fn is_misspelling(&self, word: &str) -> bool {
        self.misspellings.contains_key(word)
    }

    /// What a misspelt word may be: the nearest word that names something, by Damerau-Levenshtein
    /// distance 1 for 5 to 7 letters and 2 from 8 on, with the same first letter; of four letters only
    /// two that changed places.
    pub(in crate::advisor) fn correction(&self, word: &str) -> Option<&str> {
        if let Some(meant) = self.misspellings.get(word) {
            return Some(meant);
        }
        let length = word.chars().count();
        let allowed = match length {
            0..4 => return None,
            4..8 => 1,
            _ => 2,
        };
        self.spellings
            .iter()
            .filter(|known| known.chars().next() == word.chars().next())
            .filter(|known| known.len().abs_diff(word.len()) <= allowed)
            // One chapter is no misspelling of chapters.
            .filter(|known| known.strip_suffix('s') != Some(word))
            .map(|known| (strsim::damerau_levenshtein(known, word), known))
            .filter(|(distance, _)| (1..=allowed).contains(distance))
            .filter(|(_, known)| {
                length > 4
                    || same_letters(known, word)
                    || known.starts_with(word)
                    || lacks_a_double(known, word)
            })
            .min_by_key(|(distance, known)| (*distance, known.len(), known.as_str()))
            .filter(|_| !self.is_written(word))
            .map(|(_, known)| known.as_str())
    }

    /// Whether a built-in card uses the word.
    fn is_written(&self, word: &str) -> bool {
        let whole = |text: &str, at: usize| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            ![before, after]
                .into_iter()
                .flatten()
                .any(char::is_alphanumeric)
        };
        self.texts
            .iter()
            .any(|text| text.match_indices(word).any(|(at, _)| whole(text, at)))
    }
}

/// `gema` for gemma: one letter of two that are the same is missing.
fn lacks_a_double(known: &str, word: &str) -> bool {
    let letters: Vec<char> = known.chars().collect();
    let doubled = |at: usize| letters.get(at) == letters.get(at + 1);
    let without = |at: usize| {
        let kept = letters.iter().enumerate().filter(|(n, _)| *n != at);
        kept.map(|(_, c)| *c).eq(word.chars())
    };
    (0..letters.len().saturating_sub(1)).any(|at| doubled(at) && without(at))
}

/// Four letters are too few to guess by, unless they are the same four.
fn same_letters(a: &str, b: &str) -> bool {
    let sorted = |s: &str| {
        let mut letters: Vec<char> = s.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_corrected_and_an_ordinary_one_is_not() {
        let v = Vocabulary::new(std::iter::empty());
        assert_eq!(v.correction("sumarization"), Some("summarization"));
        assert_eq!(v.correction("umbrella"), None);
    }

    #[test]
    fn four_letters_are_corrected_where_one_of_a_double_is_missing() {
        assert!(lacks_a_double("gemma", "gema") && lacks_a_double("small", "smal"));
        assert!(!lacks_a_double("bert", "ber"));
        assert!(same_letters("bert", "bret") && !same_letters("bert", "best"));
    }
}
