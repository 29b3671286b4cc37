//! What a run says of itself when it ends: the card of its model, and a page with its curves.

mod card;
mod page;
mod verdict;

pub use card::card;
pub use page::page;
pub use verdict::MAJORITY;

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
}
