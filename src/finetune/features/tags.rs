//! Words with tags, as `run_ner` aligns them with sub-words.

use super::Target;
use super::make::{Made, Maker};
use crate::error::Result;

/// The tag of a word's later tokens where they are labelled too: of `B-X` it is `I-X`, if that is
/// a tag.
pub(super) fn inside(names: &[String]) -> Vec<u32> {
    let each = names.iter().enumerate().map(|(place, name)| {
        let inside = name.strip_prefix("B-").map(|kind| format!("I-{kind}"));
        let found = inside.and_then(|inside| names.iter().position(|other| *other == inside));
        found.unwrap_or(place) as u32
    });
    each.collect()
}

/// Each word taken apart by itself; its first token has its tag, the others none.
pub(super) fn make(maker: &Maker<'_>, words: &[String], tags: &[u32]) -> Result<Made> {
    let recipe = &maker.recipe;
    let (encoding, tokens) = maker.tokenizer.of_words(words, recipe.max_length)?;
    let mut before = None;
    let labels = encoding.words.iter().map(|word| {
        let is_first = *word != before;
        before = *word;
        let tag = *tags.get((*word)? as usize)?;
        match (is_first, recipe.label_all_tokens) {
            (true, _) => Some(tag),
            (false, true) => maker.inside.get(tag as usize).copied(),
            (false, false) => None,
        }
    });
    let labels: Vec<Option<u32>> = labels.collect();
    Ok(Made::one(encoding, tokens, Target::Tokens(labels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_goes_on_inside_where_there_is_such_a_tag() {
        let names = ["B-LOC", "B-PER", "I-PER", "O"].map(str::to_owned);
        assert_eq!(inside(&names), [0, 2, 2, 3]);
    }
}
