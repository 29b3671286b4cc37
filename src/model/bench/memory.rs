//! The most memory that this process had while it was watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::Result;
use crate::jobs;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(1);

/// A watch on the memory of this process.
pub(super) struct Peak {
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

/// What the watching thread shares.
#[derive(Default)]
struct Seen {
    most: AtomicU64,
    ends: AtomicBool,
}

impl Peak {
    /// Watches from now on.
    pub(super) fn watch() -> Result<Self> {
        let seen = Arc::new(Seen::default());
        let of_thread = Arc::clone(&seen);
        let thread = jobs::spawn("memory", move || {
            while !of_thread.ends.load(Ordering::Relaxed) {
                of_thread.most.fetch_max(now(), Ordering::Relaxed);
                std::thread::sleep(EVERY);
            }
        })?;
        Ok(Self {
            seen,
            thread: Some(thread),
        })
    }

    /// Ends the watch; the most bytes that there were.
    pub(super) fn end(self) -> u64 {
        let seen = Arc::clone(&self.seen);
        drop(self);
        seen.most.load(Ordering::Relaxed).max(now())
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.seen.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say but the figure, which is shared.
            let _ = thread.join();
        }
    }
}

/// Bytes that no file stands behind, as Linux tells them; elsewhere all that are in memory.
fn now() -> u64 {
    anonymous().or_else(resident).unwrap_or(0)
}

fn anonymous() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

fn resident() -> Option<u64> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
    let pid = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, memory);
    Some(system.process(pid)?.memory())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_given_back_is_remembered() {
        const MUCH: usize = 200 << 20;
        let peak = Peak::watch().unwrap();
        let before = now();
        let mut much = vec![0u8; MUCH];
        for byte in much.iter_mut().step_by(1024) {
            *byte = 1;
        }
        let with = now();
        peak.seen.most.fetch_max(with, Ordering::Relaxed);
        drop(std::hint::black_box(much));
        assert!(with >= before + MUCH as u64 / 2, "{before} {with}");
        assert!(peak.end() >= with);
    }
}
