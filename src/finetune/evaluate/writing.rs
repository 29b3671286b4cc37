//! Texts that a model makes of others.

use std::ops::ControlFlow;

use super::judgement::Judgement;
use super::worst::WorstRows;
use super::{Judge, Options, unfit};
use crate::error::{Error, Result};
use crate::finetune::dataset::{Example, Row};
use crate::finetune::metrics::bleu::{self, Bleu};
use crate::finetune::metrics::chrf::{self, Chrf};
use crate::finetune::metrics::mean::Mean;
use crate::finetune::metrics::rouge::{self, Rouge};
use crate::jobs::Cancel;
use crate::model::generate::{Finish, Options as Generate};
use crate::model::pipeline::generation::Ask;
use crate::model::pipeline::{Generation, Task};

/// Judges texts by those that are right.
pub(super) struct Writing<'a> {
    model: &'a Generation,
    generate: Generate,
    bleu: Bleu,
    rouge: Rouge,
    matches: Vec<f64>,
    bleus: Vec<bleu::Segment>,
    chrfs: Vec<chrf::Segment>,
    rouges: Vec<rouge::Text>,
    worst: WorstRows,
}

impl<'a> Writing<'a> {
    pub(super) fn new(model: &'a Generation, options: &Options) -> Self {
        let mut generate = model.options();
        // The same texts each time, whatever the model was saved with.
        generate.do_sample = false;
        if let Some(tokens) = options.max_new_tokens {
            generate.max_new_tokens = tokens;
        }
        if let Some(beams) = options.num_beams {
            generate.num_beams = beams;
        }
        Self {
            model,
            generate,
            bleu: options.bleu,
            rouge: options.rouge,
            matches: Vec::new(),
            bleus: Vec::new(),
            chrfs: Vec::new(),
            rouges: Vec::new(),
            worst: WorstRows::new(options.worst),
        }
    }

    fn write(&self, source: &str, cancel: &Cancel) -> Result<String> {
        let ask = Ask {
            text: source,
            prefix: None,
            options: &self.generate,
            return_full_text: false,
            cancel,
        };
        let written = self.model.run(&ask, &mut |_| ControlFlow::Continue(()))?;
        if written.finish == Finish::Cancelled {
            return Err(Error::interrupted());
        }
        let text = written.output.into_iter().next();
        Ok(text.map(|text| text.text).unwrap_or_default())
    }

    /// Keeps what the task is measured by; gives how far the text is from what is right.
    fn judge(&mut self, text: &str, target: &str) -> f64 {
        match self.model.task() {
            Task::Summarization => {
                let scores = self.rouge.text(text, &[target]);
                self.rouges.push(scores);
                1.0 - scores[2].f1
            }
            Task::Translation => {
                self.bleus.push(self.bleu.segment(text, &[target]));
                self.chrf(text, target)
            }
            _ => {
                let same = text.trim() == target.trim();
                self.matches.push(f64::from(u8::from(same)));
                let far = self.chrf(text, target);
                if same {
                    0.0
                } else {
                    far.max(f64::MIN_POSITIVE)
                }
            }
        }
    }

    fn chrf(&mut self, text: &str, target: &str) -> f64 {
        let segment = Chrf::PLAIN.segment(text, &[target]);
        let score = Chrf::PLAIN.score([&segment].into_iter());
        self.chrfs.push(segment);
        1.0 - score / 100.0
    }
}

impl Judge for Writing<'_> {
    fn at_once(&self) -> usize {
        1
    }

    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()> {
        for row in rows {
            let Example::Pair { source, target } = &row.example else {
                return Err(unfit(row, self.model.task()));
            };
            let text = self.write(source, cancel)?;
            let badness = self.judge(&text, target);
            self.worst.offer(badness, &row.place, || {
                [source.clone(), target.clone(), text]
            });
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let task = self.model.task();
        let n = self.chrfs.len().max(self.rouges.len());
        let mut judgement = Judgement::new(task, n);
        judgement.worst = self.worst.into_rows();
        let signature = &mut judgement.signature;
        let chrf = format!("chrf: {}", Chrf::PLAIN.signature(Some(1)));
        match task {
            Task::Summarization => {
                signature.push(format!("rouge: {}", self.rouge.signature()));
                judgement.keep(self.rouge, self.rouges);
            }
            Task::Translation => {
                signature.push(format!("bleu: {}", self.bleu.signature(Some(1))));
                signature.push(chrf);
                judgement.keep(self.bleu, self.bleus);
                judgement.keep(Chrf::PLAIN, self.chrfs);
            }
            _ => {
                signature.push("exact_match: space:trimmed".to_owned());
                signature.push(chrf);
                judgement.keep(
                    Mean {
                        name: "exact_match",
                    },
                    self.matches,
                );
                judgement.keep(Chrf::PLAIN, self.chrfs);
            }
        }
        judgement.signature.push(format!(
            "generate: beams:{}|max_new_tokens:{}",
            self.generate.num_beams, self.generate.max_new_tokens
        ));
        Ok(judgement)
    }
}
