//! Rows of CSV and TSV.
//!
//! A quote that nothing closes would take the rest of the file into one field. It is given up at
//! the length of a row, and reading goes on after the line that opened it.

use std::collections::VecDeque;

use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};
use serde_json::Value;

use super::lines::{LONGEST, Line, Lines, Quirks, too_long, utf8};
use super::{Found, Record, Records, failed};
use crate::error::Result;
use crate::finetune::dataset::fault::{Fault, Kind};
use crate::finetune::dataset::sniff::Layout;

/// Splits lines into fields.
struct Fields {
    delimiter: u8,
    quotes: bool,
    reader: csv_core::Reader,
    output: Vec<u8>,
    ends: Vec<usize>,
}

/// What a line gave.
enum Step {
    /// The fields of a row.
    Row(Vec<String>),
    /// The row goes on in the next line.
    More,
    /// A row that is not read.
    Bad(Fault),
}

impl Fields {
    fn new(delimiter: u8, quotes: bool) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quotes)
            .terminator(Terminator::Any(b'\n'))
            .build();
        Self {
            delimiter,
            quotes,
            reader,
            output: vec![0; 1024],
            ends: vec![0; 64],
        }
    }

    /// Feeds a line; `at` is how much of the buffers the row fills.
    fn feed(&mut self, line: &[u8], at: &mut (usize, usize)) -> Step {
        if *at == (0, 0) && !(self.quotes && line.contains(&b'"')) {
            return match utf8(line) {
                Ok(line) => Step::Row(
                    line.split(self.delimiter as char)
                        .map(str::to_owned)
                        .collect(),
                ),
                Err(fault) => Step::Bad(fault),
            };
        }
        let mut input = line;
        let mut rest: &[u8] = b"\n";
        loop {
            let (out, ends) = (&mut self.output[at.0..], &mut self.ends[at.1..]);
            let (result, read, written, ended) = self.reader.read_record(input, out, ends);
            input = &input[read..];
            at.0 += written;
            at.1 += ended;
            match result {
                ReadRecordResult::InputEmpty if rest.is_empty() => return Step::More,
                ReadRecordResult::InputEmpty => input = std::mem::take(&mut rest),
                ReadRecordResult::OutputFull => self.output.resize(2 * self.output.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record | ReadRecordResult::End => return self.row(at.1),
            }
        }
    }

    /// The row that fills the first `count` ends.
    fn row(&self, count: usize) -> Step {
        let ends = &self.ends[..count];
        let starts = std::iter::once(&0).chain(ends);
        let fields = starts
            .zip(ends)
            .map(|(start, end)| utf8(&self.output[*start..*end]));
        match fields.collect::<Result<Vec<&str>, Fault>>() {
            Ok(fields) => Step::Row(fields.into_iter().map(str::to_owned).collect()),
            Err(fault) => Step::Bad(fault),
        }
    }
}

/// The first rows of a table whose text begins with `head`; the last one may be cut off.
///
/// # Errors
/// Never: what is in memory can be read.
pub(in super::super) fn first_rows(
    head: &[u8],
    delimiter: u8,
    quotes: bool,
    most: usize,
) -> Result<Vec<Vec<String>>> {
    let lines = Lines::new(Box::new(std::io::Cursor::new(head.to_vec())));
    let mut table = Table {
        lines,
        again: VecDeque::new(),
        fields: Fields::new(delimiter, quotes),
        names: Vec::new(),
        skips_header: false,
    };
    let mut rows = Vec::new();
    while let Some((_, fields)) = table.row()? {
        rows.extend(fields);
        if rows.len() == most {
            break;
        }
    }
    Ok(rows)
}

/// The fields of a row, or what is wrong with it.
type Split = Result<Vec<String>, Fault>;

/// The rows of a table.
pub(super) struct Table {
    lines: Lines,
    /// Lines that are read again after an open quote.
    again: VecDeque<Line>,
    fields: Fields,
    names: Vec<String>,
    skips_header: bool,
}

impl Table {
    pub(super) fn new(lines: Lines, layout: &Layout) -> Self {
        Self {
            lines,
            again: VecDeque::new(),
            fields: Fields::new(layout.delimiter, layout.quotes),
            names: layout.names.clone(),
            skips_header: layout.header,
        }
    }

    fn line(&mut self) -> Result<Option<Line>> {
        if let Some(line) = self.again.pop_front() {
            Ok(Some(line))
        } else {
            let line = self.lines.next();
            line.map_err(|e| failed(self.lines.number(), e))
        }
    }

    /// The fields of the next row, and the line that it begins in.
    fn row(&mut self) -> Result<Option<(u64, Split)>> {
        let mut held: VecDeque<Line> = VecDeque::new();
        let mut bytes = 0;
        let mut at = (0, 0);
        self.fields.reader.reset();
        loop {
            let line = self.line()?;
            let is_over = match &line {
                None if held.is_empty() => return Ok(None),
                None => true,
                Some(line) if held.is_empty() && line.is_blank() => continue,
                Some(line) if held.is_empty() && line.is_long => {
                    return Ok(Some((line.number, Err(too_long()))));
                }
                Some(line) => line.is_long || bytes + line.bytes.len() > LONGEST,
            };
            if is_over {
                held.extend(line);
                let first = held.pop_front().map_or(0, |line| line.number);
                held.append(&mut self.again);
                self.again = held;
                let fault = Fault::new(Kind::OpenQuote, "a quote is opened and not closed");
                return Ok(Some((first, Err(fault))));
            }
            let Some(line) = line else { continue };
            let first = held.front().map_or(line.number, |line| line.number);
            match self.fields.feed(&line.bytes, &mut at) {
                Step::Row(fields) => return Ok(Some((first, Ok(fields)))),
                Step::Bad(fault) => return Ok(Some((first, Err(fault)))),
                Step::More => {
                    bytes += line.bytes.len() + 1;
                    held.push_back(line);
                }
            }
        }
    }

    fn record(&self, fields: Vec<String>) -> Result<Record, Fault> {
        if fields.len() != self.names.len() {
            let what = format!("{} fields where {} are", fields.len(), self.names.len());
            return Err(Fault::new(Kind::FieldCount, what));
        }
        let values = fields.into_iter().map(Value::String);
        Ok(self.names.iter().cloned().zip(values).collect())
    }
}

impl Records for Table {
    fn next(&mut self) -> Result<Option<Found>> {
        if std::mem::take(&mut self.skips_header) {
            self.row()?;
        }
        let Some((line, fields)) = self.row()? else {
            return Ok(None);
        };
        let record = fields.and_then(|fields| self.record(fields));
        Ok(Some(Found { line, record }))
    }

    fn quirks(&self) -> Quirks {
        self.lines.quirks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, quotes: bool) -> Vec<(u64, Option<Vec<String>>)> {
        let lines = Lines::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        let mut table = Table {
            lines,
            again: VecDeque::new(),
            fields: Fields::new(b',', quotes),
            names: Vec::new(),
            skips_header: false,
        };
        let mut all = Vec::new();
        while let Some((line, fields)) = table.row().expect("read") {
            all.push((line, fields.ok()));
        }
        all
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Option<Vec<String>>) {
        (
            line,
            Some(fields.iter().map(|field| (*field).to_owned()).collect()),
        )
    }

    #[test]
    fn quoted_fields_hold_delimiters_quotes_and_line_ends() {
        let text = "a,b\r\n\"x, \"\"y\"\"\",\"one\ntwo\"\n\n\"\n\",7\nlast,é";
        let expected = [
            row(1, &["a", "b"]),
            row(2, &["x, \"y\"", "one\ntwo"]),
            row(5, &["\n", "7"]),
            row(7, &["last", "é"]),
        ];
        assert_eq!(rows(text, true), expected);
        assert_eq!(
            rows("a,\"b\n\"c,d\n", false),
            [row(1, &["a", "\"b"]), row(2, &["\"c", "d"])]
        );
    }

    #[test]
    fn an_open_quote_costs_one_line() {
        let text = "a,b\nc,\"open\nd,e\nf,g\n";
        assert_eq!(
            rows(text, true),
            [
                row(1, &["a", "b"]),
                (2, None),
                row(3, &["d", "e"]),
                row(4, &["f", "g"])
            ]
        );
        let mut long = "c,\"open\n".to_owned();
        let count = LONGEST / 8 + 10;
        (0..count).for_each(|_| long.push_str("abc,def\n"));
        let all = rows(&long, true);
        assert_eq!((all.len(), &all[0]), (count + 1, &(1, None)));
        assert_eq!(all[count].0, count as u64 + 1);
    }
}
