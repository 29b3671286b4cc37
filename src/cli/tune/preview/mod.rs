//! `modeldesk tune preview`: data as a model would learn from it, before anything is learned.

mod rows;
mod say;

use super::data::Data;
use crate::cli::interrupt::stop_on_interrupt;
use crate::cli::out::Out;
use crate::cli::{Exit, model};
use crate::error::Result;
use crate::finetune::dataset::{Dataset, Opened, Part, Row};
use crate::finetune::features::{Maker, Recipe};
use crate::finetune::planning;
use crate::finetune::preview::{Shown, shown};
use crate::jobs::Cancel;
use crate::model::config::Config;
use crate::model::pipeline::{Task, longest};
use crate::model::tokenizer::Tokenizer;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --model lengths are counted in words and rows are shown as they are. What is learned
stands in braces; a bar marks where tokens part a word. Nothing is changed or kept.

Examples:
  modeldesk tune preview --train reviews.csv
  modeldesk tune preview --train data/ --columns text=body,label=kind
  modeldesk tune preview --train support.jsonl --model openai-community/gpt2 --rows 2
  modeldesk tune preview --train notes.parquet --model ./my-bert --task fill-mask --json")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    data: Data,
    /// The model that is to learn: a folder, or the id of a model in the cache
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// How many rows are shown
    #[arg(long, default_value_t = 5, value_name = "N")]
    rows: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The model that is to learn.
struct Learner {
    name: String,
    tokenizer: Tokenizer,
    longest: usize,
    possible: Vec<Task>,
}

impl Learner {
    fn read(name: &str, settings: &Settings) -> Result<Self> {
        let found = model::find(name, settings)?;
        let config = Config::read(&found.folder)?;
        let tokenizer = Tokenizer::read(&found.folder, Some(config.vocab_size()))?;
        Ok(Self {
            name: found.name,
            longest: longest(&tokenizer, &config),
            tokenizer,
            possible: planning::learns(&config)?,
        })
    }
}

/// What is shown.
struct View<'a> {
    data: &'a Dataset,
    learner: Option<(&'a Learner, &'a Recipe)>,
    template: Option<&'static str>,
    rows: Vec<Row>,
    shown: Vec<Shown>,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let learner = arguments
        .model
        .as_deref()
        .map(|name| Learner::read(name, settings))
        .transpose()?;
    let possible = learner
        .as_ref()
        .map(|learner| learner.possible.clone())
        .unwrap_or_default();
    let opened = Opened::open(
        &arguments.data.sources()?,
        &arguments.data.options(possible)?,
    )?;
    let template = arguments.data.template(&opened)?;
    let recipe = match &learner {
        Some(learner) => Some(arguments.data.recipe(opened.task(), learner.longest)?),
        None => None,
    };
    let learner = learner.as_ref().zip(recipe.as_ref());
    let maker = |names: &[String]| {
        let made = learner.map(|(learner, recipe)| {
            Maker::new(&learner.tokenizer, recipe.clone(), names, template)
        });
        made.transpose()
    };
    let measurer = maker(&[])?;
    let data = planning::check(opened, measurer.as_ref(), &mut || cancel.is_cancelled())?;
    let rows = data
        .rows(Part::Train)?
        .take(arguments.rows)
        .collect::<Result<Vec<Row>>>()?;
    let mut all = Vec::new();
    if let (Some(maker), Some((learner, _))) = (maker(data.names())?, learner) {
        for row in &rows {
            all.extend(shown(row, &maker, &learner.tokenizer, data.names()).unwrap_or_default());
        }
    }
    let template = template.map(crate::model::template::Template::name);
    let view = View {
        data: &data,
        learner,
        template,
        rows,
        shown: all,
    };
    if arguments.json {
        out.json(&view.json());
    } else {
        view.say(out);
    }
    out.finish()?;
    data.report().check(false)?;
    Ok(Exit::Done)
}
