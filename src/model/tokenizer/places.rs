//! Where in a text something is: from bytes to characters.

use std::ops::Range;

/// From bytes to characters of a text.
pub(super) struct Places<'a> {
    text: &'a str,
    /// How many characters start before each byte; empty for a text of single bytes.
    before: Vec<u32>,
}

impl<'a> Places<'a> {
    /// The bytes of whole characters: the library's offsets go astray where characters vanish.
    pub(super) fn whole(&self, (start, end): (usize, usize)) -> Range<usize> {
        self.text.floor_char_boundary(start)..self.text.ceil_char_boundary(end)
    }

    /// The places of a text.
    pub(super) fn new(text: &'a str) -> Self {
        let mut before = Vec::new();
        if !text.is_ascii() {
            before.reserve(text.len() + 1);
            let mut count = 0;
            for byte in text.bytes() {
                before.push(count);
                // Any byte but those that continue a character.
                count += u32::from(byte & 0xc0 != 0x80);
            }
            before.push(count);
        }
        Self { text, before }
    }

    fn char(&self, byte: usize) -> usize {
        self.before.get(byte).map_or(byte, |count| *count as usize)
    }

    /// The same range in characters.
    pub(super) fn chars(&self, bytes: &Range<usize>) -> Range<usize> {
        self.char(bytes.start)..self.char(bytes.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_whatever_their_bytes() {
        for text in ["plain", "Über 模型 👍🏽", ""] {
            let places = Places::new(text);
            for (count, (start, c)) in text.char_indices().enumerate() {
                let range = places.whole((start, start + 1));
                assert_eq!(range, start..start + c.len_utf8());
                assert_eq!(places.chars(&range), count..count + 1);
            }
            assert_eq!(places.chars(&(0..text.len())), 0..text.chars().count());
        }
    }
}
