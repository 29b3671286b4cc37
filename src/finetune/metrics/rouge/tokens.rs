//! Texts to words for ROUGE.

use unicode_segmentation::UnicodeSegmentation;

use super::stem;

/// What makes words of a text, which is in lower case by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokenizer {
    /// Runs of `a` to `z` and `0` to `9`, `rouge_score`'s default: of a text in another script
    /// nothing is left.
    #[default]
    Ascii,
    /// Words as Unicode has them (annex 29).
    Unicode,
}

impl Tokenizer {
    /// Its name in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "default",
            Self::Unicode => "unicode",
        }
    }

    /// The tokenizer of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Ascii, Self::Unicode]
            .into_iter()
            .find(|one| one.name() == name)
    }

    /// The words of a text; stems of those in `a` to `z` and `0` to `9`, if that is wanted.
    pub(super) fn tokenize(self, text: &str, stems: bool) -> Vec<String> {
        let lower = text.to_lowercase();
        let word = |word: &str| {
            // Shorter ones are not cut, as in Lin's own program.
            if stems && word.len() > 3 && word.bytes().all(|b| b.is_ascii_alphanumeric()) {
                stem(word)
            } else {
                word.to_owned()
            }
        };
        match self {
            Self::Ascii => {
                let runs = lower.split(|c: char| !c.is_ascii_alphanumeric());
                runs.filter(|run| !run.is_empty()).map(word).collect()
            }
            Self::Unicode => lower.unicode_words().map(word).collect(),
        }
    }
}
