//! What is asked of a run that works: a small file, looked at after every step.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;

/// What a run is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// Rest after a checkpoint.
    Pause,
    /// End now, with a result.
    Stop,
    /// Keep a checkpoint and go on.
    Checkpoint,
}

#[derive(Serialize, Deserialize)]
struct Control {
    ask: Ask,
}

impl Ask {
    /// Asks the run whose file that is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(self, path: &Path) -> Result<()> {
        let control = Control { ask: self };
        files::write(path, &serde_json::to_vec(&control).unwrap_or_default())
    }

    /// What is asked, once: the file is removed. A file that says nothing asks nothing.
    ///
    /// # Errors
    /// When the file cannot be removed: it would be obeyed again and again.
    pub fn take(path: &Path) -> Result<Option<Self>> {
        let Ok(bytes) = std::fs::read(path) else {
            return Ok(None);
        };
        std::fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
        let control: Option<Control> = serde_json::from_slice(&bytes).ok();
        Ok(control.map(|control| control.ask))
    }
}
