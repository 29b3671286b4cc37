//! What a run says of itself when it ends: the card of its model, and a page with its curves.

mod card;
mod page;

pub use card::card;
pub use page::page;

use super::evaluate::Evaluation;
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
    /// What was measured beside losses.
    pub evaluation: Option<&'a Evaluation>,
}

impl Told<'_> {
    /// The name of the file that was learned from.
    pub(super) fn data_name(&self) -> String {
        let path = &self.plan.data.files.train;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text::line(&name).into_owned()
    }

    /// The figure that the run is judged by: the task's own, where there is one.
    fn main(&self) -> &str {
        let own = self.evaluation.and_then(Evaluation::main);
        let perplexity = self.metrics.contains_key("perplexity");
        match own {
            Some((name, _)) if self.metrics.contains_key(name) => name,
            _ if perplexity => "perplexity",
            _ => "loss",
        }
    }

    /// One sentence: better than the untuned model and than always saying the same, or not.
    pub(super) fn verdict(&self) -> String {
        let name = self.main();
        let (Some(new), Some(old)) = (self.metrics.get(name), self.base_metrics.get(name)) else {
            return "It was not compared with the untuned model.".to_owned();
        };
        let rows = text::grouped(self.plan.data.rows.test);
        let same = self.base_metrics.get("majority_class_accuracy");
        if let (Some(same), Some(accuracy)) = (same, self.metrics.get("accuracy"))
            && accuracy <= same
        {
            return format!(
                "No better than always saying the most frequent class: accuracy {accuracy:.4} against {same:.4} on the {rows} test rows."
            );
        }
        let better = super::run::better(name, *new, Some(*old));
        let how = if better {
            "Better than"
        } else {
            "No better than"
        };
        let interval = self
            .evaluation
            .and_then(|evaluation| evaluation.metrics.get(name)?.ci95)
            .map_or(String::new(), |[low, high]| {
                format!(" (95%: {low:.4} to {high:.4})")
            });
        format!(
            "{how} the untuned model on the {rows} test rows: {name} {new:.4}{interval} against {old:.4}."
        )
    }
}
