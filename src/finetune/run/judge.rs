//! Figures of a model on rows that it does not learn from.

use super::Figures;
use crate::error::Result;
use crate::finetune::features::Prepared;
use crate::finetune::trainer::Trainer;
use crate::model::pipeline::{Stop, Task};

/// The figures of `trainer`'s model on `rows`; none without rows.
///
/// # Errors
/// When rows cannot be read, or `stop` says so.
pub(super) fn figures(
    trainer: &Trainer,
    task: Task,
    rows: &Prepared,
    stop: Stop<'_>,
) -> Result<Figures> {
    let mut figures = Figures::new();
    if rows.is_empty() {
        return Ok(figures);
    }
    let loss = trainer.judge(rows, stop)?;
    figures.insert("loss".to_owned(), loss);
    if matches!(task, Task::TextGeneration | Task::FillMask) {
        figures.insert("perplexity".to_owned(), loss.exp());
    }
    Ok(figures)
}

/// Whether `new` is better than `old` by the metric `name`: a lower loss, error or perplexity, a
/// higher anything else. What is no number is never better.
pub fn better(name: &str, new: f64, old: Option<f64>) -> bool {
    let lower = matches!(name, "loss" | "perplexity" | "mse" | "mae");
    match old {
        _ if !new.is_finite() => false,
        None => true,
        Some(old) if lower => new < old,
        Some(old) => new > old,
    }
}
