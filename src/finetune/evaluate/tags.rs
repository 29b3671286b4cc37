//! Words with tags.

use super::judgement::Judgement;
use super::labels::Space;
use super::losses::cross_entropy;
use super::worst::WorstRows;
use super::{Judge, Options, unfit};
use crate::error::Result;
use crate::finetune::dataset::{Example, Row};
use crate::finetune::metrics::classification::{Classification, Judged, Tokens};
use crate::finetune::metrics::entities::{Entities, Mode, Sentence};
use crate::finetune::metrics::perplexity::{Likelihood, Loss};
use crate::jobs::Cancel;
use crate::model::pipeline::{Task, TokenClassification};

/// Judges tags of words.
pub(super) struct Tags<'a> {
    model: &'a TokenClassification,
    space: Space,
    mode: Mode,
    rows: Rows,
    losses: Vec<Likelihood>,
    worst: WorstRows,
}

/// What is kept of sentences.
enum Rows {
    /// Tags that mark entities.
    Entities(Entities, Vec<Sentence>),
    /// Any others.
    Words(Vec<Vec<Judged>>),
}

impl<'a> Tags<'a> {
    pub(super) fn new(
        model: &'a TokenClassification,
        names: &[String],
        options: &Options,
    ) -> Result<Self> {
        let space = Space::of(names, model.labels(), &options.labels)?;
        let mode = options.entities;
        let rows = if space.names.iter().all(|tag| marks_entities(tag)) {
            let tags = space.names.iter().map(String::as_str);
            Rows::Entities(Entities::of(mode, tags), Vec::new())
        } else {
            Rows::Words(Vec::new())
        };
        Ok(Self {
            model,
            space,
            mode,
            rows,
            losses: Vec::new(),
            worst: WorstRows::new(options.worst),
        })
    }

    fn judge(&mut self, row: &Row, words: &[String], tags: &[u32], logits: &[Vec<f32>]) {
        let mut loss = Likelihood::default();
        let mut sentence = Vec::with_capacity(words.len());
        for (truth, logits) in tags.iter().zip(logits) {
            sentence.push(Judged {
                truth: *truth,
                predicted: self.predicted(logits),
            });
            if !logits.is_empty() {
                loss.loss += cross_entropy(logits, self.space.in_model[*truth as usize]);
                loss.tokens += 1.0;
            }
        }
        self.losses.push(loss);
        let names = &self.space.names;
        let name = |class: u32| names[class as usize].as_str();
        let truth: Vec<&str> = sentence.iter().map(|word| name(word.truth)).collect();
        let predicted: Vec<&str> = sentence.iter().map(|word| name(word.predicted)).collect();
        let wrong = match &mut self.rows {
            Rows::Entities(family, rows) => {
                rows.push(family.judge(&truth, &predicted));
                rows.last().map_or(0, Sentence::wrong) as usize
            }
            Rows::Words(rows) => {
                let wrong = sentence.iter().filter(|word| word.truth != word.predicted);
                let count = wrong.count();
                rows.push(sentence.clone());
                count
            }
        };
        self.worst.offer(wrong as f64, &row.place, || {
            let tagged = |tags: &[&str]| -> String {
                let pairs = words.iter().zip(tags).filter(|(_, tag)| **tag != "O");
                pairs
                    .map(|(word, tag)| format!("{word}/{tag}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            [words.join(" "), tagged(&truth), tagged(&predicted)]
        });
    }

    /// The best tag; outside of everything, or the first, for a word that leaves no token.
    fn predicted(&self, logits: &[f32]) -> u32 {
        let mut best = None;
        for (label, logit) in logits.iter().enumerate() {
            if best.is_none_or(|best: usize| *logit > logits[best]) {
                best = Some(label);
            }
        }
        let outside = || {
            self.space
                .names
                .iter()
                .position(|name| name == "O")
                .unwrap_or(0)
        };
        best.map_or_else(outside, |label| self.space.of_model[label]) as u32
    }
}

impl Judge for Tags<'_> {
    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()> {
        let mut sentences = Vec::with_capacity(rows.len());
        for row in rows {
            let Example::Tagged { words, .. } = &row.example else {
                return Err(unfit(row, Task::TokenClassification));
            };
            sentences.push(words.as_slice());
        }
        let found = self
            .model
            .words(&sentences, &mut || cancel.is_cancelled())?;
        for (row, logits) in rows.iter().zip(found) {
            if let Example::Tagged { words, tags } = &row.example {
                self.judge(row, words, tags, &logits);
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let mut judgement = Judgement::new(Task::TokenClassification, self.losses.len());
        judgement.notes.extend(self.space.note());
        judgement.worst = self.worst.into_rows();
        match self.rows {
            Rows::Entities(family, rows) => {
                let kinds = family.by_kind(rows.iter());
                let kinds = kinds.into_iter().filter(|(_, class)| !class.is_absent());
                judgement.keep_classes(kinds);
                judgement.signature.push(match self.mode {
                    Mode::Default => "seqeval: mode:default".to_owned(),
                    Mode::Strict => "seqeval: mode:strict|scheme:IOB2".to_owned(),
                });
                judgement.keep(family, rows);
            }
            Rows::Words(rows) => {
                let family = Classification {
                    classes: self.space.names.len(),
                    positive: None,
                };
                let counts = family.counts(rows.iter().flatten());
                let present = self.space.names.iter().zip(counts.classes());
                let present = present.filter(|(_, class)| !class.is_absent());
                judgement.keep_classes(present.map(|(name, class)| (name.as_str(), *class)));
                judgement
                    .signature
                    .push("words: average:present".to_owned());
                judgement.keep(Tokens(family), rows);
            }
        }
        judgement.keep(Loss, self.losses);
        Ok(judgement)
    }
}

/// Whether a tag is outside, or begins or goes on with an entity.
fn marks_entities(tag: &str) -> bool {
    let letters = ["B", "I", "E", "S"];
    tag == "O"
        || letters.contains(&tag)
        || letters.iter().any(|letter| {
            tag.strip_prefix(letter)
                .is_some_and(|rest| rest.starts_with('-'))
        })
}
