//! From a model and rows to metrics: what `modeldesk eval` prints, and what a run quotes of its
//! check and test rows.
//!
//! A [`Subject`] is a model that does a task, from a folder or from memory. [`judge`] runs it over
//! rows and keeps a little of each, a [`Judgement`]; this gives an [`Evaluation`], with intervals,
//! and says how it differs from that of another model on the same rows.
//!
//! - `texts`, `tags`, `answers`, `likelihoods`, `writing`, `similarity`: one a kind of task
//! - `labels`: the labels of a dataset beside those of a model
//! - `losses`: of logits; `worst`: the rows that went worst

mod answers;
mod evaluation;
mod judgement;
mod labels;
mod likelihoods;
mod losses;
mod similarity;
mod subject;
mod tags;
mod texts;
mod worst;
mod writing;

pub use evaluation::{ByClass, Confusion, Evaluation, Figure, Ordered, Worst, more_is_better};
pub use judgement::{Judgement, Shift};
pub use subject::Subject;

use super::dataset::{Example, Row};
use super::metrics::bleu::Bleu;
use super::metrics::bootstrap::Draws;
use super::metrics::entities::Mode;
use super::metrics::rouge::Rouge;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::model::pipeline::Task;
use crate::model::template::Template;

/// How a model is measured.
#[derive(Clone)]
pub struct Options {
    /// Only so many rows.
    pub limit: Option<usize>,
    /// How rows are drawn for intervals, and shuffled for differences.
    pub draws: Draws,
    /// How many shuffles a difference is held against.
    pub trials: usize,
    /// How many of the worst rows are given.
    pub worst: usize,
    /// Labels of other models that are measured on the same rows, so that all are numbered alike.
    pub labels: Vec<String>,
    /// What counts as an entity.
    pub entities: Mode,
    /// How BLEU is computed.
    pub bleu: Bleu,
    /// How ROUGE is computed.
    pub rouge: Rouge,
    /// How far windows of a long text move on, for perplexity; half a window where it is not said.
    pub stride: Option<usize>,
    /// What decides which tokens are masked.
    pub seed: u64,
    /// How conversations become texts; by what they look like where it is not said.
    pub template: Option<&'static dyn Template>,
    /// The most tokens that are written; what the model was saved with where it is not said.
    pub max_new_tokens: Option<usize>,
    /// How many beams are followed in writing; likewise.
    pub num_beams: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limit: None,
            draws: Draws::default(),
            trials: 10_000,
            worst: 5,
            labels: Vec::new(),
            entities: Mode::default(),
            bleu: Bleu::default(),
            rouge: Rouge {
                stem: true,
                ..Rouge::default()
            },
            stride: None,
            seed: 42,
            template: None,
            max_new_tokens: None,
            num_beams: None,
        }
    }
}

/// Keeps what is needed of rows, a few at a time.
trait Judge {
    /// How many rows are taken at once.
    fn at_once(&self) -> usize {
        256
    }

    /// Runs the model over rows.
    fn add(&mut self, rows: &[Row], cancel: &Cancel) -> Result<()>;

    /// What was kept.
    fn finish(self: Box<Self>) -> Result<Judgement>;
}

/// Measures a model on rows whose labels are `names`. `observe` is told how many rows are done.
///
/// # Errors
/// No rows, rows of another task, labels that the model does not have, or a stop.
pub fn evaluate(
    subject: &Subject,
    names: &[String],
    rows: impl Iterator<Item = Result<Row>>,
    options: &Options,
    cancel: &Cancel,
    observe: &mut dyn FnMut(usize),
) -> Result<Evaluation> {
    judge(subject, names, rows, options, cancel, observe)?.evaluation(options.draws, cancel)
}

/// Runs a model over rows and keeps what its metrics are computed from.
///
/// # Errors
/// As for [`evaluate`].
pub fn judge(
    subject: &Subject,
    names: &[String],
    rows: impl Iterator<Item = Result<Row>>,
    options: &Options,
    cancel: &Cancel,
    observe: &mut dyn FnMut(usize),
) -> Result<Judgement> {
    let rows = rows.take(options.limit.unwrap_or(usize::MAX));
    let judge: Box<dyn Judge + '_> = match subject {
        Subject::Classifier(model) => Box::new(texts::Texts::new(model, names, options)?),
        Subject::Tagger(model) => Box::new(tags::Tags::new(model, names, options)?),
        Subject::Predictor(model) => Box::new(likelihoods::Likelihoods::new(model, options)?),
        Subject::Writer(model) => Box::new(writing::Writing::new(model, options)),
        Subject::Embedder(model) => Box::new(similarity::Similarity::new(model, options)),
        Subject::Reader(model) => {
            // Whether some questions have no answer decides how all of them are judged.
            let rows = rows.collect::<Result<Vec<_>>>()?;
            let judge = answers::Answers::new(model, &rows, options);
            return run(Box::new(judge), rows.into_iter().map(Ok), cancel, observe);
        }
    };
    run(judge, rows, cancel, observe)
}

fn run(
    mut judge: Box<dyn Judge + '_>,
    rows: impl Iterator<Item = Result<Row>>,
    cancel: &Cancel,
    observe: &mut dyn FnMut(usize),
) -> Result<Judgement> {
    let mut rows = rows.peekable();
    let mut done = 0;
    while rows.peek().is_some() {
        cancel.check()?;
        let some = rows.by_ref().take(judge.at_once());
        let some = some.collect::<Result<Vec<Row>>>()?;
        judge.add(&some, cancel)?;
        done += some.len();
        observe(done);
    }
    if done == 0 {
        return Err(Error::new("there are no rows to measure with"));
    }
    judge.finish()
}

/// The error of a row that is not of the task.
fn unfit(row: &Row, task: Task) -> Error {
    let is = match &row.example {
        Example::Classified { .. } => "a text with a label",
        Example::Tagged { .. } => "words with tags",
        Example::Question { .. } => "a question",
        Example::Plain { .. } => "a text by itself",
        Example::Dialogue { .. } => "a conversation",
        Example::Pair { .. } => "a text with what is to be made of it",
    };
    Error::new(format!("is {is}, which {task} is not measured with"))
        .at(row.place.to_string())
        .hint("name another task with --task, or give data of this one")
}
