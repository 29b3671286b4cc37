//! The state machine that takes untrusted bytes apart and lets only what is safe through.
//!
//! Escape sequences are followed as a terminal would follow them, so that one split across two
//! pushes, or never ended, leaves nothing behind. A sequence that swallows text (OSC and its
//! like) ends at the end of the line at the latest: hostile text cannot hide what comes after.

use unicode_width::UnicodeWidthChar;

use super::chars::{belongs, is_bidi, is_control, is_invisible, is_line_end, style_of_emoji};

/// Most combining marks that stay on one character: no script needs more.
const MAX_MARKS: usize = 8;

/// What becomes of line ends and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Line ends stay, a tab is four spaces.
    Block,
    /// A line end or a tab is one space.
    Line,
}

/// Where in an escape sequence the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    /// Behind ESC.
    Escape,
    /// Behind ESC and characters such as `(`, before the last.
    Intermediate,
    /// In the parameters of a CSI sequence.
    Csi,
    /// In the text of an OSC, DCS, APC, PM, SOS or title sequence.
    Swallow,
    /// Behind ESC in such a text.
    SwallowEscape,
}

/// Cleans characters one by one.
#[derive(Debug)]
pub(super) struct Cleaner {
    shape: Shape,
    state: State,
    /// The last character that was let through.
    last: Option<char>,
    /// An invisible character that may stay, if what comes next wants it.
    waiting: Option<char>,
    marks: usize,
}

impl Cleaner {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            shape,
            state: State::Ground,
            last: None,
            waiting: None,
            marks: 0,
        }
    }

    /// Takes one character and appends what is safe.
    pub(super) fn push(&mut self, c: char, out: &mut String) {
        match self.state {
            State::Ground => self.ground(c, out),
            State::Escape => self.escape(c, out),
            State::Intermediate => match c {
                ' '..='/' => {}
                '0'..='~' => self.state = State::Ground,
                _ => self.ground(c, out),
            },
            State::Csi => match c {
                ' '..='?' => {}
                '@'..='~' => self.state = State::Ground,
                _ => self.ground(c, out),
            },
            State::Swallow => match c {
                '\u{7}' | '\u{18}' | '\u{1a}' | '\u{9c}' => self.state = State::Ground,
                '\u{1b}' => self.state = State::SwallowEscape,
                '\n' => self.ground(c, out),
                c if is_line_end(c) => self.ground(c, out),
                _ => {}
            },
            State::SwallowEscape => match c {
                '\\' => self.state = State::Ground,
                _ => self.escape(c, out),
            },
        }
    }

    fn escape(&mut self, c: char, out: &mut String) {
        match c {
            '[' => self.state = State::Csi,
            // ESC k sets a title in screen and tmux.
            ']' | 'P' | '_' | '^' | 'X' | 'k' => self.state = State::Swallow,
            ' '..='/' => self.state = State::Intermediate,
            '0'..='~' => self.state = State::Ground,
            _ => self.ground(c, out),
        }
    }

    fn ground(&mut self, c: char, out: &mut String) {
        self.state = match c {
            '\u{1b}' => State::Escape,
            '\u{9b}' => State::Csi,
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => State::Swallow,
            _ => State::Ground,
        };
        match c {
            '\n' => self.line_end(out),
            '\t' => self.emit_all(
                if self.shape == Shape::Block {
                    "    "
                } else {
                    " "
                },
                out,
            ),
            c if is_line_end(c) => self.line_end(out),
            c if is_control(c) || is_bidi(c) => {}
            c if is_invisible(c) => {
                if style_of_emoji(c, self.last) {
                    self.emit(c, out);
                } else {
                    self.waiting = Some(c);
                }
            }
            c => self.emit(c, out),
        }
    }

    fn line_end(&mut self, out: &mut String) {
        self.emit(
            if self.shape == Shape::Block {
                '\n'
            } else {
                ' '
            },
            out,
        );
    }

    fn emit_all(&mut self, text: &str, out: &mut String) {
        text.chars().for_each(|c| self.emit(c, out));
    }

    /// Appends a visible character, and the invisible one before it where it belongs there.
    fn emit(&mut self, c: char, out: &mut String) {
        let is_mark = c.width() == Some(0);
        if is_mark && self.marks == MAX_MARKS {
            return;
        }
        if let Some(waiting) = self.waiting.take()
            && belongs(waiting, self.last, c)
        {
            out.push(waiting);
        }
        self.marks = if c.width() == Some(0) {
            self.marks + 1
        } else {
            0
        };
        self.last = Some(c);
        out.push(c);
    }
}

/// Cleans text that arrives in pieces, as [`super::block`] cleans a whole one.
///
/// The pieces may be cut anywhere, inside a character or an escape sequence too: what comes out
/// in all does not depend on it.
#[derive(Debug)]
pub struct Stream {
    cleaner: Cleaner,
    /// The start of a character whose other bytes have not come yet.
    bytes: Vec<u8>,
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    /// A stream at its beginning.
    pub fn new() -> Self {
        Self {
            cleaner: Cleaner::new(Shape::Block),
            bytes: Vec::new(),
        }
    }

    /// Takes the next bytes (UTF-8; what is not becomes U+FFFD) and returns the text that is now
    /// certain.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.bytes.extend_from_slice(bytes);
        let taken = std::mem::take(&mut self.bytes);
        let mut out = String::with_capacity(taken.len());
        let mut chunks = taken.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            chunk
                .valid()
                .chars()
                .for_each(|c| self.cleaner.push(c, &mut out));
            let bad = chunk.invalid();
            if chunks.peek().is_none() && is_cut_off(bad) {
                self.bytes.extend_from_slice(bad);
            } else if !bad.is_empty() {
                self.cleaner.push(char::REPLACEMENT_CHARACTER, &mut out);
            }
        }
        out
    }

    /// Returns the last of the text: U+FFFD where a character was cut off for good.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        if !self.bytes.is_empty() {
            self.bytes.clear();
            self.cleaner.push(char::REPLACEMENT_CHARACTER, &mut out);
        }
        self.cleaner = Cleaner::new(Shape::Block);
        out
    }
}

/// Whether these bytes are the start of a character rather than none at all.
fn is_cut_off(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}
