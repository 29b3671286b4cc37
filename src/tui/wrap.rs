//! Lines cut to a width in terminal cells, never inside a character as a reader sees it.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The width of `text` in cells.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Byte ranges of the rows that `text` (one line) takes when no row is wider than `cells`; broken
/// at spaces where there are any, and the space at a break belongs to no row. An empty line is
/// one empty row.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<Range<usize>> {
    let cells = cells.max(1);
    let (mut rows, mut start, mut used) = (Vec::new(), 0, 0);
    // Where the row could end, where the next would start, and the width up to there.
    let mut gap: Option<(usize, usize, usize)> = None;
    let mut words = false;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme.width();
        if grapheme == " " && words {
            gap = Some((at, at + 1, used + 1));
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
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
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
