//! Questions about texts.

use super::judgement::Judgement;
use super::worst::WorstRows;
use super::{Judge, Options, unfit};
use crate::error::Result;
use crate::finetune::dataset::{Example, Row};
use crate::finetune::metrics::squad::{Question, Squad, Version};
use crate::jobs::Cancel;
use crate::model::pipeline::question_answering::{Answers as Found, Input, Options as Search};
use crate::model::pipeline::{QuestionAnswering, Task};

/// The most tokens of an answer, as `run_qa` has it.
const LONGEST: usize = 30;

/// Judges answers.
pub(super) struct Answers<'a> {
    model: &'a QuestionAnswering,
    version: Version,
    rows: Vec<Question>,
    worst: WorstRows,
}

impl<'a> Answers<'a> {
    /// Judges by version 2 of `SQuAD` if one of `rows` has no answer.
    pub(super) fn new(model: &'a QuestionAnswering, rows: &[Row], options: &Options) -> Self {
        let unanswered = |row: &Row| matches!(&row.example, Example::Question { answers, .. } if answers.is_empty());
        let version = if rows.iter().any(unanswered) {
            Version::Two
        } else {
            Version::One
        };
        Self {
            model,
            version,
            rows: Vec::new(),
            worst: WorstRows::new(options.worst),
        }
    }
}

impl Judge for Answers<'_> {
    fn at_once(&self) -> usize {
        32
    }

    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()> {
        let mut inputs = Vec::with_capacity(rows.len());
        for row in rows {
            let Example::Question {
                question, context, ..
            } = &row.example
            else {
                return Err(unfit(row, Task::QuestionAnswering));
            };
            inputs.push(Input { question, context });
        }
        let search = Search {
            max_answer_len: LONGEST,
            handle_impossible_answer: self.version == Version::Two,
            ..Search::default()
        };
        let found = self
            .model
            .run(&inputs, &search, &mut || cancel.is_cancelled())?;
        for (row, outcome) in rows.iter().zip(found) {
            let Example::Question {
                question, answers, ..
            } = &row.example
            else {
                continue;
            };
            let right: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
            let given = match &outcome.output {
                Found::One(answer) => answer.answer.as_str(),
                Found::Several(answers) => answers.first().map_or("", |best| best.answer.as_str()),
            };
            let judged = Question::judge(self.version, &right, given);
            self.worst.offer(1.0 - judged.f1, &row.place, || {
                [question.clone(), right.join(" | "), given.to_owned()]
            });
            self.rows.push(judged);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let mut judgement = Judgement::new(Task::QuestionAnswering, self.rows.len());
        let version = match self.version {
            Version::One => "squad: version:1.1",
            Version::Two => "squad: version:2.0|no_answer:score",
        };
        judgement
            .signature
            .push(format!("{version}|max_answer_len:{LONGEST}"));
        judgement.worst = self.worst.into_rows();
        judgement.keep(Squad(self.version), self.rows);
        Ok(judgement)
    }
}
