//! Reads the records of an import one after another: lines of JSON, an array of JSON objects,
//! either packed or not, or a folder of Markdown files.
//!
//! What a record lacks is said where it stands, and reading goes on. Memory is bounded by the
//! longest record that is accepted.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use super::change::kept;
use super::hub;
use super::ids::check_id;
use super::store::LONGEST_CARD;
use crate::error::{Error, Result, shown};
use crate::files;

/// Cards of more text than this are refused.
const LONGEST_TEXT: usize = 64 << 20;
/// Records of more bytes than this are refused; JSON can write a character in six.
const LONGEST_RECORD: u64 = 2 * LONGEST_TEXT as u64;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A card.
    Card {
        /// A hub id.
        id: String,
        /// At most [`LONGEST_CARD`] bytes.
        text: String,
        /// Whether there was more.
        cut: bool,
    },
    /// What is wrong with it.
    Bad(String),
}

impl Found {
    fn card(id: &str, text: &str) -> Self {
        if text.len() > LONGEST_TEXT {
            return Self::Bad("its card is longer than 64 MiB".to_owned());
        }
        let kept = kept(text);
        Self::Card {
            id: id.to_owned(),
            text: kept.to_owned(),
            cut: kept.len() < text.len(),
        }
    }
}

/// Is told where a record stands (`line 3`, a path) and what it is.
pub(super) type Each<'a> = dyn FnMut(&str, Found) -> Result<()> + 'a;

/// Bytes read so far, of a file or of all files.
pub(super) type Meter = Rc<Cell<u64>>;

/// Hands every record at `path` to `each`.
///
/// # Errors
/// When `path` cannot be read, or `each` fails.
pub(super) fn read(path: &Path, meter: &Meter, each: &mut Each<'_>) -> Result<()> {
    if path.is_dir() {
        return read_folder(path, meter, each);
    }
    let failed = |error| Error::io("read", path, error);
    let file = File::open(path).map_err(failed)?;
    let file = BufReader::with_capacity(
        1 << 16,
        Metered {
            inner: file,
            meter: Rc::clone(meter),
        },
    );
    let mut text = files::unpacked(file).map_err(failed)?;
    match first_byte(&mut text) {
        Ok(Some(b'[')) => read_array(text, each),
        Ok(Some(_)) => read_lines(text, each),
        Ok(None) => Ok(()),
        // Not the system's error, so what is packed is broken.
        Err(error) if error.raw_os_error().is_none() => each(
            "line 1",
            Found::Bad(format!("it cannot be unpacked: {error}")),
        ),
        Err(error) => Err(failed(error)),
    }
}

/// How many bytes there are to read at `path`, for a share of what is done.
pub(super) fn total_bytes(path: &Path) -> u64 {
    if !path.is_dir() {
        return path.metadata().map_or(0, |data| data.len());
    }
    let files = markdown_below(path).unwrap_or_default();
    files
        .iter()
        .filter_map(|(file, _)| file.metadata().ok())
        .map(|data| data.len())
        .sum()
}

/// A reader that counts.
struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.set(self.meter.get() + read as u64);
        Ok(read)
    }
}

/// The first byte that is not white space; nothing of it is consumed.
fn first_byte(text: &mut dyn BufRead) -> io::Result<Option<u8>> {
    if text.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        text.consume(3);
    }
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        // Line ends stay: the lines are counted.
        match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(at) => return Ok(Some(buffer[at])),
            None if buffer.len() >= 1 << 12 => return Ok(Some(b'\n')),
            None => {
                let blank = buffer.len();
                text.consume(blank);
            }
        }
    }
}

/// One JSON object a line.
fn read_lines(mut text: Box<dyn BufRead>, each: &mut Each<'_>) -> Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        let place = format!("line {number}");
        line.clear();
        let found = match next_line(&mut *text, &mut line) {
            Ok(None) => return Ok(()),
            Ok(Some(false)) => Found::Bad("it is longer than 128 MiB".to_owned()),
            Ok(Some(true)) if line.trim_ascii().is_empty() => continue,
            Ok(Some(true)) => match serde_json::from_slice(&line) {
                Ok(value) => record(&value),
                Err(error) => Found::Bad(format!("not JSON: {error}")),
            },
            Err(error) => {
                return each(
                    &place,
                    Found::Bad(format!("the rest cannot be read: {error}")),
                );
            }
        };
        each(&place, found)?;
    }
    Ok(())
}

/// Reads one line; `Some(false)` when it is too long, and then skipped. `None` at the end.
fn next_line(text: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let read = Read::take(&mut *text, LONGEST_RECORD).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || (read as u64) < LONGEST_RECORD {
        return Ok(Some(true));
    }
    line.clear();
    line.shrink_to(0);
    text.skip_until(b'\n')?;
    Ok(Some(false))
}

/// One JSON array of objects, read element by element.
fn read_array(text: Box<dyn BufRead>, each: &mut Each<'_>) -> Result<()> {
    let budget = Rc::new(Cell::new(LONGEST_RECORD));
    let text = BufReader::new(Limited {
        inner: text,
        budget: Rc::clone(&budget),
    });
    let mut failed = None;
    let mut number = 0;
    let elements = Elements {
        each,
        failed: &mut failed,
        number: &mut number,
        budget: &budget,
    };
    let mut parser = serde_json::Deserializer::from_reader(text);
    let read = parser.deserialize_seq(elements).and_then(|()| parser.end());
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => {
            let place = format!("line {} (record {})", error.line(), number + 1);
            each(
                &place,
                Found::Bad(format!("the rest cannot be read: {error}")),
            )
        }
    }
}

/// A reader that ends with an error when an element is too long.
struct Limited<R> {
    inner: R,
    budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)? as u64;
        let left = self.budget.get().checked_sub(read);
        self.budget
            .set(left.ok_or_else(|| io::Error::other("a record is longer than 128 MiB"))?);
        Ok(read as usize)
    }
}

struct Elements<'a, 'b> {
    each: &'a mut Each<'b>,
    failed: &'a mut Option<Error>,
    number: &'a mut u64,
    budget: &'a Cell<u64>,
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of model objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element_seed(Element)? {
            *self.number += 1;
            self.budget.set(LONGEST_RECORD);
            if let Err(error) = (self.each)(&format!("record {}", self.number), record(&value)) {
                *self.failed = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

struct Element;

impl<'de> DeserializeSeed<'de> for Element {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

/// What a JSON value says of a card.
fn record(value: &Value) -> Found {
    let Some(object) = value.as_object() else {
        return Found::Bad("not a JSON object".to_owned());
    };
    let id = ["id", "modelId"]
        .into_iter()
        .find_map(|name| object.get(name)?.as_str());
    let Some(id) = id else {
        return Found::Bad("it has no `id`".to_owned());
    };
    if let Err(why) = check_id(id) {
        return Found::Bad(why);
    }
    match object.get("card") {
        None | Some(Value::Null) => Found::card(id, &hub::card_text(id, object)),
        Some(Value::String(text)) => Found::card(id, text),
        Some(_) => Found::Bad("`card` is not a text".to_owned()),
    }
}

/// Every card of a folder.
fn read_folder(root: &Path, meter: &Meter, each: &mut Each<'_>) -> Result<()> {
    for (path, id) in markdown_below(root)? {
        let found = match check_id(&id) {
            Err(why) => Found::Bad(format!("its path gives no id: {why}")),
            Ok(()) => match read_card(&path) {
                Ok((text, cut)) => Found::Card { id, text, cut },
                Err(error) => Found::Bad(error.to_string()),
            },
        };
        meter.set(meter.get() + path.metadata().map_or(0, |data| data.len()));
        each(&shown(path.strip_prefix(root).unwrap_or(&path)), found)?;
    }
    Ok(())
}

/// The text of a card file, as far as it is kept, and whether there was more. Bytes that are not
/// UTF-8 become U+FFFD.
///
/// # Errors
/// When it cannot be read.
pub fn read_card(path: &Path) -> Result<(String, bool)> {
    let failed = |error| Error::io("read", path, error);
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut text = Vec::new();
    file.take(LONGEST_CARD as u64)
        .read_to_end(&mut text)
        .map_err(failed)?;
    let cut = bytes > LONGEST_CARD as u64;
    // A character that the limit cuts is left out whole.
    if cut
        && let Err(error) = std::str::from_utf8(&text)
        && error.error_len().is_none()
    {
        text.truncate(error.valid_up_to());
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok((kept(&text).to_owned(), cut))
}

/// The Markdown files below `root` that are cards, with the ids that their paths give, sorted:
/// `org/name/README.md` and `org/name.md` are `org/name`, `name-README.md` is `name`. Beside a
/// README.md other Markdown files are not cards, and links to folders are not followed.
///
/// # Errors
/// When a folder cannot be read.
pub fn markdown_below(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |error| Error::io("read", &folder, error);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if entry.file_type().map_err(failed)?.is_dir() && !hidden {
                folders.push(entry.path());
            } else if entry
                .path()
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("md"))
            {
                files.push(entry.path());
            }
        }
        let readme = files.iter().position(|file| file.ends_with("README.md"));
        match readme {
            Some(at) if folder != root => found.push(files.swap_remove(at)),
            _ => found.extend(
                files
                    .into_iter()
                    .filter(|file| !file.ends_with("README.md")),
            ),
        }
    }
    found.sort();
    let named = |file: PathBuf| {
        let id = id_of(file.strip_prefix(root).unwrap_or(&file));
        (file, id)
    };
    Ok(found.into_iter().map(named).collect())
}

/// The id that a path gives: its last two parts, or one.
pub fn id_of(path: &Path) -> String {
    let mut parts = path
        .iter()
        .filter_map(|part| part.to_str())
        .map(str::to_owned)
        .collect::<Vec<_>>();
    if let Some(file) = parts.pop() {
        let stem = file
            .rsplit_once('.')
            .map_or(file.as_str(), |(stem, _)| stem);
        let name = stem
            .strip_suffix("README")
            .map_or(stem, |name| name.trim_end_matches('-'));
        parts.extend((!name.is_empty()).then(|| name.to_owned()));
    }
    parts.drain(..parts.len().saturating_sub(2));
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_gives_the_id() {
        let id = |path: &str| id_of(Path::new(path));
        assert_eq!(id("google/flan-t5-base/README.md"), "google/flan-t5-base");
        assert_eq!(
            id("models/google/flan-t5-base/README.md"),
            "google/flan-t5-base"
        );
        assert_eq!(id("google/flan-t5-base.md"), "google/flan-t5-base");
        assert_eq!(id("gpt2-README.md"), "gpt2");
        assert_eq!(id("gpt2/README.md"), "gpt2");
        assert_eq!(id("README.md"), "");
    }

    #[test]
    fn a_record_says_what_it_lacks() {
        let bad = |json: &str| match record(&serde_json::from_str(json).unwrap()) {
            Found::Bad(why) => why,
            found @ Found::Card { .. } => panic!("{found:?}"),
        };
        assert_eq!(bad("7"), "not a JSON object");
        assert_eq!(bad("{}"), "it has no `id`");
        assert_eq!(bad(r#"{"id":"a/b","card":7}"#), "`card` is not a text");
        assert!(bad(r#"{"id":"../x","card":""}"#).contains("`..`"));
        let card = Found::Card {
            id: "a/b".into(),
            text: "x".into(),
            cut: false,
        };
        assert_eq!(
            record(&serde_json::json!({"modelId": "a/b", "card": "x"})),
            card
        );
    }
}
