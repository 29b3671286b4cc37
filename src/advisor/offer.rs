//! The models that this program runs on this machine, by their cards: what each does, and the
//! price of fetching it.

use super::Advisor;
use super::here::{self, RunsHere};
use crate::card::{Card, Kind};
use crate::model::config;
use crate::model::pipeline::Task;

/// A model that runs here, once it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The card's id.
    pub id: String,
    /// What it does, the usual first.
    pub tasks: Vec<Task>,
    /// How many parameters it has.
    pub parameters: u64,
    /// Bytes of its weights, which are what is fetched.
    pub weights: u64,
    /// Whether it runs in f32 only.
    pub is_f32_only: bool,
}

impl Advisor {
    /// The built-in models and the user's own that run here.
    pub fn offers(&self) -> Vec<Offer> {
        let library = self.library();
        let own = library.own();
        let cards = library.built_in().iter().chain(&own);
        cards.filter_map(|card| self.offer(card)).collect()
    }

    /// The model of a card, if it runs here.
    pub fn offer(&self, card: &Card) -> Option<Offer> {
        let facts = &card.facts;
        let here = here::here(card, self.machine());
        if facts.kind != Kind::Model || here.runs != RunsHere::Yes {
            return None;
        }
        let weights = here::weights(card)?;
        let kind = facts.architecture.as_ref()?.value.model_type.as_str();
        let tag = facts.pipeline_tag.as_ref().map(|tag| tag.value.as_str());
        Some(Offer {
            id: card.id.clone(),
            tasks: tasks(kind, tag?)?,
            parameters: facts.parameters.as_ref().map_or(weights / 4, |p| p.value),
            weights,
            is_f32_only: config::is_f32_only(kind),
        })
    }
}

/// What a model of that architecture does that was made for the task `tag`.
fn tasks(kind: &str, tag: &str) -> Option<Vec<Task>> {
    let own = Task::named(tag).ok();
    let written = [
        Task::Text2TextGeneration,
        Task::Summarization,
        Task::Translation,
    ];
    if matches!(kind, "t5" | "mt5") {
        return Some(written.to_vec());
    }
    let read = [Task::FeatureExtraction, Task::SentenceSimilarity];
    let all: Vec<Task> = own
        .into_iter()
        .chain(read.into_iter().filter(|task| Some(*task) != own))
        .filter(|task| config::does(kind, Some(task.name())))
        .collect();
    own.map(|_| all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_t5_does_what_an_instruction_asks_and_others_what_they_were_made_for() {
        let t5 = tasks("t5", "translation").expect("tasks");
        assert!(t5.contains(&Task::Summarization) && t5.len() == 3);
        let bert = tasks("bert", "fill-mask").expect("tasks");
        assert_eq!(bert[0], Task::FillMask);
        let minilm = tasks("bert", "sentence-similarity").expect("tasks");
        assert_eq!(minilm, [Task::SentenceSimilarity, Task::FeatureExtraction]);
        assert_eq!(tasks("bert", "image-to-text"), None);
        let qwen = tasks("qwen3", "text-generation").expect("tasks");
        assert_eq!(qwen, [Task::TextGeneration]);
    }
}
