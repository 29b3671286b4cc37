//! Identifiers: what cannot be told apart by eye is spelt out.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_security::{GeneralSecurityProfile, MixedScript, skeleton};
use unicode_width::UnicodeWidthChar;

use super::chars::{is_control, is_hidden};

/// Most marks in a row that an identifier shows as they are.
const MAX_MARKS: usize = 2;

/// An id, licence, file name or the like, made safe to show and to compare by eye.
///
/// ASCII stays as it is. A character that is invisible, turns the direction, looks like another
/// (`а` for `a`), or is of another script than the rest is written as `<U+0430>`; so is a `<`
/// that would start such a mark. Two different identifiers never look alike, unless in ASCII.
pub fn ident(text: &str) -> Cow<'_, str> {
    let plain = text.bytes().all(|b| matches!(b, 0x20..=0x7e));
    if plain && !text.contains("<U+") {
        return Cow::Borrowed(text);
    }
    let mixed = !text.is_single_script();
    let composed = is_nfc(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = 0;
    for (at, c) in text.char_indices() {
        let is_mark = c.width() == Some(0);
        marks = if is_mark { marks + 1 } else { 0 };
        let shown = match c {
            '<' => !text[at..].starts_with("<U+"),
            ' '..='~' => true,
            _ if is_control(c) || is_hidden(c) || mixed => false,
            _ if is_mark && (!composed || marks > MAX_MARKS || at == 0) => false,
            _ => stands_for_itself(c),
        };
        if shown {
            out.push(c);
        } else {
            write!(out, "<U+{:04X}>", c as u32).expect("writing to a string never fails");
        }
    }
    if out == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

/// Whether `c` is the one that all its lookalikes are taken for.
fn stands_for_itself(c: char) -> bool {
    c.identifier_allowed() && skeleton(c.encode_utf8(&mut [0; 4])).nfc().eq([c])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_and_one_honest_script_stay() {
        for text in ["google/flan-t5-small", "模型", "größe"] {
            assert_eq!(ident(text), text);
        }
    }

    #[test]
    fn lookalikes_and_invisible_characters_are_spelt_out() {
        assert_eq!(ident("gооgle"), "g<U+043E><U+043E>gle");
        assert_eq!(ident("сое"), "<U+0441><U+043E><U+0435>");
        assert_eq!(
            ident("a\u{202e}b\u{200b}\u{1b}"),
            "a<U+202E>b<U+200B><U+001B>"
        );
        assert_eq!(ident("ａ\u{a0}\u{3164}"), "<U+FF41><U+00A0><U+3164>");
    }

    #[test]
    fn a_mark_cannot_be_faked_and_composed_letters_are_told_from_loose_ones() {
        assert_eq!(ident("<U+202E>"), "<U+003C>U+202E>");
        assert_ne!(ident("e\u{301}"), ident("é"));
        assert!(ident("e\u{301}").contains("<U+0301>"));
    }
}
