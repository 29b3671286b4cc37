//! Lines of the terminal: words after a heading, and tokens with what is learned marked.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthStr;

use crate::cli::out::{self, Out};
use crate::finetune::preview::Piece;

/// Where the words of a line begin.
const INDENT: usize = 9;
/// How wide lines are where the width is not known.
const WIDTH: usize = 80;
/// Most tokens that are shown of a row.
const TOKENS: usize = 72;

/// A stretch of a line that is not broken.
pub(super) struct Bit {
    text: String,
    /// Whether the line may end before it.
    breaks: bool,
    learned: bool,
}

impl Bit {
    /// Text of which nothing is learned.
    pub(super) fn plain(text: String, breaks: bool) -> Self {
        Self {
            text,
            breaks,
            learned: false,
        }
    }
}

/// The words of a line.
pub(super) fn words(line: &str) -> Vec<Bit> {
    line.split_inclusive(' ')
        .map(|word| Bit::plain(word.to_owned(), true))
        .collect()
}

/// Tokens with what is learned in braces. Of many, the first are shown and those around what is
/// learned.
pub(super) fn marked(pieces: &[Piece]) -> Vec<Bit> {
    let mut bits: Vec<Bit> = Vec::new();
    let mut open = false;
    let mut left_out = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let kept = is_shown(pieces, at);
        if !kept {
            left_out += 1;
        }
        if left_out > 0 && (kept || at + 1 == pieces.len()) {
            if std::mem::take(&mut open) {
                push(&mut bits, "}", false, false);
            }
            bits.push(Bit::plain(
                format!(" ... {} more ...", std::mem::take(&mut left_out)),
                true,
            ));
        }
        if !kept {
            continue;
        }
        let tag = piece.label.as_deref().filter(|label| *label != "O");
        let in_braces = piece.learned && piece.label.is_none();
        let gap = if at == 0 {
            ""
        } else if piece.joins {
            "|"
        } else {
            " "
        };
        // What is learned begins with the brace, and with the space that its first token has.
        if open && !in_braces {
            push(&mut bits, "}", false, false);
        }
        let begins = in_braces && !open;
        let mark = if begins { "{" } else { "" };
        open = in_braces;
        bits.push(Bit {
            text: format!("{gap}{mark}{}", piece.text),
            breaks: true,
            learned: in_braces,
        });
        if let Some(tag) = tag.filter(|_| piece.learned) {
            push(&mut bits, &format!("{{{tag}}}"), false, true);
        }
    }
    if open {
        push(&mut bits, "}", false, false);
    }
    bits
}

fn push(bits: &mut Vec<Bit>, text: &str, breaks: bool, learned: bool) {
    bits.push(Bit {
        text: text.to_owned(),
        breaks,
        learned,
    });
}

/// Whether a token is among those that are shown.
fn is_shown(pieces: &[Piece], at: usize) -> bool {
    if pieces.len() <= TOKENS {
        return true;
    }
    let first = pieces.iter().position(|piece| piece.learned).unwrap_or(0);
    let head = TOKENS / 3;
    let around = first.saturating_sub(TOKENS / 6).max(head);
    at < head || (around..around + 2 * TOKENS / 3).contains(&at)
}

/// Lines of bits that are no wider than `width`.
fn rows_of(bits: &[Bit], width: usize) -> Vec<Vec<&Bit>> {
    let mut rows: Vec<Vec<&Bit>> = vec![Vec::new()];
    let mut used = 0;
    for bit in bits {
        let wide = bit.text.width();
        if used + wide > width && bit.breaks && used > 0 {
            rows.push(Vec::new());
            used = 0;
        }
        used += wide;
        if let Some(row) = rows.last_mut() {
            row.push(bit);
        }
    }
    rows
}

/// Writes bits with an indent, what is learned underlined on a terminal.
pub(super) fn wrapped(out: &mut Out, bits: &[Bit], indent: usize) {
    let width = out::width().unwrap_or(WIDTH).max(40);
    let is_terminal = std::io::stdout().is_terminal();
    for row in rows_of(bits, width - indent) {
        let mut line = String::new();
        for (place, bit) in row.iter().enumerate() {
            let text = if place == 0 {
                bit.text.trim_start_matches(' ')
            } else {
                &bit.text
            };
            let code = if bit.learned { "4" } else { "0" };
            line.push_str(&out::painted(is_terminal && bit.learned, code, text));
        }
        out.line(format!("{:indent$}{}", "", line.trim_end()));
    }
}

/// A line after its word.
pub(super) fn entry(out: &mut Out, word: &str, line: &str) {
    let mut first = true;
    let width = out::width().unwrap_or(WIDTH).max(40);
    for row in rows_of(&words(line), width.saturating_sub(INDENT)) {
        let row: String = row.iter().map(|bit| bit.text.as_str()).collect();
        let word = if std::mem::take(&mut first) { word } else { "" };
        out.line(format!("{word:INDENT$}{row}").trim_end());
    }
}
