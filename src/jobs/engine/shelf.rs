//! The models on this disk that can be run, and what each of them does.

use std::path::{Path, PathBuf};

use crate::advisor::Machine;
use crate::error::Result;
use crate::hub::{Cache, Format};
use crate::model::config::Config;
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
            let (tasks, parameters) = read(&folder).ok()?;
            Some(Kept {
                id: one.id,
                folder,
                tasks,
                parameters,
                bytes: one.bytes,
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

/// What the model in a folder does, and how many parameters it has.
fn read(folder: &Path) -> Result<(Vec<Task>, u64)> {
    let config = Config::read(folder)?;
    let tasks = Task::of(&config);
    let head = config.heads().first().copied();
    Ok((tasks, head.map_or(0, |head| config.parameters(head))))
}
