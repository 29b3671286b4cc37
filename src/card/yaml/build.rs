//! From events to a tree, with every cap counted on the way.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::repair::{MAX_REPAIRS, indented};
use super::{Data, Entry, MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, unreadable};
use crate::card::check::{Problem, Severity};

/// Bytes of text that aliases may repeat in all: a scalar of 60 KB can be named 9,000 times.
const MAX_TEXT: usize = 4 * MAX_BYTES;

/// What came of the events.
pub(super) struct Built {
    /// The first document; `None` where there is none.
    pub(super) root: Option<Node>,
    /// Duplicate keys, further documents: readable, and wrong.
    pub(super) problems: Vec<Problem>,
}

/// Reads `yaml`, whose first line is `line`. The error is the problem that stopped it.
pub(super) fn build(yaml: &str, line: usize) -> Result<Built, Problem> {
    let mut repaired: Option<String> = None;
    for _ in 0..MAX_REPAIRS {
        let text = repaired.as_deref().unwrap_or(yaml);
        match attempt(text, line) {
            Ok(built) => return built,
            Err(error) => match indented(text, &error) {
                Some(better) => repaired = Some(better),
                None => return Err(refused(&error, line)),
            },
        }
    }
    Err(unreadable(
        line,
        "too many lines stand less deep than their key",
    ))
}

/// One run of the parser: its error, or what came of the events.
fn attempt(yaml: &str, line: usize) -> Result<Result<Built, Problem>, ScanError> {
    let mut builder = Builder::new(line);
    let mut parser = Parser::new_from_str(yaml);
    while let Some(event) = parser.next_event() {
        let (event, span) = event?;
        match builder.event(event, span) {
            Ok(Flow::Go) => {}
            Ok(Flow::Stop) => break,
            Err(problem) => return Ok(Err(problem)),
        }
    }
    Ok(Ok(Built {
        root: builder.root,
        problems: builder.problems,
    }))
}

fn refused(error: &ScanError, line: usize) -> Problem {
    unreadable(line + error.marker().line().max(1) - 1, error.info())
}

#[derive(PartialEq, Eq)]
enum Flow {
    Go,
    Stop,
}

/// A list or mapping that is not closed yet.
struct Open {
    line: usize,
    anchor: usize,
    /// Nodes and bytes of text counted when it opened.
    nodes: usize,
    text: usize,
    data: Filling,
}

enum Filling {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, usize)>,
    },
}

/// An anchored node, and what each alias of it adds.
struct Anchored {
    node: Node,
    nodes: usize,
    text: usize,
}

struct Builder {
    first: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    text: usize,
    /// Nodes kept a second time for aliases; nested anchors would keep them many times.
    kept: usize,
    documents: usize,
    root: Option<Node>,
    problems: Vec<Problem>,
}

impl Builder {
    fn new(first: usize) -> Self {
        Self {
            first,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            text: 0,
            kept: 0,
            documents: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<Flow, Problem> {
        let line = self.first + span.start.line().max(1) - 1;
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problems.push(more_documents(line));
                    return Ok(Flow::Stop);
                }
            }
            Event::Scalar(text, style, anchor, _tag) => {
                self.count(line, 1, text.len())?;
                let plain = style == ScalarStyle::Plain;
                let weight = (1, text.len());
                let data = Data::Scalar {
                    text: text.into_owned(),
                    plain,
                };
                self.finish(Node { line, data }, anchor, weight)?;
            }
            Event::SequenceStart(anchor, _tag) => {
                self.start(line, anchor, Filling::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, _tag) => {
                self.start(
                    line,
                    anchor,
                    Filling::Map {
                        entries: Vec::new(),
                        key: None,
                    },
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(id) => self.alias(line, id)?,
            _ => {}
        }
        Ok(Flow::Go)
    }

    /// Counts nodes and bytes of text; an error over the caps.
    fn count(&mut self, line: usize, nodes: usize, text: usize) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.text = self.text.saturating_add(text);
        if self.nodes > MAX_NODES {
            return Err(unreadable(line, format!("more than {MAX_NODES} values")));
        }
        if self.text > MAX_TEXT {
            return Err(unreadable(
                line,
                format!("more than {MAX_TEXT} bytes once aliases repeat"),
            ));
        }
        Ok(())
    }

    fn start(&mut self, line: usize, anchor: usize, data: Filling) -> Result<(), Problem> {
        if self.open.len() == MAX_DEPTH {
            return Err(unreadable(
                line,
                format!("nested more than {MAX_DEPTH} deep"),
            ));
        }
        let (nodes, text) = (self.nodes, self.text);
        self.count(line, 1, 0)?;
        self.open.push(Open {
            line,
            anchor,
            nodes,
            text,
            data,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        let open = self.open.pop().expect("the parser closes what it opened");
        let data = match open.data {
            Filling::List(items) => Data::List(items),
            Filling::Map { entries, .. } => Data::Map(self.settle(entries)),
        };
        let weight = (self.nodes - open.nodes, self.text - open.text);
        self.finish(
            Node {
                line: open.line,
                data,
            },
            open.anchor,
            weight,
        )
    }

    /// Puts a finished node where it belongs, and keeps it if aliases can name it.
    fn finish(&mut self, node: Node, anchor: usize, weight: (usize, usize)) -> Result<(), Problem> {
        if anchor != 0 {
            self.kept += weight.0;
            if self.kept > 2 * MAX_NODES {
                return Err(unreadable(node.line, "too many anchors inside each other"));
            }
            let kept = Anchored {
                node: node.clone(),
                nodes: weight.0,
                text: weight.1,
            };
            self.anchors.insert(anchor, kept);
        }
        self.place(node)
    }

    fn place(&mut self, node: Node) -> Result<(), Problem> {
        match self.open.last_mut().map(|open| &mut open.data) {
            None => self.root = Some(node),
            Some(Filling::List(items)) => items.push(node),
            Some(Filling::Map { entries, key }) => match key.take() {
                Some((name, line)) => entries.push(Entry {
                    key: name,
                    line,
                    value: node,
                }),
                None => match node.data {
                    Data::Scalar { text, .. } => *key = Some((text, node.line)),
                    _ => return Err(unreadable(node.line, "a list or mapping used as a key")),
                },
            },
        }
        Ok(())
    }

    fn alias(&mut self, line: usize, id: usize) -> Result<(), Problem> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(unreadable(
                line,
                "an alias inside the value that it repeats",
            ));
        };
        let (nodes, text) = (anchored.nodes, anchored.text);
        self.count(line, nodes, text)?;
        let node = self.anchors[&id].node.clone();
        self.place(node)
    }

    /// Applies merge keys, and keeps the last of keys that stand twice, as `PyYAML` does.
    fn settle(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut seen: HashSet<&str> = HashSet::with_capacity(entries.len());
        if entries.iter().all(|e| e.key != "<<" && seen.insert(&e.key)) {
            return entries;
        }
        let mut own: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut merged = Vec::new();
        for entry in entries {
            if let Some(&at) = places.get(&entry.key) {
                self.problems.push(twice(&entry, own[at].line));
                own[at].value = entry.value;
                own[at].line = entry.line;
            } else if entry.key == "<<" && merges(&entry.value) {
                merged.push(entry.value);
            } else {
                places.insert(entry.key.clone(), own.len());
                own.push(entry);
            }
        }
        for entry in merged.into_iter().flat_map(merged_entries) {
            if !places.contains_key(&entry.key) {
                places.insert(entry.key.clone(), own.len());
                own.push(entry);
            }
        }
        own
    }
}

/// Whether a value can stand behind `<<`: a mapping or a list of mappings.
fn merges(value: &Node) -> bool {
    match &value.data {
        Data::Map(_) => true,
        Data::List(items) => items.iter().all(|item| matches!(item.data, Data::Map(_))),
        Data::Scalar { .. } => false,
    }
}

/// The entries that a merge key brings in; those of the first mapping win.
fn merged_entries(value: Node) -> Vec<Entry> {
    match value.data {
        Data::Map(entries) => entries,
        Data::List(items) => items.into_iter().flat_map(merged_entries).collect(),
        Data::Scalar { .. } => Vec::new(),
    }
}

fn twice(entry: &Entry, first: usize) -> Problem {
    Problem {
        severity: Severity::Warning,
        line: entry.line,
        field: entry.key.clone(),
        what: format!("stands twice, first on line {first}; the last one counts"),
        hint: Some("keep one of the two".to_owned()),
    }
}

fn more_documents(line: usize) -> Problem {
    Problem {
        severity: Severity::Error,
        line,
        field: String::new(),
        what: "a second YAML document starts here; only the first is read".to_owned(),
        hint: Some("put all fields into the first".to_owned()),
    }
}
