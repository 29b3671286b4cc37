//! Where a run stands, as its `state.json` says, and whether that is still so.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::files;

/// The largest `state.json` that is read.
const MOST_BYTES: u64 = 1 << 20;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It was made and has not begun.
    Queued,
    /// A process works on it.
    Running,
    /// It was asked to rest, and did after a checkpoint.
    Paused,
    /// It was asked to end early, and has a result.
    Stopped,
    /// Its process ended without a word.
    Interrupted,
    /// It ended by an error.
    Failed,
    /// It came to its end.
    Done,
}

impl Phase {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }

    /// Whether there is more to do, for a process that goes on with it.
    pub fn can_go_on(self) -> bool {
        matches!(
            self,
            Self::Queued | Self::Paused | Self::Interrupted | Self::Failed
        )
    }

    /// Whether it has come to its end, early or not.
    pub fn ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Done)
    }
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What it is doing.
    pub state: Phase,
    /// The process that works on it, or did last.
    pub pid: u32,
    /// Steps that were taken.
    pub step: u64,
    /// Steps in all; 0 before they are known.
    pub total_steps: u64,
    /// Why it ended as it did, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl State {
    /// A run that has not begun.
    pub fn queued() -> Self {
        Self {
            state: Phase::Queued,
            pid: 0,
            step: 0,
            total_steps: 0,
            message: None,
            hint: None,
        }
    }

    /// What the file says.
    ///
    /// # Errors
    /// When it cannot be read, or is something else.
    pub fn read(path: &Path) -> Result<Self> {
        files::read_json(path, MOST_BYTES)
    }

    /// Writes it: a reader sees the old or the new state whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        // Numbers and texts always become JSON.
        files::write(path, &serde_json::to_vec_pretty(self).unwrap_or_default())
    }
}
