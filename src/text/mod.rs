//! What makes untrusted text safe to show: on a screen, in a log, in JSON, in a message.
//!
//! Cards, ids, file names, data rows, generated tokens and the error texts of libraries all come
//! through here. [`Stream`] is the one state machine; [`block`] and [`line()`] run it over a whole
//! text, [`ident()`] makes visible what the others remove, [`json`] escapes it. [`nearest()`] says
//! what a misspelt name was meant to be, [`bytes`] and [`grouped()`] write a number so that it can
//! be read.

mod amount;
mod chars;
mod ident;
mod nearest;
mod stream;

use std::borrow::Cow;

pub use amount::bytes;
pub use ident::ident;
pub use nearest::nearest;
pub use stream::Stream;
use stream::{Cleaner, Shape};

/// Safe text that keeps its lines: no escape sequence, no control character but `\n`, no
/// invisible character, at most 8 combining marks in a row. Visible text stays as it is.
pub fn block(text: &str) -> Cow<'_, str> {
    clean(text, Shape::Block)
}

/// Safe text on one line: as [`block`], and each line end is one space.
pub fn line(text: &str) -> Cow<'_, str> {
    clean(text, Shape::Line)
}

/// `16,384`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A measured figure in five characters at most, as long as it is not negative; `-` for what is no
/// number.
pub fn figure(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "-".to_owned(),
        v if v >= 100_000.0 => format!("{value:.0e}"),
        v if v >= 1_000.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 || v == 0.0 => format!("{value:.2}"),
        v if v >= 0.001 => format!("{value:.3}"),
        _ => format!("{value:.0e}"),
    }
}

/// `value` as JSON on one line, in which nothing can reach a terminal: JSON escapes the controls
/// below U+0020 by itself, and this also the others, and the invisible and bidirectional ones.
pub fn json(value: &serde_json::Value) -> String {
    use std::fmt::Write;
    let plain = value.to_string();
    if !plain
        .chars()
        .any(|c| chars::is_control(c) || chars::is_hidden(c))
    {
        return plain;
    }
    let mut out = String::with_capacity(plain.len() + 64);
    for c in plain.chars() {
        // Outside strings JSON is ASCII without controls, so every hit is inside a string.
        if chars::is_control(c) || chars::is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("writing to a string never fails");
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn clean(text: &str, shape: Shape) -> Cow<'_, str> {
    let plain = |b: u8| matches!(b, 0x20..=0x7e) || (b == b'\n' && shape == Shape::Block);
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut cleaner = Cleaner::new(shape);
    for c in text.chars() {
        cleaner.push(c, &mut out);
    }
    if out == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_not_copied() {
        for text in ["a b", "Grüße, 模型 👩‍👩‍👧 ❤️ می‌خواهم"] {
            assert!(matches!(line(text), Cow::Borrowed(_)), "{text}");
            assert!(matches!(block(text), Cow::Borrowed(_)), "{text}");
        }
        assert!(matches!(block("a\nb"), Cow::Borrowed(_)));
    }

    #[test]
    fn every_third_digit_has_a_comma() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(16_384), "16,384");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }

    #[test]
    fn a_line_end_becomes_one_space_on_a_line_and_stays_in_a_block() {
        assert_eq!(line("a\r\nb\tc"), "a b c");
        assert_eq!(block("a\r\nb\u{2028}c\td"), "a\nb\nc    d");
    }

    #[test]
    fn json_has_no_control_or_invisible_character_and_means_the_same() {
        let value = serde_json::json!({"a": "x\u{9b}2J\u{1b}[m\u{202e}\u{e0041}é"});
        let text = json(&value);
        assert_eq!(
            text,
            "{\"a\":\"x\\u009b2J\\u001b[m\\u202e\\udb40\\udc41é\"}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }

    #[test]
    fn figures_are_short() {
        for (value, shown) in [
            (3.4218, "3.42"),
            (30.64, "30.6"),
            (0.0132, "0.013"),
            (51_234.4, "51234"),
            (1e9, "1e9"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(figure(value), shown);
        }
    }
}
