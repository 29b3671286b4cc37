//! Texts and conversations, by how likely a model finds them.

use super::judgement::Judgement;
use super::worst::WorstRows;
use super::{Judge, Options, unfit};
use crate::error::{Error, Result};
use crate::finetune::dataset::{Example, Row};
use crate::finetune::features::Masking;
use crate::finetune::metrics::perplexity::{self, Likelihood as Kept, Perplexity, Window};
use crate::jobs::Cancel;
use crate::model::pipeline::likelihood::Sequence;
use crate::model::pipeline::{Likelihood, Task};
use crate::model::template::{self, Role, Template, Turn};
use crate::model::tokenizer::{Cut, Limit};

/// The share of tokens that a masked model is to fill in.
const MASKED: f32 = 0.15;

/// Judges by likelihood.
pub(super) struct Likelihoods<'a> {
    model: &'a Likelihood,
    masking: Option<Masking>,
    stride: usize,
    options: &'a Options,
    rows: Vec<Kept>,
    worst: WorstRows,
}

/// A text in windows.
#[derive(Default)]
struct Text {
    windows: Vec<Window>,
    sequences: Vec<Sequence>,
    /// Whether all that is scored counts, which in transformers' loop it does not.
    exact: bool,
}

impl<'a> Likelihoods<'a> {
    pub(super) fn new(model: &'a Likelihood, options: &'a Options) -> Result<Self> {
        let longest = model.longest();
        let stride = options.stride.unwrap_or_else(|| longest.div_ceil(2));
        if !(1..=longest).contains(&stride) {
            let what = format!("is {stride}, and the model reads 1 to {longest} tokens at once");
            return Err(Error::usage(what).at("--stride"));
        }
        let masking = match model.task() {
            Task::FillMask => Some(Masking::new(model.tokenizer(), MASKED)?),
            _ => None,
        };
        Ok(Self {
            model,
            masking,
            stride,
            options,
            rows: Vec::new(),
            worst: WorstRows::new(options.worst),
        })
    }

    fn text(&self, row: &Row, number: usize) -> Result<Text> {
        let text = match (&row.example, &self.masking) {
            (Example::Plain { text, .. }, None) => {
                let ids = self.model.tokenizer().ids(text)?;
                Ok(self.in_windows(&ids, &|_| true))
            }
            (Example::Plain { text, .. }, Some(masking)) => self.masked(text, number, masking),
            (Example::Dialogue { turns }, None) => self.conversation(turns),
            _ => return Err(unfit(row, self.model.task())),
        };
        text.map_err(|error: Error| match error.place() {
            Some(_) => error,
            None => error.at(row.place.to_string()),
        })
    }

    /// Windows of a text, with the tokens that `counts` names to be predicted.
    fn in_windows(&self, ids: &[u32], counts: &dyn Fn(usize) -> bool) -> Text {
        let windows = perplexity::windows(ids.len(), self.model.longest(), self.stride);
        let sequences = windows.iter().map(|window| {
            let read = &window.read;
            // Nothing predicts the first token that is read.
            let first = (read.end - window.scored).max(read.start + 1);
            let places = (first..read.end).filter(|place| counts(*place));
            let places: Vec<usize> = places.map(|place| place - read.start).collect();
            Sequence {
                ids: ids[read.clone()].to_vec(),
                targets: places.iter().map(|place| ids[read.start + place]).collect(),
                places,
            }
        });
        Text {
            sequences: sequences.collect(),
            windows,
            exact: false,
        }
    }

    fn masked(&self, text: &str, number: usize, masking: &Masking) -> Result<Text> {
        let limit = Limit {
            tokens: self.model.longest(),
            cut: Cut::LongestFirst,
            stride: 0,
        };
        let windows = self
            .model
            .tokenizer()
            .windows(text, None, true, Some(limit))?;
        let sequences = (0..).zip(&windows).map(|(part, window)| {
            let row = number as u64;
            let (ids, hidden) = masking.apply(&window.ids, self.options.seed, row, part);
            let hidden = hidden.iter().enumerate();
            let hidden = hidden.filter_map(|(place, id)| Some((place, (*id)?)));
            let (places, targets) = hidden.unzip();
            Sequence {
                ids,
                places,
                targets,
            }
        });
        Ok(Text {
            sequences: sequences.collect(),
            exact: true,
            ..Text::default()
        })
    }

    /// A conversation, of which only what the model says is to be predicted.
    fn conversation(&self, turns: &[Turn]) -> Result<Text> {
        let template = self.options.template.unwrap_or_else(|| usual(turns));
        let tokenizer = self.model.tokenizer();
        let (mut ids, mut learned) = (Vec::new(), Vec::new());
        for segment in template.render(turns, false)? {
            ids.extend(tokenizer.ids(&segment.text)?);
            ids.extend(tokenizer.special().eos.filter(|_| segment.ends));
            learned.resize(ids.len(), segment.learned);
        }
        let text = self.in_windows(&ids, &|place| learned[place]);
        Ok(Text {
            exact: true,
            ..text
        })
    }
}

/// A template for conversations of that shape.
fn usual(turns: &[Turn]) -> &'static dyn Template {
    let answers = turns.iter().filter(|turn| turn.role == Role::Assistant);
    if answers.count() > 1 {
        &template::Chat
    } else {
        &template::Instruct
    }
}

impl Judge for Likelihoods<'_> {
    fn at_once(&self) -> usize {
        32
    }

    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()> {
        let before = self.rows.len();
        let texts = rows.iter().enumerate();
        let texts = texts
            .map(|(i, row)| self.text(row, before + i))
            .collect::<Result<Vec<_>>>()?;
        let sequences: Vec<Sequence> = texts
            .iter()
            .flat_map(|text| text.sequences.iter().cloned())
            .collect();
        let losses = self
            .model
            .losses(&sequences, &mut || cancel.is_cancelled())?;
        let mut losses = losses.into_iter();
        for (row, text) in rows.iter().zip(&texts) {
            let mut kept = Kept::default();
            for (i, own) in losses.by_ref().take(text.sequences.len()).enumerate() {
                let own: Vec<f64> = own.into_iter().map(f64::from).collect();
                if text.exact {
                    kept.loss += own.iter().sum::<f64>();
                    kept.tokens += own.len() as f64;
                } else {
                    kept.add(&text.windows[i], &own);
                }
            }
            self.worst.offer(kept.loss / kept.tokens, &row.place, || {
                [shown(row), String::new(), String::new()]
            });
            self.rows.push(kept);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let task = self.model.task();
        let mut judgement = Judgement::new(task, self.rows.len());
        judgement.worst = self.worst.into_rows();
        let without = self.rows.iter().filter(|row| row.tokens == 0.0).count();
        if without == self.rows.len() {
            return Err(
                Error::new("no row has a token that can be predicted").hint("give longer texts")
            );
        }
        if without > 0 {
            judgement.notes.push(format!(
                "{without} of {} rows have no token that is predicted, and count for nothing",
                self.rows.len()
            ));
        }
        let longest = self.model.longest();
        let name = if task == Task::FillMask {
            let seed = self.options.seed;
            judgement.signature.push(format!(
                "masked: share:{MASKED}|mask:80%|random:10%|seed:{seed}|window:{longest}"
            ));
            "pseudo_perplexity"
        } else {
            let stride = self.stride;
            judgement
                .signature
                .push(format!("causal: window:{longest}|stride:{stride}"));
            "perplexity"
        };
        judgement.keep(Perplexity { name }, self.rows);
        Ok(judgement)
    }
}

fn shown(row: &Row) -> String {
    match &row.example {
        Example::Plain { text, .. } => text.clone(),
        Example::Dialogue { turns } => {
            let said = turns.iter().map(|turn| turn.content.as_str());
            said.collect::<Vec<_>>().join(" | ")
        }
        _ => String::new(),
    }
}
