//! Fills in masked tokens.

use std::path::Path;

use serde::Serialize;

use super::note::{Note, Outcome};
use super::scores::{best, softmax};
use super::texts::{Read, Texts, of_many};
use super::{Parts, Stop, Task, batches};
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::heads::MaskedLm;
use crate::model::layers::Precision;
use crate::model::tape::Tape;
use crate::model::tokenizer::Encoding;
use crate::text;

/// Fills in masked tokens.
pub struct FillMask {
    model: MaskedLm,
    texts: Texts,
    mask: u32,
}

/// What to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many tokens for each mask.
    pub top_k: usize,
    /// Only these.
    pub targets: Option<Vec<String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            top_k: 5,
            targets: None,
        }
    }
}

/// What one text was filled with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Filled {
    /// Its one mask, with the best token first.
    One(Vec<Fill>),
    /// Each of its masks in turn, the others left as they are.
    Several(Vec<Vec<Fill>>),
}

/// One token for one mask.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fill {
    /// The token's probability.
    pub score: f32,
    /// The token's id.
    pub token: u32,
    /// The token as text.
    pub token_str: String,
    /// The whole text with it.
    pub sequence: String,
}

/// Tokens with their probabilities.
type Picks = Vec<(u32, f32)>;

impl FillMask {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// As for [`Parts::read`] and [`FillMask::load`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        Self::load(Parts::read(folder)?, precision)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// When it was not trained for this, or has no mask.
    pub fn load(parts: Parts, precision: Precision) -> Result<Self> {
        let (model, texts, _) = parts.model(Task::FillMask, precision, MaskedLm::load)?;
        let mask = texts.tokenizer.special().mask.ok_or_else(|| {
            Error::new("the tokenizer names no mask, and this model fills in masks")
                .hint("its tokenizer_config.json should say `mask_token`; fetch the folder again")
        })?;
        Ok(Self { model, texts, mask })
    }

    /// What a mask is in a text, as in `[MASK]`.
    pub fn mask(&self) -> String {
        self.texts.tokenizer.token(self.mask).unwrap_or_default()
    }

    /// Fills in the masks of each text.
    ///
    /// # Errors
    /// A text without a mask, targets that are no tokens, or a stop.
    pub fn run(
        &self,
        inputs: &[&str],
        options: &Options,
        stop: Stop<'_>,
    ) -> Result<Vec<Outcome<Filled>>> {
        if options.top_k == 0 {
            return Err(Error::usage("must be at least 1").at("top_k"));
        }
        let (targets, about_targets) = match &options.targets {
            Some(targets) => self.targets(targets)?,
            None => (None, Vec::new()),
        };
        let Read {
            windows: encodings,
            notes,
            ..
        } = self.texts.cut(inputs, |text| (text, None))?;
        let masks = encodings.iter().zip(&notes).enumerate();
        let masks: Vec<Vec<usize>> = masks
            .map(|(i, (encoding, notes))| {
                self.masks(encoding, notes)
                    .map_err(|error| of_many(error, i, inputs.len()))
            })
            .collect::<Result<_>>()?;
        let pick = |logits: &[f32]| pick(logits, targets.as_deref(), options.top_k);
        let picks = batches::run(&encodings, stop, |batch, members| {
            self.forward(batch, members, &masks, pick)
        })?;
        let all = encodings.iter().zip(&masks).zip(picks).zip(notes);
        all.map(|(((encoding, masks), picks), mut notes)| {
            notes.extend_from_slice(&about_targets);
            Ok(Outcome {
                output: self.filled(encoding, masks, &picks)?,
                notes,
            })
        })
        .collect()
    }

    /// The ids of the targets, each once; and what is to be known of those that are not one token.
    fn targets(&self, targets: &[String]) -> Result<(Option<Vec<u32>>, Vec<Note>)> {
        let tokenizer = &self.texts.tokenizer;
        let (mut ids, mut notes) = (Vec::new(), Vec::new());
        for target in targets {
            let whole = tokenizer.id(target);
            let first = || -> Result<Option<u32>> { Ok(tokenizer.ids(target)?.first().copied()) };
            let Some(id) = whole.map_or_else(first, |id| Ok(Some(id)))? else {
                notes.push(Note::Ignored {
                    target: target.clone(),
                });
                continue;
            };
            if whole.is_none() {
                notes.push(Note::Replaced {
                    target: target.clone(),
                    token: tokenizer.token(id).unwrap_or_default(),
                });
            }
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Err(Error::usage("none of the targets is a token of the model").at("targets"));
        }
        Ok((Some(ids), notes))
    }

    /// Where the masks are.
    fn masks(&self, encoding: &Encoding, notes: &[Note]) -> Result<Vec<usize>> {
        let places: Vec<usize> = (0..encoding.len())
            .filter(|i| encoding.ids[*i] == self.mask)
            .collect();
        if !places.is_empty() {
            return Ok(places);
        }
        let mask = self.mask();
        let mask = text::line(&mask);
        let mask = text::ident(&mask);
        let cut = notes
            .iter()
            .any(|note| matches!(note, Note::LeftOut { .. }));
        let what = if cut {
            format!(
                "the text has no {mask} in the {} tokens that are read",
                encoding.len()
            )
        } else {
            format!("the text has no {mask}")
        };
        Err(Error::new(what).hint(format!("write {mask} where a word is to be filled in")))
    }

    /// The picks for each mask of each sequence.
    fn forward(
        &self,
        batch: &Batch,
        members: &[usize],
        masks: &[Vec<usize>],
        pick: impl Fn(&[f32]) -> Picks,
    ) -> Vec<Vec<Picks>> {
        let starts = members.iter().zip(&batch.starts);
        let rows: Vec<u32> = starts
            .flat_map(|(i, start)| masks[*i].iter().map(move |place| (start + place) as u32))
            .collect();
        let logits = self.model.logits(&mut Tape::off(), batch, &rows);
        let mut row = 0..logits.rows();
        let picks = members.iter().map(|i| {
            let own = row.by_ref().take(masks[*i].len());
            own.map(|row| pick(logits.row(row))).collect()
        });
        picks.collect()
    }

    fn filled(&self, encoding: &Encoding, masks: &[usize], picks: &[Picks]) -> Result<Filled> {
        let one = masks.len() == 1;
        let fills = masks.iter().zip(picks).map(|(place, picks)| {
            let fills = picks
                .iter()
                .map(|(id, score)| self.fill(encoding, *place, *id, *score, one));
            fills.collect::<Result<Vec<_>>>()
        });
        let mut fills = fills.collect::<Result<Vec<_>>>()?;
        Ok(if one {
            Filled::One(fills.swap_remove(0))
        } else {
            Filled::Several(fills)
        })
    }

    fn fill(
        &self,
        encoding: &Encoding,
        place: usize,
        token: u32,
        score: f32,
        one: bool,
    ) -> Result<Fill> {
        let tokenizer = &self.texts.tokenizer;
        let pad = tokenizer.special().pad;
        let mut ids = encoding.ids.clone();
        ids[place] = token;
        ids.retain(|id| Some(*id) != pad);
        Ok(Fill {
            score,
            token,
            token_str: tokenizer.decode(&[token], false)?,
            // Other masks are special tokens too, and should stay in sight.
            sequence: tokenizer.decode(&ids, one)?,
        })
    }
}

/// The most probable tokens, of all or of the targets.
fn pick(logits: &[f32], targets: Option<&[u32]>, count: usize) -> Picks {
    let scores = softmax(logits);
    match targets {
        None => best(&scores, count)
            .into_iter()
            .map(|i| (i as u32, scores[i]))
            .collect(),
        Some(targets) => {
            let of_targets: Vec<f32> = targets.iter().map(|id| scores[*id as usize]).collect();
            let places = best(&of_targets, count).into_iter();
            places.map(|i| (targets[i], of_targets[i])).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_keep_the_probability_they_have_among_all() {
        let logits = [0.0, (3f32).ln(), 0.0, 0.0];
        let all = pick(&logits, None, 2);
        assert_eq!(all[0].0, 1);
        assert!((all[0].1 - 0.5).abs() < 1e-6);
        let some = pick(&logits, Some(&[3, 1]), 5);
        assert_eq!(some.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 3]);
        assert!((some[1].1 - 1.0 / 6.0).abs() < 1e-6);
    }
}
