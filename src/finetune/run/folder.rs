//! A run's folder, which is the whole truth about it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::control::Ask;
use super::state::{Phase, State};
use crate::error::{Error, Result};
use crate::files::{self, Folders};
use crate::finetune::plan::Plan;
use crate::text;

/// The longest name of a run.
const MOST_LETTERS: usize = 80;

/// How often a lock that is held is tried, and how long a look at it may take.
const LOOKS: usize = 5;
const LOOK: Duration = Duration::from_millis(5);

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// Where it is.
    pub folder: PathBuf,
}

/// Held by the process that works on a run: that alone means that it is alive.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held until it is dropped")] File);

impl Run {
    /// The folder with all runs.
    pub fn all_in(folders: &Folders) -> PathBuf {
        folders.data.join("runs")
    }

    /// The run whose folder that is.
    pub fn at(folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Self {
            id: text::line(&name).into_owned(),
            folder: folder.to_owned(),
        }
    }

    /// The run whose result is in that folder.
    pub fn of_model(folder: &Path) -> Option<Self> {
        let run = Self::at(folder.parent()?);
        (run.model_path() == folder && run.plan_path().is_file()).then_some(run)
    }

    /// All runs, by name. What is no run is passed over.
    pub fn list(folders: &Folders) -> Vec<Self> {
        let entries = std::fs::read_dir(Self::all_in(folders))
            .into_iter()
            .flatten();
        let mut runs: Vec<Self> = entries
            .flatten()
            .map(|entry| Self::at(&entry.path()))
            .filter(|run| run.plan_path().is_file())
            .collect();
        runs.sort_by(|a, b| a.id.cmp(&b.id));
        runs
    }

    /// The run of that name, or in that folder.
    ///
    /// # Errors
    /// When there is none; with the nearest.
    pub fn find(folders: &Folders, name: &str) -> Result<Self> {
        let all = Self::list(folders);
        if let Some(run) = all.iter().find(|run| run.id == name) {
            return Ok(run.clone());
        }
        let run = Self::at(Path::new(name));
        if run.plan_path().is_file() {
            return Ok(run);
        }
        let ids: Vec<&str> = all.iter().map(|run| run.id.as_str()).collect();
        let hint = match (text::nearest(name, &ids), ids.is_empty()) {
            (Some(near), _) => format!("did you mean {near}?"),
            (None, true) => "there are no runs yet: `modeldesk tune start` makes one".to_owned(),
            (None, false) => "`modeldesk tune list` names those there are".to_owned(),
        };
        Err(Error::new("there is no such run")
            .at(text::line(name).into_owned())
            .hint(hint))
    }

    /// Makes the folder of a new run, called after `wish`, and puts its plan into it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(folders: &Folders, wish: &str, plan: &Plan) -> Result<Self> {
        let all = Self::all_in(folders);
        std::fs::create_dir_all(&all).map_err(|e| Error::io("make", &all, e))?;
        let wish = name_of(wish);
        let names = std::iter::once(wish.clone()).chain((2u32..).map(|n| format!("{wish}-{n}")));
        for name in names {
            let folder = all.join(&name);
            match std::fs::create_dir(&folder) {
                Ok(()) => {
                    let run = Self::at(&folder);
                    State::queued().write(&run.state_path())?;
                    plan.write(&run.plan_path())?;
                    return Ok(run);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::io("make", &folder, e)),
            }
        }
        Err(Error::new("no name is left for this run"))
    }

    /// Everything that decides it.
    pub fn plan_path(&self) -> PathBuf {
        self.folder.join("plan.yaml")
    }

    /// Where it stands.
    pub fn state_path(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    /// What happened in it.
    pub fn events_path(&self) -> PathBuf {
        self.folder.join("events.jsonl")
    }

    /// What is asked of it.
    pub fn control_path(&self) -> PathBuf {
        self.folder.join("control.json")
    }

    /// What its process wrote.
    pub fn log_path(&self) -> PathBuf {
        self.folder.join("log.txt")
    }

    /// What it goes on from.
    pub fn checkpoints_path(&self) -> PathBuf {
        self.folder.join("checkpoints")
    }

    /// What it ends in.
    pub fn model_path(&self) -> PathBuf {
        self.folder.join("model")
    }

    /// Its rows, prepared.
    pub fn rows_path(&self, part: &str) -> PathBuf {
        self.folder.join("rows").join(part)
    }

    /// The plan.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn plan(&self) -> Result<Plan> {
        Plan::read(&self.plan_path())
    }

    /// Where it stands: `running` without a process that holds the lock is interrupted.
    ///
    /// # Errors
    /// When its state cannot be read.
    pub fn state(&self) -> Result<State> {
        let mut state = State::read(&self.state_path())?;
        if state.state == Phase::Running && !self.works()? {
            // Between the two looks the process may have written its last word.
            state = State::read(&self.state_path())?;
            if state.state == Phase::Running {
                state.state = Phase::Interrupted;
            }
        }
        Ok(state)
    }

    /// Whether a process works on it.
    ///
    /// # Errors
    /// When its lock cannot be looked at.
    pub fn works(&self) -> Result<bool> {
        let path = self.folder.join("lock");
        let Ok(file) = File::open(&path) else {
            return Ok(false);
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(e)) => Err(Error::io("look at", &path, e)),
        }
    }

    /// Takes the lock.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(|e| Error::io("write", &path, e))?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                // Whoever looks whether a process works on it holds it for a moment.
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
                Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path, e)),
            }
        }
        Err(Error::new("another process works on this run")
            .at(self.id.clone())
            .hint(format!("`modeldesk tune watch {}` shows it", self.id)))
    }

    /// Writes down that its process failed.
    ///
    /// # Errors
    /// When its state cannot be written.
    pub fn fail(&self, error: &Error) -> Result<()> {
        let mut state = State::read(&self.state_path())?;
        state.state = Phase::Failed;
        state.message = Some(error.to_string());
        state.hint = error.hint_text().map(str::to_owned);
        state.write(&self.state_path())
    }

    /// Asks the process that works on it.
    ///
    /// # Errors
    /// When none does, or the file cannot be written.
    pub fn ask(&self, ask: Ask) -> Result<()> {
        if !self.works()? {
            let state = self.state()?.state.name();
            return Err(
                Error::new(format!("no process works on this run: it is {state}"))
                    .at(self.id.clone())
                    .hint(format!(
                        "`modeldesk tune resume {}` goes on with it",
                        self.id
                    )),
            );
        }
        ask.write(&self.control_path())
    }

    /// Removes it and everything in it; gives the bytes that are free now.
    ///
    /// # Errors
    /// When a process works on it, or it cannot be removed.
    pub fn delete(&self) -> Result<u64> {
        if self.works()? {
            return Err(Error::new("a process works on this run")
                .at(self.id.clone())
                .hint(format!("`modeldesk tune stop {}` ends it first", self.id)));
        }
        let bytes = size(&self.folder);
        // Under another name first: half a run is never found.
        let gone = self.folder.with_file_name(format!(".gone-{}", self.id));
        std::fs::rename(&self.folder, &gone)
            .and_then(|()| std::fs::remove_dir_all(&gone))
            .map_err(|e| Error::io("remove", &self.folder, e))?;
        Ok(bytes)
    }

    /// Makes sure that the folder outlives a crash.
    ///
    /// # Errors
    /// When it cannot be synced.
    pub fn sync(&self) -> Result<()> {
        files::sync_folder(&self.folder).map_err(|e| Error::io("write", &self.folder, e))
    }
}

/// A name for a folder: letters, digits, `-`, `_` and `.`.
fn name_of(wish: &str) -> String {
    let mut name = String::new();
    for c in wish.chars().take(MOST_LETTERS) {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' || c == '.' => {
                name.push(c.to_ascii_lowercase());
            }
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name = name.trim_matches(['-', '.']).to_owned();
    if name.is_empty() {
        "run".to_owned()
    } else {
        name
    }
}

/// The bytes of all files below a folder.
pub fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(name_of("support.jsonl on gpt2"), "support.jsonl-on-gpt2");
        assert_eq!(name_of("../../etc"), "etc");
        assert_eq!(name_of("…"), "run");
    }
}
