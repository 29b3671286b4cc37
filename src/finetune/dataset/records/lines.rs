//! Lines of a file, none longer than a row may be.

use std::io::{self, BufRead, Read};

use super::super::fault::{Fault, Kind};

/// The longest row that is read, in bytes: what a tokenizer takes apart at once.
pub(super) const LONGEST: usize = 4 << 20;

/// What was seen of the bytes of a file beside its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Quirks {
    /// It starts with the mark of UTF-8.
    pub bom: bool,
    /// Lines that end as on Windows.
    pub crlf: u64,
}

/// A line without its end.
#[derive(Debug)]
pub(super) struct Line {
    /// From 1 on.
    pub number: u64,
    /// What it says; nothing if it is too long.
    pub bytes: Vec<u8>,
    /// Whether it is too long.
    pub is_long: bool,
}

impl Line {
    /// The line as text.
    ///
    /// # Errors
    /// When it is too long, or is not UTF-8.
    pub(super) fn text(&self) -> Result<&str, Fault> {
        if self.is_long {
            return Err(too_long());
        }
        utf8(&self.bytes)
    }

    /// Whether there is nothing on it.
    pub(super) fn is_blank(&self) -> bool {
        !self.is_long && self.bytes.trim_ascii().is_empty()
    }
}

/// Bytes as text.
///
/// # Errors
/// When they are not UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::new(Kind::NotUtf8, "not UTF-8"))
}

/// The fault of a row that is not read.
pub(super) fn too_long() -> Fault {
    Fault::new(Kind::TooLong, format!("longer than {} MiB", LONGEST >> 20))
}

/// The lines of a file.
pub(super) struct Lines {
    text: Box<dyn BufRead>,
    number: u64,
    pub(super) quirks: Quirks,
}

impl Lines {
    pub(super) fn new(text: Box<dyn BufRead>) -> Self {
        Self {
            text,
            number: 0,
            quirks: Quirks::default(),
        }
    }

    /// The line that was read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        // One byte more than a row may have, for the line end.
        let most = LONGEST as u64 + 2;
        let read = Read::take(&mut *self.text, most).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let mut is_long = false;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
                self.quirks.crlf += 1;
            }
        } else if read as u64 == most {
            self.text.skip_until(b'\n')?;
            is_long = true;
            bytes = Vec::new();
        }
        if self.number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            self.quirks.bom = true;
            bytes.drain(..3);
        }
        is_long |= bytes.len() > LONGEST;
        Ok(Some(Line {
            number: self.number,
            bytes,
            is_long,
        }))
    }
}

/// How many line ends there are in `bytes`.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |count, byte| count + u64::from(*byte == b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> (Vec<Line>, Quirks) {
        let mut lines = Lines::new(Box::new(io::Cursor::new(text.to_vec())));
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("read") {
            all.push(line);
        }
        (all, lines.quirks)
    }

    #[test]
    fn ends_and_the_mark_are_taken_off_and_counted() {
        let (all, quirks) = lines(b"\xef\xbb\xbfone\r\n\ntwo");
        let texts: Vec<&[u8]> = all.iter().map(|line| line.bytes.as_slice()).collect();
        assert_eq!(texts, [b"one".as_slice(), b"", b"two"]);
        assert_eq!(quirks, Quirks { bom: true, crlf: 1 });
        assert_eq!(lines(b"\n").0.len(), 1);
        assert!(lines(b"").0.is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_has_its_number() {
        for length in [
            LONGEST - 1,
            LONGEST,
            LONGEST + 1,
            LONGEST + 2,
            LONGEST + 3,
            3 * LONGEST,
        ] {
            let mut text = vec![b'x'; length];
            text.extend(b"\nnext\n");
            let (all, _) = lines(&text);
            assert_eq!(all[0].text().is_err(), length > LONGEST, "{length}");
            assert_eq!(
                (all[1].number, all[1].bytes.as_slice()),
                (2, b"next".as_slice())
            );
        }
    }
}
