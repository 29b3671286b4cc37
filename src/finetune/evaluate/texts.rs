//! Texts and pairs with one label, several, or a number.

use super::evaluation::Confusion;
use super::judgement::Judgement;
use super::labels::Space;
use super::worst::WorstRows;
use super::{Judge, Options, unfit};
use crate::error::{Error, Result};
use crate::finetune::dataset::{Example, Label, Row};
use crate::finetune::metrics::classification::{Classification, Judged, confusion};
use crate::finetune::metrics::mean::Mean;
use crate::finetune::metrics::multilabel::{Multilabel, Sets};
use crate::finetune::metrics::regression::{Numbers, Regression};
use crate::jobs::Cancel;
use crate::model::pipeline::text_classification::Input;
use crate::model::pipeline::{Task, TextClassification};

/// Most classes whose confusions are given.
const MATRIX: usize = 50;

/// Judges labels of texts.
pub(super) struct Texts<'a> {
    model: &'a TextClassification,
    /// Known once a row has a label by name.
    space: Option<Space>,
    rows: Rows,
    losses: Vec<f64>,
    worst: WorstRows,
}

/// What is kept of rows, which all have labels of one kind.
enum Rows {
    None,
    One(Vec<Judged>),
    Many(Vec<Sets>),
    Number(Vec<Numbers>),
}

impl<'a> Texts<'a> {
    pub(super) fn new(
        model: &'a TextClassification,
        names: &[String],
        options: &Options,
    ) -> Result<Self> {
        let space = if names.is_empty() {
            None
        } else {
            Some(Space::of(names, model.labels(), &options.labels)?)
        };
        Ok(Self {
            model,
            space,
            rows: Rows::None,
            losses: Vec::new(),
            worst: WorstRows::new(options.worst),
        })
    }

    fn judge(&mut self, row: &Row, label: &Label, logits: &[f32]) -> Result<()> {
        if let Rows::None = self.rows {
            self.rows = match label {
                Label::One(_) => Rows::One(Vec::new()),
                Label::Many(_) => Rows::Many(Vec::new()),
                Label::Number(_) => Rows::Number(Vec::new()),
            };
        }
        let wants_number = matches!(label, Label::Number(_));
        if wants_number != (self.model.labels().len() == 1) {
            return Err(Error::new(if wants_number {
                "has a number, and the model gives labels"
            } else {
                "has a label, and the model gives one number"
            })
            .at(row.place.to_string())
            .hint("measure it with data that has what the model gives"));
        }
        let space = self.space.as_ref();
        match (&mut self.rows, label, space) {
            (Rows::One(kept), Label::One(truth), Some(space)) => {
                let judged = one(space, *truth, logits);
                let loss = cross_entropy(logits, space.in_model[*truth as usize]);
                self.losses.push(loss);
                let bad = if judged.truth == judged.predicted {
                    0.0
                } else {
                    loss
                };
                let name = |class: u32| space.names[class as usize].clone();
                self.worst.offer(bad, &row.place, || {
                    [read(row), name(judged.truth), name(judged.predicted)]
                });
                kept.push(judged);
            }
            (Rows::Many(kept), Label::Many(truth), Some(space)) => {
                let sets = many(space, truth, logits);
                let loss = binary_cross_entropy(space, truth, logits);
                self.losses.push(loss);
                let bad = if sets.wrong() == 0 { 0.0 } else { loss };
                let names = |classes: &[u32]| -> String {
                    let names = classes
                        .iter()
                        .map(|class| space.names[*class as usize].as_str());
                    names.collect::<Vec<_>>().join(", ")
                };
                self.worst.offer(bad, &row.place, || {
                    [read(row), names(&sets.truth), names(&sets.predicted)]
                });
                kept.push(sets);
            }
            (Rows::Number(kept), Label::Number(truth), _) => {
                let (truth, predicted) = (f64::from(*truth), f64::from(logits[0]));
                self.worst.offer((truth - predicted).abs(), &row.place, || {
                    [read(row), truth.to_string(), format!("{predicted:.4}")]
                });
                kept.push(Numbers { truth, predicted });
            }
            _ => return Err(unfit(row, Task::TextClassification)),
        }
        Ok(())
    }
}

impl Judge for Texts<'_> {
    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()> {
        let mut inputs = Vec::with_capacity(rows.len());
        for row in rows {
            let Example::Classified { text, pair, .. } = &row.example else {
                return Err(unfit(row, Task::TextClassification));
            };
            let pair = pair.as_deref();
            inputs.push(Input { text, pair });
        }
        let found = self.model.logits(&inputs, &mut || cancel.is_cancelled())?;
        for (row, outcome) in rows.iter().zip(found) {
            if let Example::Classified { label, .. } = &row.example {
                self.judge(row, label, &outcome.output)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let n = match &self.rows {
            Rows::None => 0,
            Rows::One(rows) => rows.len(),
            Rows::Many(rows) => rows.len(),
            Rows::Number(rows) => rows.len(),
        };
        let mut judgement = Judgement::new(Task::TextClassification, n);
        judgement
            .notes
            .extend(self.space.as_ref().and_then(Space::note));
        judgement.worst = self.worst.into_rows();
        let (names, of_model) = self
            .space
            .map(|space| (space.names, space.of_model))
            .unwrap_or_default();
        let named = |class: usize| names[class].as_str();
        match self.rows {
            Rows::None => {}
            Rows::One(rows) => {
                // Of two labels the model's second is the positive one, as scikit-learn's 1.
                let positive = match of_model[..] {
                    [_, second] if names.len() == 2 => Some(second),
                    _ => None,
                };
                let family = Classification {
                    classes: names.len(),
                    positive,
                };
                let counts = family.counts(rows.iter());
                let present = counts.classes().iter().enumerate();
                let present = present.filter(|(_, class)| !class.is_absent());
                judgement.keep_classes(present.map(|(i, class)| (named(i), *class)));
                judgement.confusion = matrix(&names, &rows);
                judgement.signature.push(match family.positive {
                    Some(class) => format!("average:present|positive:{}", named(class)),
                    None => "average:present".to_owned(),
                });
                judgement.keep(family, rows);
                judgement.keep(Mean { name: "loss" }, self.losses);
            }
            Rows::Many(rows) => {
                let family = Multilabel {
                    classes: names.len(),
                };
                let counts = family.counts(rows.iter());
                let classes = counts.classes().iter().enumerate();
                judgement.keep_classes(classes.map(|(i, class)| (named(i), *class)));
                judgement
                    .signature
                    .push("average:all|threshold:0.5".to_owned());
                judgement.keep(family, rows);
                judgement.keep(Mean { name: "loss" }, self.losses);
            }
            Rows::Number(rows) => {
                judgement.signature.push("regression".to_owned());
                judgement.keep(Regression { same_scale: true }, rows);
            }
        }
        Ok(judgement)
    }
}

/// What the model read of a row.
fn read(row: &Row) -> String {
    match &row.example {
        Example::Classified {
            text,
            pair: Some(pair),
            ..
        } => format!("{text} | {pair}"),
        Example::Classified { text, .. } => text.clone(),
        _ => String::new(),
    }
}

/// The best of the model's labels beside what is true.
fn one(space: &Space, truth: u32, logits: &[f32]) -> Judged {
    let mut best = 0;
    for (label, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = label;
        }
    }
    let predicted = space.of_model[best] as u32;
    Judged { truth, predicted }
}

/// The labels of which the model is more sure than not.
fn many(space: &Space, truth: &[bool], logits: &[f32]) -> Sets {
    let truth = (0u32..).zip(truth).filter(|(_, applies)| **applies);
    let predicted = logits
        .iter()
        .zip(&space.of_model)
        .filter(|(logit, _)| **logit > 0.0);
    Sets::new(
        truth.map(|(class, _)| class).collect(),
        predicted.map(|(_, class)| *class as u32).collect(),
    )
}

/// `-ln p` of a label.
pub(super) fn cross_entropy(logits: &[f32], label: usize) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|x| f64::from(x - most).exp()).sum();
    sum.ln() - f64::from(logits[label] - most)
}

/// The mean of `-ln p` of each label by itself, as transformers trains several labels.
fn binary_cross_entropy(space: &Space, truth: &[bool], logits: &[f32]) -> f64 {
    let losses = logits.iter().zip(&space.of_model).map(|(logit, class)| {
        let x = f64::from(*logit);
        let applies = truth.get(*class).copied().unwrap_or(false);
        // ln(1 + exp(-x)) for what applies, of whatever size x is.
        let x = if applies { x } else { -x };
        (-x).max(0.0) + (-x.abs()).exp().ln_1p()
    });
    losses.sum::<f64>() / logits.len().max(1) as f64
}

fn matrix(names: &[String], rows: &[Judged]) -> Option<Confusion> {
    if names.len() > MATRIX {
        return None;
    }
    let mut matrix = vec![vec![0; names.len()]; names.len()];
    for ((truth, predicted), count) in confusion(rows.iter()) {
        matrix[truth as usize][predicted as usize] = count;
    }
    let labels = names.to_vec();
    Some(Confusion { labels, matrix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_those_of_pytorch_and_stay_finite() {
        assert!((cross_entropy(&[1.0, 2.0, 0.5], 1) - 0.464_369).abs() < 1e-5);
        assert!((cross_entropy(&[1000.0, 0.0], 1) - 1000.0).abs() < 1e-6);
        let names = ["a".to_owned(), "b".to_owned()];
        let space = Space::of(&names, &names, &[]).expect("a match");
        let loss = binary_cross_entropy(&space, &[true, false], &[0.5, -1.0]);
        assert!((loss - 0.393_670).abs() < 1e-5, "{loss}");
        assert!(binary_cross_entropy(&space, &[true, false], &[-500.0, 500.0]).is_finite());
    }
}
