//! The models on this disk that can be run, and what each of them does.

use std::path::PathBuf;

use crate::advisor::Machine;
use crate::hub::{Cache, Format};
use crate::model::config::{self, Config};
use crate::model::pipeline::Task;
use crate::settings::Settings;

/// A model on this disk that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The hub's id.
    pub id: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// What it does, the usual first.
    pub tasks: Vec<Task>,
    /// How many parameters it has.
    pub parameters: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Whether it runs in f32 only.
    pub is_f32_only: bool,
}

/// What can be run on this machine, when somebody looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// The models, in the order of ids.
    pub models: Vec<Kept>,
    /// Memory that is free or can be freed, bytes.
    pub free_memory: u64,
}

impl Shelf {
    /// Looks into the cache of models. What is there in part, is of another kind or cannot be read
    /// is left out: `modeldesk doctor` tells of it.
    pub fn look(settings: &Settings) -> Self {
        Self::of(&Cache::of_environment(settings))
    }

    /// As [`Self::look`], into that cache.
    pub fn of(cache: &Cache) -> Self {
        let (cached, _) = cache.scan();
        let whole = cached
            .into_iter()
            .filter(|one| one.whole && one.weights == Format::Safetensors);
        let models = whole.filter_map(|one| {
            let folder = cache.snapshot(&one)?;
            let config = Config::read(&folder).ok()?;
            let head = config.heads().first().copied();
            Some(Kept {
                id: one.id,
                folder,
                tasks: Task::of(&config),
                parameters: head.map_or(0, |head| config.parameters(head)),
                bytes: one.bytes,
                is_f32_only: config::is_f32_only(config.common().model_type),
            })
        });
        Self {
            models: models.collect(),
            free_memory: Machine::memory_now().1,
        }
    }

    /// The model of that id.
    pub fn get(&self, id: &str) -> Option<&Kept> {
        self.models.iter().find(|one| one.id == id)
    }
}
