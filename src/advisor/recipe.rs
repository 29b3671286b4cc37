//! The settings of a plan: the card's recipe for the task, or the program's own, each with its
//! source.

use super::plan;
use super::shape::Shape;
use crate::card::{Card, Fact, Recipe};

/// What a plan trains with.
pub(super) struct Settings {
    pub(super) learning_rate: f64,
    pub(super) lr_scheduler_type: String,
    pub(super) warmup_ratio: Option<f64>,
    pub(super) warmup_steps: Option<u64>,
    pub(super) batch_size: u64,
    pub(super) epochs: u64,
    pub(super) max_length: u64,
    pub(super) lora_r: u64,
    pub(super) lora_alpha: u64,
    pub(super) target_modules: Vec<String>,
    /// The recipe's line in the card; none for the program's own.
    pub(super) line: Option<usize>,
    /// Who says so.
    pub(super) source: Option<String>,
}

/// The program's own settings for a kind of fine-tune.
struct Own {
    learning_rate: f64,
    warmup_ratio: Option<f64>,
    batch_size: u64,
    epochs: u64,
    source: &'static str,
}

/// What a run is made with where the user says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// `learning_rate`.
    pub learning_rate: f64,
    /// `lr_scheduler_type`.
    pub lr_scheduler_type: String,
    /// `warmup_steps`; below 1 a share of all steps.
    pub warmup_steps: f64,
    /// `per_device_train_batch_size`.
    pub batch_size: u64,
    /// `num_train_epochs`.
    pub epochs: u64,
    /// Tokens that a row is cut at.
    pub max_length: u64,
    /// `lora_r` and `lora_alpha`, where a card says them.
    pub lora: Option<(u64, u64)>,
    /// Who says so: a card with its line, or the program's own reason.
    pub source: String,
}

/// The advice for tuning on `task` by `method`: the card's recipe, where there is one, and for what
/// it leaves open the program's own.
pub fn advice(card: Option<&Card>, task: &str, method: &str) -> Advice {
    let own = own(task, method);
    let known = card.and_then(|card| Some((card, Shape::of(card)?)));
    let Some((card, shape)) = known else {
        return Advice {
            learning_rate: own.learning_rate,
            lr_scheduler_type: "linear".to_owned(),
            warmup_steps: own.warmup_ratio.unwrap_or(0.0),
            batch_size: own.batch_size,
            epochs: own.epochs,
            max_length: 512,
            lora: None,
            source: own.source.to_owned(),
        };
    };
    let settings = settings(card, task, method, &shape);
    Advice {
        learning_rate: settings.learning_rate,
        lr_scheduler_type: settings.lr_scheduler_type,
        warmup_steps: settings
            .warmup_ratio
            .or_else(|| settings.warmup_steps.map(|steps| steps as f64))
            .unwrap_or(0.0),
        batch_size: settings.batch_size,
        epochs: settings.epochs,
        max_length: settings.max_length,
        lora: Some((settings.lora_r, settings.lora_alpha)),
        source: match settings.line {
            Some(line) => format!("{}:{line}", card.id),
            None => settings.source.unwrap_or_default(),
        },
    }
}

/// The settings for tuning `card` on `task`: a recipe counts for the tasks that it was made for, and
/// what it leaves open is the program's own.
pub(super) fn settings(card: &Card, task: &str, method: &str, shape: &Shape) -> Settings {
    let own = own(task, method);
    let found = card
        .facts
        .fine_tuning
        .iter()
        .find(|r| r.value.method == method && is_for(&r.value, task, card));
    let empty = Recipe::default();
    let recipe = found.map_or(&empty, |r| &r.value);
    let whole = |fact: &Option<Fact<u64>>| fact.as_ref().map(|f| f.value);
    let warmup_ratio = recipe.warmup_ratio.as_ref().map(|f| f.value);
    let scheduler = recipe.lr_scheduler_type.as_ref().map(|s| s.value.clone());
    let targets = &recipe.target_modules;
    Settings {
        learning_rate: recipe
            .learning_rate
            .as_ref()
            .map_or(own.learning_rate, |r| r.value),
        lr_scheduler_type: scheduler.unwrap_or_else(|| "linear".to_owned()),
        warmup_ratio: found.map_or(own.warmup_ratio, |_| warmup_ratio),
        warmup_steps: whole(&recipe.warmup_steps),
        batch_size: whole(&recipe.batch_size).unwrap_or(own.batch_size),
        epochs: whole(&recipe.epochs).unwrap_or(own.epochs),
        max_length: whole(&recipe.max_length).unwrap_or(512),
        lora_r: whole(&recipe.lora_r).unwrap_or(8),
        lora_alpha: whole(&recipe.lora_alpha).unwrap_or(16),
        target_modules: if targets.is_empty() {
            usual_targets(&shape.model_type)
        } else {
            targets.clone()
        },
        line: found.map(|r| r.line),
        source: match found {
            Some(recipe) => recipe.source.clone(),
            None => Some(own.source.to_owned()),
        },
    }
}

/// Whether the recipe was made for `task`; one that names no task is for the card's usual one.
fn is_for(recipe: &Recipe, task: &str, card: &Card) -> bool {
    if recipe.tasks.is_empty() {
        return task == plan::usual_task(card);
    }
    let vectors = |t: &str| matches!(t, "feature-extraction" | "sentence-similarity");
    recipe
        .tasks
        .iter()
        .any(|t| t == task || vectors(t) && vectors(task))
}

fn own(task: &str, method: &str) -> Own {
    match (method, task) {
        ("lora", _) => Own {
            learning_rate: 2e-4,
            warmup_ratio: None,
            batch_size: 8,
            epochs: 3,
            source: "2e-4 is the rate of the LoRA paper for GPT-2; rank 8 and the wrapped layers are \
                     PEFT's defaults, alpha twice the rank; batch 8 and 3 epochs are \
                     TrainingArguments' defaults",
        },
        (_, "feature-extraction" | "sentence-similarity" | "text-ranking") => Own {
            learning_rate: 2e-5,
            warmup_ratio: Some(0.1),
            batch_size: 16,
            epochs: 1,
            source: "Sentence Transformers documentation, training example",
        },
        (_, "text-classification" | "token-classification" | "question-answering") => Own {
            learning_rate: 3e-5,
            warmup_ratio: None,
            batch_size: 16,
            epochs: 3,
            source: "within the ranges of the BERT paper: batch 16 or 32, 2e-5 to 5e-5, 2 to 4 epochs",
        },
        _ => Own {
            learning_rate: 5e-5,
            warmup_ratio: None,
            batch_size: 8,
            epochs: 3,
            source: "5e-5, batch 8 and 3 epochs are TrainingArguments' defaults",
        },
    }
}

/// The layers that PEFT wraps by default.
fn usual_targets(model_type: &str) -> Vec<String> {
    let usual: &[&str] = match model_type {
        "gpt2" => &["c_attn"],
        "t5" | "mt5" => &["q", "v"],
        "distilbert" => &["q_lin", "v_lin"],
        "llama" | "qwen2" | "qwen3" | "gemma3_text" | "bart" | "led" | "marian" | "pegasus"
        | "m2m_100" => &["q_proj", "v_proj"],
        _ => &["query", "value"],
    };
    usual.iter().map(|t| (*t).to_owned()).collect()
}
