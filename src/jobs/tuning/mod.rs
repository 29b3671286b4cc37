//! From what somebody chose to the plan of a run: the model, the rows and the card are read, and
//! what was not chosen is decided. Command line and desk plan alike.

mod draft;

use std::collections::BTreeMap;

pub use draft::{Draft, Sketch, sketch};

use crate::advisor::{Advice, advice};
use crate::error::{Error, Result};
use crate::files::Folders;
use crate::finetune::base::{Base, Named};
use crate::finetune::dataset::{Dataset, Opened, Options, Sources};
use crate::finetune::features::Recipe;
use crate::finetune::plan::{Method, Plan};
use crate::finetune::planning::{self, Wish};
use crate::finetune::training::{Scheduler, Training};
use crate::index::Library;
use crate::model::lora::LoraConfig;
use crate::model::pipeline::{Stop, Task, longest};
use crate::model::template::Template;
use crate::settings::Settings;

/// The steps of a quick look.
pub const QUICK: u64 = 60;

/// What somebody chose of a plan; what they left open is decided by model, rows and card.
pub trait Choices {
    /// The files.
    ///
    /// # Errors
    /// When one is not there.
    fn sources(&self) -> Result<Sources>;

    /// How they are read, for a model that can learn the `possible` tasks.
    ///
    /// # Errors
    /// When a choice cannot be.
    fn options(&self, possible: Vec<Task>) -> Result<Options>;

    /// How features are made for a model that reads `longest` tokens.
    ///
    /// # Errors
    /// When a length cannot be.
    fn recipe(&self, task: Task, longest: usize) -> Result<Recipe>;

    /// How conversations become text, if rows are some.
    ///
    /// # Errors
    /// When there is no such template.
    fn template(&self, data: &Opened) -> Result<Option<&'static dyn Template>>;

    /// What learns.
    ///
    /// # Errors
    /// When there is no such method.
    fn method(&self) -> Result<Option<Method>>;

    /// Puts what was chosen in place of what `training` says.
    ///
    /// # Errors
    /// When a choice cannot be.
    fn train(&self, training: &mut Training) -> Result<()>;

    /// Puts what was chosen in place of what `lora` says, for that method.
    ///
    /// # Errors
    /// When adapters were chosen for another method, or cannot be so.
    fn adapt(&self, method: Method, lora: &mut LoraConfig) -> Result<()>;

    /// Threads that compute.
    ///
    /// # Errors
    /// When that is no number.
    fn threads(&self) -> Result<Option<usize>>;
}

/// A plan, and what it was made of.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The model that it starts from.
    pub base: Base,
    /// The rows.
    pub dataset: Dataset,
    /// How conversations become text.
    pub template: Option<&'static dyn Template>,
}

/// Plans a run that starts from `model`.
///
/// # Errors
/// When something of it cannot be read, does not go together, or `stop` says so.
pub fn plan(
    model: Named,
    choices: &dyn Choices,
    folders: &Folders,
    settings: &Settings,
    stop: Stop<'_>,
) -> Result<Planned> {
    let base = Base::read(model)?;
    let files = choices.sources()?;
    let options = choices.options(planning::learns(&base.config)?)?;
    let opened = Opened::open(&files, &options)?;
    let template = choices.template(&opened)?;
    let wish = Wish {
        files,
        options,
        recipe: choices.recipe(opened.task(), longest(&base.tokenizer, &base.config))?,
        template,
        method: choices.method()?,
    };
    let read = planning::read(&base, opened, wish, stop)?;
    let advice = advised(folders, &base.named.name, read.dataset.task(), read.method)?;
    let mut training = trained_as(&advice);
    let mut lora = LoraConfig::for_model(&base.config);
    if let Some((r, alpha)) = advice.lora {
        (lora.r, lora.lora_alpha) = (r as usize, alpha as f32);
    }
    choices.train(&mut training)?;
    choices.adapt(read.method, &mut lora)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = choices.threads()?;
    let threads = threads.or_else(|| settings.threads.map(usize::from));
    let threads = threads.unwrap_or(cores);
    if threads == 0 {
        return Err(Error::usage("0 threads compute nothing").at("--threads"));
    }
    let sources = BTreeMap::from([("recipe".to_owned(), advice.source)]);
    let (plan, dataset) = planning::plan(&base, read, training, lora, threads, sources)?;
    Ok(Planned {
        plan,
        base,
        dataset,
        template,
    })
}

/// Cuts a plan to a few steps: enough to see whether it learns.
pub fn cut(plan: &mut Plan) {
    let steps = plan
        .training
        .max_steps
        .map_or(QUICK, |steps| steps.min(QUICK));
    plan.training.max_steps = Some(steps);
}

/// What a run is called where nobody says: after its rows, its model, and whether it is cut.
pub fn name_of(plan: &Plan, is_cut: bool) -> String {
    let stem = plan.data.files.train.file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy();
    let model = plan.model.name.rsplit('/').next().unwrap_or_default();
    let look = if is_cut { "-quick-look" } else { "" };
    format!("{stem}-{model}{look}")
}

/// What the model's card, or the program, says of such a run.
fn advised(folders: &Folders, model: &str, task: Task, method: Method) -> Result<Advice> {
    let (library, _) = Library::open(folders)?;
    let card = library.card(model)?;
    Ok(advice(card.as_deref(), task.name(), method.name()))
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
