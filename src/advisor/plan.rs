//! What a fine-tune would take on this machine: split, steps, method, memory, time.
//!
//! Everything is computed from the card's facts, the number of rows and one measured speed; the
//! formulas name their sources. A run measures; until then the figures are estimates and say so.

use serde::Serialize;

use super::here;
use super::machine::Machine;
use super::recipe::settings;
use super::shape::{Shape, writes};
use crate::card::Card;

/// Rows that a plan assumes when the question names no number.
pub(super) const ASSUMED_ROWS: u64 = 1000;

/// The share of a step that is matrix products when the rest of it is fused; `PyTorch` reaches about
/// the same share of the probe on GPT-2.
const PRODUCT_SHARE: f64 = 0.6;

/// How far the likely time may be off, either way, before a run has measured anything.
const SOONER: f64 = 0.6;
const LATER: f64 = 1.7;

/// Activations are estimated a quarter too low rather than too high without this.
const MEMORY_SPARE: f64 = 1.25;

/// Everything that a question about fine-tuning decides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The card's id.
    pub model: String,
    /// The hub's task name.
    pub task: String,
    /// `full` or `lora`.
    pub method: String,
    /// Rows in all.
    pub examples: u64,
    /// The question named no number, so it was assumed.
    pub assumed: bool,
    /// Tokens of a row, assumed until there is a file.
    pub tokens_per_row: u64,
    /// Rows that are trained on.
    pub train: u64,
    /// Rows that choose the checkpoint.
    pub check: u64,
    /// Rows that judge it once.
    pub test: u64,
    /// `num_train_epochs`.
    pub epochs: u64,
    /// `per_device_train_batch_size`.
    pub batch_size: u64,
    /// Optimizer steps an epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps in all.
    pub steps: u64,
    /// `learning_rate`.
    pub learning_rate: f64,
    /// `lr_scheduler_type`.
    pub lr_scheduler_type: String,
    /// `warmup_steps`; below 1 it is a share of all steps.
    pub warmup_steps: f64,
    /// Tokens that a row is cut at.
    pub max_length: u64,
    /// `LoRA`'s settings, where the method is `lora`.
    pub lora: Option<Lora>,
    /// Weights that learn.
    pub trainable_parameters: u64,
    /// That count is an upper bound: the card does not state the heads of keys and values.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trainable_at_most: bool,
    /// Bytes at the peak.
    pub memory_bytes: u64,
    /// Bytes at the peak if all weights learned.
    pub full_memory_bytes: u64,
    /// Bytes that the run's folder takes.
    pub disk_bytes: u64,
    /// Seconds, where this machine's speed could be measured.
    pub seconds: Option<Seconds>,
    /// Where the recipe stands in the card; absent when the card has none for the task.
    pub recipe_line: Option<usize>,
    /// Where the settings come from: as the card says it, or the program's own reason.
    pub recipe_source: Option<String>,
    /// The command line; empty for a task that this program does not train.
    pub command: String,
}

/// PEFT's `LoraConfig`, as far as a plan sets it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lora {
    /// `r`.
    pub r: u64,
    /// `lora_alpha`.
    pub alpha: u64,
    /// `target_modules`.
    pub target_modules: Vec<String>,
}

/// A time as a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Seconds {
    /// If all goes well.
    pub low: f64,
    /// Most likely.
    pub likely: f64,
    /// If much does not.
    pub high: f64,
    /// The probe that it was computed from, in 10^9 operations a second.
    pub gflops: f64,
}

/// Tokens of a row that a plan assumes before there is a file, and why that many.
pub(super) fn assumed_tokens(task: &str) -> (u64, &'static str) {
    match task {
        "text-generation" => (150, "prompt and answer pairs"),
        "summarization" | "text2text-generation" => (600, "a page and its summary"),
        "question-answering" => (320, "a passage and a question"),
        "translation" => (80, "a sentence and its translation"),
        "token-classification" => (40, "one sentence"),
        "text-ranking" => (160, "a query and a passage"),
        "feature-extraction" | "sentence-similarity" => (60, "a text of one or two sentences"),
        _ => (60, "one or two sentences"),
    }
}

/// Texts that each count [`assumed_tokens`] in a row: embedders learn from pairs.
fn texts_a_row(task: &str) -> u64 {
    match task {
        "feature-extraction" | "sentence-similarity" => 2,
        _ => 1,
    }
}

/// Whether the runner trains the task; embedders and rerankers need losses over pairs, which it has
/// not.
pub(super) fn is_trained_here(task: &str) -> bool {
    !matches!(
        task,
        "feature-extraction" | "sentence-similarity" | "text-ranking"
    )
}

/// The task that a model is tuned for when the question names none.
pub(super) fn usual_task(card: &Card) -> String {
    let facts = &card.facts;
    let kind = facts
        .architecture
        .as_ref()
        .and_then(|a| a.value.kind.as_deref());
    let ready = facts.tasks.ready.first().map(|t| t.value.as_str());
    match (kind, ready) {
        (_, Some(task)) if !is_trained_here(task) => task,
        (Some("decoder"), _) => "text-generation",
        (Some("encoder-decoder"), Some(task)) if task != "text2text-generation" => task,
        (Some("encoder-decoder"), _) => "summarization",
        (_, Some(task @ ("token-classification" | "question-answering"))) => task,
        _ => "text-classification",
    }
    .to_owned()
}

/// The method, and why: `LoRA` where few rows meet many weights or memory is short, else in full.
pub(super) fn method(
    card: &Card,
    examples: u64,
    machine: &Machine,
) -> (&'static str, &'static str) {
    let Some(parameters) = &card.facts.parameters else {
        return ("lora", "the card states no size");
    };
    let state = here::training_state(parameters);
    let encoder = card
        .facts
        .architecture
        .as_ref()
        .and_then(|a| a.value.kind.as_deref())
        == Some("encoder");
    if state > machine.free_memory / 2 {
        (
            "lora",
            "a full fine-tune would take more than half of the free memory",
        )
    } else if encoder && parameters.value < 200_000_000 {
        (
            "full",
            "an encoder of this size learns a task best in full, and it fits",
        )
    } else if examples < 20_000 {
        (
            "lora",
            "few weights change, so a small set is overfitted less",
        )
    } else {
        ("full", "there are rows enough for all weights")
    }
}

/// The plan for tuning `card` on `examples` rows of `task` here.
///
/// `None` where the card states neither parameters nor an architecture.
pub(super) fn plan(
    card: &Card,
    task: &str,
    examples: Option<u64>,
    method: &str,
    machine: &Machine,
) -> Option<Plan> {
    let shape = Shape::of(card)?;
    let rows = examples.unwrap_or(ASSUMED_ROWS);
    let settings = settings(card, task, method, &shape);
    let (train, check, test) = split(rows);
    let batch_size = settings.batch_size.clamp(1, train.max(1));
    let epochs = settings.epochs;
    let steps_per_epoch = train.div_ceil(batch_size);
    let context = card.facts.context_length.as_ref().map_or(512, |c| c.value);
    let max_length = settings.max_length.min(context);
    let tokens = assumed_tokens(task).0.min(max_length) * texts_a_row(task);
    let lora = (method == "lora").then(|| Lora {
        r: settings.lora_r,
        alpha: settings.lora_alpha,
        target_modules: settings.target_modules.clone(),
    });
    let trainable = lora.as_ref().map_or(shape.parameters, |l| {
        l.r as f64 * shape.rank_one(&l.target_modules)
    });
    let steps = steps_per_epoch * epochs;
    let batch_tokens = (batch_size * tokens) as f64;
    let mut plan = Plan {
        model: card.id.clone(),
        task: task.to_owned(),
        method: method.to_owned(),
        examples: rows,
        assumed: examples.is_none(),
        tokens_per_row: tokens,
        train,
        check,
        test,
        epochs,
        batch_size,
        steps_per_epoch,
        steps,
        learning_rate: settings.learning_rate,
        lr_scheduler_type: settings.lr_scheduler_type,
        warmup_steps: match (settings.warmup_ratio, settings.warmup_steps) {
            (Some(ratio), _) => ratio,
            (None, Some(fixed)) if fixed < steps / 3 => fixed as f64,
            _ => 0.0,
        },
        max_length,
        trainable_parameters: trainable as u64,
        trainable_at_most: lora
            .as_ref()
            .is_some_and(|l| shape.is_bound(&l.target_modules)),
        memory_bytes: memory(&shape, trainable, batch_tokens, tokens as f64, task),
        full_memory_bytes: memory(&shape, shape.parameters, batch_tokens, tokens as f64, task),
        disk_bytes: (trainable * 40.0) as u64,
        seconds: seconds(
            &shape,
            task,
            (train * tokens * epochs) as f64,
            lora.is_some(),
            machine,
        ),
        recipe_line: settings.line,
        recipe_source: settings.source,
        lora,
        command: String::new(),
    };
    if is_trained_here(task) {
        plan.command = command(&plan);
    }
    Some(plan)
}

/// Train, check and test rows: a twentieth each is held out, a tenth each below 400 rows.
fn split(rows: u64) -> (u64, u64, u64) {
    let held = if rows < 400 { rows / 10 } else { rows / 20 };
    let held = held.clamp(u64::from(rows > 2), 2_000);
    (rows.saturating_sub(2 * held), held, held)
}

/// Bytes at the peak: weights, and for those that learn a gradient and two moments, four bytes each;
/// activations of a layer are 2 tokens hidden (34 + 5 heads length / hidden) bytes in f32
/// (Korthikanti et al. 2022, "Reducing activation recomputation", equation 1, for 16 bits, doubled);
/// logits of a language model, their gradient and a copy.
fn memory(shape: &Shape, trainable: f64, tokens: f64, length: f64, task: &str) -> u64 {
    let state = shape.parameters * 4.0 + trainable * 12.0;
    let attention = 5.0 * shape.heads * length / shape.hidden;
    let passed = if shape.has_two_halves() {
        shape.layers / 2.0
    } else {
        shape.layers
    };
    let activations = 2.0 * tokens * shape.hidden * (34.0 + attention) * passed;
    let logits = if writes(task) {
        tokens * shape.vocabulary * 12.0
    } else {
        0.0
    };
    (state + (activations + logits) * MEMORY_SPARE) as u64
}

/// Time from operations: 6 for each weight and token (Kaplan et al. 2020, "Scaling laws", section
/// 2.1), 4 where the weights are frozen and take no gradient, over what the probe allows. Weights
/// that are only looked up do not count; in a model of two halves a token passes one.
fn seconds(
    shape: &Shape,
    task: &str,
    tokens: f64,
    frozen: bool,
    machine: &Machine,
) -> Option<Seconds> {
    let gflops = machine.speed()?.gflops;
    let looked_up = shape.looked_up();
    let active = match (writes(task), shape.has_two_halves()) {
        (_, true) => (shape.parameters - looked_up) / 2.0,
        (true, false) => shape.parameters,
        (false, false) => (shape.parameters - looked_up).max(shape.parameters * 0.1),
    };
    let operations = tokens * active * if frozen { 4.0 } else { 6.0 };
    let likely = operations / (gflops * 1e9 * PRODUCT_SHARE);
    Some(Seconds {
        low: likely * SOONER,
        likely,
        high: likely * LATER,
        gflops,
    })
}

/// `2e-4`, as people write rates.
pub(super) fn rate(value: f64) -> String {
    format!("{value:e}")
}

fn command(plan: &Plan) -> String {
    let mut words = vec![
        "modeldesk tune start".to_owned(),
        format!("--model {}", plan.model),
        format!("--train {}", file(&plan.task)),
        format!("--task {}", plan.task),
        format!("--method {}", plan.method),
        format!("--learning-rate {}", rate(plan.learning_rate)),
        format!("--lr-scheduler-type {}", plan.lr_scheduler_type),
        format!("--num-train-epochs {}", plan.epochs),
        format!("--per-device-train-batch-size {}", plan.batch_size),
    ];
    if plan.warmup_steps > 0.0 {
        words.push(format!("--warmup-steps {}", plan.warmup_steps));
    }
    if let Some(lora) = &plan.lora {
        words.push(format!("--lora-r {} --lora-alpha {}", lora.r, lora.alpha));
        words.push(format!(
            "--target-modules {}",
            lora.target_modules.join(",")
        ));
    }
    words.join(" ")
}

/// The name of a file that holds rows of `task`.
pub(super) fn file(task: &str) -> &'static str {
    match task {
        "text-classification" => "rows.csv",
        "token-classification" => "rows.conll",
        "question-answering" => "squad.json",
        "feature-extraction" | "sentence-similarity" | "text-ranking" => "pairs.jsonl",
        _ => "rows.jsonl",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_part() {
        for rows in [1, 2, 3, 10, 399, 400, 1000, 100_000] {
            let (train, check, test) = split(rows);
            assert_eq!(train + check + test, rows);
            assert!(train >= check);
        }
        assert_eq!(split(1000), (900, 50, 50));
    }

    #[test]
    fn a_full_step_of_gpt2_is_estimated_near_what_it_takes() {
        // transformers on PyTorch takes 5.6 GB for 4 x 256 tokens.
        let text = "---\nmodeldesk:\n  parameters: 124439808\n  architecture: {value: gpt2, layers: 12, \
                    hidden_size: 768, heads: 12, vocab_size: 50257}\n---\n";
        let card = Card::parse("a/b", crate::card::Origin::User, text);
        let gpt2 = Shape::of(&card).unwrap();
        let bytes = memory(&gpt2, 124_439_808.0, 1024.0, 256.0, "text-generation");
        assert!((4_000_000_000..7_000_000_000).contains(&bytes), "{bytes}");
    }
}
