//! `modeldesk eval MODEL --data FILE`: how good a model is on rows whose answers are known.

mod print;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::interrupt::stop_on_interrupt;
use super::model::{self, Found};
use super::out::{Out, say};
use super::{Exit, Result};
use crate::error::Error;
use crate::finetune::dataset::{
    Columns, Dataset, Format, Opened, Options as Reading, Part, Share, Sources, Split,
};
use crate::finetune::evaluate::{self, Evaluation, Judgement, Options, Shift, Subject};
use crate::finetune::metrics::bleu::{Bleu, Tokenizer};
use crate::finetune::metrics::bootstrap::Draws;
use crate::finetune::metrics::entities::Mode;
use crate::finetune::metrics::rouge::{self, Rouge};
use crate::jobs::Cancel;
use crate::model::config::ProblemType;
use crate::model::layers::Precision;
use crate::model::pipeline::{Parts, Task};
use crate::model::template;
use crate::settings::Settings;
use crate::text;
use print::Progress;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each metric is that of its reference: scikit-learn, seqeval, the scripts of SQuAD, sacreBLEU,
rouge_score. Its interval is that of 95% of samples of rows drawn from these (percentile bootstrap).
With --against, p is how likely a difference at least as large is if the models are equally good
(approximate randomization).

Examples:
  modeldesk eval ./my-run/model --data test.csv
  modeldesk eval my-ner-model --data test.conll --strict-entities --json
  modeldesk eval openai-community/gpt2 --data book.txt --stride 512
  modeldesk eval google/flan-t5-small --task summarization --data news.jsonl --limit 100
  modeldesk eval ./new --against ./old --data test.csv --precision f32")]
pub(super) struct Arguments {
    /// A folder, or the id of a model in the cache
    model: String,
    /// The rows, in any form that `tune` reads
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// What to do, by the hub's name; what the model was trained for by default
    #[arg(long)]
    task: Option<String>,
    /// Another model, for a paired test on the same rows
    #[arg(long, value_name = "MODEL")]
    against: Option<String>,
    /// Measure only the first rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// What weights are kept in: f32, q8 or q4
    #[arg(long, default_value = "q8", value_parser = model::precision)]
    precision: Precision,
    /// csv, tsv, json, jsonl, parquet, conll, squad or text
    #[arg(long)]
    format: Option<String>,
    /// Which column is what
    #[arg(long, value_name = "WHAT=NAME,...")]
    columns: Option<String>,
    /// How many samples of rows an interval is made from
    #[arg(long, value_name = "N", default_value_t = 1000)]
    resamples: usize,
    /// Seed of samples, shuffles and masks
    #[arg(long, value_name = "N", default_value_t = 12345)]
    seed: u64,
    /// How many of the worst rows are shown
    #[arg(long, value_name = "N", default_value_t = 5)]
    worst: usize,
    /// text-generation: how far windows of a long text move on; half a window by default
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// text-generation: how conversations become text: chat or instruct
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// token-classification: count only entities that IOB2 allows
    #[arg(long)]
    strict_entities: bool,
    /// translation: sacreBLEU's tokenizer: 13a, intl, zh, char or none
    #[arg(long, value_name = "NAME", default_value = "13a", value_parser = bleu_tokenizer)]
    tokenize: Tokenizer,
    /// summarization: words are of a to z and 0 to 9 (default), or as Unicode has them (unicode)
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = rouge_tokenizer)]
    rouge_tokenizer: rouge::Tokenizer,
    /// summarization: compare words and not their stems
    #[arg(long)]
    no_stemmer: bool,
    /// Most tokens that are written; what the model was saved with by default
    #[arg(long, value_name = "N")]
    max_new_tokens: Option<usize>,
    /// Beams that are followed in writing; likewise
    #[arg(long, value_name = "N")]
    num_beams: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn bleu_tokenizer(name: &str) -> Result<Tokenizer, String> {
    Tokenizer::named(name).ok_or_else(|| "use 13a, intl, zh, char or none".to_owned())
}

fn rouge_tokenizer(name: &str) -> Result<rouge::Tokenizer, String> {
    rouge::Tokenizer::named(name).ok_or_else(|| "use default or unicode".to_owned())
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let asked = arguments.task.as_deref().map(Task::named).transpose()?;
    let mut options = arguments.options()?;
    let found = model::find(&arguments.model, settings)?;
    let other = arguments.against.as_deref();
    let other = other.map(|name| model::find(name, settings)).transpose()?;
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let parts = read(&found)?;
    let task = match (asked, parts.task(asked)?) {
        // What vectors are measured by.
        (None, Task::FeatureExtraction) => Task::SentenceSimilarity,
        (_, task) => task,
    };
    let dataset = arguments.dataset(task, &parts, &cancel)?;
    let other = match other {
        Some(found) => Some((read(&found)?, found)),
        None => None,
    };
    let all = [Some(&parts), other.as_ref().map(|(parts, _)| parts)];
    let labels = all
        .into_iter()
        .flatten()
        .map(|one| one.config.common().labels.names());
    options.labels = labels.flatten().cloned().collect();
    let with = With {
        arguments,
        task,
        dataset: &dataset,
        options,
        cancel: &cancel,
    };
    let ours = with.judge(&found, parts)?;
    let evaluation = ours.evaluation(with.options.draws, &cancel)?;
    let against = match other {
        Some((parts, other)) => {
            let theirs = with.judge(&other, parts)?;
            Some((other.name, with.shifts(&ours, &theirs)?))
        }
        None => None,
    };
    for note in &evaluation.notes {
        say("note", note);
    }
    if arguments.json {
        out.json(&arguments.to_json(&found.name, &evaluation, against.as_ref())?);
    } else {
        print::evaluation(&evaluation, &found.name, arguments.precision, out);
        if let Some((name, shifts)) = &against {
            print::shifts(name, shifts, out);
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}

fn read(found: &Found) -> Result<Parts> {
    Ok(Parts::read(&found.folder)?.keeping(model::packed()))
}

fn shifts_to_json(name: &str, shifts: &[Shift]) -> Value {
    let metrics = shifts.iter().map(|shift| {
        let difference = shift.difference;
        let value = json!({
            "difference": difference.value,
            "ci95": difference.ci95,
            "p": difference.p,
        });
        (shift.name.clone(), value)
    });
    json!({
        "model": name,
        "test": "approximate randomization, two-sided",
        "metrics": metrics.collect::<serde_json::Map<String, Value>>(),
    })
}

/// What models are measured with.
struct With<'a> {
    arguments: &'a Arguments,
    task: Task,
    dataset: &'a Dataset,
    options: Options,
    cancel: &'a Cancel,
}

impl With<'_> {
    fn judge(&self, found: &Found, parts: Parts) -> Result<Judgement> {
        let task = parts.task(Some(self.task))?;
        let subject = Subject::load(parts, task, self.arguments.precision)?;
        let rows = self.dataset.rows(Part::Train)?;
        let all = self.dataset.report().rows.train as usize;
        let of = self.options.limit.map_or(all, |limit| limit.min(all));
        let mut progress = Progress::new(&found.name, of);
        let judged = evaluate::judge(
            &subject,
            self.dataset.names(),
            rows,
            &self.options,
            self.cancel,
            &mut |done| progress.show(done),
        );
        progress.end();
        judged
    }

    fn shifts(&self, ours: &Judgement, theirs: &Judgement) -> Result<Vec<Shift>> {
        let options = &self.options;
        ours.against(theirs, options.trials, options.draws, self.cancel)
    }
}

impl Arguments {
    fn to_json(
        &self,
        model: &str,
        evaluation: &Evaluation,
        against: Option<&(String, Vec<Shift>)>,
    ) -> Result<Value> {
        let mut object = json!({
            "model": model,
            "data": self.data.display().to_string(),
            "precision": self.precision.name(),
        });
        let measured = serde_json::to_value(evaluation)
            .map_err(|e| Error::new("the metrics are no JSON").caused_by(e))?;
        if let (Value::Object(object), Value::Object(measured)) = (&mut object, measured) {
            object.extend(measured);
        }
        if let Some((name, shifts)) = against {
            object["against"] = shifts_to_json(name, shifts);
        }
        Ok(object)
    }

    fn options(&self) -> Result<Options> {
        let template = self.template.as_deref().map(|name| {
            template::named(name).ok_or_else(|| {
                Error::usage(format!("there is no template `{}`", text::line(name)))
                    .at("--template")
                    .hint("use chat or instruct")
            })
        });
        if self.resamples == 0 {
            return Err(Error::usage("must be at least 1").at("--resamples"));
        }
        Ok(Options {
            limit: self.limit,
            draws: Draws {
                resamples: self.resamples,
                seed: self.seed,
            },
            worst: self.worst,
            entities: if self.strict_entities {
                Mode::Strict
            } else {
                Mode::Default
            },
            bleu: Bleu {
                tokenizer: self.tokenize,
                ..Bleu::default()
            },
            rouge: Rouge {
                tokenizer: self.rouge_tokenizer,
                stem: !self.no_stemmer,
            },
            stride: self.stride,
            seed: self.seed,
            template: template.transpose()?,
            max_new_tokens: self.max_new_tokens,
            num_beams: self.num_beams,
            ..Options::default()
        })
    }

    /// Reads the file once, for what the model does.
    fn dataset(&self, task: Task, parts: &Parts, cancel: &Cancel) -> Result<Dataset> {
        let columns = self.columns.as_deref().map(Columns::parse).transpose()?;
        let number = task == Task::SentenceSimilarity
            || (task == Task::TextClassification && parts.config.common().labels.len() == 1);
        let problem = if number {
            Some(ProblemType::Regression)
        } else {
            parts
                .config
                .common()
                .problem_type
                .or(Some(ProblemType::SingleLabel))
        };
        // Pairs with a number are texts with a label, whatever is made of them.
        let read_as = match task {
            Task::SentenceSimilarity => Task::TextClassification,
            task => task,
        };
        let none = Share(0.0);
        let reading = Reading {
            format: self.format.as_deref().map(Format::named).transpose()?,
            task: Some(read_as),
            problem: problem.filter(|_| read_as == Task::TextClassification),
            columns: columns.unwrap_or_default(),
            split: Split {
                check: none,
                test: none,
                ..Split::default()
            },
            ..Reading::default()
        };
        let sources = Sources {
            train: self.data.clone(),
            ..Sources::default()
        };
        let opened = Opened::open(&sources, &reading)?;
        let dataset = opened.check(None, &mut || cancel.is_cancelled())?;
        let skipped = dataset.report().skipped;
        if skipped > 0 {
            let rows = if skipped == 1 { "row is" } else { "rows are" };
            say("note", &format!("{skipped} bad {rows} left out"));
        }
        Ok(dataset)
    }
}
