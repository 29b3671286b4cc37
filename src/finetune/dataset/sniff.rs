//! What form a file has, told by its first bytes more than by its name.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde_json::Value;

use super::options::{Format, Options};
use super::records::{columns, first_rows};
use super::shape::is_usual_name;
use crate::error::{Error, Result};
use crate::files;
use crate::model::diagnosis::{START, diagnose};

/// How much of a file is looked at, unpacked.
const HEAD: u64 = 256 << 10;
/// How many rows of a table are looked at.
const ROWS: usize = 200;
/// The name of a column is not longer.
const LONGEST_NAME: usize = 40;

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Its form.
    pub format: Format,
    /// How it is packed.
    pub packed: Option<&'static str>,
    /// What stands between fields.
    pub delimiter: u8,
    /// Whether fields may stand in quotes.
    pub quotes: bool,
    /// Whether the first row of a table has the names of the columns.
    pub header: bool,
    /// The columns of a table: their names, or their numbers from 1 on.
    pub names: Vec<String>,
}

/// Finds out how a file is to be read.
///
/// # Errors
/// When it cannot be read, is empty, or is something else than data.
pub(super) fn sniff(path: &Path, options: &Options) -> Result<Layout> {
    let (head, packed, is_whole) = head(path)?;
    let text = Text {
        lines: lines(&head, is_whole),
        head: &head,
        is_whole,
    };
    let format = match options.format {
        Some(format) => format,
        None => text.format(path),
    };
    let mut layout = Layout {
        format,
        packed,
        delimiter: b',',
        quotes: true,
        header: false,
        names: Vec::new(),
    };
    match format {
        Format::Csv | Format::Tsv => text.table(&mut layout, options)?,
        Format::Conll => {
            let tabs = text
                .lines
                .iter()
                .all(|line| line.trim().is_empty() || line.contains('\t'));
            layout.delimiter = if tabs { b'\t' } else { b' ' };
        }
        _ => {}
    }
    Ok(layout)
}

/// Finds out how a file is to be read that goes with another one: as a table it has a header if
/// that has one and they have a name in common, and else the columns of the other.
///
/// # Errors
/// As for [`sniff`].
pub(super) fn sniff_beside(path: &Path, options: &Options, first: &Layout) -> Result<Layout> {
    let layout = sniff(path, options)?;
    let is_table = |layout: &Layout| matches!(layout.format, Format::Csv | Format::Tsv);
    if !is_table(first) || !is_table(&layout) || options.header.is_some() {
        return Ok(layout);
    }
    let with = |header| {
        sniff(
            path,
            &Options {
                header: Some(header),
                ..options.clone()
            },
        )
    };
    let named = with(true)?;
    if first.header && named.names.iter().any(|name| first.names.contains(name)) {
        return Ok(named);
    }
    let mut numbered = with(false)?;
    if numbered.names.len() == first.names.len() {
        numbered.names.clone_from(&first.names);
    }
    Ok(numbered)
}

/// The first bytes of a file, unpacked; how it is packed; whether that is all of it.
fn head(path: &Path) -> Result<(Vec<u8>, Option<&'static str>, bool)> {
    let failed = |e| Error::io("read", path, e);
    if path.is_dir() {
        return Err(Error::new("is a folder, and a file is needed").at_path(path));
    }
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut start = vec![0; START.min(bytes as usize)];
    files::read_at(&file, 0, &mut start).map_err(failed)?;
    refuse(path, &start, bytes)?;
    let packed = match start.as_slice() {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        _ => None,
    };
    let mut head = Vec::new();
    files::unpacked(BufReader::new(file))
        .and_then(|text| text.take(HEAD + 1).read_to_end(&mut head))
        .map_err(failed)?;
    let is_whole = head.len() as u64 <= HEAD;
    head.truncate(HEAD as usize);
    if head.trim_ascii().is_empty() {
        return Err(Error::new("is empty")
            .at_path(path)
            .hint("give a file with rows"));
    }
    Ok((head, packed, is_whole))
}

/// Refuses what is no data.
fn refuse(path: &Path, start: &[u8], bytes: u64) -> Result<()> {
    let known: Option<(&str, &str)> = match start {
        [] => Some(("is empty", "give a file with rows")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some((
            "is UTF-16, and data is read as UTF-8",
            "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW",
        )),
        [b'P', b'K', 3 | 5, ..] => Some((
            "is a zip archive or a spreadsheet",
            "unpack it, or export the sheet as CSV",
        )),
        _ => None,
    };
    if let Some((what, hint)) = known {
        return Err(Error::new(what).at_path(path).hint(hint));
    }
    let is_data = start.trim_ascii_start().starts_with(b"{") || start.starts_with(&[0x1f, 0x8b]);
    match diagnose(start, bytes).filter(|found| !is_data && found.what() != "an XML page") {
        Some(found) => Err(found.error(path, "data")),
        None => Ok(()),
    }
}

/// The lines of the head, without the last where it is cut off.
fn lines(head: &[u8], is_whole: bool) -> Vec<String> {
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if !is_whole && lines.len() > 1 {
        lines.pop();
    }
    lines
}

/// The head of a file.
struct Text<'a> {
    head: &'a [u8],
    lines: Vec<String>,
    is_whole: bool,
}

impl Text<'_> {
    fn format(&self, path: &Path) -> Format {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase());
        let name = name.unwrap_or_default();
        let name = [".gz", ".zst", ".zstd"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(&name);
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        if self.head.starts_with(b"PAR1") {
            return Format::Parquet;
        }
        match end {
            "csv" => Format::Csv,
            "tsv" | "tab" => Format::Tsv,
            "parquet" => Format::Parquet,
            "conll" | "conllu" | "bio" | "iob" | "iob2" => Format::Conll,
            "jsonl" | "ndjson" => Format::Jsonl,
            _ => self.json().unwrap_or_else(|| self.plain()),
        }
    }

    /// Which JSON it is, if it is.
    fn json(&self) -> Option<Format> {
        let first = self
            .lines
            .iter()
            .map(|line| line.trim())
            .find(|line| !line.is_empty())?;
        let squad = self.head.windows(12).any(|part| part == b"\"paragraphs\"");
        let document = if squad { Format::Squad } else { Format::Json };
        if first.starts_with('[') {
            let text: String = self.lines.iter().take(20).map(|line| line.trim()).collect();
            return text[1..].trim_start().starts_with('{').then_some(document);
        }
        if !first.starts_with('{') {
            return None;
        }
        let object = serde_json::from_str::<Value>(first).ok();
        let Some(Value::Object(object)) = object else {
            return Some(document);
        };
        let holds = object.get("data").is_some_and(Value::is_array)
            || object.len() > 1 && object.values().all(Value::is_object);
        let lone = self
            .lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            .count()
            == 1;
        Some(if holds && lone {
            document
        } else {
            Format::Jsonl
        })
    }

    /// What text it is.
    fn plain(&self) -> Format {
        let filled = || {
            self.lines
                .iter()
                .filter(|line| !line.trim().is_empty())
                .take(2000)
        };
        if is_conll(&self.lines) {
            return Format::Conll;
        }
        let tabs: HashSet<usize> = filled().map(|line| line.matches('\t').count()).collect();
        let is_table = tabs.len() == 1 && !tabs.contains(&0) && filled().count() > 1;
        if is_table { Format::Tsv } else { Format::Text }
    }

    /// Finds out how a table is written and what its columns are called.
    fn table(&self, layout: &mut Layout, options: &Options) -> Result<()> {
        let is_tsv = layout.format == Format::Tsv;
        layout.delimiter = match options.delimiter {
            Some(delimiter) => u8::try_from(delimiter)
                .ok()
                .filter(u8::is_ascii)
                .ok_or_else(|| Error::usage("must be one ASCII character").at("--delimiter"))?,
            None if is_tsv => b'\t',
            None => self.delimiter(),
        };
        layout.quotes = options
            .quotes
            .unwrap_or_else(|| !is_tsv || are_quoted(self.head, &self.lines, layout.delimiter));
        let mut rows = first_rows(self.head, layout.delimiter, layout.quotes, ROWS)?;
        if !self.is_whole && rows.len() > 1 && rows.len() < ROWS {
            rows.pop();
        }
        let has_header = || rows.len() > 1 && is_header(&rows[0], &rows[1..]);
        layout.header = options.header.unwrap_or_else(has_header);
        layout.names = match rows.first() {
            Some(first) if layout.header => names(first),
            _ => (1..=usual_width(&rows))
                .map(|number| number.to_string())
                .collect(),
        };
        Ok(())
    }

    /// What stands between the fields: the character that gives most lines as many as the others.
    fn delimiter(&self) -> u8 {
        let even = |delimiter: u8| {
            let rows = first_rows(self.head, delimiter, true, 50).unwrap_or_default();
            let width = usual_width(&rows);
            let usual = rows.iter().filter(|row| row.len() == width).count();
            let share = if width > 1 {
                usual * 100 / rows.len().max(1)
            } else {
                0
            };
            (share, width)
        };
        let best = [b'|', b'\t', b';', b',']
            .into_iter()
            .max_by_key(|delimiter| even(*delimiter));
        best.filter(|delimiter| even(*delimiter).0 > 0)
            .unwrap_or(b',')
    }
}

/// The number of fields that most rows have.
fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    rows.iter()
        .for_each(|row| *counts.entry(row.len()).or_default() += 1);
    counts
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))
        .map_or(0, |(width, _)| width)
}

/// Whether lines end with a tag, with empty lines between sentences.
fn is_conll(lines: &[String]) -> bool {
    let mut tagged = 0;
    let mut filled = 0;
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        let fields = columns(line, line.contains('\t'));
        filled += 1;
        tagged += usize::from(fields.len() > 1 && fields.last().is_some_and(|tag| is_tag(tag)));
    }
    let has_gap = lines.iter().any(|line| line.trim().is_empty());
    filled > 1 && has_gap && tagged * 100 >= filled * 95
}

/// Whether it is `O`, or a kind after `B-`, `I-` and the like.
fn is_tag(word: &str) -> bool {
    let kind = word.split_once('-');
    word == "O"
        || kind.is_some_and(|(begin, kind)| {
            matches!(begin, "B" | "I" | "E" | "S" | "L" | "U") && !kind.is_empty()
        })
}

/// Whether fields that begin with a quote are quoted, and not texts in which somebody speaks: they
/// close, or rows have the same number of fields only when read so.
fn are_quoted(head: &[u8], lines: &[String], delimiter: u8) -> bool {
    let fields = lines.iter().flat_map(|line| line.split(delimiter as char));
    let mut begun = fields.filter(|field| field.starts_with('"')).peekable();
    if begun.peek().is_none() {
        return false;
    }
    let closes = |field: &str| {
        let inner = field
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        inner.is_some_and(|inner| !inner.replace("\"\"", "").contains('"'))
    };
    let is_even = |quotes| {
        let rows = first_rows(head, delimiter, quotes, ROWS).unwrap_or_default();
        let width = usual_width(&rows);
        rows.iter().rev().skip(1).all(|row| row.len() == width)
    };
    begun.all(closes) || is_even(true) && !is_even(false)
}

/// Whether the first row names the columns: it has words that no other row has, and no number; or
/// one that columns are usually called.
fn is_header(first: &[String], others: &[Vec<String>]) -> bool {
    let is_name = |field: &String| {
        let field = field.trim();
        let starts = field.starts_with(|c: char| c.is_alphabetic() || c == '_');
        starts && field.chars().count() <= LONGEST_NAME && !field.ends_with(['.', '!', '?'])
    };
    let distinct: HashSet<&String> = first.iter().collect();
    let recurs =
        |(place, field): (usize, &String)| others.iter().any(|row| row.get(place) == Some(field));
    // The first column may have no name, as pandas writes its index.
    let named = first
        .iter()
        .enumerate()
        .all(|(place, field)| is_name(field) || place == 0 && field.is_empty());
    let is_usual = first.iter().any(|field| is_usual_name(field.trim()));
    named && distinct.len() == first.len() && (is_usual || !first.iter().enumerate().any(recurs))
}

/// The names of the columns; a number where there is none, or one that was there before.
fn names(first: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let each = first.iter().enumerate().map(|(place, name)| {
        let name = name.trim();
        if name.is_empty() || !seen.insert(name) {
            (place + 1).to_string()
        } else {
            name.to_owned()
        }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(name: &str, text: &str) -> Layout {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(name);
        files::write(&path, text.as_bytes()).expect("written");
        sniff(&path, &Options::default()).expect("a layout")
    }

    #[test]
    fn content_decides_where_the_name_says_nothing() {
        let cases = [
            ("a", "[\n {\"a\": 1}]", Format::Json),
            ("a", "[Enter a ghost]\nGHOST: Boo.", Format::Text),
            ("a.json", "{\"a\": 1}\n{\"a\": 2}\n", Format::Jsonl),
            ("a.json", "{\"a\": 1}", Format::Jsonl),
            (
                "a.json",
                "{\"version\": \"1\", \"data\": [{\"paragraphs\": []}]}",
                Format::Squad,
            ),
            (
                "a.json",
                "{\n\"one\": {\"a\": 1},\n\"two\": {\"a\": 1}}",
                Format::Json,
            ),
            (
                "a.txt",
                "EU B-ORG\nrejects O\n\nPeter B-PER\n",
                Format::Conll,
            ),
            ("a.annotated", "EU\tB-ORG\n\nPeter\tO\n", Format::Conll),
            ("SMS", "ham\tHi, you\nspam\tWin now\n", Format::Tsv),
            ("a.txt", "One line,\nand\ttwo.\n", Format::Text),
            ("a.csv.gz", "a,b\n1,2\n", Format::Csv),
        ];
        for (name, text, format) in cases {
            assert_eq!(layout(name, text).format, format, "{name}: {text}");
        }
    }

    #[test]
    fn tables_say_what_stands_between_fields_and_whether_they_have_a_header() {
        let of = |name, text| {
            let found = layout(name, text);
            (found.delimiter as char, found.header, found.names)
        };
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).to_owned()).collect() };
        assert_eq!(
            of("a.csv", "text;label\n\"a, b\";x\n\"c, d\";y\n"),
            (';', true, names(&["text", "label"]))
        );
        assert_eq!(
            of("a.csv", "ham,Hi\nspam,Win\nham,You\n"),
            (',', false, names(&["1", "2"]))
        );
        assert_eq!(
            of("a.csv", ",text\n0,a\n1,b\n"),
            (',', true, names(&["1", "text"]))
        );
        assert_eq!(of("a.csv", "1,2\n3,4\n"), (',', false, names(&["1", "2"])));
        assert_eq!(
            of("a.tsv", "a\tb\n\"x\ty\n"),
            ('\t', true, names(&["a", "b"]))
        );
        assert!(!layout("a.tsv", "a\tb\n\"x\ty\n").quotes);
        assert!(layout("a.tsv", "a\tb\n\"x\"\"\"\ty\n").quotes);
        assert!(layout("a.tsv", "a\tb\n\"x\ty\"\tz\nu\tv\n").quotes);
        assert!(layout("a.csv", "text,label\ntext,a\nmore,label\n").header);
    }

    #[test]
    fn what_is_no_data_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.csv");
        let cases: [(&[u8], &str); 5] = [
            (b"", "is empty"),
            (b" \n\n", "is empty"),
            (b"\xff\xfea\0", "is UTF-16, and data is read as UTF-8"),
            (b"PK\x03\x04", "is a zip archive or a spreadsheet"),
            (b"<!doctype html><html>", "is an HTML page, not data"),
        ];
        for (bytes, expected) in cases {
            files::write(&path, bytes).expect("written");
            let error = sniff(&path, &Options::default()).expect_err("no data");
            assert!(error.to_string().ends_with(expected), "{error}");
            assert!(error.hint_text().is_some());
        }
    }
}
