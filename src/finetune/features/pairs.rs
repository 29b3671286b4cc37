//! Texts of which others are made, as `run_summarization` and `run_translation` prepare them.

use super::Target;
use super::make::{Made, Maker};
use crate::error::Result;

/// The prefix and the text, cut to the longest input; what is made of it, cut to the longest
/// output.
pub(super) fn make(maker: &Maker<'_>, source: &str, target: &str) -> Result<Made> {
    let recipe = &maker.recipe;
    let text = format!("{}{source}", recipe.source_prefix);
    let (read, tokens) = maker.tokenizer.within(&text, None, recipe.max_length)?;
    let (written, more) = maker
        .tokenizer
        .within(target, None, recipe.max_target_length)?;
    let is_short = written.len() < more;
    let made = Made::one(read, tokens, Target::Text(written.ids));
    Ok(Made {
        cut: made.cut || is_short,
        tokens: tokens + more,
        ..made
    })
}
