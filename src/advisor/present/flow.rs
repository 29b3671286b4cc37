//! Words laid out in lines.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::super::answer::{Citation, Claim, Source};
use super::{Line, Role, Target};

/// Words with their role; a space stands between two of them, unless `glued` to the one before.
pub(super) struct Word {
    pub(super) text: String,
    pub(super) role: Role,
}

pub(super) fn words_of(claims: &[Claim], citations: &[Citation], role: Role) -> Vec<Word> {
    let mut words = Vec::new();
    for claim in claims {
        let text = claim.text.split_whitespace();
        words.extend(text.map(|w| Word {
            text: w.to_owned(),
            role,
        }));
        if let Some(n) = number(claim, citations) {
            words.push(Word {
                text: format!("[{}]", n + 1),
                role: Role::Cite,
            });
        }
    }
    words
}

fn number(claim: &Claim, citations: &[Citation]) -> Option<usize> {
    let (Source::Card { card, line } | Source::Glossary { card, line }) = &claim.source else {
        return None;
    };
    citations
        .iter()
        .position(|c| c.card == *card && c.line == *line)
}

/// Lays words out in lines; the first starts after `first` columns, the others after `hang`.
pub(super) fn flow(words: &[Word], first: usize, hang: usize, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = Line::indented(first);
    let mut used = first;
    let mut empty = true;
    for word in words {
        for piece in pieces(&word.text, width.saturating_sub(hang).max(8)) {
            let long = piece.width();
            if !empty && used + 1 + long > width {
                lines.push(std::mem::replace(&mut line, Line::indented(hang)));
                used = hang;
                empty = true;
            }
            if !empty {
                line.push(" ", Role::Plain);
                used += 1;
            }
            if let (Role::Cite, Some(n)) = (word.role, cite_number(&piece)) {
                let range = used as u16..(used + long) as u16;
                line.targets.push((Target::Citation(n), range));
            }
            line.push(piece, word.role);
            used += long;
            empty = false;
        }
    }
    if !empty {
        lines.push(line);
    }
    lines
}

fn cite_number(text: &str) -> Option<usize> {
    text.strip_prefix('[')?
        .strip_suffix(']')?
        .parse::<usize>()
        .ok()?
        .checked_sub(1)
}

/// A word cut into pieces that fit a line: after a hyphen, slash or underscore where that leaves no
/// piece short, else anywhere.
fn pieces(word: &str, most: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = word;
    while rest.width() > most {
        let (mut used, mut fits, mut joint) = (0, 0, None);
        for (at, letter) in rest.grapheme_indices(true) {
            if used + letter.width() > most && at > 0 {
                break;
            }
            used += letter.width();
            fits = at + letter.len();
            if matches!(letter, "-" | "/" | "_") && used * 2 > most {
                joint = Some(fits);
            }
        }
        let (piece, after) = rest.split_at(joint.unwrap_or(fits));
        all.push(piece.to_owned());
        rest = after;
    }
    if !rest.is_empty() || all.is_empty() {
        all.push(rest.to_owned());
    }
    all
}

pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for letter in text.graphemes(true) {
        if out.width() + letter.width() + 1 > width {
            break;
        }
        out.push_str(letter);
    }
    out.push('…');
    out
}
