//! Texts and pairs with one label, several, or a number.

use super::evaluation::Confusion;
use super::judgement::Judgement;
use super::labels::Space;
use super::losses::{binary_cross_entropy, cross_entropy};
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
        match (label, self.space.as_ref()) {
            (Label::One(truth), Some(space)) => {
                let judged = one(space, *truth, logits);
                self.one(row, judged, logits)
            }
            (Label::Many(truth), Some(space)) => {
                let sets = many(space, truth, logits);
                let loss = binary_cross_entropy(space, truth, logits);
                self.many(row, sets, loss)
            }
            (Label::Number(truth), _) => self.number(row, f64::from(*truth), f64::from(logits[0])),
            _ => Err(unfit(row, Task::TextClassification)),
        }
    }

    fn one(&mut self, row: &Row, judged: Judged, logits: &[f32]) -> Result<()> {
        let (Rows::One(kept), Some(space)) = (&mut self.rows, &self.space) else {
            return Err(mixed(row));
        };
        let loss = cross_entropy(logits, space.in_model[judged.truth as usize]);
        let bad = if judged.truth == judged.predicted {
            0.0
        } else {
            loss
        };
        let name = |class: u32| space.names[class as usize].clone();
        self.worst.offer(bad, &row.place, || {
            [read(row), name(judged.truth), name(judged.predicted)]
        });
        self.losses.push(loss);
        kept.push(judged);
        Ok(())
    }

    fn many(&mut self, row: &Row, sets: Sets, loss: f64) -> Result<()> {
        let (Rows::Many(kept), Some(space)) = (&mut self.rows, &self.space) else {
            return Err(mixed(row));
        };
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
        self.losses.push(loss);
        kept.push(sets);
        Ok(())
    }

    fn number(&mut self, row: &Row, truth: f64, predicted: f64) -> Result<()> {
        let Rows::Number(kept) = &mut self.rows else {
            return Err(mixed(row));
        };
        self.worst.offer((truth - predicted).abs(), &row.place, || {
            [read(row), truth.to_string(), format!("{predicted:.4}")]
        });
        kept.push(Numbers { truth, predicted });
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
        match self.rows {
            Rows::None => {}
            Rows::One(rows) => {
                finish_one(&mut judgement, &names, &of_model, rows);
                judgement.keep(Mean { name: "loss" }, self.losses);
            }
            Rows::Many(rows) => {
                finish_many(&mut judgement, &names, rows);
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

fn finish_one(judgement: &mut Judgement, names: &[String], of_model: &[usize], rows: Vec<Judged>) {
    // Of two labels the model's second is the positive one, as scikit-learn's 1.
    let positive = match of_model {
        [_, second] if names.len() == 2 => Some(*second),
        _ => None,
    };
    let family = Classification {
        classes: names.len(),
        positive,
    };
    let counts = family.counts(rows.iter());
    let present = names.iter().zip(counts.classes());
    let present = present.filter(|(_, class)| !class.is_absent());
    judgement.keep_classes(present.map(|(name, class)| (name.as_str(), *class)));
    judgement.confusion = matrix(names, &rows);
    judgement.signature.push(match positive {
        Some(class) => format!("average:present|positive:{}", names[class]),
        None => "average:present".to_owned(),
    });
    judgement.keep(family, rows);
}

fn finish_many(judgement: &mut Judgement, names: &[String], rows: Vec<Sets>) {
    let family = Multilabel {
        classes: names.len(),
    };
    let counts = family.counts(rows.iter());
    let classes = names.iter().zip(counts.classes());
    judgement.keep_classes(classes.map(|(name, class)| (name.as_str(), *class)));
    judgement
        .signature
        .push("average:all|threshold:0.5".to_owned());
    judgement.keep(family, rows);
}

/// The error of a row whose label is of another kind than those before.
fn mixed(row: &Row) -> Error {
    Error::new("has a label of another kind than the rows before")
        .at(row.place.to_string())
        .hint("give all rows one label, a list of labels, or a number")
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
