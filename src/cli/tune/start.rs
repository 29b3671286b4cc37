//! `modeldesk tune plan` and `tune start`: what a run would be, and the run.

use std::path::PathBuf;

use serde_json::json;

use super::arguments::{LoraArguments, TrainingArguments};
use super::control::go_on;
use super::data::Data;
use super::words;
use crate::cli::interrupt::stop_on_interrupt;
use crate::cli::out::{Out, tell};
use crate::cli::{Exit, Result, model};
use crate::files::Folders;
use crate::finetune::base::Named;
use crate::finetune::dataset::{Opened, Options, Sources};
use crate::finetune::features::Recipe;
use crate::finetune::plan::{Method, Plan};
use crate::finetune::run::Run;
use crate::finetune::training::Training;
use crate::jobs::tuning::{self, Choices};
use crate::jobs::{Cancel, runner};
use crate::model::lora::LoraConfig;
use crate::model::pipeline::Task;
use crate::model::template::Template;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is not given comes from the model's card, else from the usual recipes; `tune plan` says which.
The run is a process of its own: it goes on when this one, or the terminal, ends.

Examples:
  modeldesk tune start --model openai-community/gpt2 --train support.jsonl
  modeldesk tune start --model distilbert-base-uncased --train spam.tsv --method full --wait
  modeldesk tune plan --model google/flan-t5-small --train pairs.csv --method lora --json
  modeldesk tune start --plan plan.yaml")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
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
            let (low, high) = probe.range();
            json!({
                "steps": probe.total_steps,
                "seconds": { "low": low, "likely": probe.seconds, "high": high },
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
    let wish = arguments
        .name
        .clone()
        .unwrap_or_else(|| tuning::name_of(&plan, arguments.quick_look));
    runner::fits(&plan)?;
    let folders = Folders::of_user()?;
    for other in Run::list(&folders) {
        if other.works().unwrap_or_default() {
            tell(&format!(
                "{} works on the same cores: both take longer until it has ended",
                other.id
            ));
        }
    }
    let run = Run::create(&folders, &wish, &plan)?;
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
    let model = Named::new(found.name, &found.folder, arguments.init.is_some())?;
    let folders = Folders::of_user()?;
    let mut planned = tuning::plan(model, arguments, &folders, settings, &mut || {
        cancel.is_cancelled()
    })?;
    for problem in &planned.dataset.report().problems {
        tell(&problem.sentence());
    }
    if arguments.quick_look {
        tuning::cut(&mut planned.plan);
    }
    Ok(planned.plan)
}

impl Choices for Arguments {
    fn sources(&self) -> Result<Sources> {
        self.data.sources()
    }

    fn options(&self, possible: Vec<Task>) -> Result<Options> {
        self.data.options(possible)
    }

    fn recipe(&self, task: Task, longest: usize) -> Result<Recipe> {
        self.data.recipe(task, longest)
    }

    fn template(&self, data: &Opened) -> Result<Option<&'static dyn Template>> {
        self.data.template(data)
    }

    fn method(&self) -> Result<Option<Method>> {
        self.method.as_deref().map(Method::named).transpose()
    }

    fn train(&self, training: &mut Training) -> Result<()> {
        self.training.apply(training);
        Ok(())
    }

    fn adapt(&self, method: Method, lora: &mut LoraConfig) -> Result<()> {
        self.lora.only_for_lora(method == Method::Lora)?;
        self.lora.apply(lora);
        Ok(())
    }

    fn threads(&self) -> Result<Option<usize>> {
        Ok(self.threads)
    }
}
