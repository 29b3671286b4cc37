//! `modeldesk tune plan` and `tune start`: what a run would be, and the run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::arguments::{LoraArguments, TrainingArguments};
use super::control::go_on;
use super::data::Data;
use super::words;
use crate::advisor::{Advice, advice};
use crate::cli::interrupt::stop_on_interrupt;
use crate::cli::out::{Out, tell};
use crate::cli::{Exit, Result, model};
use crate::error::Error;
use crate::files::Folders;
use crate::finetune::base::{Base, Named};
use crate::finetune::dataset::Opened;
use crate::finetune::plan::{Method, Plan};
use crate::finetune::planning::{self, Wish};
use crate::finetune::run::Run;
use crate::finetune::training::{Scheduler, Training};
use crate::index::Library;
use crate::jobs::{Cancel, runner};
use crate::model::lora::LoraConfig;
use crate::model::pipeline::longest;
use crate::settings::Settings;

/// The steps of a quick look.
const QUICK: u64 = 60;

/// How far the likely time may be off, either way, once steps were measured.
pub(super) const SOONER: f64 = 0.75;
pub(super) const LATER: f64 = 1.3;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is not given comes from the model's card, else from the usual recipes; `tune plan` says which.
The run is a process of its own: it goes on when this one, or the terminal, ends.

Examples:
  modeldesk tune start --model openai-community/gpt2 --train support.jsonl
  modeldesk tune start --model distilbert-base-uncased --train spam.tsv --method full --wait
  modeldesk tune plan --model google/flan-t5-small --train pairs.csv --method lora --json
  modeldesk tune start --plan plan.yaml")]
pub(in crate::cli) struct Arguments {
    /// The model: a folder, or the id of a model in the cache
    #[arg(long, required_unless_present = "plan")]
    model: Option<String>,
    /// A plan that was saved; everything else is in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "train"])]
    plan: Option<PathBuf>,
    /// What learns: full, lora or head
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Start from random weights of the model's configuration: config
    #[arg(long, value_name = "WHAT", value_parser = ["config"])]
    init: Option<String>,
    /// What the run is called
    #[arg(long)]
    name: Option<String>,
    /// Threads that compute; leaves the other cores free
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// With `plan`: write the plan to a file, for --plan
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// With `plan`: do not measure steps
    #[arg(long)]
    no_probe: bool,
    /// Only 60 steps: does it learn?
    #[arg(long)]
    quick_look: bool,
    /// Follow the run to its end; Ctrl+C lets it rest at a checkpoint
    #[arg(long)]
    wait: bool,
    /// Print JSON; with --wait the run's events, one a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    training: TrainingArguments,
    #[command(flatten)]
    lora: LoraArguments,
}

pub(super) fn plan(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let plan = planned(arguments, settings)?;
    let probe = if arguments.no_probe {
        None
    } else {
        tell("measuring some steps of this run");
        Some(runner::probe(&plan)?)
    };
    if let Some(path) = &arguments.save {
        plan.write(path)?;
    }
    if arguments.json {
        let measured = probe.map(|probe| {
            json!({
                "steps": probe.total_steps,
                "seconds": { "low": probe.seconds * SOONER, "likely": probe.seconds, "high": probe.seconds * LATER },
                "memory_bytes": (probe.peak_rss_mb * 1e6) as u64,
                "tokens_per_s": probe.tokens_per_s,
                "measured_steps": probe.measured_steps,
                "trainable": probe.trainable,
                "parameters": probe.parameters,
            })
        });
        out.json(&json!({ "plan": plan, "measured": measured }));
    } else {
        words::plan(&plan, probe.as_ref(), out);
    }
    out.finish()?;
    Ok(Exit::Done)
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let plan = planned(arguments, settings)?;
    let stem = plan
        .data
        .files
        .train
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let short = plan.model.name.rsplit('/').next().unwrap_or_default();
    let look = if arguments.quick_look {
        "-quick-look"
    } else {
        ""
    };
    let wish = arguments
        .name
        .clone()
        .unwrap_or_else(|| format!("{stem}-{short}{look}"));
    let run = Run::create(&Folders::of_user()?, &wish, &plan)?;
    go_on(&run, false, arguments.wait, arguments.json, out)
}

/// The plan that is asked for.
fn planned(arguments: &Arguments, settings: &Settings) -> Result<Plan> {
    if let Some(path) = &arguments.plan {
        return Plan::read(path);
    }
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let found = model::find(arguments.model.as_deref().unwrap_or_default(), settings)?;
    let base = Base::read(Named::new(
        found.name,
        &found.folder,
        arguments.init.is_some(),
    )?)?;
    let (files, options) = (
        arguments.data.sources()?,
        arguments.data.options(planning::learns(&base.config)?)?,
    );
    let opened = Opened::open(&files, &options)?;
    let wish = Wish {
        files,
        options,
        recipe: arguments
            .data
            .recipe(opened.task(), longest(&base.tokenizer, &base.config))?,
        template: arguments.data.template(&opened)?,
        method: arguments.method.as_deref().map(Method::named).transpose()?,
    };
    let read = planning::read(&base, opened, wish, &mut || cancel.is_cancelled())?;
    arguments.lora.only_for_lora(read.method == Method::Lora)?;
    for problem in &read.dataset.report().problems {
        tell(&problem.sentence());
    }
    let advice = advised(&base.named.name, read.dataset.task().name(), read.method)?;
    let mut training = trained_as(&advice);
    let mut lora = LoraConfig::for_model(&base.config);
    if let Some((r, alpha)) = advice.lora {
        (lora.r, lora.lora_alpha) = (r as usize, alpha as f32);
    }
    arguments.training.apply(&mut training);
    arguments.lora.apply(&mut lora);
    if arguments.quick_look {
        training.max_steps = Some(training.max_steps.map_or(QUICK, |steps| steps.min(QUICK)));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments
        .threads
        .or(settings.threads.map(usize::from))
        .unwrap_or(cores);
    if threads == 0 {
        return Err(Error::usage("0 threads compute nothing").at("--threads"));
    }
    let sources = BTreeMap::from([("recipe".to_owned(), advice.source)]);
    planning::plan(&base, read, training, lora, threads, sources)
}

/// What the model's card, or the program, says of such a run.
fn advised(model: &str, task: &str, method: Method) -> Result<Advice> {
    let (library, _) = Library::open(&Folders::of_user()?)?;
    let card = library.card(model)?;
    Ok(advice(card.as_deref(), task, method.name()))
}

fn trained_as(advice: &Advice) -> Training {
    let scheduler = match advice.lr_scheduler_type.as_str() {
        "cosine" => Scheduler::Cosine,
        "constant" => Scheduler::Constant,
        "constant_with_warmup" => Scheduler::ConstantWithWarmup,
        _ => Scheduler::Linear,
    };
    Training {
        learning_rate: advice.learning_rate,
        lr_scheduler_type: scheduler,
        warmup_steps: advice.warmup_steps,
        per_device_train_batch_size: advice.batch_size as usize,
        per_device_eval_batch_size: advice.batch_size as usize,
        num_train_epochs: advice.epochs as f64,
        ..Training::default()
    }
}
