//! What this machine has, which models among it, and how fast it multiplies matrices.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::measured::{Measured, Record};
use crate::files::Folders;
use crate::hub::{Cache, Cached};
use crate::settings::Settings;

/// What this machine has, read when it was made.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in all, bytes.
    pub memory: u64,
    /// Memory that is free or can be freed, bytes.
    pub free_memory: u64,
    /// Threads that compute: a setting, else the cores.
    pub threads: usize,
    /// The models in the cache, in the order of ids.
    pub cached: Vec<Cached>,
    /// What was measured of models here.
    pub measured: Measured,
    /// The cache that they are in.
    models: Option<Cache>,
    /// Where a measured speed is kept between sessions.
    cache: Option<std::path::PathBuf>,
    speed: OnceLock<Speed>,
}

/// How fast this machine multiplies f32 matrices of a transformer's shape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Floating-point operations a second, in units of 10^9.
    pub gflops: f64,
    /// Threads that took part, each on a core.
    pub cores: usize,
}

impl Machine {
    /// Reads this machine; a measured speed is kept below `folders.cache`. What is wrong with the
    /// cache of models is for `doctor` to say: it stops no answer.
    pub fn read(folders: &Folders, settings: &Settings) -> Self {
        let mut machine = Self::bare();
        machine.cache = Some(folders.cache.join("machine.json"));
        machine.threads = settings.threads.map_or(machine.cores, usize::from);
        machine.models = Some(Cache::of_environment(settings));
        machine.measured = Measured::read(&folders.cache, machine.threads);
        machine.rescanned()
    }

    /// The same, with the models that are in the cache now.
    #[must_use]
    pub fn rescanned(&self) -> Self {
        let mut machine = self.clone();
        if let Some(models) = &machine.models {
            machine.cached = models.scan().0;
        }
        machine
    }

    /// A machine of the given size, for tests and for planning ahead.
    pub fn of(cores: usize, memory: u64, free_memory: u64, gflops: f64) -> Self {
        let speed = OnceLock::from(Speed { gflops, cores });
        Self {
            cores,
            memory,
            free_memory,
            threads: cores,
            cached: Vec::new(),
            measured: Measured::default(),
            models: None,
            cache: None,
            speed,
        }
    }

    /// Whether all that runs the model is on this disk.
    pub fn holds(&self, id: &str) -> bool {
        self.cached(id).is_some_and(|cached| cached.whole)
    }

    /// What was measured here of the model `id`, as it is on this disk.
    pub fn measured(&self, id: &str) -> Option<&Record> {
        let cached = self.cached(id);
        self.measured
            .find(id, cached.and_then(|c| c.revision.as_deref()))
    }

    fn cached(&self, id: &str) -> Option<&Cached> {
        let found = self.cached.binary_search_by(|c| c.id.as_str().cmp(id));
        found.ok().map(|at| &self.cached[at])
    }

    /// Memory in all, and memory that is free or can be freed at this moment; bytes, 0 where the
    /// system does not tell.
    pub fn memory_now() -> (u64, u64) {
        let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(memory).ok();
        // A container's limit counts, where there is one.
        let limits = system.as_ref().and_then(System::cgroup_limits);
        let total = system.as_ref().map_or(0, System::total_memory);
        let free = system.as_ref().map_or(0, System::available_memory);
        (
            limits.as_ref().map_or(total, |l| l.total_memory.min(total)),
            limits.map_or(free, |l| l.free_memory.min(free)),
        )
    }

    fn bare() -> Self {
        let (memory, free_memory) = Self::memory_now();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            cores,
            memory,
            free_memory,
            threads: cores,
            cached: Vec::new(),
            measured: Measured::default(),
            models: None,
            cache: None,
            speed: OnceLock::new(),
        }
    }

    /// The speed of matrix products: what was kept, else measured now in 40 ms or a little more.
    ///
    /// `None` where it cannot be measured.
    pub fn speed(&self) -> Option<Speed> {
        self.known_speed().or_else(|| self.measure())
    }

    /// The speed of matrix products where it was measured before; never measures. Once known it
    /// stays what it is for as long as this value lives.
    pub fn known_speed(&self) -> Option<Speed> {
        if self.speed.get().is_none()
            && let Some(speed) = self.kept()
        {
            let _ = self.speed.set(speed);
        }
        self.speed.get().copied()
    }

    fn kept(&self) -> Option<Speed> {
        let path = self.cache.as_deref()?;
        kept(path, self.threads)
    }

    /// Measures the speed now and keeps the best seen here: a machine that is busy now was not slow
    /// for that.
    pub fn measure(&self) -> Option<Speed> {
        let measured = measure(self.threads)?;
        let best = match self.kept() {
            Some(kept) if kept.gflops >= measured.gflops => kept,
            _ => {
                if let (Some(path), Ok(text)) = (&self.cache, serde_json::to_vec(&measured)) {
                    // A cache that cannot be written is measured again.
                    let _ = crate::files::write(path, &text);
                }
                measured
            }
        };
        let _ = self.speed.set(best);
        Some(best)
    }
}

fn kept(path: &Path, threads: usize) -> Option<Speed> {
    let text = std::fs::read(path).ok()?;
    let speed: Speed = serde_json::from_slice(&text).ok()?;
    (speed.cores == threads && speed.gflops.is_finite() && speed.gflops > 0.0).then_some(speed)
}

/// Multiplies [1024, 768] by [768, 3072], the largest product of GPT-2's layer in a step of 1024
/// tokens, for 30 ms and takes the best of the repeats: what the machine can do when left alone.
fn measure(threads: usize) -> Option<Speed> {
    use candle_core::{Device, Tensor};
    let (rows, inner, columns) = (1024, 768, 3072);
    let halves = |shape: (usize, usize)| Tensor::full(0.5f32, shape, &Device::Cpu).ok();
    let (left, right) = (halves((rows, inner))?, halves((inner, columns))?);
    left.matmul(&right).ok()?;
    let begun = Instant::now();
    let mut best = f64::MAX;
    while begun.elapsed() < Duration::from_millis(30) {
        let start = Instant::now();
        left.matmul(&right).ok()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    let operations = 2.0 * (rows * inner * columns) as f64;
    Some(Speed {
        gflops: operations / best / 1e9,
        cores: threads,
    })
}
