//! Cuts a long document where sentences end, so that each part can be read at once.

use unicode_segmentation::UnicodeSegmentation;

use crate::error::Result;

/// The parts of `text`, each of at most `limit` tokens as `count` counts them; what comes between
/// sentences stays with the one before. A sentence that is longer by itself is cut between words,
/// and a word that is longer between characters.
///
/// # Errors
/// What `count` fails with.
pub(super) fn split(
    text: &str,
    limit: usize,
    count: impl Fn(&str) -> Result<usize>,
) -> Result<Vec<String>> {
    let mut pieces = Vec::new();
    pack(
        text.split_sentence_bounds(),
        limit,
        &count,
        &mut pieces,
        &|piece, pieces| {
            pack(
                piece.split_word_bounds(),
                limit,
                &count,
                pieces,
                &|word, pieces| {
                    pack(
                        word.graphemes(true),
                        limit,
                        &count,
                        pieces,
                        &|one, pieces| {
                            pieces.push(one.to_owned());
                            Ok(())
                        },
                    )
                },
            )
        },
    )?;
    pieces.retain(|piece| !piece.trim().is_empty());
    Ok(pieces)
}

/// Joins units to pieces as long as they may be; `cut` takes a unit that is too long by itself.
fn pack<'a>(
    units: impl Iterator<Item = &'a str>,
    limit: usize,
    count: &impl Fn(&str) -> Result<usize>,
    pieces: &mut Vec<String>,
    cut: &impl Fn(&'a str, &mut Vec<String>) -> Result<()>,
) -> Result<()> {
    let mut piece = String::new();
    // An upper bound of what the piece costs: units are counted once, alone.
    let mut cost = 0;
    for unit in units {
        let own = count(unit)?;
        if cost + own > limit && !piece.is_empty() {
            let joined = format!("{piece}{unit}");
            cost = count(&joined)?;
            if cost <= limit {
                piece = joined;
                continue;
            }
            pieces.push(std::mem::take(&mut piece));
            cost = 0;
        }
        if own > limit {
            cut(unit, pieces)?;
        } else {
            piece.push_str(unit);
            cost += own;
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token is a word or a mark, and the text has one more.
    #[expect(clippy::unnecessary_wraps, reason = "as a tokenizer counts")]
    fn count(text: &str) -> Result<usize> {
        Ok(1 + text
            .split_word_bounds()
            .filter(|word| !word.trim().is_empty())
            .count())
    }

    #[test]
    fn parts_end_where_sentences_do() {
        let text = "One two three. Four five six. Seven eight nine. Ten.";
        let parts = split(text, 9, count).expect("parts");
        assert_eq!(
            parts,
            ["One two three. Four five six. ", "Seven eight nine. Ten."]
        );
        assert_eq!(split(text, 100, count).expect("parts"), [text]);
    }

    #[test]
    fn nothing_is_lost_and_every_part_fits() {
        let word = "a".repeat(50);
        let text = format!(
            "{} {word}. Short one!\n\n{}",
            "many words in one sentence ".repeat(40),
            "x y ".repeat(30)
        );
        let by_length = |text: &str| Ok(text.chars().count());
        for limit in [7, 20, 55] {
            let parts = split(&text, limit, by_length).expect("parts");
            assert!(
                parts.iter().all(|part| part.chars().count() <= limit),
                "{parts:?}"
            );
            let letters = |text: &str| {
                text.chars()
                    .filter(|c| !c.is_whitespace())
                    .collect::<String>()
            };
            assert_eq!(letters(&parts.concat()), letters(&text));
        }
    }
}
