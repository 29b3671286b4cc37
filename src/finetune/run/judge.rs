//! Figures of a model on rows that it does not learn from.

use std::sync::Arc;

use super::Figures;
use super::rows::Rows;
use crate::error::Result;
use crate::finetune::base::Base;
use crate::finetune::dataset::{Part, Row};
use crate::finetune::evaluate::{Evaluation, Options, Subject, evaluate, more_is_better};
use crate::finetune::features::{Prepared, Target};
use crate::finetune::learner::Model;
use crate::finetune::plan::Plan;
use crate::finetune::trainer::Trainer;
use crate::jobs::Cancel;
use crate::model::config::{Config, Generation as Defaults};
use crate::model::pipeline::generation::Generation;
use crate::model::pipeline::likelihood::Predictor;
use crate::model::pipeline::{
    Likelihood, QuestionAnswering, Task, TextClassification, TokenClassification,
};
use crate::model::template::{self, Template};
use crate::model::writer::Writer;

/// Rows of which texts are written: each takes as long as hundreds of rows that are only read.
const WRITTEN: usize = 100;

/// Judges one run's model.
pub(super) struct Judge {
    rows: Arc<Rows>,
    labels: Vec<String>,
    config: Config,
    task: Task,
    template: Option<&'static dyn Template>,
    cancel: Cancel,
}

impl Judge {
    /// A judge for the run of `plan`, whose model is computed as `config` says.
    pub(super) fn new(rows: Arc<Rows>, plan: &Plan, config: Config, cancel: &Cancel) -> Self {
        Self {
            rows,
            labels: plan.data.labels.clone(),
            config,
            task: plan.task,
            template: plan.data.template.as_deref().and_then(template::named),
            cancel: cancel.clone(),
        }
    }

    /// The figures of `trainer`'s model on the rows of a part; none without rows. With `texts`,
    /// also those of what it writes.
    ///
    /// # Errors
    /// When rows cannot be read, or the run is to stop.
    pub(super) fn figures(
        &self,
        trainer: &Trainer,
        base: &Base,
        part: Part,
        texts: bool,
    ) -> Result<(Figures, Option<Evaluation>)> {
        let mut figures = Figures::new();
        let prepared = self.rows.prepared(part);
        if prepared.is_empty() {
            return Ok((figures, None));
        }
        let loss = trainer.judge(&prepared, &mut || self.cancel.is_cancelled())?;
        figures.insert("loss".to_owned(), loss);
        if matches!(self.task, Task::TextGeneration | Task::FillMask) {
            figures.insert("perplexity".to_owned(), loss.exp());
        }
        let subject = self.subject(&trainer.learner.model, base)?;
        let evaluation = match subject {
            Some(Subject::Writer(_) | Subject::Predictor(_)) if !texts => None,
            Some(subject) => {
                let options = Options {
                    limit: matches!(subject, Subject::Writer(_)).then_some(WRITTEN),
                    template: self.template,
                    ..Options::default()
                };
                let rows = self.rows.kept(part)?;
                Some(self.evaluation(&subject, rows, &options)?)
            }
            None => None,
        };
        if let Some(evaluation) = &evaluation {
            let named = evaluation.metrics.0.iter();
            let values = named.filter_map(|(name, figure)| Some((name.clone(), figure.value?)));
            for (name, value) in values {
                // The loss of what is learned stands; a metric's own may be of whole texts.
                if name != "loss" {
                    figures.insert(name, value);
                }
            }
        }
        Ok((figures, evaluation))
    }

    fn evaluation(
        &self,
        subject: &Subject,
        rows: impl Iterator<Item = Result<Row>>,
        options: &Options,
    ) -> Result<Evaluation> {
        evaluate(
            subject,
            &self.labels,
            rows,
            options,
            &self.cancel,
            &mut |_| (),
        )
    }

    /// The rows of a part.
    pub(super) fn prepared(&self, part: Part) -> Arc<Prepared> {
        self.rows.prepared(part)
    }

    /// How long a row takes to be judged, by the first `most` check rows; its loss and its metrics.
    ///
    /// # Errors
    /// When rows cannot be read, or the run is to stop.
    pub(super) fn seconds_a_row(&self, trainer: &Trainer, most: usize) -> Result<f64> {
        let rows = self.rows.prepared(Part::Check);
        let count = most.min(rows.len());
        let since = std::time::Instant::now();
        trainer.judge_first(&rows, count, &mut || self.cancel.is_cancelled())?;
        let passes = match trainer.learner.model {
            Model::Sequence(..) | Model::Token(_) | Model::Question(_) => 2.0,
            _ => 1.0,
        };
        Ok(passes * since.elapsed().as_secs_f64() / count.max(1) as f64)
    }

    /// What of the model can be measured beside its loss.
    fn subject(&self, model: &Model, base: &Base) -> Result<Option<Subject>> {
        let words = || Arc::clone(&base.tokenizer);
        let config = &self.config;
        Ok(Some(match model {
            Model::Sequence(model, _) => {
                Subject::Classifier(TextClassification::around(model.clone(), words(), config))
            }
            Model::Token(model) => {
                Subject::Tagger(TokenClassification::around(model.clone(), words(), config))
            }
            Model::Question(model) => {
                Subject::Reader(QuestionAnswering::around(model.clone(), words(), config))
            }
            Model::Seq2Seq(..) => match self.writer(model, base)? {
                Some(writer) => Subject::Writer(Box::new(writer)),
                None => return Ok(None),
            },
            Model::Causal(model) => Subject::Predictor(Likelihood::around(
                Predictor::Causal(model.clone()),
                words(),
                config,
            )),
            Model::Masked(model) => Subject::Predictor(Likelihood::around(
                Predictor::Masked(model.clone()),
                words(),
                config,
            )),
        }))
    }

    /// What writes with the model, if it writes.
    ///
    /// # Errors
    /// When the base's generation settings cannot be read.
    pub(super) fn writer(&self, model: &Model, base: &Base) -> Result<Option<Generation>> {
        let model = match model {
            Model::Causal(model) => Writer::Causal(model.clone()),
            Model::Seq2Seq(model, _) => Writer::Seq2Seq(model.clone()),
            _ => return Ok(None),
        };
        let defaults = Defaults::read(&base.named.folder, &self.config)?;
        let words = Arc::clone(&base.tokenizer);
        Ok(Some(Generation::around(
            model,
            self.task,
            words,
            &self.config,
            &defaults,
        )))
    }

    /// The share of the test rows that always saying the most frequent class of the training rows
    /// gets right.
    ///
    /// # Errors
    /// When rows cannot be read.
    pub(super) fn majority(&self, plan: &Plan) -> Result<Option<f64>> {
        let rows = self.rows.prepared(Part::Test);
        let counts = plan.data.label_rows.iter().enumerate();
        let most = counts.max_by_key(|(i, count)| (**count, usize::MAX - i));
        let (Task::TextClassification, Some((most, _))) = (self.task, most) else {
            return Ok(None);
        };
        share(&rows, most as u32)
    }
}

/// The share of rows of that class; none if rows have no single class.
fn share(rows: &Prepared, class: u32) -> Result<Option<f64>> {
    let mut right = 0;
    for place in 0..rows.len() {
        match rows.get(place)?.target {
            Target::Class(one) => right += usize::from(one == class),
            _ => return Ok(None),
        }
    }
    Ok((!rows.is_empty()).then(|| right as f64 / rows.len() as f64))
}

/// Whether `new` is better than `old` by the metric `name`. What is no number is never better.
pub fn better(name: &str, new: f64, old: Option<f64>) -> bool {
    match old {
        _ if !new.is_finite() => false,
        None => true,
        Some(old) if more_is_better(name) => new > old,
        Some(old) => new < old,
    }
}
