//! Text of tokens as they come: never a part of a character, and in the end the same as if all
//! tokens had been decoded at once.

use std::collections::HashMap;
use std::sync::LazyLock;

use tokenizers::DecoderWrapper;

use super::check::contains_type;
use super::spaces::Tidier;
use super::{Kind, Tokenizer};

/// Most tokens that are held back for a character to be completed.
const MOST_HELD: usize = 256;

/// What a token's text depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoding {
    /// Each token stands for bytes.
    Bytes,
    /// On the token before. Some tokens may stand for single bytes (`bytes`); a run of them is
    /// text only as a whole.
    Neighbours { bytes: bool },
}

impl Decoding {
    /// How the library decodes.
    pub(super) fn of(inner: &tokenizers::Tokenizer) -> Self {
        match inner.get_decoder() {
            Some(DecoderWrapper::ByteLevel(_)) => Self::Bytes,
            decoder => {
                let json = serde_json::to_value(decoder).unwrap_or_default();
                Self::Neighbours {
                    bytes: contains_type(&json, "ByteFallback")
                        || contains_type(&json, "ByteLevel"),
                }
            }
        }
    }
}

/// Makes text of tokens one by one. What it keeps does not grow with the text.
#[derive(Clone)]
pub struct Stream<'a> {
    tokenizer: &'a Tokenizer,
    skip_special: bool,
    state: State,
    tidier: Option<Tidier>,
}

#[derive(Clone)]
enum State {
    /// Bytes that are no whole character yet.
    Bytes(Vec<u8>),
    /// Tokens whose text is out, which is `said`, and those after them that are held back.
    Window {
        tokens: Vec<u32>,
        context: usize,
        said: String,
    },
}

impl<'a> Stream<'a> {
    /// A stream of what follows `context`.
    pub(super) fn new(tokenizer: &'a Tokenizer, context: &[u32], skip_special: bool) -> Self {
        let state = match tokenizer.decoding {
            Decoding::Bytes => State::Bytes(Vec::new()),
            Decoding::Neighbours { .. } => {
                let shown = |id: &&u32| tokenizer.is_shown(**id, skip_special);
                let tokens: Vec<u32> = context
                    .iter()
                    .rev()
                    .find(shown)
                    .copied()
                    .into_iter()
                    .collect();
                State::Window {
                    said: tokenizer
                        .decode_raw(&tokens, skip_special)
                        .unwrap_or_default(),
                    context: tokens.len(),
                    tokens,
                }
            }
        };
        Self {
            tokenizer,
            skip_special,
            state,
            tidier: tokenizer.tidies().then(Tidier::default),
        }
    }

    /// Takes a token and returns the text that is now certain.
    pub fn push(&mut self, id: u32) -> String {
        let text = self.push_raw(id);
        match &mut self.tidier {
            Some(tidier) => tidier.push(&text),
            None => text,
        }
    }

    /// Returns the rest of the text: U+FFFD where a character was cut off.
    pub fn finish(&mut self) -> String {
        let mut text = match &mut self.state {
            State::Bytes(bytes) => String::from_utf8_lossy(&std::mem::take(bytes)).into_owned(),
            State::Window { .. } => self.release(),
        };
        if let Some(tidier) = &mut self.tidier {
            text = tidier.push(&text);
            text.push_str(&tidier.finish());
        }
        text
    }

    fn push_raw(&mut self, id: u32) -> String {
        if !self.tokenizer.is_shown(id, self.skip_special) {
            return String::new();
        }
        match &mut self.state {
            State::Bytes(bytes) => {
                let token = self.tokenizer.inner.id_to_token(id).unwrap_or_default();
                push_bytes(&token, bytes);
                take_certain(bytes)
            }
            State::Window {
                tokens, context, ..
            } => {
                tokens.push(id);
                let held = tokens.len() - *context;
                if held < MOST_HELD && self.is_open(id) {
                    return String::new();
                }
                self.release()
            }
        }
    }

    /// Whether the text of the last token hangs on what comes next.
    fn is_open(&self, id: u32) -> bool {
        let Decoding::Neighbours { bytes: true } = self.tokenizer.decoding else {
            return false;
        };
        let token = self.tokenizer.inner.id_to_token(id).unwrap_or_default();
        let is_byte = token.len() == 6 && token.starts_with("<0x") && token.ends_with('>');
        is_byte || (self.tokenizer.kind == Kind::Bpe && self.window_text().ends_with('\u{fffd}'))
    }

    fn window_text(&self) -> String {
        match &self.state {
            State::Window { tokens, .. } => self.decode(tokens),
            State::Bytes(_) => String::new(),
        }
    }

    fn decode(&self, tokens: &[u32]) -> String {
        self.tokenizer
            .decode_raw(tokens, self.skip_special)
            .unwrap_or_default()
    }

    /// The text of the tokens that were held back; the last of them is the context of the next.
    fn release(&mut self) -> String {
        let text = self.window_text();
        let State::Window {
            tokens,
            context,
            said,
        } = &mut self.state
        else {
            return text;
        };
        if tokens.len() == *context {
            return String::new();
        }
        let new = text
            .strip_prefix(said.as_str())
            .unwrap_or_default()
            .to_owned();
        tokens.drain(..tokens.len() - 1);
        *context = 1;
        let alone = self.window_text();
        if let State::Window { said, .. } = &mut self.state {
            *said = alone;
        }
        new
    }
}

/// The characters that stand for bytes in a byte-level vocabulary: a printable Latin-1 character
/// for itself, those from U+0100 on for the others in order (Radford et al., GPT-2, 2019).
static BYTES: LazyLock<HashMap<char, u8>> = LazyLock::new(|| {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..=255u8).filter(|b| !printable(b));
    let selves = (0..=255u8).filter(printable);
    let shifted = others.zip('\u{100}'..).map(|(byte, c)| (c, byte));
    selves.map(|b| (char::from(b), b)).chain(shifted).collect()
});

/// Appends the bytes that a token stands for: its own where it is not of such characters.
fn push_bytes(token: &str, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    for c in token.chars() {
        let Some(byte) = BYTES.get(&c) else {
            bytes.truncate(start);
            return bytes.extend_from_slice(token.as_bytes());
        };
        bytes.push(*byte);
    }
}

/// Takes from `bytes` all but the start of a character: text, with U+FFFD for what is none.
fn take_certain(bytes: &mut Vec<u8>) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = Vec::new();
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        let bad = chunk.invalid();
        let is_start = std::str::from_utf8(bad).is_err_and(|e| e.error_len().is_none());
        if chunks.peek().is_none() && is_start {
            rest.extend_from_slice(bad);
        } else if !bad.is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    *bytes = rest;
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, fixtures};
    use super::*;
    use crate::model::kernels::random;

    /// Streams `ids` and holds the text to what they are at once; gives the pieces.
    fn stream(tokenizer: &Tokenizer, ids: &[u32]) -> Vec<String> {
        let mut stream = tokenizer.stream(&[], true);
        let mut pieces: Vec<String> = ids.iter().map(|id| stream.push(*id)).collect();
        pieces.push(stream.finish());
        let whole = tokenizer.decode(ids, true).expect("decoded");
        assert_eq!(pieces.concat(), whole);
        pieces
    }

    /// Cuts a text into pieces of a few units each, by chance.
    fn cuts(units: usize, case: u64) -> Vec<std::ops::Range<usize>> {
        let draw = random::Stream::new(77, case);
        let mut found = Vec::new();
        let mut start = 0;
        while start < units {
            let end = (start + 1 + draw.below(start as u64, 6)).min(units);
            found.push(start..end);
            start = end;
        }
        found
    }

    #[test]
    fn byte_pairs_cut_anywhere_make_the_text_again() {
        let cases: Vec<Vec<Vec<u8>>> = (0..1000)
            .map(|case| {
                let answer = fixtures::ANSWERS[case as usize % 20].as_bytes();
                cuts(answer.len(), case)
                    .into_iter()
                    .map(|cut| answer[cut].to_vec())
                    .collect()
            })
            .collect();
        let tokenizer = fixtures::of_bytes(cases.iter().flatten());
        for (case, parts) in cases.iter().enumerate() {
            let ids: Vec<u32> = parts
                .iter()
                .map(|part| fixtures::byte_id(&tokenizer, part))
                .collect();
            let pieces = stream(&tokenizer, &ids);
            let text = pieces.concat();
            assert_eq!(text, fixtures::ANSWERS[case % 20]);
            assert!(!text.contains('\u{fffd}'));
        }
    }

    #[test]
    fn pieces_cut_anywhere_make_the_text_again() {
        for tokenizer in [
            fixtures::unigram(),
            fixtures::byte_fallback(),
            fixtures::word_piece(),
        ] {
            for case in 0..1000u64 {
                let answer = fixtures::ANSWERS[case as usize % 20];
                let mut ids = tokenizer.ids(answer).expect("encoded");
                // Any order is a text too: an answer's tokens, turned at a place by chance.
                let turn = cuts(ids.len(), case)[0].end % ids.len();
                ids.rotate_left(turn);
                let text = stream(&tokenizer, &ids).concat();
                // A run of bytes may be cut in two; other pieces are whole characters.
                assert!(!text.contains('\u{fffd}') || tokenizer.kind() == Kind::Bpe);
            }
        }
    }

    #[test]
    fn answers_come_back_as_they_were() {
        for tokenizer in [fixtures::byte_pairs(), fixtures::byte_fallback()] {
            for answer in fixtures::ANSWERS {
                let ids = tokenizer.ids(answer).expect("encoded");
                let pieces = stream(&tokenizer, &ids);
                assert_eq!(pieces.concat(), answer);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_as_at_once() {
        let bytes: Vec<Vec<u8>> = (0..=255u8).map(|b| vec![b]).collect();
        let tokenizer = fixtures::of_bytes(&bytes);
        for case in 0..500 {
            let draw = random::Stream::new(5, case);
            let lead = [0xe6u8, 0xa8, 0xf0, 0x9f, 0x41, 0xff, 0xc3];
            let ids: Vec<u32> = (0..30)
                .map(|i| fixtures::byte_id(&tokenizer, &[lead[draw.below(i, lead.len())]]))
                .collect();
            stream(&tokenizer, &ids);
        }
    }

    #[test]
    fn special_tokens_and_unknown_ids_change_nothing() {
        let tokenizer = fixtures::word_piece();
        let mut ids = tokenizer.encode("d e f").expect("encoded").ids;
        ids.insert(2, 1_000_000);
        ids.insert(3, ids[0]);
        assert_eq!(stream(&tokenizer, &ids).concat(), "d e f");
    }

    #[test]
    fn a_context_decides_the_space_before_the_first_word() {
        let tokenizer = fixtures::unigram();
        let (word, space) = (
            tokenizer.id("a").expect("a piece"),
            tokenizer.id("▁").expect("a piece"),
        );
        assert_eq!(tokenizer.stream(&[word], true).push(space), " ");
        assert_eq!(tokenizer.stream(&[], true).push(space), "");
    }

    #[test]
    fn what_is_kept_does_not_grow() {
        for tokenizer in fixtures::all() {
            let ids = tokenizer.ids(fixtures::ANSWERS[1]).expect("encoded");
            let mut stream = tokenizer.stream(&[], true);
            for id in ids.iter().cycle().take(5000) {
                stream.push(*id);
                let kept = match &stream.state {
                    State::Bytes(bytes) => bytes.len(),
                    State::Window { tokens, .. } => tokens.len(),
                };
                assert!(kept <= MOST_HELD, "{kept}");
            }
        }
    }

    #[test]
    fn spaces_before_punctuation_go_where_the_folder_says_so() {
        let mut settings = Settings::default();
        settings.update(&serde_json::json!({"clean_up_tokenization_spaces": true}));
        let tokenizer = fixtures::unigram_with(settings);
        let ids = tokenizer.ids("a , b .").expect("encoded");
        assert_eq!(stream(&tokenizer, &ids).concat(), "a, b.");
    }
}
