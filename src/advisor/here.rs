//! Whether a model runs at this desk, on this machine, and at what price.

use serde::Serialize;

use super::machine::Machine;
use super::quantity;
use crate::card::{Card, Fact};

/// Whether this program runs a model on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunsHere {
    /// This build runs it.
    Yes,
    /// The program has no such architecture, or the machine no room.
    No,
    /// An architecture of this program that this build does not run yet.
    Planned,
}

/// What stands between the user and running a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    /// On disk and fits.
    Ready,
    /// Fits once fetched.
    Fetch,
    /// Would leave less than a fifth of memory.
    Tight,
    /// Cannot run here.
    No,
}

/// Architectures (config.json's `model_type`) that this program has a definition of, or will: those
/// that it was made for.
const PLANNED: [&str; 5] = ["bert", "distilbert", "gpt2", "t5", "mt5"];

/// A model takes its weights, and about a quarter more while it runs.
const RUNNING: f64 = 1.25;

/// What stands between the user and running a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Here {
    pub(super) runs: RunsHere,
    pub(super) availability: Availability,
    /// `fetch 990 MB`, `tight: 3.1 GB`, `no: LED`.
    pub(super) reason: String,
}

impl Here {
    /// As a table has it: `planned` until this build runs the architecture, for a price alone would
    /// promise too much.
    pub(super) fn words(&self) -> String {
        match self.runs {
            RunsHere::Planned => format!("planned, {}", self.reason.trim_start_matches("fetch ")),
            _ => self.reason.clone(),
        }
    }
}

/// Bytes of the weights: as the card states them, else four for each parameter. A size of less than
/// four bits a weight cannot be, whatever the card says.
pub(super) fn weights(card: &Card) -> Option<u64> {
    let parameters = card.facts.parameters.as_ref().map(|p| p.value);
    let stated = card.facts.size.as_ref().map(|s| s.value.bytes);
    stated
        .filter(|bytes| parameters.is_none_or(|n| *bytes >= n / 2))
        .or_else(|| parameters.map(|n| n.saturating_mul(4)))
}

/// Bytes of memory that running the model takes in the precision it is shipped in, without its
/// longest inputs.
pub(super) fn memory(card: &Card) -> Option<u64> {
    weights(card).map(|bytes| (bytes as f64 * RUNNING) as u64)
}

/// How the model stands on `machine`.
pub(super) fn here(card: &Card, machine: &Machine) -> Here {
    let kind = card
        .facts
        .architecture
        .as_ref()
        .map(|a| a.value.model_type.as_str());
    let no = |reason: String| Here {
        runs: RunsHere::No,
        availability: Availability::No,
        reason: format!("no: {reason}"),
    };
    let Some(kind) = kind else {
        return no("architecture unknown".to_owned());
    };
    if !PLANNED.contains(&kind) {
        return no(architecture_name(kind));
    }
    let (Some(weights), Some(memory)) = (weights(card), memory(card)) else {
        return no("size unknown".to_owned());
    };
    if memory > machine.free_memory {
        return no(quantity::bytes(memory));
    }
    let left = machine.free_memory - memory;
    let tight = left < machine.memory / 5;
    let (availability, reason) = if tight {
        (
            Availability::Tight,
            format!("tight: {}", quantity::bytes(memory)),
        )
    } else {
        (
            Availability::Fetch,
            format!("fetch {}", quantity::bytes(weights)),
        )
    };
    Here {
        runs: RunsHere::Planned,
        availability,
        reason,
    }
}

/// `led` as `LED`, `bart` as `BART`: as papers write it.
pub(super) fn architecture_name(model_type: &str) -> String {
    let known = [
        ("deberta-v2", "DeBERTa"),
        ("roberta", "RoBERTa"),
        ("xlm-roberta", "XLM-RoBERTa"),
        ("modernbert", "ModernBERT"),
        ("longformer", "Longformer"),
        ("electra", "ELECTRA"),
        ("pegasus", "Pegasus"),
        ("marian", "Marian"),
        ("llama", "Llama"),
        ("m2m_100", "M2M100"),
        ("mpnet", "MPNet"),
        ("nomic_bert", "NomicBERT"),
        ("gemma3_text", "Gemma 3"),
        ("qwen2", "Qwen2"),
        ("qwen3", "Qwen3"),
        ("distilbert", "DistilBERT"),
        ("gpt2", "GPT-2"),
    ];
    let found = known.iter().find(|(t, _)| *t == model_type);
    found.map_or_else(|| model_type.to_uppercase(), |(_, name)| (*name).to_owned())
}

/// What full fine-tuning holds besides activations: weights, gradients and `AdamW`'s two moments, four
/// bytes each.
pub(super) fn training_state(parameters: &Fact<u64>) -> u64 {
    parameters.value * 16
}
