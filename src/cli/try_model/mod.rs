//! `modeldesk try MODEL [TEXT]`: one model on one text, or on many.

mod inputs;
mod read;
pub(super) mod write;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use super::interrupt::stop_on_interrupt;
use super::out::{Out, say};
use super::{Exit, model};
use crate::error::{Error, Result};
use crate::hub::Cache;
use crate::jobs::Cancel;
use crate::model::layers::Precision;
use crate::model::pipeline::{Parts, Task};
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
MODEL is a folder, a model in the cache that Python's huggingface_hub uses, by its id or a name that
its card goes by, or a run's id. TEXT may be `-` for standard input; --file has one input a line. Output has the shape of transformers' pipelines.

Examples:
  modeldesk try google/flan-t5-small \"translate English to German: How old are you?\"
  modeldesk try openai-community/gpt2 \"The lease ends\" --do-sample --temperature 0.8 --seed 7
  modeldesk try distilbert-base-uncased \"Paris is the [MASK] of France.\" --top-k 3
  modeldesk try ./my-run/model --task text-classification --file reviews.txt --json
  modeldesk try all-MiniLM-L6-v2 --task sentence-similarity \"a cat\" \"a kitten\" \"a car\"
  modeldesk try my-qa-model --question \"Who pays?\" - < lease.txt")]
pub(super) struct Arguments {
    /// A folder, a model in the cache, or a run's id
    model: String,
    /// The text; several for sentence-similarity; `-` for standard input
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// What to do, by the hub's name; what the model was trained for by default
    #[arg(long)]
    task: Option<String>,
    /// A file with one input a line
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<PathBuf>,
    /// The question; the text is what the answer is in
    #[arg(long)]
    question: Option<String>,
    /// The second text of a pair
    #[arg(long, value_name = "TEXT")]
    text_pair: Option<String>,
    /// What weights are kept in: f32, q8 or q4
    #[arg(long, default_value = "q8", value_parser = model::precision)]
    precision: Precision,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// With --json: raw logits or vectors too
    #[arg(long, requires = "json")]
    scores: bool,
    #[command(flatten)]
    reading: read::Options,
    #[command(flatten)]
    writing: write::Options,
}

/// What a model gave.
struct Tried {
    /// As transformers' pipeline gives it.
    output: Value,
    /// More fields of the JSON object.
    more: Vec<(&'static str, Value)>,
    timing: Value,
    interrupted: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let asked = arguments.task.as_deref().map(Task::named).transpose()?;
    let inputs = inputs::read(arguments)?;
    let found = model::find(&arguments.model, settings)?;
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let started = Instant::now();
    let parts =
        Parts::read_with(&found.folder, &Cache::of_environment(settings))?.keeping(model::packed());
    let task = parts.task(asked)?;
    let precision = parts.precision(arguments.precision);
    if precision != arguments.precision && !arguments.json {
        let only = precision.name();
        say("note", &format!("this architecture runs in {only} only"));
    }
    for (name, given) in [
        ("--question", arguments.question.is_some()),
        ("--text-pair", arguments.text_pair.is_some()),
    ] {
        let right = match name {
            "--question" => task == Task::QuestionAnswering,
            _ => task == Task::TextClassification,
        };
        if given && !right {
            return Err(Error::usage(format!("is not for {task}")).at(name));
        }
    }
    let with = With {
        arguments,
        task,
        precision,
        inputs: &inputs,
        cancel: &cancel,
        started,
    };
    let tried = match task {
        Task::TextGeneration
        | Task::Text2TextGeneration
        | Task::Summarization
        | Task::Translation => write::run(&with, parts, out)?,
        _ => read::run(&with, parts, out)?,
    };
    if arguments.json {
        let mut object = json!({
            "model": found.name,
            "task": task.name(),
            "precision": precision.name(),
            "output": tried.output,
            "timing": tried.timing,
        });
        for (name, value) in tried.more {
            object[name] = value;
        }
        out.json(&object);
    }
    out.finish()?;
    Ok(if tried.interrupted {
        Exit::Interrupted
    } else {
        Exit::Done
    })
}

/// What a task is run with.
struct With<'a> {
    arguments: &'a Arguments,
    task: Task,
    precision: Precision,
    inputs: &'a [String],
    cancel: &'a Cancel,
    started: Instant,
}

impl With<'_> {
    /// Whether the task is to stop.
    fn stop(&self) -> impl FnMut() -> bool {
        || self.cancel.is_cancelled()
    }
}

/// Says each note once, with the input that it is about where there are several.
fn say_notes<'a>(
    notes: impl IntoIterator<Item = (usize, &'a crate::model::pipeline::Note)>,
    inputs: usize,
) {
    for (i, note) in notes {
        if inputs > 1 {
            say("note", &format!("input {}: {note}", i + 1));
        } else {
            say("note", &note.to_string());
        }
    }
}
