//! What a masked model has to fill in, drawn anew for each epoch.

use crate::error::{Error, Result};
use crate::model::kernels::random::Stream;
use crate::model::tokenizer::Tokenizer;

/// Sets the draws of masks apart from all others of a run.
const KEY: u64 = 0x6d61_736b;

/// Hides tokens as `DataCollatorForLanguageModeling` does: of those that are drawn 80% become the
/// mask, 10% another token, and 10% stay; all of them are to be filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Masking {
    mask: u32,
    words: usize,
    special: Vec<u32>,
    probability: f32,
}

impl Masking {
    /// Hides a share `probability` of the tokens that are not special.
    ///
    /// # Errors
    /// When the tokenizer has no mask, or the share is none.
    pub fn new(tokenizer: &Tokenizer, probability: f32) -> Result<Self> {
        if !(probability > 0.0 && probability <= 1.0) {
            return Err(
                Error::usage(format!("{probability} is not above 0 and at most 1"))
                    .at("--mlm-probability")
                    .hint("0.15 is usual"),
            );
        }
        let special = tokenizer.special();
        let mask = special.mask.ok_or_else(|| {
            Error::new("the tokenizer has no mask token")
                .hint("choose a model that was made for fill-mask")
        })?;
        let around = [
            special.cls,
            special.sep,
            special.bos,
            special.eos,
            special.pad,
        ];
        Ok(Self {
            mask,
            words: tokenizer.len(),
            special: around.into_iter().flatten().collect(),
            probability,
        })
    }

    /// `ids` with some of them hidden, and what was there where one was drawn. The same seed, row
    /// and epoch draw the same.
    pub fn apply(
        &self,
        ids: &[u32],
        seed: u64,
        row: u64,
        epoch: u64,
    ) -> (Vec<u32>, Vec<Option<u32>>) {
        let stream = Stream::new(seed, KEY).at(epoch).at(row);
        let (drawn, kind, word) = (stream.at(0), stream.at(1), stream.at(2));
        let each = ids.iter().enumerate().map(|(place, id)| {
            let at = place as u64;
            if self.special.contains(id) || drawn.uniform(at) >= self.probability {
                return (*id, None);
            }
            let kind = kind.uniform(at);
            let shown = if kind < 0.8 {
                self.mask
            } else if kind < 0.9 {
                word.below(at, self.words) as u32
            } else {
                *id
            };
            (shown, Some(*id))
        });
        each.unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_collator_and_draws_repeat() {
        let masking = Masking {
            mask: 4,
            words: 1000,
            special: vec![2, 3],
            probability: 0.15,
        };
        let ids: Vec<u32> = (0..100_000)
            .map(|i| if i % 10 == 0 { 2 } else { 5 + i % 900 })
            .collect();
        let (shown, targets) = masking.apply(&ids, 7, 3, 1);
        assert_eq!(
            (shown.clone(), targets.clone()),
            masking.apply(&ids, 7, 3, 1)
        );
        for (seed, row, epoch) in [(8, 3, 1), (7, 4, 1), (7, 3, 2)] {
            assert_ne!(targets, masking.apply(&ids, seed, row, epoch).1);
        }
        let drawn: Vec<usize> = (0..ids.len()).filter(|i| targets[*i].is_some()).collect();
        assert!(
            drawn
                .iter()
                .all(|i| targets[*i] == Some(ids[*i]) && ids[*i] != 2)
        );
        assert!((0..ids.len()).all(|i| targets[i].is_some() || shown[i] == ids[i]));
        let share = |count: usize, of: usize| count as f64 / of as f64;
        assert!((share(drawn.len(), 90_000) - 0.15).abs() < 0.005);
        let masked = drawn.iter().filter(|i| shown[**i] == 4).count();
        let same = drawn.iter().filter(|i| shown[**i] == ids[**i]).count();
        assert!((share(masked, drawn.len()) - 0.8).abs() < 0.015);
        assert!((share(same, drawn.len()) - 0.1).abs() < 0.015);
    }
}
