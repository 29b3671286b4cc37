//! Pairs of texts with how alike they are.

use super::judgement::Judgement;
use super::worst::WorstRows;
use super::{Judge, Options, unfit};
use crate::error::Result;
use crate::finetune::dataset::{Example, Label, Place, Row};
use crate::finetune::metrics::regression::{Numbers, Regression, ranks};
use crate::jobs::Cancel;
use crate::model::pipeline::similarity::normalize;
use crate::model::pipeline::{SentenceEmbedding, Task};

/// Judges how alike texts are by the cosine of their vectors.
pub(super) struct Similarity<'a> {
    model: &'a SentenceEmbedding,
    most: usize,
    rows: Vec<Numbers>,
    /// What was read of each row, and where.
    texts: Vec<(Place, String)>,
}

impl<'a> Similarity<'a> {
    pub(super) fn new(model: &'a SentenceEmbedding, options: &Options) -> Self {
        Self {
            model,
            most: options.worst,
            rows: Vec::new(),
            texts: Vec::new(),
        }
    }
}

/// The two texts of a row, and how alike they are.
fn pair(row: &Row) -> Option<(&str, &str, f64)> {
    match &row.example {
        Example::Classified {
            text,
            pair: Some(pair),
            label: Label::Number(truth),
        } => Some((text, pair, f64::from(*truth))),
        _ => None,
    }
}

impl Judge for Similarity<'_> {
    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()> {
        let pairs = rows
            .iter()
            .map(|row| pair(row).ok_or_else(|| unfit(row, Task::SentenceSimilarity)));
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        let texts: Vec<&str> = pairs.iter().flat_map(|(a, b, _)| [*a, *b]).collect();
        let vectors = self.model.run(&texts, &mut || cancel.is_cancelled())?;
        for ((row, vectors), (a, b, truth)) in rows.iter().zip(vectors.chunks_exact(2)).zip(pairs) {
            let predicted = cosine(&vectors[0].output, &vectors[1].output);
            self.rows.push(Numbers { truth, predicted });
            self.texts.push((row.place.clone(), format!("{a} | {b}")));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let mut judgement = Judgement::new(Task::SentenceSimilarity, self.rows.len());
        judgement.worst = self.worst();
        judgement.signature.push("similarity: cosine".to_owned());
        judgement.keep(Regression { same_scale: false }, self.rows);
        Ok(judgement)
    }
}

impl Similarity<'_> {
    /// The rows whose ranks differ most.
    fn worst(&self) -> Vec<super::Worst> {
        let side =
            |value: fn(&Numbers) -> f64| ranks(&self.rows.iter().map(value).collect::<Vec<_>>());
        let (truth, predicted) = (side(|row| row.truth), side(|row| row.predicted));
        let mut worst = WorstRows::new(self.most);
        for (i, (place, text)) in self.texts.iter().enumerate() {
            let row = &self.rows[i];
            worst.offer((truth[i] - predicted[i]).abs(), place, || {
                [
                    text.clone(),
                    row.truth.to_string(),
                    format!("{:.4}", row.predicted),
                ]
            });
        }
        worst.into_rows()
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    normalize(&mut a);
    normalize(&mut b);
    a.iter()
        .zip(&b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}
