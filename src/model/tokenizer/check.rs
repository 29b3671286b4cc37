//! What a tokenizer.json has to be before anything is made of it.
//!
//! The library that runs it trusts its files: a merge may make it read past its buffer, a pattern
//! may take hours, ids are handed out anew. So the file is read twice, here first, with limits.

use std::collections::HashSet;

use serde_json::Value;

use super::file::{Added, File, LONGEST_PIECE, Merge, Model, Vocabulary, as_id, too_long};
use super::pattern;
use crate::error::{Error, Result};
use crate::text;

/// The largest tokenizer.json that is read, in bytes: the largest known has 34 MB.
pub(super) const MOST_BYTES: u64 = 64 << 20;
/// The longest word that `WordPiece` may take apart, which costs its length squared.
const LONGEST_WORD: u64 = 1000;
/// How many times longer normalizing may make a text.
const MOST_GROWTH: usize = 64;
/// Most tokens that are put around a text.
const MOST_AROUND: usize = 64;

/// How a vocabulary is made and applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Byte pairs.
    Bpe,
    /// Longest matches from the left.
    WordPiece,
    /// The likeliest pieces.
    Unigram,
    /// Whole words.
    WordLevel,
}

/// What is known of a file that passed.
#[derive(Debug)]
pub(super) struct Checked {
    /// The kind of its vocabulary.
    pub kind: Kind,
    /// The token that stands for what the vocabulary lacks.
    pub unknown: Option<u32>,
    /// Whether characters that the vocabulary lacks vanish.
    pub drops: bool,
    /// Whether text is split by patterns of its own.
    pub has_patterns: bool,
    /// Letters that its patterns name, to try them with.
    pub alphabet: Vec<char>,
    /// The tokens beside the vocabulary, with their ids.
    pub added: Vec<(String, u32)>,
}

/// Checks a tokenizer.json for a model with `rows` embeddings, if they are known.
///
/// # Errors
/// What is wrong, without the file's name.
pub(super) fn check(json: &[u8], rows: Option<usize>) -> Result<Checked> {
    let file: File = serde_json::from_slice(json)
        .map_err(|e| Error::new("cannot read the tokenizer").caused_by(e))?;
    let kind = file.model.kind()?;
    let ids = file.model.check_vocabulary(kind)?;
    file.model.check_merges()?;
    let added = check_added(&file.added_tokens.0)?;
    let around = ids_around(&file.post_processor)?;
    if let Some(rows) = rows {
        let all = ids
            .iter()
            .chain(added.iter().map(|(_, id)| id))
            .chain(&around);
        if let Some(id) = all.max().filter(|id| **id as usize >= rows) {
            return Err(Error::new(format!(
                "a token has the id {id}, and the model has embeddings for ids below {rows}"
            ))
            .hint("the tokenizer is that of another model; fetch the model's own"));
        }
    }
    check_growth(&file)?;
    let mut patterns = Vec::new();
    for part in [&file.normalizer, &file.pre_tokenizer, &file.decoder] {
        collect_patterns(part, &mut patterns);
    }
    for pattern in &patterns {
        pattern::check(pattern)?;
    }
    let unknown = file.model.unknown(kind)?;
    let bytes = contains_type(&file.pre_tokenizer, "ByteLevel")
        || contains_type(&file.normalizer, "ByteLevel");
    Ok(Checked {
        kind,
        unknown,
        drops: kind == Kind::Bpe && unknown.is_none() && !file.model.byte_fallback && !bytes,
        has_patterns: !patterns.is_empty(),
        alphabet: pattern::alphabet(&patterns),
        added,
    })
}

impl Model<'_> {
    /// The kind of vocabulary: old files do not name it.
    fn kind(&self) -> Result<Kind> {
        Ok(match self.named.as_deref() {
            Some("BPE") => Kind::Bpe,
            Some("WordPiece") => Kind::WordPiece,
            Some("Unigram") => Kind::Unigram,
            Some("WordLevel") => Kind::WordLevel,
            Some(other) => {
                let other = text::ident(other);
                return Err(Error::new(format!(
                    "no tokenizer of the kind `{other}` runs here"
                )));
            }
            None if self.merges.is_some() => Kind::Bpe,
            None if matches!(self.vocab, Vocabulary::Scored(_)) => Kind::Unigram,
            None if self.continuing_subword_prefix.is_some() => Kind::WordPiece,
            None => Kind::WordLevel,
        })
    }

    /// The ids of the vocabulary, each of which is there once.
    fn check_vocabulary(&self, kind: Kind) -> Result<Vec<u32>> {
        match (&self.vocab, kind) {
            (Vocabulary::Numbered(ids), Kind::Bpe | Kind::WordPiece | Kind::WordLevel) => {
                let mut ids: Vec<u32> = ids.values().copied().collect();
                ids.sort_unstable();
                match ids.windows(2).find(|pair| pair[0] == pair[1]) {
                    Some(pair) => Err(Error::new(format!("two tokens have the id {}", pair[0]))),
                    None => Ok(ids),
                }
            }
            (Vocabulary::Scored(count), Kind::Unigram) => Ok((0..*count as u32).collect()),
            _ => Err(Error::new(
                "the vocabulary has not the form that the tokenizer's kind needs",
            )),
        }
    }

    /// Whether each merge is of known pieces, to a known piece.
    fn check_merges(&self) -> Result<()> {
        let (Vocabulary::Numbered(ids), Some(merges)) = (&self.vocab, &self.merges) else {
            return Ok(());
        };
        let prefix = self
            .continuing_subword_prefix
            .as_deref()
            .unwrap_or("")
            .len();
        let mut joined = String::new();
        for (i, merge) in merges.0.iter().enumerate() {
            let (a, b) = match merge {
                Merge::Pair(a, b) => (&*a.0, &*b.0),
                Merge::Line(line) if line.0.starts_with("#version") => continue,
                Merge::Line(line) => line
                    .0
                    .split_once(' ')
                    .filter(|(_, b)| !b.contains(' '))
                    .ok_or_else(|| bad_merge(i, "is not two pieces"))?,
            };
            joined.clear();
            joined.push_str(a);
            joined.push_str(b.get(prefix..).unwrap_or("\0"));
            if ![a, b, &joined].iter().all(|piece| ids.contains_key(*piece)) {
                return Err(bad_merge(i, "names a piece that is not in the vocabulary"));
            }
        }
        Ok(())
    }

    /// The token for what the vocabulary lacks.
    fn unknown(&self, kind: Kind) -> Result<Option<u32>> {
        if self.max_input_chars_per_word.unwrap_or(0) > LONGEST_WORD {
            return Err(Error::new(format!(
                "max_input_chars_per_word is above {LONGEST_WORD}: a long word would take hours"
            )));
        }
        match (&self.vocab, kind) {
            (Vocabulary::Scored(count), _) => match self.unk_id {
                Some(id) if id >= *count as u64 => Err(Error::new(format!(
                    "unk_id is {id}, and the vocabulary has {count} pieces"
                ))),
                id => Ok(id.map(|id| id as u32)),
            },
            (Vocabulary::Numbered(ids), _) => {
                let token = self.unk_token.as_deref().unwrap_or("");
                let id = ids.get(token).copied();
                // Byte pairs can do without, and old files say so with an empty token.
                if id.is_none() && !(kind == Kind::Bpe && token.is_empty()) {
                    let token = text::ident(token);
                    return Err(Error::new(format!(
                        "the unknown token `{token}` is not in the vocabulary"
                    )));
                }
                Ok(id)
            }
        }
    }
}

fn bad_merge(index: usize, what: &str) -> Error {
    Error::new(format!("merge {} {what}", index + 1))
}

/// The added tokens with their ids, both of which are there once.
fn check_added(tokens: &[Added]) -> Result<Vec<(String, u32)>> {
    let mut contents = HashSet::new();
    let mut ids = HashSet::new();
    let mut added = Vec::with_capacity(tokens.len());
    for token in tokens {
        let shown = || text::ident(&text::line(&token.content)).into_owned();
        if token.content.len() > LONGEST_PIECE {
            return Err(Error::new(too_long(token.content.len())));
        }
        let id = as_id(&token.id)
            .ok_or_else(|| Error::new(format!("`{}` has {} for an id", shown(), token.id)))?;
        if !contents.insert(&token.content) {
            return Err(Error::new(format!("`{}` is added twice", shown())));
        }
        if !ids.insert(id) {
            return Err(Error::new(format!("two added tokens have the id {id}")));
        }
        added.push((token.content.clone(), id));
    }
    Ok(added)
}

/// The ids of the tokens that are put around a text.
fn ids_around(processor: &Value) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    let mut stack = vec![("", processor)];
    while let Some((name, value)) = stack.pop() {
        match (name, value) {
            ("single" | "pair" | "ids", Value::Array(items)) if items.len() > MOST_AROUND => {
                let what = format!("more than {MOST_AROUND} tokens are put around a text");
                return Err(Error::new(what));
            }
            ("ids" | "sep" | "cls", Value::Array(items)) => {
                for number in items.iter().filter_map(|item| match item {
                    Value::Number(number) => Some(number),
                    _ => None,
                }) {
                    let id = as_id(number).ok_or_else(|| {
                        Error::new(format!("a token around the text has {number} for an id"))
                    })?;
                    found.push(id);
                }
            }
            (_, Value::Array(items)) => stack.extend(items.iter().map(|item| ("", item))),
            (_, Value::Object(fields)) => {
                stack.extend(fields.iter().map(|(name, value)| (name.as_str(), value)));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether normalizing and decoding keep a text's size within bounds.
fn check_growth(file: &File<'_>) -> Result<()> {
    for (part, name) in [
        (&file.normalizer, "normalizer"),
        (&file.pre_tokenizer, "pre_tokenizer"),
        (&file.decoder, "decoder"),
    ] {
        let growth = growth(part);
        if growth > MOST_GROWTH {
            return Err(Error::new(format!("it may make a text {growth} times longer")).at(name));
        }
    }
    Ok(())
}

fn growth(part: &Value) -> usize {
    let Value::Object(fields) = part else {
        let items = part.as_array().into_iter().flatten();
        return items.map(growth).fold(1, usize::saturating_mul);
    };
    let length = |name: &str| fields.get(name).and_then(Value::as_str).map_or(0, str::len);
    let own = match fields.get("type").and_then(Value::as_str) {
        Some("Replace") => {
            let pattern = &part["pattern"]["String"];
            length("content").div_ceil(pattern.as_str().map_or(1, str::len).max(1))
        }
        Some("Prepend") => length("prepend").div_ceil(16),
        _ => 1,
    };
    fields
        .values()
        .map(growth)
        .fold(own.max(1), usize::saturating_mul)
}

fn collect_patterns<'a>(part: &'a Value, found: &mut Vec<&'a str>) {
    match part {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "Regex") {
                    Some(pattern) => found.push(pattern),
                    None => collect_patterns(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, found)),
        _ => {}
    }
}

/// Whether a part of the given type is in `part`.
pub(super) fn contains_type(part: &Value, name: &str) -> bool {
    match part {
        Value::Object(fields) => {
            fields.get("type").is_some_and(|value| value == name)
                || fields.values().any(|value| contains_type(value, name))
        }
        Value::Array(items) => items.iter().any(|item| contains_type(item, name)),
        _ => false,
    }
}
