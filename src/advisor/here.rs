//! Whether a model runs at this desk, on this machine, and at what price.

use serde::Serialize;

use super::machine::Machine;
use super::measured::Record;
use super::quantity;
use crate::card::{Card, Fact};
use crate::model::config;
use crate::text;

/// Whether this program runs a model on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunsHere {
    /// This build runs it.
    Yes,
    /// The program has no such architecture, or the machine no room.
    No,
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

/// A model takes its weights, and about a quarter more while it runs.
const RUNNING: f64 = 1.25;

/// Whether this build has a definition of an architecture (config.json's `model_type`).
pub fn is_known(architecture: &str) -> bool {
    config::knows(architecture)
}

/// The room that a model has in a machine's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that running it takes, without its longest inputs.
    pub needed: u64,
    /// Bytes that are free.
    pub free: u64,
    /// Whether it fits, and leaves a fifth of memory.
    pub space: Space,
}

/// How a model fits into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// With room for other things.
    Ample,
    /// Leaves less than a fifth of memory.
    Tight,
    /// More than is free.
    None,
}

impl Room {
    /// That of weights of so many bytes, in the precision they are shipped in, on `machine`.
    pub fn of(weights: u64, machine: &Machine) -> Self {
        Self::taking((weights as f64 * RUNNING) as u64, machine)
    }

    /// That of a model that takes so many bytes while it runs, on `machine`.
    fn taking(needed: u64, machine: &Machine) -> Self {
        let free = machine.free_memory;
        let space = match free.checked_sub(needed) {
            None => Space::None,
            Some(left) if left < machine.memory / 5 => Space::Tight,
            Some(_) => Space::Ample,
        };
        Self {
            needed,
            free,
            space,
        }
    }
}

/// What stands between the user and running a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Here {
    pub(super) runs: RunsHere,
    pub(super) availability: Availability,
    /// `on disk`, `fetch 990 MB`, `tight: 3.1 GB`, `no: LED`.
    pub(super) reason: String,
}

impl Here {
    /// As a table has it.
    pub(super) fn words(&self) -> String {
        self.reason.clone()
    }
}

/// Bytes of the weights: as the card states them, else four for each parameter. A size of less than
/// four bits a weight cannot be, whatever the card says.
pub(super) fn weights(card: &Card) -> Option<u64> {
    Needs::of(card).weights()
}

/// Bytes of memory that running the model takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Memory<'a> {
    /// As it was measured here.
    Measured(&'a Record),
    /// In the precision it is shipped in, or f32 where it runs in no other; without its longest
    /// inputs.
    Estimate(u64),
}

impl Memory<'_> {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Measured(record) => record.memory(),
            Self::Estimate(bytes) => bytes,
        }
    }

    /// `210 MB in q8, here 2026-11-24`, `620 MB est`.
    pub(super) fn words(self) -> String {
        let bytes = quantity::bytes(self.bytes());
        match self {
            Self::Measured(record) => format!("{bytes} in {}, {}", record.precision, record.mark()),
            Self::Estimate(_) => format!("{bytes} est"),
        }
    }
}

/// What running the model takes: as it was measured here, else estimated.
pub(super) fn memory<'a>(card: &Card, machine: &'a Machine) -> Option<Memory<'a>> {
    let measured = machine.measured(&card.id).map(Memory::Measured);
    measured.or_else(|| Needs::of(card).memory().map(Memory::Estimate))
}

/// How the model stands on `machine`.
pub(super) fn here(card: &Card, machine: &Machine) -> Here {
    let needs = Needs {
        fetched: machine.holds(&card.id),
        measured: machine.measured(&card.id).map(Record::memory),
        ..Needs::of(card)
    };
    needs.on(machine)
}

/// The facts that decide how a model stands on a machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs<'a> {
    /// config.json's `model_type`.
    pub(super) architecture: Option<&'a str>,
    /// What it is for, by the hub's name.
    pub(super) task: Option<&'a str>,
    /// Number of parameters.
    pub(super) parameters: Option<u64>,
    /// Bytes of the weights, as the card states them.
    pub(super) bytes: Option<u64>,
    /// The files are on this disk.
    pub(super) fetched: bool,
    /// Bytes of memory that it took here, where that was measured.
    pub(super) measured: Option<u64>,
}

impl<'a> Needs<'a> {
    fn of(card: &'a Card) -> Self {
        let facts = &card.facts;
        let architecture = facts.architecture.as_ref();
        Self {
            architecture: architecture.map(|a| a.value.model_type.as_str()),
            task: facts.pipeline_tag.as_ref().map(|tag| tag.value.as_str()),
            parameters: facts.parameters.as_ref().map(|p| p.value),
            bytes: facts.size.as_ref().map(|s| s.value.bytes),
            fetched: false,
            measured: None,
        }
    }

    /// As [`weights`].
    pub(super) fn weights(&self) -> Option<u64> {
        // A size below half a byte a parameter is not one.
        self.bytes
            .filter(|bytes| self.parameters.is_none_or(|count| *bytes >= count / 2))
            .or_else(|| self.parameters.map(|count| count.saturating_mul(4)))
    }

    /// As [`memory`].
    pub(super) fn memory(&self) -> Option<u64> {
        let is_f32_only = self.architecture.is_some_and(config::is_f32_only);
        let f32s = self.parameters.filter(|_| is_f32_only);
        let held = |bytes: u64| f32s.map_or(bytes, |count| bytes.max(count.saturating_mul(4)));
        let estimate = || {
            self.weights()
                .map(|bytes| (held(bytes) as f64 * RUNNING) as u64)
        };
        self.measured.or_else(estimate)
    }

    /// How a model that needs this stands on `machine`.
    pub(super) fn on(&self, machine: &Machine) -> Here {
        let no = |reason: String| Here {
            runs: RunsHere::No,
            availability: Availability::No,
            reason: format!("no: {reason}"),
        };
        let Some(kind) = self.architecture else {
            return no("architecture unknown".to_owned());
        };
        if !is_known(kind) {
            return no(architecture_name(kind));
        }
        if let Some(task) = self.task.filter(|task| !config::does(kind, Some(task))) {
            return no(format!(
                "{} for {}",
                architecture_name(kind),
                text::ident(task)
            ));
        }
        let (Some(weights), Some(memory)) = (self.weights(), self.memory()) else {
            return no("size unknown".to_owned());
        };
        let room = Room::taking(memory, machine);
        let needed = quantity::bytes(room.needed);
        let (availability, reason) = match room.space {
            Space::None => return no(needed),
            Space::Tight => (Availability::Tight, format!("tight: {needed}")),
            Space::Ample if self.fetched => (Availability::Ready, "on disk".to_owned()),
            Space::Ample => {
                let reason = format!("fetch {}", quantity::bytes(weights));
                (Availability::Fetch, reason)
            }
        };
        Here {
            runs: RunsHere::Yes,
            availability,
            reason,
        }
    }
}

/// `led` as `LED`, `bart` as `BART`: as papers write it.
pub fn architecture_name(model_type: &str) -> String {
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
    parameters.value.saturating_mul(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Origin;
    use crate::hub::{Cached, Format};

    const GB: u64 = 1_000_000_000;

    /// How a T5 of 4 GB stands where `free` of 16 GB are free and this much of it is on disk.
    fn t5(free: u64, cached: Option<bool>) -> Here {
        let front = "architecture: {value: t5}\n  parameters: {value: 1000000000}";
        let text = format!("---\nmodeldesk:\n  {front}\n---\n");
        let card = Card::parse("a/b", Origin::User, text);
        let mut machine = Machine::of(2, 16 * GB, free, 100.0);
        machine.cached = cached
            .into_iter()
            .map(|whole| Cached {
                id: "a/b".to_owned(),
                bytes: 4 * GB,
                revision: None,
                last_used: None,
                whole,
                weights: Format::Safetensors,
            })
            .collect();
        here(&card, &machine)
    }

    #[test]
    fn a_whole_model_that_fits_is_ready_and_a_part_is_fetched() {
        let there = t5(12 * GB, Some(true));
        assert_eq!(there.availability, Availability::Ready);
        assert_eq!(there.words(), "on disk");
        for cached in [None, Some(false)] {
            let absent = t5(12 * GB, cached);
            assert_eq!(absent.availability, Availability::Fetch);
            assert_eq!(absent.words(), "fetch 4 GB");
        }
    }

    #[test]
    fn being_on_disk_makes_no_room() {
        assert_eq!(t5(6 * GB, Some(true)).availability, Availability::Tight);
        assert_eq!(t5(4 * GB, Some(true)).availability, Availability::No);
    }
}
