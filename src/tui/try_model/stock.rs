//! Which models can be tried: those on the disk first, then those that could be fetched, at what
//! price.

use std::path::PathBuf;

use crate::advisor::offer::Offer;
use crate::advisor::quantity;
use crate::jobs::engine::{Shelf, needs};
use crate::model::layers::Precision;
use crate::model::pipeline::Task;
use crate::text;

/// A model that can be tried, now or once it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) tasks: Vec<Task>,
    parameters: u64,
    /// Bytes of its files.
    pub(super) bytes: u64,
    /// Where it is, if it is on the disk.
    pub(super) folder: Option<PathBuf>,
    is_f32_only: bool,
}

/// All that is known to run here.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// What is on the disk; nothing until somebody has looked.
    shelf: Option<Shelf>,
    /// What could be fetched.
    offers: Vec<Offer>,
}

impl Stock {
    /// Takes what is on the disk.
    pub(super) fn take(&mut self, shelf: Shelf) {
        self.shelf = Some(shelf);
    }

    /// Whether the disk was looked at.
    pub(super) fn is_known(&self) -> bool {
        self.shelf.is_some()
    }

    /// Adds models that could be fetched.
    pub(super) fn offer(&mut self, offers: impl IntoIterator<Item = Offer>) {
        for offer in offers {
            if self.offers.iter().all(|known| known.id != offer.id) {
                self.offers.push(offer);
            }
        }
    }

    /// The model of that id.
    pub(super) fn get(&self, id: &str) -> Option<Candidate> {
        let ready = self.shelf.as_ref().and_then(|shelf| shelf.get(id));
        let ready = ready.map(|kept| Candidate {
            id: kept.id.clone(),
            tasks: kept.tasks.clone(),
            parameters: kept.parameters,
            bytes: kept.bytes,
            folder: Some(kept.folder.clone()),
            is_f32_only: kept.is_f32_only,
        });
        let offered = self.offers.iter().find(|offer| offer.id == id);
        ready.or_else(|| {
            offered.map(|offer| Candidate {
                id: offer.id.clone(),
                tasks: offer.tasks.clone(),
                parameters: offer.parameters,
                bytes: offer.weights,
                folder: None,
                is_f32_only: offer.is_f32_only,
            })
        })
    }

    /// The models that do `task`, what is ready first, then the smallest; of those ready the ones
    /// that were made for it.
    pub(super) fn of(&self, task: Task) -> Vec<Candidate> {
        let shelf = self.shelf.iter().flat_map(|shelf| &shelf.models);
        let ids = shelf
            .map(|kept| &kept.id)
            .chain(self.offers.iter().map(|offer| &offer.id));
        let mut all: Vec<Candidate> = Vec::new();
        for id in ids {
            let known = all.iter().any(|one| one.id == *id);
            all.extend(
                self.get(id)
                    .filter(|one| !known && one.tasks.contains(&task)),
            );
        }
        let made_for = |one: &Candidate| match task {
            // Of the T5 models those that were taught to follow instructions.
            Task::Summarization | Task::Translation | Task::Text2TextGeneration => {
                one.id.contains("flan")
            }
            // What was trained to say a label has other vectors than what was trained for texts.
            Task::SentenceSimilarity => matches!(
                one.tasks.first(),
                Some(Task::SentenceSimilarity | Task::FeatureExtraction)
            ),
            _ => one.tasks.first() == Some(&task),
        };
        all.sort_by(|a, b| {
            let rank = |one: &Candidate| (one.folder.is_none(), !made_for(one), one.bytes);
            rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
        });
        all
    }

    /// How a model stands against the memory that is free, in one sentence.
    pub(super) fn memory(&self, one: &Candidate, precision: Precision) -> String {
        let precision = one.at(precision);
        let need = quantity::bytes(needs(one.parameters, precision));
        let name = precision.name();
        match self.shelf.as_ref().filter(|shelf| shelf.free_memory > 0) {
            Some(shelf) => format!(
                "In {name} it takes about {need} of memory; {} are free.",
                quantity::bytes(shelf.free_memory)
            ),
            None => format!("In {name} it takes about {need} of memory."),
        }
    }
}

impl Candidate {
    /// The precision that it runs in where `wanted` is wanted.
    pub(super) fn at(&self, wanted: Precision) -> Precision {
        if self.is_f32_only {
            Precision::F32
        } else {
            wanted
        }
    }

    /// Its id, safe to show.
    pub(super) fn shown(&self) -> String {
        text::ident(&self.id).into_owned()
    }

    /// `on disk, 308 MB` or `fetch 990 MB`.
    pub(super) fn standing(&self) -> String {
        let bytes = quantity::bytes(self.bytes);
        match self.folder {
            Some(_) => format!("on disk, {bytes}"),
            None => format!("fetch {bytes}"),
        }
    }

    /// That it is not on the disk, and what it costs.
    pub(super) fn price(&self, host: &str) -> String {
        format!(
            "{} is not on this disk: {} from {}.",
            self.shown(),
            quantity::bytes(self.bytes),
            text::line(host)
        )
    }

    /// `google/flan-t5-base: 990 MB from huggingface.co`.
    pub(super) fn amount(&self, host: &str) -> String {
        let (bytes, host) = (quantity::bytes(self.bytes), text::line(host));
        format!("{}: {bytes} from {host}", self.shown())
    }

    /// How long a measurement takes, in seconds; from what models of this kind took elsewhere.
    pub(super) fn measuring(&self, precision: Precision) -> f64 {
        let slower = if self.at(precision) == Precision::F32 {
            3.0
        } else {
            1.0
        };
        self.parameters as f64 * 40e-9 * slower
    }

    /// Whether it is a small one that ships with the program.
    pub(super) fn is_starter(&self) -> bool {
        self.id.starts_with("modeldesk/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::engine::Kept;

    fn kept(id: &str, tasks: &[Task], bytes: u64) -> Kept {
        Kept {
            id: id.to_owned(),
            folder: PathBuf::from(id),
            tasks: tasks.to_vec(),
            parameters: bytes / 4,
            bytes,
            is_f32_only: false,
        }
    }

    #[test]
    fn what_is_ready_comes_first_and_then_what_is_small() {
        let written = [Task::Text2TextGeneration, Task::Summarization];
        let offer = |id: &str, weights| Offer {
            id: id.to_owned(),
            tasks: written.to_vec(),
            parameters: weights / 4,
            weights,
            is_f32_only: false,
        };
        let mut stock = Stock::default();
        stock.offer([
            offer("a/large", 9_000),
            offer("a/small", 900),
            offer("a/t5", 500),
        ]);
        let ids = |stock: &Stock| -> Vec<String> {
            let all = stock.of(Task::Summarization).into_iter();
            all.map(|one| one.id).collect()
        };
        assert_eq!(ids(&stock), ["a/t5", "a/small", "a/large"]);
        stock.take(Shelf {
            models: vec![
                kept("a/t5", &written, 400),
                kept("b/flan", &written, 10_000),
                kept("c/bert", &[Task::FillMask], 1),
            ],
            speakers: Vec::new(),
            free_memory: 0,
        });
        assert_eq!(ids(&stock), ["b/flan", "a/t5", "a/small", "a/large"]);
        assert_eq!(
            stock.get("a/t5").expect("known").standing(),
            "on disk, 400 B"
        );
    }
}
