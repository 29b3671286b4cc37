//! How text becomes words: prose is stemmed, identifiers are taken apart and kept whole too.

use tantivy::tokenizer::{
    Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer,
    Token, TokenStream, Tokenizer, TokenizerManager,
};

/// The tokenizer of names and ids.
pub(super) const IDENTIFIER: &str = "identifier";
/// The tokenizer of English prose.
pub(super) const PROSE: &str = "prose";
/// The tokenizer of the words that typos are looked up in: as typed, in lower case.
pub(super) const WORDS: &str = "words";

/// Longer words are dropped: no one searches for them, and hostile cards are full of them.
const LONGEST_WORD: usize = 40;

/// The tokenizers of the index, by name.
pub(super) fn manager() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(IDENTIFIER, TextAnalyzer::from(Identifier));
    manager.register(PROSE, prose());
    manager.register(WORDS, words());
    manager
}

/// Lower case, no stop words, English stems.
pub(super) fn prose() -> TextAnalyzer {
    let stop = StopWordFilter::new(Language::English).expect("English has a list of stop words");
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(stop)
        .filter(Stemmer::new(Language::English))
        .build()
}

/// Lower case, nothing else.
pub(super) fn words() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .build()
}

/// The tokens of `text` under `analyzer`, in order.
pub(super) fn tokens_of(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    analyzer
        .token_stream(text)
        .process(&mut |token| tokens.push(token.text.clone()));
    tokens
}

/// Takes identifiers apart: `google/flan-t5-base` gives itself, `flan-t5-base`, `flant5base`,
/// `google`, `flan`, `t5`, `base`; and `gpt2` gives `gpt2`, `gpt`, `2`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identifier;

/// The tokens of one text, made at once.
pub(super) struct Pieces {
    tokens: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for Identifier {
    type TokenStream<'a> = Pieces;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Pieces {
        Pieces {
            tokens: pieces(text).into_iter(),
            token: Token::default(),
        }
    }
}

impl TokenStream for Pieces {
    fn advance(&mut self) -> bool {
        let Some(text) = self.tokens.next() else {
            return false;
        };
        self.token.text = text;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The identifiers in `text`, each whole and in parts, in lower case.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let joins = |c: char| matches!(c, '-' | '_' | '/' | '.');
    for chunk in text.split(|c: char| !(c.is_alphanumeric() || joins(c))) {
        let whole = chunk.trim_matches(joins).to_lowercase();
        if whole.is_empty() || whole.len() > 4 * LONGEST_WORD {
            continue;
        }
        let before = found.len();
        let mut add = |token: &str| {
            if !token.is_empty() && !found[before..].iter().any(|known| known == token) {
                found.push(token.to_owned());
            }
        };
        add(&whole);
        let name = whole.rsplit('/').next().unwrap_or(&whole);
        add(name);
        add(&name.replace(joins, ""));
        for part in whole.split(joins) {
            add(part);
            split_at_digits(part).into_iter().for_each(&mut add);
        }
    }
    found
}

/// The letter and digit runs of `part`; a single letter says nothing and is left out.
fn split_at_digits(part: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let mut start = 0;
    let mut kind = None;
    for (at, c) in part.char_indices() {
        let digit = c.is_ascii_digit();
        if kind.is_some_and(|before| before != digit) {
            runs.push(&part[start..at]);
            start = at;
        }
        kind = Some(digit);
    }
    runs.push(&part[start..]);
    let says =
        |run: &&str| run.chars().count() > 1 || run.starts_with(|c: char| c.is_ascii_digit());
    runs.into_iter().filter(says).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_kept_whole_and_in_parts() {
        assert_eq!(
            pieces("google/flan-t5-base"),
            [
                "google/flan-t5-base",
                "flan-t5-base",
                "flant5base",
                "google",
                "flan",
                "t5",
                "5",
                "base"
            ]
        );
        assert_eq!(pieces("GPT2"), ["gpt2", "gpt", "2"]);
        assert!(pieces("gpt-2").contains(&"gpt2".to_owned()));
        assert!(pieces(" -- / . ").is_empty());
    }

    #[test]
    fn prose_is_stemmed_without_stop_words() {
        let mut prose = prose();
        let of = |analyzer: &mut TextAnalyzer, text| tokens_of(analyzer, text);
        let first = of(&mut prose, "Summarizing the documents");
        assert_eq!(first, of(&mut prose, "summarization of a document"));
        assert_eq!(first.len(), 2);
    }
}
