//! The written score: which models can be meant at all, and in which order they stand.

mod criteria;
mod figures;
mod refuse;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::answer::Criterion;
use super::here::{self, Here};
use super::latency::{self, Pass};
use super::machine::Machine;
use super::question::{Constraints, Prefer};
use super::reading::vocabulary::Vocabulary;
use crate::card::{Card, Fact, Kind};
use criteria::criteria;
pub(super) use criteria::reads_long;
use figures::quality;
pub(super) use figures::{comparable, variant};
use refuse::broken;

const RANKING: &str = include_str!("../../../index/ranking.yaml");

/// index/ranking.yaml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    #[serde(rename = "weights")]
    usual: BTreeMap<String, f64>,
    prefer: BTreeMap<Prefer, BTreeMap<String, f64>>,
    small_device: BTreeMap<String, f64>,
}

impl Weights {
    pub(super) fn shipped() -> Self {
        serde_yaml::from_str(RANKING)
            .expect("index/ranking.yaml ships with the program and a test reads it")
    }

    fn of(&self, criterion: &str, c: &Constraints) -> f64 {
        let small = c.hardware.as_deref().is_some_and(is_small_device);
        let device = small.then(|| self.small_device.get(criterion)).flatten();
        let prefer = c
            .prefer
            .and_then(|p| self.prefer.get(&p))
            .and_then(|w| w.get(criterion));
        let usual = self.usual.get(criterion);
        prefer.or(device).or(usual).copied().unwrap_or_default()
    }
}

fn is_small_device(hardware: &str) -> bool {
    matches!(hardware, "mobile" | "browser" | "raspberry-pi")
}

/// A model that satisfies the constraints.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) card: Arc<Card>,
    pub(super) here: Here,
    /// How long a pass takes here, where the speed of this machine is known.
    pub(super) pass: Option<Pass>,
    pub(super) score: f64,
    pub(super) why: Vec<Criterion>,
}

/// Models in order, and those that break constraints.
pub(super) struct Ranking {
    pub(super) models: Vec<Candidate>,
    /// Cards that do the task and break these constraints, the fewest first.
    pub(super) refused: Vec<(Arc<Card>, Vec<String>)>,
}

/// What ranking looks things up in.
pub(super) struct Scale<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) machine: &'a Machine,
    pub(super) weights: &'a Weights,
    /// BM25 of the question over the cards, by id, as a share of the best.
    pub(super) words: HashMap<String, f64>,
}

/// Ranks those of `cards` that satisfy `c`.
pub(super) fn rank(cards: &[Arc<Card>], c: &Constraints, scale: &Scale<'_>) -> Ranking {
    let mut models = Vec::new();
    let mut refused = Vec::new();
    for card in cards.iter().filter(|card| can_be_meant(card, c)) {
        let here = here::here_for(card, scale.machine, c.task.as_deref());
        let pass = latency::pass(card, c.task.as_deref(), scale.machine);
        let broken = broken(card, &here, pass, c, scale);
        if broken.is_empty() {
            models.push((card, here, pass));
        } else {
            refused.push((Arc::clone(card), broken));
        }
    }
    let known: Vec<&Arc<Card>> = models.iter().map(|(card, ..)| *card).collect();
    let quality = quality(&known, c.task.as_deref());
    let mut ranked: Vec<Candidate> = models
        .into_iter()
        .zip(quality)
        .map(|((card, here, pass), quality)| {
            let why = criteria(card, &here, pass, c, scale, quality);
            let score = why.iter().map(|w| w.value * w.weight).sum();
            Candidate {
                card: Arc::clone(card),
                here,
                pass,
                score,
                why,
            }
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| parameters(&a.card).cmp(&parameters(&b.card)))
            .then_with(|| a.card.id.cmp(&b.card.id))
    });
    refused.sort_by_key(|(card, broken)| (broken.len(), card.id.clone()));
    Ranking {
        models: ranked,
        refused,
    }
}

fn parameters(card: &Card) -> u64 {
    card.facts.parameters.as_ref().map_or(u64::MAX, |p| p.value)
}

/// A model, no starter, and fit for the task.
fn can_be_meant(card: &Card, c: &Constraints) -> bool {
    let task = c.task.as_deref();
    card.facts.kind == Kind::Model
        && !card.id.starts_with("modeldesk/")
        && task.is_none_or(|t| does(card, t) != Does::No)
}

/// How a model does a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// As it is, and it is what the card is about.
    Main,
    /// As it is.
    Ready,
    /// After fine-tuning.
    Tuned,
    No,
}

/// How `card` does `task`.
pub(super) fn does(card: &Card, task: &str) -> Does {
    let same = |t: &Fact<String>| t.value == task || embeds(&t.value) && embeds(task);
    let facts = &card.facts;
    if facts.tasks.ready.iter().any(same) {
        let main = facts.pipeline_tag.as_ref().is_some_and(same);
        let exact = facts.pipeline_tag.as_ref().is_some_and(|t| t.value == task);
        return if main && (exact || !embeds(task)) {
            Does::Main
        } else {
            Does::Ready
        };
    }
    if facts.tasks.tuned.iter().any(same) {
        Does::Tuned
    } else {
        Does::No
    }
}

/// The hub files sentence embedders under either of two tasks.
fn embeds(task: &str) -> bool {
    matches!(task, "feature-extraction" | "sentence-similarity")
}
