//! JSON: an object a line, or a document that holds objects.

use std::io::{self, BufRead};

use serde_json::Value;

use super::lines::{LONGEST, Lines, Quirks, line_ends, too_long, utf8};
use super::{Found, Record, Records, failed};
use crate::error::{Error, Result};
use crate::finetune::dataset::fault::{Fault, Kind};
use crate::text;

/// The names under which documents hold their rows.
const HOLDERS: [&str; 6] = ["data", "rows", "examples", "train", "records", "instances"];

/// An object a line.
pub(super) struct JsonLines(pub Lines);

impl Records for JsonLines {
    fn next(&mut self) -> Result<Option<Found>> {
        loop {
            let Some(line) = self.0.next().map_err(|e| failed(self.0.number(), e))? else {
                return Ok(None);
            };
            if !line.is_blank() {
                let record = line.text().and_then(|text| object(text.as_bytes()));
                return Ok(Some(Found {
                    line: line.number,
                    record,
                }));
            }
        }
    }

    fn quirks(&self) -> Quirks {
        self.0.quirks
    }
}

/// The object that `json` is.
fn object(json: &[u8]) -> Result<Record, Fault> {
    utf8(json)?;
    match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Fault::new(Kind::NotJson, "not a JSON object")),
        Err(error) => {
            let why = error.to_string();
            // The place is that within the row.
            let why = why.split(" at line ").next().unwrap_or_default();
            Err(Fault::new(
                Kind::NotJson,
                format!("not JSON: {}", text::line(why)),
            ))
        }
    }
}

/// The objects that a document holds: the elements of its array, or its values.
pub(super) struct Document(pub Elements);

impl Records for Document {
    fn next(&mut self) -> Result<Option<Found>> {
        let element = self.0.next(LONGEST)?;
        Ok(element.map(|element| Found {
            line: element.line,
            record: element.json.and_then(|json| object(&json)),
        }))
    }

    fn quirks(&self) -> Quirks {
        self.0.quirks
    }
}

/// A value of a document.
pub(super) struct Element {
    /// The line that it begins in.
    pub line: u64,
    /// Its bytes.
    pub json: Result<Vec<u8>, Fault>,
}

/// The values of a document one after another, whatever the length of the document.
pub(super) struct Elements {
    text: Box<dyn BufRead>,
    line: u64,
    inside: Vec<Inside>,
    started: bool,
    pub(super) quirks: Quirks,
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Array,
    Object,
}

impl Elements {
    pub(super) fn new(text: Box<dyn BufRead>) -> Self {
        Self {
            text,
            line: 1,
            inside: Vec::new(),
            started: false,
            quirks: Quirks::default(),
        }
    }

    /// The next value of at most `longest` bytes.
    ///
    /// # Errors
    /// When the document ends before it is complete, or is not JSON.
    pub(super) fn next(&mut self, longest: usize) -> Result<Option<Element>> {
        if !std::mem::replace(&mut self.started, true) && !self.start()? {
            return Ok(None);
        }
        loop {
            let Some(inside) = self.inside.last().copied() else {
                return self.end().map(|()| None);
            };
            match (inside, self.glyph()?) {
                (_, b',') => self.skip(),
                (Inside::Array, b']') | (Inside::Object, b'}') => {
                    self.skip();
                    self.inside.pop();
                }
                (Inside::Array, _) => return self.element(longest).map(Some),
                (Inside::Object, b'"') => {
                    let key = self.element(longest)?.json.unwrap_or_default();
                    if self.glyph()? != b':' {
                        return Err(self.broken("is not JSON"));
                    }
                    self.skip();
                    match self.glyph()? {
                        b'{' => return self.element(longest).map(Some),
                        b'[' if holds_rows(&key) => {
                            self.skip();
                            self.inside.push(Inside::Array);
                        }
                        _ => drop(self.element(0)?),
                    }
                }
                (Inside::Object, _) => return Err(self.broken("is not JSON")),
            }
        }
    }

    /// Goes into the document; whether there is one.
    fn start(&mut self) -> Result<bool> {
        if self.fill()?.starts_with(b"\xef\xbb\xbf") {
            self.quirks.bom = true;
            self.text.consume(3);
        }
        let inside = match self.next_glyph()? {
            None => return Ok(false),
            Some(b'[') => Inside::Array,
            Some(b'{') => Inside::Object,
            Some(_) => return Err(self.broken("is not JSON")),
        };
        self.skip();
        self.inside.push(inside);
        Ok(true)
    }

    /// Whether nothing comes after the document.
    fn end(&mut self) -> Result<()> {
        match self.next_glyph()? {
            None => Ok(()),
            Some(_) => Err(self.broken("goes on after the end of its JSON")),
        }
    }

    /// The next byte that is no space; it stays.
    fn glyph(&mut self) -> Result<u8> {
        match self.next_glyph()? {
            Some(byte) => Ok(byte),
            None => Err(self.broken("ends in the middle")),
        }
    }

    /// The next byte that is no space, if there is one; it stays.
    fn next_glyph(&mut self) -> Result<Option<u8>> {
        loop {
            let buffer = self.fill()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let spaces = buffer
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
            let found = buffer.get(spaces).copied();
            self.line += line_ends(&buffer[..spaces]);
            self.text.consume(spaces);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Passes over the byte that [`Elements::glyph`] gave.
    fn skip(&mut self) {
        self.text.consume(1);
    }

    /// The value that begins here.
    fn element(&mut self, longest: usize) -> Result<Element> {
        let line = self.line;
        let mut json = Vec::new();
        let mut is_long = false;
        let mut scan = Scan::default();
        loop {
            let buffer = self.fill()?;
            if buffer.is_empty() {
                return Err(self.broken("ends in the middle"));
            }
            let (length, done) = scan.take(buffer);
            if length == 0 && !done {
                return Err(self.broken("is not JSON"));
            }
            let part = &buffer[..length];
            let lines = line_ends(part);
            is_long |= json.len() + length > longest;
            if is_long {
                json = Vec::new();
            } else {
                json.extend_from_slice(part);
            }
            self.line += lines;
            self.text.consume(length);
            if done {
                let json = if is_long { Err(too_long()) } else { Ok(json) };
                return Ok(Element { line, json });
            }
        }
    }

    fn fill(&mut self) -> Result<&[u8]> {
        let line = self.line;
        loop {
            match self.text.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(line, error)),
            }
        }
        self.text.fill_buf().map_err(|error| failed(line, error))
    }

    fn broken(&self, what: &str) -> Error {
        let hint = "check that the file is whole";
        Error::new(what)
            .at(format!("line {}", self.line))
            .hint(hint)
    }
}

/// Whether an array of that name holds rows.
fn holds_rows(key: &[u8]) -> bool {
    HOLDERS
        .iter()
        .any(|name| key.trim_ascii() == format!("\"{name}\"").as_bytes())
}

/// Finds where a value ends.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Scan {
    /// How many of the bytes are of the value, and whether it ends with them.
    fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                // What ends the array that a bare word is in.
                b'}' | b']' | b',' if self.depth == 0 => return (at, self.begun),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                byte if byte.is_ascii_whitespace() && self.depth == 0 && self.begun => {
                    return (at, true);
                }
                _ => {}
            }
            self.begun = true;
        }
        (bytes.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str, capacity: usize) -> Vec<(u64, Option<String>)> {
        let bytes = io::Cursor::new(text.as_bytes().to_vec());
        let mut elements = Elements::new(Box::new(io::BufReader::with_capacity(capacity, bytes)));
        let mut all = Vec::new();
        while let Some(element) = elements.next(60).expect("read") {
            let json = element
                .json
                .ok()
                .map(|json| String::from_utf8(json).expect("UTF-8"));
            all.push((element.line, json));
        }
        all
    }

    fn found(line: u64, json: &str) -> (u64, Option<String>) {
        (line, Some(json.to_owned()))
    }

    #[test]
    fn elements_are_found_whatever_stands_in_them_and_however_they_are_read() {
        let long = format!("{{\"x\": \"{}\"}}", "y".repeat(80));
        let text = format!("[\n {{\"a\": \"}}]\\\"\"}},\n\n {long}, [1, [2]], 7,\"s\"\n, null ]\n");
        let expected = [
            found(2, r#"{"a": "}]\""}"#),
            (4, None),
            found(4, "[1, [2]]"),
            found(4, "7"),
            found(4, "\"s\""),
            found(5, "null"),
        ];
        for capacity in [1, 2, 3, 7, 1000] {
            assert_eq!(elements(&text, capacity), expected);
        }
    }

    #[test]
    fn an_object_gives_its_objects_or_the_array_that_holds_rows() {
        let text =
            "{\"version\": \"1\",\n\"x\": [1], \"data\": [{\"a\": 1},\n{\"a\": 2}], \"n\": null}";
        assert_eq!(
            elements(text, 5),
            [found(2, "{\"a\": 1}"), found(3, "{\"a\": 2}")]
        );
        let text = "{\"one\": {\"a\": 1},\n \"two\": {\"a\": 2}}";
        assert_eq!(
            elements(text, 5),
            [found(1, "{\"a\": 1}"), found(2, "{\"a\": 2}")]
        );
    }

    #[test]
    fn a_document_that_is_cut_off_or_is_none_is_an_error_with_its_line() {
        for text in [
            "[{\"a\": 1},\n{\"a\"",
            "[",
            "{\"a\"",
            "[1,\n",
            "{\"a\" 1}",
            "{1: 2}",
            "[}",
            "[1, ]]",
            "{\"a\": }",
        ] {
            let bytes = io::Cursor::new(text.as_bytes().to_vec());
            let mut elements = Elements::new(Box::new(bytes));
            let error = loop {
                match elements.next(100) {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{text}"),
                    Err(error) => break error,
                }
            };
            assert!(
                error
                    .place()
                    .is_some_and(|place| place.starts_with("line ")),
                "{error}"
            );
        }
    }
}
