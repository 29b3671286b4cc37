//! The tasks in which a model reads: it labels, finds, fills in and compares.

use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Tried, With, say_notes};
use crate::cli::out::Out;
use crate::error::{Error, Result};
use crate::model::pipeline::{
    FeatureExtraction, FillMask, Outcome, Parts, QuestionAnswering, SentenceEmbedding, Task,
    TextClassification, TokenClassification, fill_mask, question_answering, similarity,
    text_classification, token_classification,
};
use crate::text;

/// How a model reads, under the names of transformers' pipelines.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Options for tasks that read")]
pub(in crate::cli) struct Options {
    /// How many of the best are given; for tasks that write, how many tokens a draw is from
    #[arg(long, value_name = "N")]
    pub top_k: Option<usize>,
    /// fill-mask: score only these words
    #[arg(long, value_delimiter = ',', value_name = "WORD")]
    targets: Vec<String>,
    /// text-classification: softmax, sigmoid or none
    #[arg(long, value_name = "FUNCTION")]
    function_to_apply: Option<String>,
    /// token-classification: none, simple, first, average or max
    #[arg(long, default_value = "simple", value_name = "STRATEGY")]
    aggregation_strategy: String,
    /// Tokens that windows into a long text share
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// question-answering: an answer may be none
    #[arg(long)]
    handle_impossible_answer: bool,
    /// question-answering: most words of an answer
    #[arg(long, value_name = "N")]
    max_answer_len: Option<usize>,
}

pub(super) fn run(with: &With, parts: Parts, out: &mut Out) -> Result<Tried> {
    let texts: Vec<&str> = with.inputs.iter().map(String::as_str).collect();
    match with.task {
        Task::FillMask => fill_mask(with, parts, &texts, out),
        Task::TextClassification => text_classification(with, parts, &texts, out),
        Task::TokenClassification => token_classification(with, parts, &texts, out),
        Task::QuestionAnswering => question_answering(with, parts, &texts, out),
        Task::SentenceSimilarity => similarity(with, parts, &texts, out),
        _ => {
            let model = FeatureExtraction::load(parts, with.precision)?;
            let clock = Clock::loaded(with);
            Ok(finish(
                with,
                &clock,
                &model.run(&texts, &mut with.stop())?,
                out,
            ))
        }
    }
}

fn fill_mask(with: &With, parts: Parts, texts: &[&str], out: &mut Out) -> Result<Tried> {
    let options = &with.arguments.reading;
    let model = FillMask::load(parts, with.precision)?;
    let mut asked = fill_mask::Options::default();
    asked.top_k = options.top_k.unwrap_or(asked.top_k);
    asked.targets = (!options.targets.is_empty()).then(|| options.targets.clone());
    let clock = Clock::loaded(with);
    Ok(finish(
        with,
        &clock,
        &model.run(texts, &asked, &mut with.stop())?,
        out,
    ))
}

fn text_classification(with: &With, parts: Parts, texts: &[&str], out: &mut Out) -> Result<Tried> {
    use text_classification::{Function, Input, Options, Top};
    let options = &with.arguments.reading;
    let named = |name: &str| {
        choice(
            "--function-to-apply",
            Function::named(name),
            "softmax, sigmoid or none",
        )
    };
    let mut asked = Options {
        function: options
            .function_to_apply
            .as_deref()
            .map(named)
            .transpose()?,
        ..Options::default()
    };
    if let Some(top) = options.top_k {
        asked.top = Top::Most(top);
    }
    let model = TextClassification::load(parts, with.precision)?;
    let pair = with.arguments.text_pair.as_deref();
    let inputs: Vec<Input> = texts.iter().map(|text| Input { text, pair }).collect();
    let clock = Clock::loaded(with);
    let mut tried = finish(
        with,
        &clock,
        &model.run(&inputs, &asked, &mut with.stop())?,
        out,
    );
    if with.arguments.scores {
        let raw = Options {
            function: Some(Function::None),
            top: Top::All,
        };
        tried
            .more
            .push(("scores", json!(model.run(&inputs, &raw, &mut with.stop())?)));
    }
    Ok(tried)
}

fn token_classification(with: &With, parts: Parts, texts: &[&str], out: &mut Out) -> Result<Tried> {
    use token_classification::{Aggregation, Options};
    let options = &with.arguments.reading;
    let strategy = Aggregation::named(&options.aggregation_strategy);
    let asked = Options {
        aggregation: choice(
            "--aggregation-strategy",
            strategy,
            "none, simple, first, average or max",
        )?,
        stride: options.stride,
        ..Options::default()
    };
    let model = TokenClassification::load(parts, with.precision)?;
    let clock = Clock::loaded(with);
    Ok(finish(
        with,
        &clock,
        &model.run(texts, &asked, &mut with.stop())?,
        out,
    ))
}

fn question_answering(with: &With, parts: Parts, texts: &[&str], out: &mut Out) -> Result<Tried> {
    use question_answering::{Input, Options};
    let options = &with.arguments.reading;
    let question = with.arguments.question.as_deref().ok_or_else(|| {
        Error::usage("there is no question")
            .at("--question")
            .hint("the text is what the answer is in")
    })?;
    let mut asked = Options {
        doc_stride: options.stride,
        handle_impossible_answer: options.handle_impossible_answer,
        ..Options::default()
    };
    asked.top_k = options.top_k.unwrap_or(asked.top_k);
    asked.max_answer_len = options.max_answer_len.unwrap_or(asked.max_answer_len);
    let model = QuestionAnswering::load(parts, with.precision)?;
    let inputs: Vec<Input> = texts
        .iter()
        .map(|context| Input { question, context })
        .collect();
    let clock = Clock::loaded(with);
    Ok(finish(
        with,
        &clock,
        &model.run(&inputs, &asked, &mut with.stop())?,
        out,
    ))
}

fn similarity(with: &With, parts: Parts, texts: &[&str], out: &mut Out) -> Result<Tried> {
    let model = SentenceEmbedding::load(parts, with.precision)?;
    let clock = Clock::loaded(with);
    let found = model.run(texts, &mut with.stop())?;
    notes(&found);
    let vectors: Vec<Vec<f32>> = found.into_iter().map(|one| one.output).collect();
    let matrix = similarity::cosines(&vectors, &vectors)?;
    if !with.arguments.json {
        for row in &matrix {
            let row: Vec<String> = row.iter().map(|x| format!("{x:6.3}")).collect();
            out.line(row.join(" "));
        }
    }
    let scores = with.arguments.scores.then(|| ("scores", json!(vectors)));
    Ok(Tried {
        output: json!(matrix),
        more: scores.into_iter().collect(),
        timing: clock.timing(),
        interrupted: false,
    })
}

/// What an option's word means.
fn choice<T>(flag: &str, found: Option<T>, words: &str) -> Result<T> {
    found.ok_or_else(|| Error::usage(format!("use {words}")).at(flag))
}

/// When the model was there, and when it was done.
struct Clock {
    load: f64,
    loaded: Instant,
}

impl Clock {
    fn loaded(with: &With) -> Self {
        Self {
            load: with.started.elapsed().as_secs_f64(),
            loaded: Instant::now(),
        }
    }

    fn timing(&self) -> Value {
        let run = self.loaded.elapsed().as_secs_f64();
        json!({ "load_s": self.load, "run_s": run })
    }
}

fn notes<T>(found: &[Outcome<T>]) {
    let all = found.iter().enumerate();
    say_notes(
        all.flat_map(|(i, one)| one.notes.iter().map(move |note| (i, note))),
        found.len(),
    );
}

/// Prints what was found for a person, or keeps it for a program.
fn finish<T: Serialize>(with: &With, clock: &Clock, found: &[Outcome<T>], out: &mut Out) -> Tried {
    let timing = clock.timing();
    notes(found);
    let outputs: Vec<Value> = found.iter().map(|one| json!(one.output)).collect();
    if !with.arguments.json {
        for (input, output) in with.inputs.iter().zip(&outputs) {
            if with.inputs.len() > 1 {
                out.line(text::line(input));
            }
            show(output, out);
        }
    }
    let output = match with.inputs.len() {
        1 => outputs.into_iter().next().unwrap_or_default(),
        _ => json!(outputs),
    };
    Tried {
        output,
        more: Vec::new(),
        timing,
        interrupted: false,
    }
}

/// A list of objects as lines: the score first, then what it is for.
fn show(output: &Value, out: &mut Out) {
    match output {
        Value::Array(items)
            if items.iter().any(Value::is_object) || items.iter().any(Value::is_array) =>
        {
            for item in items {
                show(item, out);
            }
        }
        Value::Object(fields) => {
            let score = fields.get("score").and_then(Value::as_f64);
            let words = [
                "label",
                "entity",
                "entity_group",
                "token_str",
                "word",
                "answer",
                "sequence",
            ];
            let said: Vec<String> = words
                .iter()
                .filter_map(|name| fields.get(*name)?.as_str())
                .map(|word| text::line(word).into_owned())
                .collect();
            let place = match (fields.get("start"), fields.get("end")) {
                (Some(Value::Number(start)), Some(Value::Number(end))) => {
                    format!("  [{start}..{end}]")
                }
                _ => String::new(),
            };
            out.line(format!(
                "{:.4}  {}{place}",
                score.unwrap_or(0.0),
                said.join("  ")
            ));
        }
        other => out.line(text::json(other)),
    }
}
