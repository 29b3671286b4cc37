//! Plain text, in passages: lines that belong together, long enough to be learned from and short
//! enough to be split into parts.

use std::collections::VecDeque;

use serde_json::Value;

use super::lines::{Lines, Quirks};
use super::{Found, Records, failed};
use crate::error::Result;

/// A passage ends at an empty line from this many bytes on.
const ENOUGH: usize = 2000;
/// It ends at any line from this many bytes on.
const LONG: usize = 8000;

/// The passages of a text. Line ends are kept, as `run_clm` keeps them.
pub(super) struct Passages {
    lines: Lines,
    /// Faults of lines within a passage come after it.
    faults: VecDeque<Found>,
}

impl Passages {
    pub(super) fn new(lines: Lines) -> Self {
        Self {
            lines,
            faults: VecDeque::new(),
        }
    }
}

impl Records for Passages {
    fn next(&mut self) -> Result<Option<Found>> {
        if let Some(fault) = self.faults.pop_front() {
            return Ok(Some(fault));
        }
        let mut passage = String::new();
        let mut first = 0;
        while let Some(line) = self
            .lines
            .next()
            .map_err(|e| failed(self.lines.number(), e))?
        {
            match line.text() {
                Ok(text) => {
                    if passage.is_empty() {
                        first = line.number;
                    }
                    passage.push_str(text);
                    passage.push('\n');
                    let is_full =
                        passage.len() >= LONG || passage.len() >= ENOUGH && line.is_blank();
                    if is_full && !passage.trim().is_empty() {
                        break;
                    }
                }
                Err(fault) => {
                    self.faults.push_back(Found {
                        line: line.number,
                        record: Err(fault),
                    });
                }
            }
        }
        if passage.trim().is_empty() {
            return Ok(self.faults.pop_front());
        }
        let record = [("text".to_owned(), Value::String(passage))]
            .into_iter()
            .collect();
        Ok(Some(Found {
            line: first,
            record: Ok(record),
        }))
    }

    fn quirks(&self) -> Quirks {
        self.lines.quirks
    }
}
