//! Lines of the terminal: words after a heading, and tokens that stand in lines.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthStr;

use crate::cli::out::{self, Out};
use crate::finetune::marked::Bit;

/// Where the words of a line begin.
const INDENT: usize = 9;
/// How wide lines are where the width is not known.
const WIDTH: usize = 80;

/// The words of a line.
pub(super) fn words(line: &str) -> Vec<Bit> {
    line.split_inclusive(' ')
        .map(|word| Bit::plain(word.to_owned(), true))
        .collect()
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
