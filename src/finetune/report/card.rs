//! The card of a model that a run made: what it is, what it was made of, and how it was measured.

use serde_json::{Map, Value, json};

use super::{MAJORITY, Told};
use crate::error::{Error, Result};
use crate::finetune::plan::Method;
use crate::model::pipeline::Task;
use crate::text;

/// The card, as a README.md with front matter in the hub's schema.
///
/// # Errors
/// When a name in it is no text.
pub fn card(told: &Told<'_>) -> Result<String> {
    let front = serde_yaml::to_string(&front(told))
        .map_err(|e| Error::new("the model's card cannot be written").caused_by(e))?;
    Ok(format!("---\n{front}---\n\n{}", body(told)))
}

fn front(told: &Told<'_>) -> Value {
    let plan = told.plan;
    let data = told.data_name();
    let metrics: Vec<Value> = told
        .metrics
        .iter()
        .map(|(name, value)| {
            json!({
                "type": name, "name": name, "value": rounded(*value),
                "args": { "rank": "author" },
            })
        })
        .collect();
    let mut front = Map::new();
    let mut put = |name: &str, value: Value| front.insert(name.to_owned(), value);
    put("base_model", json!(plan.model.name));
    put(
        "library_name",
        json!(if plan.method == Method::Lora {
            "peft"
        } else {
            "transformers"
        }),
    );
    put("pipeline_tag", json!(plan.task.name()));
    put("tags", json!(["modeldesk", plan.method.name()]));
    if !metrics.is_empty() {
        put(
            "model-index",
            json!([{
                "name": told.id,
                "results": [{
                    "task": { "type": plan.task.name() },
                    "dataset": { "type": "own", "name": data, "split": "test" },
                    "metrics": metrics,
                    "source": { "name": "measured by modeldesk when the run ended" },
                }],
            }]),
        );
    }
    let mut desk = json!({
        "kind": "model",
        "name": told.id,
        "author": "you",
        "tasks": { "ready": [plan.task.name()] },
        "parameters": { "value": told.parameters, "source": "counted by modeldesk" },
        "architecture": { "value": told.model_type, "source": "config.json" },
    });
    if let (Some(desk), Some(positions)) = (desk.as_object_mut(), told.positions) {
        let value = json!({ "value": positions, "source": "config.json" });
        desk.insert("context_length".to_owned(), value);
    }
    put("modeldesk", desk);
    Value::Object(front)
}

fn body(told: &Told<'_>) -> String {
    let plan = told.plan;
    let (id, base) = (text::line(told.id), text::line(&plan.model.name));
    let data = told.data_name();
    let rows = plan.data.rows;
    let mut lines = vec![format!("# {id}"), String::new()];
    lines.push(format!(
        "{base} tuned for {} on {data} ({} training rows), by the method {}.",
        plan.task,
        text::grouped(rows.train),
        plan.method.name(),
    ));
    lines.extend(["", "## Figures", ""].map(str::to_owned));
    lines.push(told.verdict());
    lines.push(String::new());
    if told.metrics.is_empty() {
        lines.push("There were no test rows, so nothing says how good it is.".to_owned());
    } else {
        lines.push(format!(
            "On {} test rows that were neither learned from nor chosen by:",
            text::grouped(rows.test)
        ));
        lines.push(String::new());
        lines.extend(table(told));
    }
    lines.extend(["", "## How it was made", ""].map(str::to_owned));
    lines.extend(made(told));
    lines.extend(["", "## Limits", ""].map(str::to_owned));
    lines.push(format!(
        "- It was tuned on {} rows of one file; on texts of another kind its figures do not hold.",
        text::grouped(rows.train)
    ));
    if plan.task == Task::TextGeneration {
        lines.push("- Names, dates and prices that it writes may be invented.".to_owned());
    }
    lines.push(format!(
        "- What {base} does badly, and its licence, hold for this model too."
    ));
    lines.extend(["", "## How to use it", ""].map(str::to_owned));
    lines.push("```text".to_owned());
    lines.push(format!("modeldesk try {id} \"Some text.\""));
    if plan.data.template.is_some() {
        lines.push(format!("modeldesk chat {id}"));
    }
    lines.push("```".to_owned());
    if let Some(template) = &plan.data.template {
        lines.push(String::new());
        lines.push(format!(
            "It was taught conversations in the template `{template}`."
        ));
    }
    lines.join("\n") + "\n"
}

/// What it was made with.
fn made(told: &Told<'_>) -> Vec<String> {
    let (plan, training) = (told.plan, &told.plan.training);
    let mut lines = vec![
        format!(
            "- Base: {}{}",
            text::line(&plan.model.name),
            plan.model
                .commit
                .as_ref()
                .map_or(String::new(), |commit| format!(" at {commit}")),
        ),
        format!(
            "- Weights that learned: {} of {}",
            text::grouped(told.trainable),
            text::grouped(told.parameters)
        ),
    ];
    if let (Method::Lora, Some(lora)) = (plan.method, &plan.lora) {
        lines.push(format!("- LoRA: r {}, alpha {}", lora.r, lora.lora_alpha));
    }
    lines.push(format!(
        "- Learning rate {:e}, {} rows a step, {} steps, seed {}",
        training.learning_rate,
        training.rows_a_step(),
        told.steps,
        training.seed
    ));
    lines.push(format!(
        "- Data: SHA-256 {}",
        text::line(&plan.data.fingerprint)
    ));
    lines.push(format!(
        "- modeldesk {}, {} threads",
        plan.program, plan.threads
    ));
    lines
}

/// The figures with their intervals, beside those of the base and of the most frequent class.
fn table(told: &Told<'_>) -> Vec<String> {
    let mut lines = vec![
        "| figure | this model | 95% interval | untuned |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    let dash = || "-".to_owned();
    for (name, value) in told.metrics {
        let interval = told.interval(name).map_or_else(dash, |[low, high]| {
            format!("{} to {}", rounded(low), rounded(high))
        });
        let untuned = told.base_metrics.get(name);
        let untuned = untuned.map_or_else(dash, |value| rounded(*value).to_string());
        let value = rounded(*value);
        lines.push(format!("| {name} | {value} | {interval} | {untuned} |"));
    }
    if let Some(accuracy) = told.base_metrics.get(MAJORITY) {
        lines.push(String::new());
        lines.push(format!(
            "Always answering `{}` has an accuracy of {}.",
            told.most_frequent(),
            rounded(*accuracy)
        ));
    }
    lines
}

/// A figure with four digits after the point.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
