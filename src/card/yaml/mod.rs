//! YAML as a tree in which every node knows its line: front matter of cards, and settings.
//!
//! Events of `saphyr-parser` give lines and the source's own digits; `serde_yaml` has the last
//! word on what the text means, and a card on which the two differ is reported. The events are
//! counted while they come: aliases count as often as they repeat, so a small text that stands
//! for a huge one is refused before either reader builds it.

mod build;
mod plain;
mod repair;

use serde_yaml::Value;

use super::check::{Problem, Severity};
pub use plain::{is_null, to_json};

/// Most bytes of front matter that are read (real cards need at most 2,444).
pub const MAX_BYTES: usize = 64 * 1024;
/// Most nodes, each alias counted as all that it repeats (real cards need at most 33).
pub const MAX_NODES: usize = 10_000;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The 1-based line of the file on which it starts.
    pub line: usize,
    /// What it is.
    pub data: Data,
}

/// The three shapes of YAML.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A word, number or text.
    Scalar {
        /// The text as it stands in the source, unquoted.
        text: String,
        /// Without quotes and not a block: may mean null, a number or a boolean.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the source.
    Map(Vec<Entry>),
}

/// A key of a mapping and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// The key's line.
    pub line: usize,
    /// What stands behind it.
    pub value: Node,
}

impl Node {
    /// The value of `key`, where this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|e| e.key == key)
            .map(|e| &e.value)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether nothing is stated: an empty value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar { text, plain: true } if is_null(text))
    }

    /// Number of nodes, itself and its keys included.
    pub fn count(&self) -> usize {
        1 + match &self.data {
            Data::Scalar { .. } => 0,
            Data::List(items) => items.iter().map(Self::count).sum(),
            Data::Map(entries) => entries.iter().map(|e| 1 + e.value.count()).sum::<usize>(),
        }
    }
}

/// A mapping as read: the tree, and the same as plain values.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The tree with lines; always a mapping.
    pub root: Node,
    /// The same by `serde_yaml`.
    pub value: Value,
}

/// Reads the front matter `yaml`, whose first line is `line` of the README.md.
///
/// `None` where there is no mapping to be had; why is then the last of `problems`.
pub fn read(yaml: &str, line: usize, problems: &mut Vec<Problem>) -> Option<Document> {
    parse(yaml, line, problems).unwrap_or_else(|mut problem| {
        problem.what = format!("metadata unreadable: {}", problem.what);
        let found = || "the card is still found by its id and text".to_owned();
        problem.hint.get_or_insert_with(found);
        problems.push(problem);
        None
    })
}

/// Reads `yaml`, whose first line is `line` of its file; `None` where it states nothing. What can
/// be read and is wrong joins `problems`.
///
/// # Errors
/// The problem that leaves no mapping to be had.
pub fn parse(
    yaml: &str,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Result<Option<Document>, Problem> {
    if yaml.len() > MAX_BYTES {
        let what = format!("it has {} bytes, and {MAX_BYTES} are read", yaml.len());
        return Err(unreadable(line, what));
    }
    let built = build::build(yaml, line)?;
    let clean = built.problems.is_empty();
    problems.extend(built.problems);
    let Some(root) = built.root else {
        return Ok(None);
    };
    let value = if clean {
        second_reading(yaml, line, &root)?
    } else {
        // serde_yaml refuses the text as a whole; it still reads each scalar.
        plain::to_value(&root)
    };
    match root.data {
        Data::Map(_) => Ok(Some(Document { root, value })),
        _ if root.is_null() => Ok(None),
        _ => {
            let mut problem = unreadable(
                root.line,
                "a list or a text where `key: value` lines belong",
            );
            problem.hint = Some("write one `key: value` a line".to_owned());
            Err(problem)
        }
    }
}

/// Reads `yaml` with `serde_yaml` and holds the tree against what it says.
fn second_reading(yaml: &str, line: usize, root: &Node) -> Result<Value, Problem> {
    let mut value = serde_yaml::from_str::<Value>(yaml).map_err(|e| {
        let at = e
            .location()
            .map_or(line, |place| line + place.line().max(1) - 1);
        unreadable(at, e)
    })?;
    value.apply_merge().map_err(|e| unreadable(line, e))?;
    match plain::difference(root, &value) {
        None => Ok(value),
        Some(at) => Err(unreadable(at, "two YAML readers understand it differently")),
    }
}

/// A problem that leaves nothing to be read.
fn unreadable(line: usize, why: impl std::fmt::Display) -> Problem {
    Problem {
        severity: Severity::Error,
        line,
        field: String::new(),
        what: why.to_string(),
        hint: None,
    }
}
