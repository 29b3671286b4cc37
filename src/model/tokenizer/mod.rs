//! Texts to token ids and back: the file `tokenizer.json`, run by the `tokenizers` library within
//! limits of our own.
//!
//! - `check` looks into the file before the library does, `file` is its form, `pattern` its
//!   regular expressions
//! - `special` reads the files beside it
//! - `encode` makes ids of texts, with truncation and with offsets, which `places` counts
//! - `stream` makes text of ids as they come; `spaces` tidies it as transformers does

mod check;
mod encode;
mod file;
mod pattern;
mod places;
mod spaces;
mod special;
mod stream;

#[cfg(test)]
pub mod fixtures;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use tokenizers::AddedToken;

use crate::error::{Error, Result};
use crate::text;

pub use check::Kind;
pub use encode::{Cut, Encoding, Limit};
pub use special::{Names, Settings};
pub use stream::Stream;

/// How long a text of up to 1,024 equal characters may take to split.
const PATIENCE: Duration = Duration::from_millis(40);

/// How many of them are tried: each so few more than the one before that time which grows with the
/// fourth power is found out before it is long.
const LENGTHS: [usize; 11] = [32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024];

/// The ids of the special tokens that the vocabulary has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Special {
    /// Starts a text.
    pub bos: Option<u32>,
    /// Ends a text.
    pub eos: Option<u32>,
    /// Fills up short rows.
    pub pad: Option<u32>,
    /// Stands for what the vocabulary lacks.
    pub unk: Option<u32>,
    /// Stands between texts.
    pub sep: Option<u32>,
    /// Stands for the whole text.
    pub cls: Option<u32>,
    /// Is to be filled.
    pub mask: Option<u32>,
}

/// A model's tokenizer.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    kind: Kind,
    /// The token for what the vocabulary lacks, as the vocabulary itself names it.
    unknown: Option<u32>,
    /// Characters that the vocabulary lacks vanish.
    drops: bool,
    /// Text is split by patterns of the file's own.
    has_patterns: bool,
    /// Ids are below this.
    rows: Option<usize>,
    decoding: stream::Decoding,
    special: Special,
    settings: Settings,
}

impl Tokenizer {
    /// Reads the tokenizer in a model's folder, for a model with `rows` embeddings if they are
    /// known.
    ///
    /// # Errors
    /// A file that is missing, damaged, too large or hostile, or that is not of this model.
    pub fn read(folder: &Path, rows: Option<usize>) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        if !path.is_file() {
            return Err(Error::new("there is no tokenizer.json")
                .at_path(folder)
                .hint("tokenizers in other files do not run here; save the model with a fast tokenizer"));
        }
        let json = special::read_bounded(&path, check::MOST_BYTES)?;
        let settings = Settings::read(folder)?;
        Self::parse(&json, settings, rows).map_err(|error| {
            let hint = error.hint_text().map(str::to_owned);
            let placed = Error::new(error.to_string()).at_path(&path);
            match hint {
                Some(hint) => placed.hint(hint),
                None => placed,
            }
        })
    }

    /// The tokenizer that a `tokenizer.json` describes.
    ///
    /// # Errors
    /// As for [`Tokenizer::read`], without the file's name.
    pub fn parse(json: &[u8], settings: Settings, rows: Option<usize>) -> Result<Self> {
        let checked = check::check(json, rows)?;
        let mut inner = guarded(|| {
            let mut inner = tokenizers::Tokenizer::from_bytes(json)?;
            // What the file says of padding and truncation is a habit of whoever saved it.
            inner.with_padding(None).with_truncation(None)?;
            Ok(inner)
        })?;
        for (content, id) in &checked.added {
            if inner.token_to_id(content) != Some(*id) {
                let content = text::line(content);
                return Err(Error::new(format!(
                    "the token `{}` has the id {id}, which does not follow the vocabulary's ids",
                    text::ident(&content)
                )));
            }
        }
        mark_special(&mut inner, &settings.names)?;
        let tokenizer = Self {
            special: special_ids(&inner, &settings.names),
            decoding: stream::Decoding::of(&inner),
            inner,
            kind: checked.kind,
            unknown: checked.unknown,
            drops: checked.drops,
            has_patterns: checked.has_patterns,
            rows,
            settings,
        };
        if checked.has_patterns {
            tokenizer.try_patterns(&checked.alphabet)?;
        }
        Ok(tokenizer)
    }

    /// Whether texts of one character, again and again, are split fast. A pattern that passes is
    /// a hundred times below the limit.
    fn try_patterns(&self, alphabet: &[char]) -> Result<()> {
        for c in alphabet {
            for length in LENGTHS {
                let text: String = std::iter::repeat_n(*c, length).collect();
                let mut is_slow = true;
                // Again, for the first may have waited for the processor.
                for _ in 0..3 {
                    let start = Instant::now();
                    self.split(&text)?;
                    is_slow = start.elapsed() > PATIENCE;
                    if !is_slow {
                        break;
                    }
                }
                if is_slow {
                    return Err(Error::new(format!(
                        "splitting {length} times `{}` takes too long",
                        text::ident(&c.to_string())
                    ))
                    .hint("a pattern of this tokenizer does not end in good time"));
                }
            }
        }
        Ok(())
    }

    /// The text of `ids`, without special tokens if they are to be skipped.
    ///
    /// # Errors
    /// When the library fails, which a file that passed its checks should not make it do.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String> {
        let text = self.decode_raw(ids, skip_special)?;
        Ok(if self.tidies() {
            spaces::tidy(&text)
        } else {
            text
        })
    }

    /// The text of `ids` as the library gives it.
    fn decode_raw(&self, ids: &[u32], skip_special: bool) -> Result<String> {
        let shown: Vec<u32> = ids
            .iter()
            .copied()
            .filter(|id| self.is_shown(*id, skip_special))
            .collect();
        // Some of the library's decoders fail on nothing.
        if shown.is_empty() {
            return Ok(String::new());
        }
        guarded(|| self.inner.decode(&shown, false))
    }

    /// The text of tokens as the vocabulary writes them; a word that is no token stays as it is.
    ///
    /// # Errors
    /// When the library fails.
    pub fn join(&self, tokens: &[&str]) -> Result<String> {
        use tokenizers::Decoder;
        if tokens.is_empty() {
            return Ok(String::new());
        }
        let tokens: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
        match self.inner.get_decoder() {
            Some(decoder) => guarded(|| decoder.decode(tokens)),
            None => Ok(tokens.join(" ")),
        }
    }

    /// Whether a token is part of decoded text.
    fn is_shown(&self, id: u32, skip_special: bool) -> bool {
        self.inner
            .id_to_token(id)
            .is_some_and(|token| !(skip_special && self.is_special(&token)))
    }

    fn is_special(&self, token: &str) -> bool {
        self.inner.get_added_vocabulary().is_special_token(token)
    }

    /// Whether spaces before punctuation are taken out, which transformers never does after
    /// byte pairs.
    fn tidies(&self) -> bool {
        self.settings.clean_up && self.kind != Kind::Bpe
    }

    /// A stream of text, of the tokens after `context`.
    pub fn stream(&self, context: &[u32], skip_special: bool) -> Stream<'_> {
        Stream::new(self, context, skip_special)
    }

    /// The id of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token of an id, as the vocabulary writes it.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the vocabulary is made and applied.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The special tokens.
    pub fn special(&self) -> Special {
        self.special
    }

    /// What the files beside the tokenizer say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Runs the library; what it fails and panics with becomes an error.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T> {
    // What a panic leaves half done is dropped with the error, or was only read.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(cause)) => Err(Error::new("the tokenizer failed").caused_by(cause)),
        Err(_) => Err(Error::new(
            "the tokenizer broke down on a file that is damaged",
        )),
    }
}

/// Makes special the tokens that the files beside the tokenizer call so, as far as they exist.
fn mark_special(inner: &mut tokenizers::Tokenizer, names: &Names) -> Result<()> {
    let texts = [
        &names.bos,
        &names.eos,
        &names.pad,
        &names.unk,
        &names.sep,
        &names.cls,
        &names.mask,
    ];
    let tokens: Vec<AddedToken> = texts
        .into_iter()
        .flatten()
        .chain(&names.more)
        .filter(|name| inner.token_to_id(name).is_some())
        .filter(|name| !inner.get_added_vocabulary().is_special_token(name))
        .map(|name| AddedToken::from(name.clone(), true))
        .collect();
    if !tokens.is_empty() {
        guarded(|| inner.add_special_tokens(tokens))?;
    }
    Ok(())
}

fn special_ids(inner: &tokenizers::Tokenizer, names: &Names) -> Special {
    let id = |name: &Option<String>| inner.token_to_id(name.as_deref()?);
    Special {
        bos: id(&names.bos),
        eos: id(&names.eos),
        pad: id(&names.pad),
        unk: id(&names.unk),
        sep: id(&names.sep),
        cls: id(&names.cls),
        mask: id(&names.mask),
    }
}
