//! Sentences of `CoNLL` files: a word a line, its tags in the columns after it.

use serde_json::Value;

use super::lines::{LONGEST, Lines, Quirks, too_long};
use super::{Found, Record, Records, failed};
use crate::error::Result;
use crate::finetune::dataset::fault::{Fault, Kind};
use crate::finetune::dataset::sniff::Layout;

/// The sentences of a file; each column is a list under its number, from `1` on.
pub(super) struct Sentences {
    lines: Lines,
    tabs: bool,
}

impl Sentences {
    pub(super) fn new(lines: Lines, layout: &Layout) -> Self {
        Self {
            lines,
            tabs: layout.delimiter == b'\t',
        }
    }
}

/// The columns of a line.
pub(in super::super) fn columns(line: &str, tabs: bool) -> Vec<&str> {
    if tabs {
        line.split('\t').map(str::trim).collect()
    } else {
        line.split_whitespace().collect()
    }
}

/// Whether a line is about the file and no word of it.
fn is_remark(columns: &[&str]) -> bool {
    columns[0] == "-DOCSTART-" || columns[0].starts_with('#') && columns.len() == 1
}

/// A sentence as it is read.
#[derive(Default)]
struct Sentence {
    line: u64,
    columns: Vec<Vec<Value>>,
    bytes: usize,
    fault: Option<(u64, Fault)>,
}

impl Sentence {
    fn add(&mut self, number: u64, fields: &[&str]) -> Result<(), Fault> {
        if self.columns.is_empty() {
            self.line = number;
            self.columns = vec![Vec::new(); fields.len()];
        }
        if fields.len() < 2 {
            return Err(Fault::new(Kind::MissingColumn, "a word without a tag"));
        }
        if fields.len() != self.columns.len() {
            let what = format!("{} columns where {} are", fields.len(), self.columns.len());
            return Err(Fault::new(Kind::FieldCount, what));
        }
        self.bytes += fields.iter().map(|field| field.len()).sum::<usize>();
        if self.bytes > LONGEST {
            return Err(too_long());
        }
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.push(Value::String((*field).to_owned()));
        }
        Ok(())
    }

    fn found(self) -> Found {
        if let Some((line, fault)) = self.fault {
            return Found {
                line,
                record: Err(fault),
            };
        }
        let named = self.columns.into_iter().enumerate();
        let record: Record = named
            .map(|(place, values)| ((place + 1).to_string(), Value::Array(values)))
            .collect();
        Found {
            line: self.line,
            record: Ok(record),
        }
    }
}

impl Records for Sentences {
    fn next(&mut self) -> Result<Option<Found>> {
        let mut sentence = Sentence::default();
        loop {
            let line = self
                .lines
                .next()
                .map_err(|e| failed(self.lines.number(), e))?;
            let has_any = !sentence.columns.is_empty() || sentence.fault.is_some();
            let Some(line) = line.filter(|line| !(line.is_blank() && has_any)) else {
                return Ok(has_any.then(|| sentence.found()));
            };
            if line.is_blank() {
                continue;
            }
            let added = match line.text() {
                Ok(text) => {
                    let fields = columns(text, self.tabs);
                    if is_remark(&fields) {
                        continue;
                    }
                    // What follows in a sentence that is left out is not kept.
                    if sentence.fault.is_some() {
                        Ok(())
                    } else {
                        sentence.add(line.number, &fields)
                    }
                }
                Err(fault) => Err(fault),
            };
            if let (Err(fault), None) = (added, &sentence.fault) {
                sentence.columns = Vec::new();
                sentence.fault = Some((line.number, fault));
            }
        }
    }

    fn quirks(&self) -> Quirks {
        self.lines.quirks
    }
}
