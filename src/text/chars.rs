//! Which characters are what, for the cleaner: a few ranges of Unicode, each for one reason.

/// A control character of the terminal: C0, DEL, C1.
pub(super) fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// A line end that is not `\n`.
pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A character that turns the reading direction.
pub(super) fn is_bidi(c: char) -> bool {
    matches!(
        c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
    )
}

/// A character that shows nothing: text can be hidden in it, or two words told apart by it.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            // Hangul fillers: letters without a shape.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            // Tags and ideographic variation selectors, and the space kept for their like.
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Anything that must not be shown as it is, control characters aside.
pub(super) fn is_hidden(c: char) -> bool {
    is_bidi(c) || is_invisible(c) || is_line_end(c)
}

/// Whether an invisible character may stay between `before` and `after`, because it changes what
/// is seen there: joined emoji, emoji style, keycaps, and the scripts that are written with it.
pub(super) fn belongs(c: char, before: Option<char>, after: char) -> bool {
    let Some(before) = before else { return false };
    match c {
        '\u{200c}' => joins(before) && joins(after),
        '\u{200d}' => {
            (joins(before) && joins(after))
                || ((is_emoji(before) || before == '\u{fe0f}') && is_emoji(after))
        }
        '\u{200b}' => breaks_unmarked(before) && breaks_unmarked(after),
        '\u{fe0e}' | '\u{fe0f}' => {
            is_emoji(before) || (matches!(before, '0'..='9' | '#' | '*') && after == '\u{20e3}')
        }
        '\u{180b}'..='\u{180d}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        _ => false,
    }
}

/// Whether `belongs` can be answered without what comes after.
pub(super) fn style_of_emoji(c: char, before: Option<char>) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}') && before.is_some_and(is_emoji)
        || matches!(c, '\u{180b}'..='\u{180d}') && belongs(c, before, ' ')
}

/// A pictograph, a skin tone or a regional letter.
fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '©' | '®'
            | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2194}'..='\u{21aa}'
            | '\u{231a}'..='\u{23ff}'
            | '\u{24c2}'
            | '\u{25aa}'..='\u{25fe}'
            | '\u{2600}'..='\u{27bf}'
            | '\u{2934}' | '\u{2935}'
            | '\u{2b05}'..='\u{2b55}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// A letter or mark of a script whose letters join: Arabic and its neighbours, those of India and
/// around, Mongolian, Adlam.
fn joins(c: char) -> bool {
    matches!(
        c,
        '\u{600}'..='\u{dff}'
            | '\u{f00}'..='\u{fff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}'
            | '\u{1b00}'..='\u{1c4f}'
            | '\u{a840}'..='\u{a8ff}'
            | '\u{a980}'..='\u{a9ff}'
            | '\u{aa60}'..='\u{aaff}'
            | '\u{abc0}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{10fff}'
            | '\u{11000}'..='\u{11fff}'
            | '\u{1e900}'..='\u{1e95f}'
    ) && !is_bidi(c)
        && !is_invisible(c)
}

/// A letter of a script that is written without spaces and broken by U+200B.
fn breaks_unmarked(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{1950}'..='\u{19df}'
            | '\u{1a20}'..='\u{1aaf}'
    ) && !is_invisible(c)
}
