//! What happened in a run: a line of JSON each, appended, in `events.jsonl`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The longest line that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Figures by their names.
pub type Figures = BTreeMap<String, f64>;

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A process began to work on the run, or went on with it after `step`.
    Start {
        /// Steps that were taken before. What was written of later ones no longer holds.
        step: u64,
        /// Steps in all.
        total_steps: u64,
        /// Weights that learn, and weights in all.
        trainable: u64,
        /// Weights in all.
        parameters: u64,
        /// Seconds since 1970.
        at: f64,
    },
    /// Some steps were taken.
    Progress {
        /// The last of them.
        step: u64,
        /// Epochs that were gone through.
        epoch: f64,
        /// The mean loss since the last of these lines.
        loss: f64,
        /// The last norm of gradients.
        grad_norm: f64,
        /// The last learning rate.
        learning_rate: f64,
        /// Tokens a second, since this process began.
        tokens_per_s: f64,
        /// Seconds that all steps took so far.
        seconds: f64,
        /// Resident memory now.
        rss_mb: f64,
    },
    /// The check rows were judged.
    Check {
        /// After so many steps; 0 is the model that was not tuned.
        step: u64,
        /// Figures on rows that are not learned from.
        metrics: Figures,
        /// Whether none before was better.
        best: bool,
    },
    /// What the model writes for a row that it does not learn from.
    Sample {
        /// After so many steps.
        step: u64,
        /// Which of the rows.
        number: u64,
        /// What it was given.
        prompt: String,
        /// What it wrote.
        text: String,
        /// What stands in the data.
        expected: String,
    },
    /// A checkpoint is on the disk.
    Checkpoint {
        /// After so many steps.
        step: u64,
    },
    /// Something that the user should know.
    Warning {
        /// In words.
        message: String,
    },
    /// The process ends.
    End(Box<End>),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The state that it is in now.
    pub state: super::Phase,
    /// Steps that were taken.
    pub step: u64,
    /// Figures of the result on the test rows.
    pub metrics: Figures,
    /// Figures of the model that was not tuned, on the same rows.
    pub base_metrics: Figures,
    /// What the test rows say of the result, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Seconds of this process.
    pub wall_s: f64,
    /// Tokens a second of all steps.
    pub tokens_per_s: f64,
    /// The most memory of this process.
    pub peak_rss_mb: f64,
    /// Where the result is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_dir: Option<PathBuf>,
    /// Why, if not because it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Appends events.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Goes on with the file `path`. A last line that a crash cut is ended first.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || -> std::io::Result<File> {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .read(true)
                .open(path)?;
            if file.metadata()?.len() > 0 {
                let mut last = [0];
                file.seek(SeekFrom::End(-1))?;
                std::io::Read::read_exact(&mut file, &mut last)?;
                if last != *b"\n" {
                    file.write_all(b"\n")?;
                }
            }
            Ok(file)
        };
        Ok(Self {
            file: open().map_err(|e| Error::io("write", path, e))?,
            path: path.to_owned(),
        })
    }

    /// Appends an event, in one write.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, event: &Event) -> Result<()> {
        let mut line = serde_json::to_vec(event).unwrap_or_default();
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(|e| Error::io("write", &self.path, e))
    }
}

/// Reads events as they are appended.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    at: u64,
}

impl Tail {
    /// From the beginning of the file `path`, which need not be there yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            at: 0,
        }
    }

    /// What was appended since the last time. Lines that are no events are passed over.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(&mut self) -> Result<Vec<Event>> {
        let failed = |e| Error::io("read", &self.path, e);
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(e)),
        };
        file.seek(SeekFrom::Start(self.at)).map_err(failed)?;
        let mut reader = BufReader::new(file);
        let (mut events, mut line) = (Vec::new(), Vec::new());
        loop {
            line.clear();
            let mut part = std::io::Read::take(&mut reader, MOST_BYTES);
            let count = part.read_until(b'\n', &mut line).map_err(failed)?;
            // A line without an end is still being written.
            if count == 0 || (line.last() != Some(&b'\n') && (count as u64) < MOST_BYTES) {
                return Ok(events);
            }
            self.at += count as u64;
            events.extend(serde_json::from_slice::<Event>(&line).ok());
        }
    }
}

/// The events of a run as they hold: what a process wrote of steps that a later one took again is
/// left out.
pub fn settled(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::new();
    for event in events {
        if let Event::Start { step, .. } = event {
            kept.retain(|old| match old {
                Event::Progress { step: of, .. }
                | Event::Check { step: of, .. }
                | Event::Sample { step: of, .. }
                | Event::Checkpoint { step: of } => *of <= step,
                _ => true,
            });
        }
        kept.push(event);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(step: u64) -> Event {
        Event::Start {
            step,
            total_steps: 9,
            trainable: 1,
            parameters: 2,
            at: 0.5,
        }
    }

    #[test]
    fn what_is_appended_is_read_once_and_a_torn_line_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.read().unwrap(), []);
        let mut log = Log::open(&path).unwrap();
        log.add(&start(0)).unwrap();
        assert_eq!(tail.read().unwrap(), [start(0)]);
        log.file.write_all(b"{\"event\":\"check").unwrap();
        assert_eq!(tail.read().unwrap(), []);
        let mut log = Log::open(&path).unwrap();
        log.add(&Event::Checkpoint { step: 3 }).unwrap();
        assert_eq!(tail.read().unwrap(), [Event::Checkpoint { step: 3 }]);
    }

    #[test]
    fn steps_that_were_taken_again_are_told_once() {
        let checkpoint = |step| Event::Checkpoint { step };
        let events = vec![
            start(0),
            checkpoint(2),
            checkpoint(4),
            start(2),
            checkpoint(4),
        ];
        let expected = [start(0), checkpoint(2), start(2), checkpoint(4)];
        assert_eq!(settled(events), expected);
    }
}
