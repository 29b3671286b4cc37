//! Texts to ids: with offsets in bytes and characters, words, truncation and windows.

use std::ops::Range;

use tokenizers::tokenizer::{Model, PreTokenizedString, PreTokenizer};
use tokenizers::utils::truncation::{
    TruncationDirection, TruncationParams, TruncationStrategy, truncate_encodings,
};
use tokenizers::{OffsetReferential, OffsetType, PostProcessor};

use super::places::Places;
use super::{Tokenizer, guarded};
use crate::error::{Error, Result};

/// The library's encoding.
type Tokens = tokenizers::Encoding;

/// The longest text that is taken apart at once, in bytes.
const LONGEST_TEXT: usize = 4 << 20;
/// The longest piece that a tokenizer with patterns of its own may split off: a longer one means
/// that a pattern gave up.
const LONGEST_SPLIT: usize = 64 << 10;

/// Which text gives way when there are too many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    /// The longer one, token by token.
    #[default]
    LongestFirst,
    /// The first.
    OnlyFirst,
    /// The second.
    OnlySecond,
}

/// How many tokens there may be, and what happens to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most tokens, special ones included.
    pub tokens: usize,
    /// Which text is cut.
    pub cut: Cut,
    /// How many tokens the next window repeats of the one before.
    pub stride: usize,
}

/// The tokens of one or two texts, or of a window into them. All lists have one entry a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The tokens.
    pub ids: Vec<u32>,
    /// Which segment each is of: 0 or 1, as the model was trained.
    pub type_ids: Vec<u32>,
    /// Which tokens were put around the texts.
    pub special: Vec<bool>,
    /// Which word of its text each is of, in the order of words.
    pub words: Vec<Option<u32>>,
    /// Which text each is of: 0 or 1; none for special tokens.
    pub sequences: Vec<Option<usize>>,
    /// Where each is in its text, in bytes; whole characters.
    pub bytes: Vec<Range<usize>>,
    /// Where each is in its text, in characters.
    pub chars: Vec<Range<usize>>,
    /// How many characters of the whole texts no token stands for.
    pub unknown: usize,
}

impl Encoding {
    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

impl Tokenizer {
    /// The tokens of one text with those that belong around it.
    ///
    /// # Errors
    /// As for [`Tokenizer::windows`].
    pub fn encode(&self, text: &str) -> Result<Encoding> {
        Ok(self.windows(text, None, true, None)?.swap_remove(0))
    }

    /// The ids of a text alone.
    ///
    /// # Errors
    /// As for [`Tokenizer::windows`].
    pub fn ids(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.windows(text, None, false, None)?.swap_remove(0).ids)
    }

    /// The tokens of one or two texts: what is within `limit`, then windows with what was cut
    /// off. `around` says whether special tokens are put around the texts.
    ///
    /// # Errors
    /// A text that is too long to take apart, or that the vocabulary cannot stand for; a limit
    /// that leaves no room; an id that the model has no embedding for.
    pub fn windows(
        &self,
        text: &str,
        pair: Option<&str>,
        around: bool,
        limit: Option<Limit>,
    ) -> Result<Vec<Encoding>> {
        let (first, second, unknown) = self.both(text, pair)?;
        let (first, second) = match limit {
            Some(limit) => self.cut(first, second, around, limit)?,
            None => (first, second),
        };
        let mut whole = guarded(|| self.inner.post_process(first, second, around))?;
        let cut_off = whole.take_overflowing();
        let texts = [Places::new(text), Places::new(pair.unwrap_or(""))];
        let windows = std::iter::once(&whole).chain(&cut_off);
        windows
            .map(|window| self.ours(window, &texts, unknown))
            .collect()
    }

    /// The tokens of one or two texts with those that belong around them, as many as `most` of
    /// them, the longer text cut first; and how many there are without that limit.
    ///
    /// # Errors
    /// As for [`Tokenizer::windows`].
    pub fn within(&self, text: &str, pair: Option<&str>, most: usize) -> Result<(Encoding, usize)> {
        let (first, second, unknown) = self.both(text, pair)?;
        let texts = [Places::new(text), Places::new(pair.unwrap_or(""))];
        self.within_of(first, second, most, &texts, unknown)
    }

    /// The tokens of `words`, each taken apart by itself, with those that belong around them:
    /// as many as `most`, and how many there are without that limit. Offsets are not known.
    ///
    /// # Errors
    /// As for [`Tokenizer::windows`].
    pub fn of_words(&self, words: &[String], most: usize) -> Result<(Encoding, usize)> {
        let mut parts = Vec::with_capacity(words.len());
        let mut unknown = 0;
        for (place, word) in words.iter().enumerate() {
            let (tokens, lacking) = self.part(word, Some(place as u32), 0)?;
            parts.push(tokens);
            unknown += lacking;
        }
        let tokens = Tokens::merge(parts, false);
        let texts = [Places::new(""), Places::new("")];
        self.within_of(tokens, None, most, &texts, unknown)
    }

    /// The tokens of one or two texts alone, and how many of their characters none stands for.
    fn both(&self, text: &str, pair: Option<&str>) -> Result<(Tokens, Option<Tokens>, usize)> {
        let (first, unknown) = self.part(text, None, 0)?;
        Ok(
            match pair.map(|text| self.part(text, None, 1)).transpose()? {
                Some((second, more)) => (first, Some(second), unknown + more),
                None => (first, None, unknown),
            },
        )
    }

    fn within_of(
        &self,
        first: Tokens,
        second: Option<Tokens>,
        most: usize,
        texts: &[Places<'_>; 2],
        unknown: usize,
    ) -> Result<(Encoding, usize)> {
        let limit = Limit {
            tokens: most,
            cut: Cut::LongestFirst,
            stride: 0,
        };
        let count = first.len() + second.as_ref().map_or(0, Tokens::len);
        let all = count + self.around(second.is_some());
        let (first, second) = self.cut(first, second, true, limit)?;
        let whole = guarded(|| self.inner.post_process(first, second, true))?;
        Ok((self.ours(&whole, texts, unknown)?, all))
    }

    /// How many tokens are put around a text, or around two.
    fn around(&self, pair: bool) -> usize {
        let processor = self.inner.get_post_processor();
        processor.map_or(0, |processor| processor.added_tokens(pair))
    }

    /// A text split into words and added tokens.
    pub(super) fn split(&self, text: &str) -> Result<PreTokenizedString> {
        if text.len() > LONGEST_TEXT {
            return Err(Error::new(format!(
                "the text has {} MB; at most {} are taken apart at once",
                text.len() >> 20,
                LONGEST_TEXT >> 20
            ))
            .hint("split the text into parts"));
        }
        let split = guarded(|| {
            let added = self.inner.get_added_vocabulary();
            let mut split = added.extract_and_normalize(self.inner.get_normalizer(), text);
            if let Some(splitter) = self.inner.get_pre_tokenizer() {
                splitter.pre_tokenize(&mut split)?;
            }
            Ok(split)
        })?;
        if self.has_patterns {
            let parts = split.get_splits(OffsetReferential::Normalized, OffsetType::None);
            if let Some((part, ..)) = parts.iter().find(|(part, ..)| part.len() > LONGEST_SPLIT) {
                return Err(Error::new(format!(
                    "a word has {} bytes; at most {LONGEST_SPLIT} are taken apart",
                    part.len()
                ))
                .hint("put spaces or line ends into the text"));
            }
        }
        Ok(split)
    }

    /// The tokens of a text alone, and how many of its characters none stands for. `word` is
    /// which of several words the text is.
    fn part(&self, text: &str, word: Option<u32>, type_id: u32) -> Result<(Tokens, usize)> {
        let mut split = self.split(text)?;
        guarded(|| {
            self.inner
                .get_model()
                .tokenize_in_pretokenized(&mut split, None)?;
            let tokens = split
                .clone()
                .into_encoding(word, type_id, OffsetType::Byte)?;
            let unknown = self.unknown_chars(text, &split, &tokens);
            Ok((tokens, unknown))
        })
    }

    /// Cuts the texts so that they fit with what is put around them.
    fn cut(
        &self,
        first: Tokens,
        second: Option<Tokens>,
        around: bool,
        limit: Limit,
    ) -> Result<(tokenizers::Encoding, Option<Tokens>)> {
        let added = if around {
            self.around(second.is_some())
        } else {
            0
        };
        let room = limit.tokens.saturating_sub(added);
        let lengths = (first.len(), second.as_ref().map_or(0, Tokens::len));
        if lengths.0 + lengths.1 <= room {
            return Ok((first, second));
        }
        let (left, strategy) = match limit.cut {
            Cut::LongestFirst => (room, TruncationStrategy::LongestFirst),
            Cut::OnlyFirst => (
                room.saturating_sub(lengths.1),
                TruncationStrategy::OnlyFirst,
            ),
            Cut::OnlySecond => (
                room.saturating_sub(lengths.0),
                TruncationStrategy::OnlySecond,
            ),
        };
        // Windows of two texts that are both cut would pair all with all.
        let both = limit.cut == Cut::LongestFirst && second.is_some();
        let stride = if both { 0 } else { limit.stride };
        if left <= stride || (both && room < 2) {
            return Err(no_room(limit, left, stride));
        }
        let params = TruncationParams {
            direction: TruncationDirection::Right,
            max_length: room,
            strategy,
            stride,
        };
        guarded(|| truncate_encodings(first, second, &params))
    }

    /// The library's tokens as ours.
    fn ours(&self, tokens: &Tokens, texts: &[Places<'_>; 2], unknown: usize) -> Result<Encoding> {
        let ids = tokens.get_ids();
        if let Some(id) = ids
            .iter()
            .max()
            .filter(|id| self.rows.is_some_and(|n| **id as usize >= n))
        {
            return Err(
                Error::new(format!("the text gave the id {id}, which the model lacks"))
                    .hint("the tokenizer is that of another model; fetch the model's own"),
            );
        }
        let sequences: Vec<Option<usize>> = tokens
            .get_sequence_ids()
            .into_iter()
            .zip(tokens.get_special_tokens_mask())
            .map(|(sequence, special)| sequence.filter(|_| *special == 0))
            .collect();
        let (mut bytes, mut chars) = (Vec::new(), Vec::new());
        for (sequence, offsets) in sequences.iter().zip(tokens.get_offsets()) {
            let range = sequence.map_or(0..0, |sequence| texts[sequence].whole(*offsets));
            chars.push(sequence.map_or(0..0, |sequence| texts[sequence].chars(&range)));
            bytes.push(range);
        }
        Ok(Encoding {
            ids: ids.to_vec(),
            type_ids: tokens.get_type_ids().to_vec(),
            special: tokens
                .get_special_tokens_mask()
                .iter()
                .map(|x| *x != 0)
                .collect(),
            words: tokens.get_word_ids().to_vec(),
            unknown,
            sequences,
            bytes,
            chars,
        })
    }

    /// How many characters of a text the vocabulary lacks: those of unknown tokens, or those that
    /// vanish.
    fn unknown_chars(&self, text: &str, split: &PreTokenizedString, tokens: &Tokens) -> usize {
        if self.drops {
            let model = self.inner.get_model();
            let parts = split.get_splits(OffsetReferential::Normalized, OffsetType::None);
            let chars = parts.iter().flat_map(|(part, ..)| part.chars());
            let vanishes = |c: &char| {
                !c.is_whitespace() && model.token_to_id(c.encode_utf8(&mut [0; 4])).is_none()
            };
            return chars.filter(vanishes).count();
        }
        let unknown = |id: &u32| self.unknown == Some(*id);
        let places = tokens.get_ids().iter().zip(tokens.get_offsets());
        places
            .filter(|(id, _)| unknown(id))
            .map(|(_, (start, end))| {
                text.get(*start..*end)
                    .map_or(0, |part| part.chars().count())
            })
            .sum()
    }
}

fn no_room(limit: Limit, left: usize, stride: usize) -> Error {
    let tokens = limit.tokens;
    match limit.cut {
        _ if stride > 0 && left > 0 => {
            Error::usage(format!("windows of {left} tokens cannot repeat {stride}")).at("stride")
        }
        Cut::OnlySecond => Error::new(format!(
            "the first text leaves no room for the second in {tokens} tokens"
        ))
        .hint("shorten the first text"),
        Cut::OnlyFirst => Error::new(format!(
            "the second text leaves no room for the first in {tokens} tokens"
        ))
        .hint("shorten the second text"),
        Cut::LongestFirst => Error::usage(format!("{tokens} tokens leave no room for a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    const TEXT: &str = "Über 3 modèles: 模型很好 👩‍👩‍👧, naïve?";

    #[test]
    fn offsets_are_those_of_the_library_in_bytes_and_in_characters() {
        for tokenizer in fixtures::all() {
            let ours = tokenizer.encode(TEXT).expect("encoded");
            let bytes = tokenizer.inner.encode(TEXT, true).expect("library");
            let chars = tokenizer
                .inner
                .encode_char_offsets(TEXT, true)
                .expect("library");
            assert_eq!(ours.ids, bytes.get_ids());
            let pairs = |ranges: &[Range<usize>]| -> Vec<(usize, usize)> {
                ranges.iter().map(|r| (r.start, r.end)).collect()
            };
            assert_eq!(pairs(&ours.bytes), bytes.get_offsets());
            assert_eq!(
                pairs(&ours.chars),
                chars.get_offsets(),
                "{:?}",
                tokenizer.kind()
            );
            assert!(ours.bytes.iter().all(|r| TEXT.get(r.clone()).is_some()));
        }
    }

    #[test]
    fn the_longer_text_gives_way_first() {
        let tokenizer = fixtures::word_piece();
        let limit = |tokens, cut, stride| {
            Some(Limit {
                tokens,
                cut,
                stride,
            })
        };
        let windows = tokenizer
            .windows(
                "a b c",
                Some("d e f g h i"),
                true,
                limit(9, Cut::LongestFirst, 0),
            )
            .expect("encoded");
        let first = &windows[0];
        assert_eq!(first.len(), 9);
        assert_eq!(
            first.sequences,
            [
                None,
                Some(0),
                Some(0),
                Some(0),
                None,
                Some(1),
                Some(1),
                Some(1),
                None
            ]
        );
        assert_eq!(first.type_ids, [0, 0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!(first.special.iter().filter(|s| **s).count(), 3);
    }

    #[test]
    fn windows_over_the_second_text_overlap_and_cover_it() {
        let tokenizer = fixtures::word_piece();
        let text = "d e f g h i j k l m";
        let limit = Limit {
            tokens: 9,
            cut: Cut::OnlySecond,
            stride: 2,
        };
        let windows = tokenizer
            .windows("a b", Some(text), true, Some(limit))
            .expect("encoded");
        let of = |window: &Encoding| -> Vec<usize> {
            let places = window.sequences.iter().zip(&window.chars);
            places
                .filter(|(s, _)| **s == Some(1))
                .map(|(_, r)| r.start / 2)
                .collect()
        };
        let found: Vec<Vec<usize>> = windows.iter().map(of).collect();
        assert_eq!(
            found,
            [
                vec![0, 1, 2, 3],
                vec![2, 3, 4, 5],
                vec![4, 5, 6, 7],
                vec![6, 7, 8, 9]
            ]
        );
        assert!(windows.iter().all(|w| w.ids[1..3] == windows[0].ids[1..3]));
    }

    #[test]
    fn a_limit_without_room_is_an_error() {
        let tokenizer = fixtures::word_piece();
        let cut = |first, tokens, cut, stride| {
            let limit = Limit {
                tokens,
                cut,
                stride,
            };
            let error = tokenizer.windows(first, Some("d e f g h i"), true, Some(limit));
            error.expect_err("no room").to_string()
        };
        assert!(
            cut("a b c d e f", 8, Cut::OnlySecond, 0).contains("leaves no room for the second")
        );
        assert!(cut("a b", 8, Cut::OnlySecond, 3).contains("windows of 3 tokens cannot repeat 3"));
        assert!(cut("a", 8, Cut::OnlyFirst, 0).contains("leaves no room for the first"));
        assert!(cut("a", 4, Cut::LongestFirst, 0).contains("4 tokens leave no room"));
    }

    #[test]
    fn what_the_vocabulary_lacks_is_counted() {
        let text = "ab ქართული d";
        assert_eq!(
            fixtures::word_piece()
                .encode(text)
                .expect("encoded")
                .unknown,
            7
        );
        assert_eq!(
            fixtures::unigram().encode(text).expect("encoded").unknown,
            7
        );
        assert_eq!(
            fixtures::byte_pairs()
                .encode(text)
                .expect("encoded")
                .unknown,
            0
        );
        assert_eq!(
            fixtures::byte_fallback()
                .encode(text)
                .expect("encoded")
                .unknown,
            0
        );
        assert_eq!(
            fixtures::plain_pairs()
                .encode(text)
                .expect("encoded")
                .unknown,
            7
        );
        assert_eq!(
            fixtures::plain_pairs()
                .encode("ქართული")
                .expect("encoded")
                .unknown,
            7
        );
    }

    #[test]
    fn an_empty_text_has_only_what_is_around_it() {
        let encoding = fixtures::word_piece().encode("").expect("encoded");
        assert_eq!(encoding.special, [true, true]);
        assert!(fixtures::byte_pairs().ids("").expect("encoded").is_empty());
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let text = "a ".repeat(LONGEST_TEXT / 2 + 1);
        let error = fixtures::word_piece().encode(&text).expect_err("too long");
        assert!(
            error.to_string().contains("at most 4 are taken apart"),
            "{error}"
        );
    }
}
