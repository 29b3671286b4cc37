//! Conversations, of which the model's own turns are learned.

use super::make::{Made, Maker};
use super::{Features, Target};
use crate::error::{Error, Result};
use crate::model::template::Turn;

/// The rendered conversation, cut at the longest input; what the model only reads has no label.
///
/// Each turn of the model is taken apart by itself, as what it writes after a prompt is: so the
/// tokens that are learned are those that are written.
pub(super) fn make(maker: &Maker<'_>, turns: &[Turn]) -> Result<Made> {
    let template = maker.template.ok_or_else(|| {
        Error::new("a conversation needs a template")
            .at("--template")
            .hint("use chat or instruct")
    })?;
    let eos = maker.tokenizer.special().eos;
    let mut ids = Vec::new();
    let mut labels = Vec::new();
    for segment in template.render(turns, false)? {
        let mut tokens = maker.tokenizer.ids(&segment.text)?;
        tokens.extend(eos.filter(|_| segment.ends));
        labels.extend(tokens.iter().map(|id| segment.learned.then_some(*id)));
        ids.extend(tokens);
    }
    let tokens = ids.len();
    let most = maker.recipe.max_length;
    ids.truncate(most);
    labels.truncate(most);
    // The first token follows nothing, so it cannot be predicted.
    let learns = labels.iter().skip(1).any(Option::is_some);
    let features = Features {
        ids,
        type_ids: Vec::new(),
        target: Target::Tokens(labels),
    };
    Ok(Made {
        cut: features.len() < tokens,
        features: if learns { vec![features] } else { Vec::new() },
        tokens,
        packs: false,
    })
}
