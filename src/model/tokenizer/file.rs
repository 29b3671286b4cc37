//! The form of a tokenizer.json, read with limits and without copies.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use crate::text;

/// Most pieces of a vocabulary: twice those of the largest that the models here have.
const MOST_PIECES: usize = 1 << 19;
/// Most tokens beside the vocabulary: the most known are 6,400.
const MOST_ADDED: usize = 1 << 16;
/// The longest piece, in bytes.
pub(super) const LONGEST_PIECE: usize = 4096;

/// The parts that are looked at.
#[derive(Deserialize)]
pub(super) struct File<'a> {
    /// Tokens beside the vocabulary.
    #[serde(default)]
    pub added_tokens: Bounded<Added, MOST_ADDED>,
    /// What is done to a text first.
    #[serde(default)]
    pub normalizer: Value,
    /// How it is split into words.
    #[serde(default)]
    pub pre_tokenizer: Value,
    /// What is put around it.
    #[serde(default)]
    pub post_processor: Value,
    /// How tokens become text.
    #[serde(default)]
    pub decoder: Value,
    /// How words become tokens.
    #[serde(borrow)]
    pub model: Model<'a>,
}

/// A token beside the vocabulary.
#[derive(Debug, Deserialize)]
pub(super) struct Added {
    /// Its id.
    pub id: Number,
    /// Its text.
    pub content: String,
}

/// The vocabulary and how it is applied.
#[derive(Deserialize)]
pub(super) struct Model<'a> {
    /// The kind; old files do not name it.
    #[serde(rename = "type")]
    pub named: Option<String>,
    /// The pieces.
    #[serde(borrow)]
    pub vocab: Vocabulary<'a>,
    /// Pairs of pieces that become one, in order.
    #[serde(borrow)]
    pub merges: Option<Bounded<Merge<'a>, MOST_PIECES>>,
    /// The token for what the vocabulary lacks.
    pub unk_token: Option<String>,
    /// Its id, where there are scores.
    pub unk_id: Option<u64>,
    /// Whether single bytes stand for what it lacks.
    #[serde(default)]
    pub byte_fallback: bool,
    /// What pieces inside a word start with.
    pub continuing_subword_prefix: Option<String>,
    /// The longest word that is taken apart.
    pub max_input_chars_per_word: Option<u64>,
}

/// A list of at most `MOST` items: reading stops at the first too many.
#[derive(Debug)]
pub(super) struct Bounded<T, const MOST: usize>(pub Vec<T>);

impl<T, const MOST: usize> Default for Bounded<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Bounded<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Items<T, MOST> {
    type Value = Bounded<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            if items.len() == MOST {
                return Err(A::Error::custom(format!("more than {MOST} items")));
            }
            items.push(item);
        }
        Ok(Bounded(items))
    }
}

/// A text of the file, borrowed from it where nothing in it is escaped.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Plain)
    }
}

struct Plain;

impl<'de> Visitor<'de> for Plain {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// Two pieces that become one, as a pair or in one text.
#[derive(Debug)]
pub(super) enum Merge<'a> {
    /// Each by itself.
    Pair(Text<'a>, Text<'a>),
    /// With a space between them.
    Line(Text<'a>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Merge<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LineOrPair)
    }
}

struct LineOrPair;

impl<'de> Visitor<'de> for LineOrPair {
    type Value = Merge<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a pair of them")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Plain.visit_borrowed_str(text).map(Merge::Line)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Plain.visit_str(text).map(Merge::Line)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let pair = (seq.next_element()?, seq.next_element()?);
        let (Some(a), Some(b)) = pair else {
            return Err(A::Error::custom("a merge is not two pieces"));
        };
        match seq.next_element::<Text<'de>>()? {
            None => Ok(Merge::Pair(a, b)),
            Some(_) => Err(A::Error::custom("a merge is not two pieces")),
        }
    }
}

/// A vocabulary: pieces with their ids, or how many with scores, whose place is their id.
#[derive(Debug)]
pub(super) enum Vocabulary<'a> {
    /// By piece.
    Numbered(HashMap<Text<'a>, u32>),
    /// How many.
    Scored(usize),
}

impl<'de: 'a, 'a> Deserialize<'de> for Vocabulary<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Pieces)
    }
}

struct Pieces;

impl<'de> Visitor<'de> for Pieces {
    type Value = Vocabulary<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces with their ids, or with their scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut ids = HashMap::new();
        while let Some((piece, id)) = map.next_entry::<Text<'de>, Number>()? {
            check_piece(&piece, ids.len())?;
            let wrong = |what: &str| {
                let shown = text::line(&piece.0);
                A::Error::custom(format!("`{}` {what}", text::ident(&shown)))
            };
            let Some(number) = as_id(&id) else {
                return Err(wrong(&format!("has {id} for an id")));
            };
            if ids.contains_key(&piece) {
                return Err(wrong("is there twice"));
            }
            ids.insert(piece, number);
        }
        Ok(Vocabulary::Numbered(ids))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut count = 0;
        while let Some((piece, _)) = seq.next_element::<(Text<'de>, f64)>()? {
            check_piece(&piece, count)?;
            count += 1;
        }
        Ok(Vocabulary::Scored(count))
    }
}

/// Whether a vocabulary of `count` pieces has room for this one.
fn check_piece<E: Error>(piece: &Text<'_>, count: usize) -> Result<(), E> {
    if piece.0.len() > LONGEST_PIECE {
        return Err(E::custom(too_long(piece.0.len())));
    }
    if count == MOST_PIECES {
        return Err(E::custom(format!(
            "the vocabulary has more than {MOST_PIECES} pieces"
        )));
    }
    Ok(())
}

/// What is said of a token of so many bytes.
pub(super) fn too_long(bytes: usize) -> String {
    format!("a token has {bytes} bytes; {LONGEST_PIECE} is the most")
}

/// A number as an id, if it can be one.
pub(super) fn as_id(number: &Number) -> Option<u32> {
    u32::try_from(number.as_u64()?).ok()
}
