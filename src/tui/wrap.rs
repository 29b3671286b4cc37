//! Lines cut to a width in terminal cells, never inside a character as a reader sees it.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The width of `text` in cells: that of its graphemes, each of which is put into cells of its own.
pub(super) fn width(text: &str) -> usize {
    graphemes(text).map(|(_, _, wide)| wide).sum()
}

/// The graphemes of `text`, each with its first byte and its width.
fn graphemes(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    let is_plain = |b: u8| matches!(b, 0x20..=0x7e);
    let plain = text.bytes().take_while(|b| is_plain(*b)).count();
    // The last of them may carry marks.
    let plain = if plain == text.len() {
        plain
    } else {
        plain.saturating_sub(1)
    };
    let ascii = (0..plain).map(|at| (at, &text[at..=at], 1));
    let others = text[plain..].grapheme_indices(true);
    ascii.chain(others.map(move |(at, grapheme)| (plain + at, grapheme, grapheme.width())))
}

/// Whether a row may begin with this grapheme though no space is before it: scripts of wide
/// characters are written without, and their closing marks stay where they are.
fn begins_row(grapheme: &str, wide: usize) -> bool {
    wide == 2
        && !"、。，．・：；！？）」』】〉》ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
            .contains(grapheme)
}

/// Byte ranges of the rows that `text` (one line) takes when no row is wider than `cells`; broken
/// at spaces and between wide characters, and the space at a break belongs to no row. An empty line is
/// one empty row.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<Range<usize>> {
    let cells = cells.max(1);
    let (mut rows, mut start, mut used) = (Vec::new(), 0, 0);
    // Where the row could end, where the next would start, and the width up to there.
    let mut gap: Option<(usize, usize, usize)> = None;
    let mut words = false;
    for (at, grapheme, wide) in graphemes(text) {
        if grapheme == " " && words {
            gap = Some((at, at + 1, used + 1));
        }
        if words && begins_row(grapheme, wide) && used <= cells {
            gap = Some((at, at, used));
        }
        words |= grapheme != " ";
        if used + wide > cells && used > 0 && !(grapheme == " " && words) {
            let (end, next, before) = gap.take().unwrap_or((at, at, used));
            rows.push(start..end);
            start = next;
            used -= before;
        }
        used += wide;
    }
    rows.push(start..text.len());
    rows
}

/// `text` as rows no wider than `cells`.
pub(super) fn rows(text: &str, cells: usize) -> Vec<&str> {
    wrap(text, cells)
        .into_iter()
        .map(|row| text[row].trim_end())
        .collect()
}

/// The longest start of `text` that is no wider than `cells`.
pub(super) fn fit(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, _, wide) in graphemes(text) {
        used += wide;
        if used > cells {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_and_inside_long_words() {
        assert_eq!(rows("one two three", 8), ["one two", "three"]);
        assert_eq!(rows("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(rows("", 4), [""]);
        assert_eq!(rows("  indented text", 10), ["  indented", "text"]);
    }

    #[test]
    fn wide_and_combined_characters_stay_whole() {
        assert_eq!(rows("日本語日本", 5), ["日本", "語日", "本"]);
        assert_eq!(
            rows("e\u{301}e\u{301}e\u{301}", 2),
            ["e\u{301}e\u{301}", "e\u{301}"]
        );
        assert_eq!(rows("日", 1), ["日"]);
        assert_eq!(rows("see 日本語。日本", 10), ["see 日本", "語。日本"]);
        assert_eq!(rows("see 日本語、", 12), ["see 日本語、"]);
        assert_eq!(rows("see 日本語、", 10), ["see 日本", "語、"]);
        assert_eq!(fit("日本語", 5), "日本");
    }

    #[test]
    fn no_row_is_wider_than_asked_and_nothing_but_spaces_is_lost() {
        let text = "Some long words, 日本語 and 👩‍👩‍👧 in one line of text that wraps often";
        for cells in 2..40 {
            let rows = rows(text, cells);
            assert!(
                rows.iter().all(|row| width(row) <= cells),
                "{cells}: {rows:?}"
            );
            let kept: String = rows.concat().split(' ').collect();
            assert_eq!(kept, text.split(' ').collect::<String>());
        }
    }
}
