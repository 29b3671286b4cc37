//! The models on this disk that can be run, and what each of them does.

use std::path::PathBuf;

use super::speaker::Speaker;
use crate::advisor::Machine;
use crate::files::Folders;
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
    /// What one can talk to: the user's own first.
    pub speakers: Vec<Speaker>,
    /// Memory that is free or can be freed, bytes.
    pub free_memory: u64,
}

impl Shelf {
    /// Looks into the cache of models. What is there in part, is of another kind or cannot be read
    /// is left out: `modeldesk doctor` tells of it.
    pub fn look(settings: &Settings, folders: &Folders) -> Self {
        let cache = Cache::of_environment(settings);
        Self::of(&cache).with_runs(folders, &cache)
    }

    /// With the results of the user's runs before the models of the cache.
    #[must_use]
    pub fn with_runs(mut self, folders: &Folders, cache: &Cache) -> Self {
        self.speakers.splice(..0, Speaker::of_runs(folders, cache));
        self
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
        let models: Vec<Kept> = models.collect();
        Self {
            speakers: models.iter().filter_map(Speaker::of).collect(),
            models,
            free_memory: Machine::memory_now().1,
        }
    }

    /// The model of that id.
    pub fn get(&self, id: &str) -> Option<&Kept> {
        self.models.iter().find(|one| one.id == id)
    }
}
