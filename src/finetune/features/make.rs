//! Features of one row.

use serde::{Deserialize, Serialize};

use super::{Features, Target, dialogue, pairs, questions, tags};
use crate::error::{Error, Result};
use crate::finetune::dataset::{Example, Label};
use crate::model::pipeline::Task;
use crate::model::template::Template;
use crate::model::tokenizer::{Encoding, Tokenizer};

/// The most tokens of a window where nothing is said, as `run_qa` has it.
const WINDOW: usize = 384;
/// The most tokens that windows share where nothing is said.
const STRIDE: usize = 128;
/// The most tokens of what is written where nothing is said, as `run_summarization` has it.
const TARGET: usize = 128;
/// The most tokens of a row or a block where nothing is said: longer ones cost more than they
/// teach on a processor.
const TOKENS: usize = 512;
/// The shortest rows that are cut to.
const SHORTEST: usize = 8;

/// What decides the features of a row, beside the tokenizer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What is learned.
    pub task: Task,
    /// The most tokens that the model reads of a row, or of a block or window.
    pub max_length: usize,
    /// The most tokens that it learns to write, for a task that makes one text of another.
    pub max_target_length: usize,
    /// How many tokens a window repeats of the one before, for questions.
    pub stride: usize,
    /// Whether all tokens of a word are labelled, not only the first.
    pub label_all_tokens: bool,
    /// Whether plain texts are joined and cut into blocks of `max_length`.
    pub blocks: bool,
    /// Stands before every text of which another is made.
    pub source_prefix: String,
}

impl Recipe {
    /// The usual recipe for a task, for a model that reads `longest` tokens.
    pub fn of(task: Task, longest: usize) -> Self {
        let most = if task == Task::QuestionAnswering {
            WINDOW
        } else {
            TOKENS
        };
        let max_length = most.min(longest);
        Self {
            task,
            max_length,
            max_target_length: TARGET,
            stride: STRIDE.min(max_length / 3),
            label_all_tokens: false,
            blocks: matches!(task, Task::TextGeneration | Task::FillMask),
            source_prefix: String::new(),
        }
    }

    /// As it is, with rows cut at `length` tokens of the `longest` that the model reads.
    ///
    /// # Errors
    /// When a row cannot be so short, or the model reads less.
    pub fn within(mut self, length: usize, longest: usize) -> Result<Self> {
        if length < SHORTEST || length > longest {
            return Err(
                Error::usage(format!("{length} is not from {SHORTEST} to {longest}"))
                    .at("--max-length")
                    .hint(format!("the model reads {longest} tokens")),
            );
        }
        self.max_length = length;
        self.stride = self.stride.min(length / 3);
        Ok(self)
    }

    /// How long the blocks are that plain texts are cut into.
    pub fn block(&self) -> Option<usize> {
        let packs = matches!(self.task, Task::TextGeneration | Task::FillMask);
        (self.blocks && packs).then_some(self.max_length)
    }
}

/// Makes features of rows.
pub struct Maker<'a> {
    pub(super) tokenizer: &'a Tokenizer,
    pub(super) recipe: Recipe,
    pub(super) template: Option<&'a dyn Template>,
    /// The tag of a word's later tokens, for each tag.
    pub(super) inside: Vec<u32>,
}

/// What became of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Made {
    /// Its features, in order: several windows of a long text, or none where nothing is left to
    /// learn.
    pub features: Vec<Features>,
    /// How many tokens the whole row has.
    pub tokens: usize,
    /// Whether tokens of it were left out.
    pub cut: bool,
    /// Whether it is a text that goes into blocks.
    pub packs: bool,
}

impl<'a> Maker<'a> {
    /// A maker for rows whose labels are `names`. `template` renders conversations.
    ///
    /// # Errors
    /// When the tokenizer lacks a token that the task needs.
    pub fn new(
        tokenizer: &'a Tokenizer,
        recipe: Recipe,
        names: &[String],
        template: Option<&'a dyn Template>,
    ) -> Result<Self> {
        let special = tokenizer.special();
        let lacks = |what: &str| {
            Error::new(format!(
                "the tokenizer has no {what} token, which {} needs",
                recipe.task
            ))
            .hint("choose a model that was made for that task")
        };
        match recipe.task {
            Task::FillMask if special.mask.is_none() => return Err(lacks("mask")),
            Task::TextGeneration if special.eos.is_none() => return Err(lacks("end-of-text")),
            _ => {}
        }
        Ok(Self {
            tokenizer,
            inside: tags::inside(names),
            recipe,
            template,
        })
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The features of a row.
    ///
    /// # Errors
    /// A text that cannot be taken apart, or a row that is not of the task.
    pub fn make(&self, example: &Example) -> Result<Made> {
        match example {
            Example::Classified { text, pair, label } => {
                self.classified(text, pair.as_deref(), label)
            }
            Example::Tagged { words, tags } => tags::make(self, words, tags),
            Example::Question {
                question,
                context,
                answers,
                ..
            } => questions::make(self, question, context, answers.first()),
            Example::Plain { text, ends } => self.plain(text, *ends),
            Example::Dialogue { turns } => dialogue::make(self, turns),
            Example::Pair { source, target } => pairs::make(self, source, target),
        }
    }

    /// A text or a pair with what it is, cut to the longest input, the longer text first.
    fn classified(&self, text: &str, pair: Option<&str>, label: &Label) -> Result<Made> {
        let target = match label {
            Label::One(class) => Target::Class(*class),
            Label::Many(classes) => {
                Target::Classes(classes.iter().map(|on| f32::from(u8::from(*on))).collect())
            }
            Label::Number(number) => Target::Number(*number),
        };
        let (encoding, tokens) = self.tokenizer.within(text, pair, self.recipe.max_length)?;
        Ok(Made::one(encoding, tokens, target))
    }

    /// A text of which every token is learned, or what masks hide.
    fn plain(&self, text: &str, ends: bool) -> Result<Made> {
        let packs = self.recipe.block().is_some();
        let most = if packs {
            usize::MAX
        } else {
            self.recipe.max_length
        };
        let (mut encoding, mut tokens) = self.tokenizer.within(text, None, most)?;
        if self.recipe.task == Task::FillMask {
            return Ok(Made {
                packs,
                ..Made::one(encoding, tokens, Target::Masked)
            });
        }
        if let Some(eos) = self.tokenizer.special().eos.filter(|_| ends) {
            tokens += 1;
            if encoding.len() < most {
                encoding.ids.push(eos);
                encoding.type_ids.push(0);
            }
        }
        let target = Target::Tokens(encoding.ids.iter().copied().map(Some).collect());
        Ok(Made {
            packs,
            ..Made::one(encoding, tokens, target)
        })
    }
}

impl Made {
    /// One set of features of a row of `tokens` tokens; none if nothing of it is left.
    pub(super) fn one(encoding: Encoding, tokens: usize, target: Target) -> Self {
        let cut = encoding.len() < tokens;
        let features = Features::of(encoding, target);
        let features = if features.is_empty() {
            Vec::new()
        } else {
            vec![features]
        };
        Self {
            features,
            tokens,
            cut,
            packs: false,
        }
    }
}
