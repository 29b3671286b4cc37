//! The models that were loaded, kept until memory is short; the one that was used longest ago
//! leaves first.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::outcome::{Done, Output};
use super::work::Pipe;
use super::{Input, News, Runner, Weights, Work};
use crate::advisor::{Machine, quantity};
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::model::bench::{self, Extent};
use crate::model::config::{Config, Head};
use crate::model::layers::Precision;
use crate::model::pipeline::{Parts, Task};
use crate::model::tape::buffer;

/// Free memory of which no model takes a part: one in so many of all.
const SPARED: u64 = 5;

/// Memory in all and free, in bytes.
type Memory = Box<dyn Fn() -> (u64, u64) + Send>;

/// Runs models of this disk.
pub struct Models {
    /// The one used last comes last.
    loaded: Vec<Loaded>,
    /// Where packed weights are kept for the next time.
    packed: Option<PathBuf>,
    memory: Memory,
}

/// A model in memory.
struct Loaded {
    weights: Weights,
    pipe: Pipe,
    /// When its files were written, while they were there.
    written: Option<SystemTime>,
}

impl Models {
    /// None loaded yet; packed weights are kept in `packed`.
    pub fn new(packed: Option<PathBuf>) -> Self {
        Self::within(packed, Machine::memory_now)
    }

    /// As [`Self::new`], where `memory` says how much there is in all, and how much is free.
    pub fn within(
        packed: Option<PathBuf>,
        memory: impl Fn() -> (u64, u64) + Send + 'static,
    ) -> Self {
        Self {
            loaded: Vec::new(),
            packed,
            memory: Box::new(memory),
        }
    }

    /// The folders and precisions of what is loaded; the one used last comes last.
    pub fn loaded(&self) -> impl Iterator<Item = &Weights> {
        self.loaded.iter().map(|one| &one.weights)
    }

    /// The model, loaded if it is not there; it is the last of the list then.
    fn get(
        &mut self,
        weights: &Weights,
        task: Task,
        tell: &mut dyn FnMut(News),
    ) -> Result<(&mut Pipe, Option<Duration>)> {
        let written = written(&weights.folder);
        let fits = |one: &Loaded| {
            // A folder that is gone cannot have changed.
            let same = written.is_none() || written == one.written;
            one.weights == *weights && one.pipe.does(task) && same
        };
        if let Some(at) = self.loaded.iter().position(fits) {
            let one = self.loaded.remove(at);
            self.loaded.push(one);
            return Ok((self.last()?, None));
        }
        // An older version of the same files is of no use to anybody.
        self.loaded.retain(|one| {
            one.weights.folder != weights.folder || written.is_none() || one.written == written
        });
        let start = Instant::now();
        let parts = Parts::read(&weights.folder)?.keeping(self.packed.clone());
        self.make_room(weights, &parts.config)?;
        tell(News::Loading(parts.checkpoint.bytes()));
        let pipe = Pipe::load(parts, task, weights.precision)?;
        self.loaded.push(Loaded {
            weights: weights.clone(),
            pipe,
            written,
        });
        Ok((self.last()?, Some(start.elapsed())))
    }

    fn last(&mut self) -> Result<&mut Pipe> {
        let last = self.loaded.last_mut();
        last.map(|one| &mut one.pipe)
            .ok_or_else(|| Error::new("no model is loaded"))
    }

    /// Lets models leave until there is room for another; refuses one that can have none.
    fn make_room(&mut self, weights: &Weights, config: &Config) -> Result<()> {
        let precision = weights.precision.of(config);
        let need = needs(config.parameters(head(config)), precision);
        loop {
            let (all, free) = (self.memory)();
            // Where the system does not tell, the load itself will.
            if all == 0 || free >= need.saturating_add(all / SPARED) {
                return Ok(());
            }
            if self.loaded.is_empty() {
                if free >= need {
                    return Ok(());
                }
                return Err(too_large(&weights.folder, precision, config, (need, free)));
            }
            self.loaded.remove(0);
            buffer::release();
        }
    }

    fn run(
        &mut self,
        model: &Weights,
        work: (Task, &Input, Option<&str>),
        options: &serde_json::Map<String, serde_json::Value>,
        cancel: &Cancel,
        tell: &mut dyn FnMut(News),
    ) -> Result<Done> {
        let (task, input, prefix) = work;
        let (pipe, took) = self.get(model, task, tell)?;
        pipe.turn_to(task)?;
        tell(News::Loaded {
            took,
            options: pipe.options().map(Box::new),
        });
        cancel.check()?;
        pipe.run(input, prefix, options, cancel, tell)
    }

    fn measure(
        &mut self,
        model: &Weights,
        cancel: &Cancel,
        tell: &mut dyn FnMut(News),
    ) -> Result<Done> {
        let start = Instant::now();
        self.make_room(model, &Config::read(&model.folder)?)?;
        tell(News::Loading(
            crate::model::weights::Checkpoint::open(&model.folder)?.bytes(),
        ));
        let packed = self.packed.as_deref();
        let figures = bench::measure(&model.folder, model.precision, packed, Extent::All, cancel);
        buffer::release();
        Ok(Done {
            output: Output::Speed(figures?),
            notes: Vec::new(),
            pace: None,
            finish: None,
            took: start.elapsed(),
        })
    }
}

impl Runner for Models {
    fn work(
        &mut self,
        model: &Weights,
        work: &Work,
        cancel: &Cancel,
        tell: &mut dyn FnMut(News),
    ) -> Result<Done> {
        match work {
            Work::Run {
                task,
                input,
                prefix,
                options,
            } => {
                let work = (*task, input, prefix.as_deref());
                self.run(model, work, options, cancel, tell)
            }
            Work::Measure => self.measure(model, cancel, tell),
        }
    }

    fn reset(&mut self) {
        self.loaded.clear();
        buffer::release();
    }
}

/// When the weights in a folder were written; nothing if they are gone.
fn written(folder: &Path) -> Option<SystemTime> {
    let of = |name: &str| folder.join(name).metadata().ok()?.modified().ok();
    of(crate::hub::layout::WEIGHTS).or_else(|| of(crate::hub::layout::INDEX))
}

/// The head that has most of the parameters.
fn head(config: &Config) -> Head {
    *config.heads().get(1).unwrap_or(&Head::Base)
}

/// Bytes of memory that a model of so many parameters takes while it runs: its weights, and a
/// quarter more.
pub fn needs(parameters: u64, precision: Precision) -> u64 {
    let bits = match precision {
        Precision::F32 => 32,
        // A scale for each group of weights comes on top.
        Precision::Q8 => 9,
        Precision::Q4 => 5,
    };
    parameters.saturating_mul(bits) / 8 / 4 * 5
}

fn too_large(
    folder: &Path,
    precision: Precision,
    config: &Config,
    (need, free): (u64, u64),
) -> Error {
    let smaller = match precision {
        Precision::F32 if Precision::Q8.of(config) == Precision::F32 => {
            "close other programs, or choose a smaller model"
        }
        Precision::F32 => "q8 needs about a quarter of that; or close other programs",
        Precision::Q8 => "q4 needs about half of that; or close other programs",
        Precision::Q4 => "close other programs, or choose a smaller model",
    };
    Error::new(format!(
        "this model in {} needs about {} of memory, and {} are free",
        precision.name(),
        quantity::bytes(need),
        quantity::bytes(free)
    ))
    .at_path(folder)
    .hint(smaller)
}
