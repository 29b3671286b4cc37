//! A model with the loss of its task.

use super::features::{Features, Target as Learned};
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::{Config, ProblemType};
use crate::model::heads::{
    CausalLm, MaskedLm, QuestionAnswering, SequenceClassification, TokenClassification,
};
use crate::model::kernels::cross_entropy::Target;
use crate::model::layers::Source;
use crate::model::pipeline::Task;
use crate::model::t5::T5;
use crate::model::tape::{Loss, Param, Tape};

/// A model that learns, or that is judged.
pub struct Learner {
    /// The model.
    pub model: Model,
    /// All its parameters, in the order in which they were made.
    pub params: Vec<Param>,
    smoothing: f32,
    /// What each class counts for; all the same if empty.
    class_weights: Vec<f32>,
}

/// The architectures' heads, by what is learned.
pub enum Model {
    /// Labels of texts, read as the problem type says.
    Sequence(SequenceClassification, ProblemType),
    /// Labels of tokens.
    Token(TokenClassification),
    /// Answers in texts.
    Question(QuestionAnswering),
    /// The next token.
    Causal(CausalLm),
    /// Masked tokens.
    Masked(MaskedLm),
    /// Texts of other texts; and the token that each begins with.
    Seq2Seq(T5, u32),
}

impl Model {
    /// The model of `config` with the head for `task`.
    ///
    /// # Errors
    /// An architecture that has no such head, a tensor that is missing or of another shape, or a
    /// file that cannot be read.
    pub fn load(source: &Source, config: &Config, task: Task) -> Result<Self> {
        Ok(match task {
            Task::TextClassification => {
                let problem = config.common().problem_type;
                let problem = problem.unwrap_or(ProblemType::SingleLabel);
                Self::Sequence(SequenceClassification::load(source, config)?, problem)
            }
            Task::TokenClassification => Self::Token(TokenClassification::load(source, config)?),
            Task::QuestionAnswering => Self::Question(QuestionAnswering::load(source, config)?),
            Task::TextGeneration => Self::Causal(CausalLm::load(source, config)?),
            Task::FillMask => Self::Masked(MaskedLm::load(source, config)?),
            Task::Text2TextGeneration | Task::Summarization | Task::Translation => match config {
                Config::T5(t5) => Self::Seq2Seq(T5::load(source, t5)?, t5.decoder_start_token_id),
                _ => return Err(Error::new("this model makes no text of another")),
            },
            Task::FeatureExtraction | Task::SentenceSimilarity => {
                return Err(Error::usage(format!("{task} is not trained here"))
                    .at("--task")
                    .hint("embedders learn from pairs, with a loss that this program has not"));
            }
        })
    }
}

impl Learner {
    /// The model of `config` for `task`, of what `source` gives.
    ///
    /// # Errors
    /// As [`Model::load`]; and when nothing of it would learn.
    pub fn load(source: &Source, config: &Config, task: Task) -> Result<Self> {
        let model = Model::load(source, config, task)?;
        let params = source.params();
        source.learns().check(&params)?;
        Ok(Self {
            params,
            model,
            smoothing: 0.0,
            class_weights: Vec::new(),
        })
    }

    /// The same with so much of each target spread over all classes, and with classes that count
    /// differently.
    #[must_use]
    pub fn weighing(self, smoothing: f32, class_weights: Vec<f32>) -> Self {
        Self {
            smoothing,
            class_weights,
            ..self
        }
    }

    /// The parameters that learn.
    pub fn trainable(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.trainable())
    }

    /// How many weights learn, and how many there are.
    pub fn counts(&self) -> (u64, u64) {
        let sum = |count, param: &Param| count + param.len() as u64;
        let all = self.params.iter().fold(0, sum);
        (self.trainable().fold(0, sum), all)
    }

    /// What the losses of `rows` are summed over: what a mean is the sum divided by.
    pub fn count(&self, rows: &[Features]) -> f64 {
        rows.iter().map(|row| self.count_of(&row.target)).sum()
    }

    fn count_of(&self, target: &Learned) -> f64 {
        let some = |labels: &[Option<u32>]| labels.iter().flatten().count() as f64;
        match target {
            Learned::Class(class) => f64::from(self.class_weight(*class)),
            Learned::Classes(classes) => classes.len() as f64,
            Learned::Number(_) | Learned::Span { .. } => 1.0,
            Learned::Tokens(labels) => match self.model {
                Model::Causal(_) => some(labels.get(1..).unwrap_or(&[])),
                _ => some(labels),
            },
            Learned::Text(ids) => ids.len() as f64,
            Learned::Masked => 0.0,
        }
    }

    fn class_weight(&self, class: u32) -> f32 {
        *self.class_weights.get(class as usize).unwrap_or(&1.0)
    }

    /// The loss of `rows`, summed and divided by `count`.
    ///
    /// # Errors
    /// Rows that are of another task.
    #[expect(clippy::too_many_lines, reason = "one arm a head")]
    pub fn loss(&self, tape: &mut Tape, rows: &[Features], count: f64) -> Result<Loss> {
        let batch = batch(rows);
        let weight = (1.0 / count) as f32;
        let target = |id| Target { id, weight };
        let wrong = || Error::new("the rows were prepared for another task");
        Ok(match &self.model {
            Model::Sequence(model, problem) => {
                let logits = model.logits(tape, &batch);
                match problem {
                    ProblemType::SingleLabel => {
                        let classes = each(rows, |target| match target {
                            Learned::Class(class) => Some(*class),
                            _ => None,
                        });
                        let targets: Vec<_> = classes
                            .ok_or_else(wrong)?
                            .into_iter()
                            .map(|id| {
                                let weight = weight * self.class_weight(id);
                                Some(Target { id, weight })
                            })
                            .collect();
                        tape.cross_entropy(&logits, &targets, self.smoothing)
                    }
                    ProblemType::MultiLabel => {
                        let labels = each(rows, |target| match target {
                            Learned::Classes(classes) => Some(classes.clone()),
                            _ => None,
                        });
                        let labels = labels.ok_or_else(wrong)?.concat();
                        tape.binary_cross_entropy(&logits, &labels, count)
                    }
                    ProblemType::Regression => {
                        let labels = each(rows, |target| match target {
                            Learned::Number(number) => Some(*number),
                            _ => None,
                        });
                        tape.mean_squared_error(&logits, &labels.ok_or_else(wrong)?, count)
                    }
                }
            }
            Model::Token(model) => {
                let targets = tokens(rows, 0, target).ok_or_else(wrong)?;
                let logits = model.logits(tape, &batch);
                tape.cross_entropy(&logits, &targets, self.smoothing)
            }
            Model::Question(model) => {
                let spans = each(rows, |target| match target {
                    Learned::Span { start, end } => Some([Some(*start), Some(*end)]),
                    _ => None,
                });
                let logits = model.logits(tape, &batch);
                let spans = spans.ok_or_else(wrong)?;
                tape.span_cross_entropy(&logits, &batch.starts, &spans, Some(count))
            }
            Model::Causal(model) => {
                let targets = tokens(rows, 1, target).ok_or_else(wrong)?;
                model.loss(tape, &batch.ids, &batch.starts, &targets, self.smoothing)
            }
            Model::Masked(model) => {
                let targets = tokens(rows, 0, target).ok_or_else(wrong)?;
                model.loss(tape, &batch, &targets, self.smoothing)
            }
            Model::Seq2Seq(model, start) => {
                let texts = each(rows, |target| match target {
                    Learned::Text(ids) => Some(ids.as_slice()),
                    _ => None,
                });
                let texts = texts.ok_or_else(wrong)?;
                let mut outputs = Batch::default();
                for ids in &texts {
                    let given = &ids[..ids.len().saturating_sub(1)];
                    outputs.push(&[&[*start], given].concat(), None);
                }
                let targets: Vec<_> = texts
                    .concat()
                    .into_iter()
                    .map(|id| Some(target(id)))
                    .collect();
                model.loss(tape, &batch, &outputs, &targets, self.smoothing)
            }
        })
    }
}

/// What the model reads of `rows`.
pub fn batch(rows: &[Features]) -> Batch {
    let mut batch = Batch::default();
    for row in rows {
        let types = (!row.type_ids.is_empty()).then_some(row.type_ids.as_slice());
        batch.push(&row.ids, types);
    }
    batch
}

/// What `of` finds in each target; nothing if one is of another kind.
fn each<'a, T>(rows: &'a [Features], of: impl Fn(&'a Learned) -> Option<T>) -> Option<Vec<T>> {
    rows.iter().map(|row| of(&row.target)).collect()
}

/// The target of each token, which is the label `ahead` of it.
fn tokens(
    rows: &[Features],
    ahead: usize,
    target: impl Fn(u32) -> Target,
) -> Option<Vec<Option<Target>>> {
    let labels = each(rows, |target| match target {
        Learned::Tokens(labels) => Some(labels),
        _ => None,
    })?;
    let shifted = labels.into_iter().flat_map(|labels| {
        (0..labels.len()).map(move |i| labels.get(i + ahead).copied().flatten())
    });
    Some(shifted.map(|label| label.map(&target)).collect())
}
