//! One loaded model, and its task run on one input.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::input;
use super::options::Given;
use super::outcome::{Done, Output, Pace, Watch};
use super::{Input, News, talk};
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::model::generate;
use crate::model::layers::Precision;
use crate::model::pipeline::generation::{Ask, Generation, Progress, Written};
use crate::model::pipeline::{
    FeatureExtraction, FillMask, Note, Outcome, Parts, QuestionAnswering, SentenceEmbedding, Task,
    TextClassification, TokenClassification, fill_mask, question_answering, similarity,
    text_classification, token_classification,
};

/// Most texts that are compared with each other.
const MOST_COMPARED: usize = 64;

/// A model with what its task needs.
pub(super) enum Pipe {
    Writes(Box<Generation>),
    Fills(FillMask),
    Labels(TextClassification),
    Entities(TokenClassification),
    Answers(QuestionAnswering),
    States(FeatureExtraction),
    Compares(SentenceEmbedding),
}

impl Pipe {
    /// Reads the model for a task.
    pub(super) fn load(parts: Parts, task: Task, precision: Precision) -> Result<Self> {
        Ok(match task {
            Task::TextGeneration
            | Task::Text2TextGeneration
            | Task::Summarization
            | Task::Translation => {
                Self::Writes(Box::new(Generation::load(parts, task, precision)?))
            }
            Task::FillMask => Self::Fills(FillMask::load(parts, precision)?),
            Task::TextClassification => Self::Labels(TextClassification::load(parts, precision)?),
            Task::TokenClassification => {
                Self::Entities(TokenClassification::load(parts, precision)?)
            }
            Task::QuestionAnswering => Self::Answers(QuestionAnswering::load(parts, precision)?),
            Task::FeatureExtraction => Self::States(FeatureExtraction::load(parts, precision)?),
            Task::SentenceSimilarity => Self::Compares(SentenceEmbedding::load(parts, precision)?),
        })
    }

    /// Whether it was read for what `task` needs; any text that is written needs the same.
    pub(super) fn does(&self, task: Task) -> bool {
        match self {
            Self::Writes(_) => writes(task),
            Self::Fills(_) => task == Task::FillMask,
            Self::Labels(_) => task == Task::TextClassification,
            Self::Entities(_) => task == Task::TokenClassification,
            Self::Answers(_) => task == Task::QuestionAnswering,
            Self::States(_) => task == Task::FeatureExtraction,
            Self::Compares(_) => task == Task::SentenceSimilarity,
        }
    }

    /// Does `task` from now on.
    pub(super) fn turn_to(&mut self, task: Task) -> Result<()> {
        match self {
            Self::Writes(model) => model.turn_to(task),
            _ => Ok(()),
        }
    }

    /// How it writes if nothing is said, for a model that writes.
    pub(super) fn options(&self) -> Option<generate::Options> {
        match self {
            Self::Writes(model) => Some(model.options()),
            _ => None,
        }
    }

    /// Runs the task.
    pub(super) fn run(
        &self,
        input: &Input,
        prefix: Option<&str>,
        options: &Map<String, Value>,
        cancel: &Cancel,
        tell: &mut dyn FnMut(News),
    ) -> Result<Done> {
        let text = match (self, input) {
            (Self::Writes(_), Input::Talk(_)) => String::new(),
            (_, Input::Talk(_)) => {
                return Err(Error::new(
                    "only a model that writes answers in a conversation",
                ));
            }
            (_, Input::Text(text)) => input::whole(text)?,
        };
        if let Input::Text(_) = input {
            tell(News::Given(text.clone()));
        }
        if let Self::Writes(model) = self {
            return write(model, input, (&text, prefix), options, cancel, tell);
        }
        let watch = Watch::start();
        let (output, notes) = self.read(&text, &Given(options), cancel)?;
        Ok(Done {
            output,
            notes: told(&notes),
            pace: None,
            finish: None,
            took: watch.took(),
        })
    }

    /// Runs a task in which the model reads.
    fn read(&self, text: &str, given: &Given, cancel: &Cancel) -> Result<(Output, Vec<Note>)> {
        let mut stop = || cancel.is_cancelled();
        match self {
            Self::Fills(model) => {
                let mut asked = fill_mask::Options::default();
                asked.top_k = given.count("top_k")?.unwrap_or(asked.top_k);
                asked.targets = given.words("targets")?;
                let text = text.replace("[MASK]", &model.mask());
                Ok(fills(only(model.run(&[&text], &asked, &mut stop)?)?))
            }
            Self::Labels(model) => {
                let pair = given.text("text_pair")?;
                let input = text_classification::Input {
                    text,
                    pair: pair.as_deref(),
                };
                Ok(labels(only(model.run(
                    &[input],
                    &labelling(given)?,
                    &mut stop,
                )?)?))
            }
            Self::Entities(model) => {
                let asked = token_classification::Options {
                    aggregation: given
                        .word(
                            "aggregation_strategy",
                            token_classification::Aggregation::named,
                            "none, simple, first, average or max",
                        )?
                        .unwrap_or(token_classification::Aggregation::Simple),
                    stride: given.count("stride")?,
                    ..token_classification::Options::default()
                };
                let found = only(model.run(&[text], &asked, &mut stop)?)?;
                Ok((Output::Entities(found.output), found.notes))
            }
            Self::Answers(model) => {
                let input = question(text)?;
                Ok(answers(only(model.run(
                    &[input],
                    &asking(given)?,
                    &mut stop,
                )?)?))
            }
            Self::States(model) => {
                let found = only(model.run(&[text], &mut stop)?)?;
                Ok((Output::States(found.output), found.notes))
            }
            Self::Compares(model) => compare(model, text, &mut stop),
            Self::Writes(_) => Err(Error::new("this model writes")),
        }
    }
}

fn writes(task: Task) -> bool {
    matches!(
        task,
        Task::TextGeneration | Task::Text2TextGeneration | Task::Summarization | Task::Translation
    )
}

/// Runs a task in which the model writes, and tells of each token.
fn write(
    model: &Generation,
    input: &Input,
    (text, prefix): (&str, Option<&str>),
    options: &Map<String, Value>,
    cancel: &Cancel,
    tell: &mut dyn FnMut(News),
) -> Result<Done> {
    let mut laid = model.options();
    laid.update(&Value::Object(options.clone()))?;
    if !options.contains_key("min_new_tokens") {
        // What a model was saved with gives way to what is asked for.
        laid.min_new_tokens = laid.min_new_tokens.min(laid.max_new_tokens);
    }
    let mut said = None;
    if let Input::Talk(talk) = input {
        let sent = talk::send(model, talk, &mut laid, tell)?;
        said = Some((talk::Answer::new(&talk.form, &laid.stop_strings), sent.ids));
    }
    laid.check()?;
    let ask = Ask {
        text,
        // What the model was saved with is what it was trained on.
        prefix: prefix.filter(|_| model.prefix().is_none()),
        options: &laid,
        return_full_text: false,
        cancel,
    };
    let mut watch = Watch::start();
    let (mut answer, ids) = said.unzip();
    let mut observe = |progress: Progress<'_>| {
        match progress {
            Progress::Token { text, tokens } => tell(News::Token {
                text: match &mut answer {
                    Some(answer) => answer.push(text),
                    None => text.to_owned(),
                },
                pace: watch.pace(tokens),
            }),
            Progress::Reading { at, of, text } => tell(News::Reading {
                at,
                of,
                text: text.to_owned(),
            }),
            Progress::Part { summary, .. } => tell(News::Summary(summary.to_owned())),
        }
        if cancel.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let written = match &ids {
        Some(ids) => model.run_ids(ids, &ask, &mut observe)?,
        None => model.run(&ask, &mut observe)?,
    };
    let mut done = done(written, watch.took());
    if let (Some(answer), Output::Texts(texts)) = (answer, &mut done.output) {
        for text in texts {
            *text = answer.whole(text);
        }
    }
    Ok(done)
}

fn done(written: Written, took: std::time::Duration) -> Done {
    let texts = written.output.into_iter().map(|one| one.text);
    Done {
        output: Output::Texts(texts.collect()),
        notes: told(&written.notes),
        pace: Some(Pace::of(&written.timing)),
        finish: Some(written.finish),
        took,
    }
}

fn told(notes: &[Note]) -> Vec<String> {
    notes.iter().map(ToString::to_string).collect()
}

/// The outcome of the only input.
fn only<T>(found: Vec<Outcome<T>>) -> Result<Outcome<T>> {
    found
        .into_iter()
        .next()
        .ok_or_else(|| Error::new("the model gave nothing"))
}

fn fills(found: Outcome<fill_mask::Filled>) -> (Output, Vec<Note>) {
    let all = match found.output {
        fill_mask::Filled::One(fills) => vec![fills],
        fill_mask::Filled::Several(all) => all,
    };
    (Output::Fills(all), found.notes)
}

fn labelling(given: &Given) -> Result<text_classification::Options> {
    use text_classification::{Function, Options, Top};
    let top = given.count("top_k")?;
    Ok(Options {
        function: given.word(
            "function_to_apply",
            Function::named,
            "softmax, sigmoid or none",
        )?,
        top: top.map_or(Top::All, Top::Most),
    })
}

fn labels(found: Outcome<text_classification::Labelled>) -> (Output, Vec<Note>) {
    let ranked = match found.output {
        text_classification::Labelled::Best(label) => vec![label],
        text_classification::Labelled::Ranked(labels) => labels,
    };
    (Output::Labels(ranked), found.notes)
}

/// The question in the first line, and the text that follows.
fn question(text: &str) -> Result<question_answering::Input<'_>> {
    let (question, context) = text.split_once('\n').unwrap_or((text, ""));
    if context.trim().is_empty() {
        return Err(Error::usage("there is no text to find the answer in")
            .hint("the question is the first line; the text follows from the second on"));
    }
    Ok(question_answering::Input {
        question: question.trim(),
        context,
    })
}

fn asking(given: &Given) -> Result<question_answering::Options> {
    let usual = question_answering::Options::default();
    Ok(question_answering::Options {
        top_k: given.count("top_k")?.unwrap_or(3),
        doc_stride: given.count("doc_stride")?,
        max_answer_len: given
            .count("max_answer_len")?
            .unwrap_or(usual.max_answer_len),
        handle_impossible_answer: given.flag("handle_impossible_answer")?,
        ..usual
    })
}

fn answers(found: Outcome<question_answering::Answers>) -> (Output, Vec<Note>) {
    let all = match found.output {
        question_answering::Answers::One(answer) => vec![answer],
        question_answering::Answers::Several(all) => all,
    };
    (Output::Answers(all), found.notes)
}

/// How close each line is to each.
fn compare(
    model: &SentenceEmbedding,
    text: &str,
    stop: &mut dyn FnMut() -> bool,
) -> Result<(Output, Vec<Note>)> {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if lines.len() < 2 {
        return Err(Error::usage("one text is like nothing else")
            .hint("give two texts or more, one a line"));
    }
    if lines.len() > MOST_COMPARED {
        let what = format!("{} texts are too many to see", lines.len());
        return Err(Error::usage(what).hint(format!("give {MOST_COMPARED} at most, one a line")));
    }
    let found = model.run(&lines, stop)?;
    let mut notes: Vec<Note> = Vec::new();
    let mut vectors = Vec::new();
    for one in found {
        notes.extend(one.notes);
        vectors.push(one.output);
    }
    Ok((
        Output::Similarity(similarity::cosines(&vectors, &vectors)?),
        notes,
    ))
}
