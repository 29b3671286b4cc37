//! A question as tokens: words with their stems, numbers, and the signs that compare.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream};

/// Tokens that are read of one question; the rest is said to be unread.
pub(in crate::advisor) const MOST_TOKENS: usize = 400;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::advisor) enum Shape {
    /// Letters.
    Word,
    /// A number, `10,000` and `2e-5` included.
    Number(f64),
    /// `<`, `>`, `≤`, `≥`.
    Sign,
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::advisor) struct Token {
    /// Lower case, as typed.
    pub(in crate::advisor) text: String,
    /// Its English stem; numbers and signs are their own.
    pub(in crate::advisor) stem: String,
    pub(in crate::advisor) shape: Shape,
    /// A comma, a full stop or the like stands before it.
    pub(in crate::advisor) after_break: bool,
    /// Nothing, or a hyphen, parts it from the token before: `gpt2-xl` is three tokens of one word.
    pub(in crate::advisor) joined: bool,
}

/// Finds English stems (Snowball, by way of tantivy).
#[derive(Clone)]
pub(in crate::advisor) struct Stems(TextAnalyzer);

impl Stems {
    pub(in crate::advisor) fn new() -> Self {
        let raw = TextAnalyzer::builder(RawTokenizer::default());
        Self(raw.filter(Stemmer::new(Language::English)).build())
    }

    fn of(&mut self, word: &str) -> String {
        let mut stream = self.0.token_stream(word);
        if stream.advance() {
            stream.token().text.clone()
        } else {
            word.to_owned()
        }
    }
}

/// The tokens of `text`, at most [`MOST_TOKENS`], and whether there were more.
///
/// Letters and digits are parted (`gpt2` is `gpt`, `2`), so that spellings of a name agree.
pub(in crate::advisor) fn tokens(text: &str, stems: &mut Stems) -> (Vec<Token>, bool) {
    let mut found = Vec::new();
    let mut rest = text;
    let mut after_break = false;
    let mut joined = false;
    while let Some(first) = rest.chars().next() {
        if found.len() == MOST_TOKENS {
            return (found, rest.chars().any(char::is_alphanumeric));
        }
        let (length, shape) = if first.is_ascii_digit() {
            let (length, value) = number(rest);
            (length, Some(Shape::Number(value)))
        } else if first.is_alphabetic() {
            let end = rest
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(rest.len());
            (end, Some(Shape::Word))
        } else {
            (
                first.len_utf8(),
                "<>≤≥".contains(first).then_some(Shape::Sign),
            )
        };
        let (piece, tail) = rest.split_at(length);
        if let Some(shape) = shape {
            let text = piece.to_lowercase();
            let stem = if shape == Shape::Word {
                stems.of(&text)
            } else {
                text.clone()
            };
            found.push(Token {
                text,
                stem,
                shape,
                after_break,
                joined,
            });
        }
        joined = shape.is_some() || (joined && "-_".contains(first));
        after_break = shape.is_none() && (after_break || ",.;:!?()".contains(first));
        if first.is_whitespace() {
            after_break = after_break && found.last().is_some();
        }
        rest = tail;
    }
    (found, false)
}

/// The length in bytes and the value of the number that `text` starts with.
fn number(text: &str) -> (usize, f64) {
    let bytes = text.as_bytes();
    let digits_at = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut end = digits_at(0);
    while bytes.get(end) == Some(&b',') && digits_at(end + 1) == 3 {
        end += 4;
    }
    if bytes.get(end) == Some(&b'.') && digits_at(end + 1) > 0 {
        end += 1 + digits_at(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        if end + 1 + sign < bytes.len() {
            let exponent = digits_at(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
    }
    let plain: String = text[..end].chars().filter(|c| *c != ',').collect();
    (end, plain.parse().unwrap_or(f64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(question: &str) -> Vec<String> {
        tokens(question, &mut Stems::new())
            .0
            .into_iter()
            .map(|t| t.text)
            .collect()
    }

    #[test]
    fn parts_letters_and_digits_and_keeps_numbers_whole() {
        assert_eq!(
            texts("GPT-2 on 10,000 rows, <1.5GB at 2e-5"),
            [
                "gpt", "2", "on", "10,000", "rows", "<", "1.5", "gb", "at", "2e-5"
            ]
        );
    }

    #[test]
    fn numbers_have_their_value() {
        let (found, _) = tokens("12,345.5 1,23", &mut Stems::new());
        let values: Vec<_> = found.iter().map(|t| t.shape).collect();
        assert_eq!(
            values,
            [
                Shape::Number(12345.5),
                Shape::Number(1.0),
                Shape::Number(23.0)
            ]
        );
    }

    #[test]
    fn an_endless_question_is_cut_and_said_to_be() {
        let (found, more) = tokens(&"word ".repeat(5000), &mut Stems::new());
        assert_eq!((found.len(), more), (MOST_TOKENS, true));
    }
}
