//! What a run says of itself when it ends: the card of its model, and a page with its curves.

mod card;
mod page;

pub use card::card;
pub use page::page;

use super::plan::Plan;
use super::run::Figures;
use crate::text;

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What the run is called.
    pub id: &'a str,
    /// What decided it.
    pub plan: &'a Plan,
    /// Steps that were taken.
    pub steps: u64,
    /// Weights that learned.
    pub trainable: u64,
    /// Weights in all.
    pub parameters: u64,
    /// The architecture, as `config.json` calls it.
    pub model_type: &'a str,
    /// The longest input, where there is one.
    pub positions: Option<usize>,
    /// Figures on the test rows.
    pub metrics: &'a Figures,
    /// The untuned model's on the same.
    pub base_metrics: &'a Figures,
}

impl Told<'_> {
    /// The name of the file that was learned from.
    pub(super) fn data_name(&self) -> String {
        let path = &self.plan.data.files.train;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text::line(&name).into_owned()
    }

    /// One sentence: better than the untuned model, or not.
    pub(super) fn verdict(&self) -> String {
        let name = &self.plan.training.metric_for_best_model;
        let (Some(new), Some(old)) = (self.metrics.get(name), self.base_metrics.get(name)) else {
            return "It was not compared with the untuned model.".to_owned();
        };
        let better = super::run::better(name, *new, Some(*old));
        let how = if better {
            "Better than"
        } else {
            "No better than"
        };
        format!("{how} the untuned model on the test rows: {name} {new:.4} against {old:.4}.")
    }
}
