//! What the test rows say of a result, in one sentence.

use super::Told;
use crate::finetune::evaluate::Evaluation;
use crate::finetune::run::better;
use crate::text;

/// The figure of always saying the most frequent class, among those of the untuned model.
pub const MAJORITY: &str = "majority_class_accuracy";

impl Told<'_> {
    /// The figure that the run is judged by: the task's own, where there is one.
    fn main(&self) -> &str {
        let own = self.evaluation.and_then(Evaluation::main);
        match own {
            Some((name, _)) if self.metrics.contains_key(name) => name,
            _ if self.metrics.contains_key("perplexity") => "perplexity",
            _ => "loss",
        }
    }

    /// The 95% interval of a figure.
    pub(super) fn interval(&self, name: &str) -> Option<[f64; 2]> {
        self.evaluation?.metrics.get(name)?.ci95
    }

    /// Whether the result is better than always answering the same and than the untuned model; a
    /// difference that its interval does not bear out is none.
    pub fn verdict(&self) -> String {
        if self.plan.data.rows.test == 0 {
            return "No test rows judge it.".to_owned();
        }
        let same = self.base_metrics.get(MAJORITY).copied();
        if let (Some(same), Some(new)) = (same, self.metrics.get("accuracy")) {
            let (how, sure) = self.beside("accuracy", *new, same);
            if !sure {
                let always = format!("always answering `{}`", self.most_frequent());
                return self.sentence(how, &always, "accuracy", *new, same);
            }
        }
        let name = self.main();
        match (self.metrics.get(name), self.base_metrics.get(name)) {
            (Some(new), Some(old)) => {
                let (how, _) = self.beside(name, *new, *old);
                self.sentence(how, "the untuned model", name, *new, *old)
            }
            _ => "It was not compared with the untuned model.".to_owned(),
        }
    }

    /// How `new` stands beside `old`, and whether it is better for sure.
    fn beside(&self, name: &str, new: f64, old: f64) -> (&'static str, bool) {
        let holds = |[low, high]: [f64; 2]| low <= old && old <= high;
        if !better(name, new, Some(old)) {
            ("No better than", false)
        } else if self.interval(name).is_some_and(holds) {
            ("Not shown to be better than", false)
        } else {
            ("Better than", true)
        }
    }

    fn sentence(&self, how: &str, whom: &str, name: &str, new: f64, old: f64) -> String {
        let rows = text::grouped(self.plan.data.rows.test);
        let figure = text::figure;
        let interval = self.interval(name).map_or(String::new(), |[low, high]| {
            format!(" (95%: {} to {})", figure(low), figure(high))
        });
        format!(
            "{how} {whom} on the {rows} test rows: {name} {} against {}{interval}.",
            figure(new),
            figure(old)
        )
    }

    /// The label that most training rows have.
    pub(super) fn most_frequent(&self) -> String {
        let data = &self.plan.data;
        let labels = data.labels.iter().zip(&data.label_rows);
        let most = labels.rev().max_by_key(|(_, rows)| **rows);
        text::line(most.map_or("", |(label, _)| label)).into_owned()
    }
}
