//! Tokens in a line, with what is learned marked; for whoever shows a row.

use super::preview::Piece;

/// Most tokens that are shown of a row.
const TOKENS: usize = 72;

/// A stretch of a line that is not broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bit {
    /// What it says.
    pub text: String,
    /// Whether the line may end before it.
    pub breaks: bool,
    /// Whether it is learned.
    pub learned: bool,
}

impl Bit {
    /// Text of which nothing is learned.
    pub fn plain(text: String, breaks: bool) -> Self {
        Self {
            text,
            breaks,
            learned: false,
        }
    }
}

/// Tokens with what is learned in braces. Of many, the first are shown and those around what is
/// learned.
pub fn marked(pieces: &[Piece]) -> Vec<Bit> {
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
            breaks: !piece.joins,
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
