//! From the tree of the front matter to typed facts.
//!
//! Nothing is guessed: what has the wrong shape becomes a warning, and the fact is absent. One
//! value is accepted where a list belongs and a list of one where a value belongs, because real
//! cards write both.

mod extension;
mod figures;
mod hub;

use super::Origin;
use super::check::{Problem, Severity};
use super::facts::{Fact, Facts};
use super::yaml::{Data, Node, is_null};

/// Reads all that a card's front matter states.
pub(super) fn facts(root: &Node, origin: Origin, problems: &mut Vec<Problem>) -> Facts {
    let mut reader = Reader { origin, problems };
    let mut facts = Facts::default();
    hub::read(&mut reader, root, &mut facts);
    figures::read(&mut reader, root, &mut facts);
    extension::read(&mut reader, root, &mut facts);
    facts
}

/// Where a list's items or a value's parts get their source from.
#[derive(Debug, Clone, Default)]
struct Stated {
    source: Option<String>,
    unverified: bool,
}

impl Stated {
    fn fact<T>(&self, value: T, line: usize) -> Fact<T> {
        Fact {
            value,
            line,
            source: self.source.clone(),
            unverified: self.unverified,
        }
    }
}

/// Turns nodes into values, and what has the wrong shape into problems.
struct Reader<'a> {
    origin: Origin,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn warn(&mut self, node: &Node, field: &str, what: impl Into<String>, hint: &str) {
        self.problems.push(Problem {
            severity: Severity::Warning,
            line: node.line,
            field: field.to_owned(),
            what: what.into(),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        });
    }

    /// The value of `key`, unless nothing is stated there.
    fn stated<'n>(parent: &'n Node, key: &str) -> Option<&'n Node> {
        parent.get(key).filter(|node| !node.is_null())
    }

    /// The single scalar that stands for `node`: itself, or the item of a list of one.
    fn single<'n>(&mut self, node: &'n Node, field: &str) -> Option<&'n Node> {
        match &node.data {
            Data::Scalar { .. } => Some(node),
            Data::List(items) => match items.as_slice() {
                [
                    only @ Node {
                        data: Data::Scalar { .. },
                        ..
                    },
                ] => Some(only),
                [] => None,
                _ => {
                    self.warn(
                        node,
                        field,
                        "a list where one value belongs",
                        "write one value",
                    );
                    None
                }
            },
            Data::Map(_) => {
                self.warn(
                    node,
                    field,
                    "a mapping where one value belongs",
                    "write one value",
                );
                None
            }
        }
    }

    /// Text. A plain number is not text; `no` and `yes` are read as the words they are.
    fn text(&mut self, node: &Node, field: &str) -> Option<(String, usize)> {
        let node = self.single(node, field)?;
        let text = scalar(node)?;
        if is_plain_number(node) {
            let what = format!("the number {text} where text belongs");
            self.warn(node, field, what, "write it in quotes if it is meant");
            return None;
        }
        Some((text.to_owned(), node.line))
    }

    /// Text of a field in which bare digits are a usual name, such as a split or a tag.
    fn label(&mut self, node: &Node, field: &str) -> Option<(String, usize)> {
        let node = self.single(node, field)?;
        scalar(node).map(|text| (text.to_owned(), node.line))
    }

    fn text_fact(&mut self, parent: &Node, key: &str, field: &str) -> Option<Fact<String>> {
        let node = Self::stated(parent, key)?;
        let (value, line) = self.text(node, field)?;
        Some(Stated::default().fact(value, line))
    }

    /// Text of a part of a fact, with no line of its own.
    fn part(&mut self, parent: &Node, key: &str, field: &str) -> Option<String> {
        let node = Self::stated(parent, key)?;
        self.label(node, &format!("{field}.{key}"))
            .map(|(text, _)| text)
    }

    /// The texts of a list, or of one value in its place.
    fn list(&mut self, parent: &Node, key: &str, field: &str) -> Vec<Fact<String>> {
        let Some(node) = Self::stated(parent, key) else {
            return Vec::new();
        };
        let items = match &node.data {
            Data::List(items) => items.as_slice(),
            Data::Scalar { .. } => std::slice::from_ref(node),
            Data::Map(_) => {
                self.warn(
                    node,
                    field,
                    "a mapping where a list belongs",
                    "write `- item` lines",
                );
                return Vec::new();
            }
        };
        let mut list = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            if item.is_null() {
                continue;
            }
            if matches!(item.data, Data::Scalar { .. }) {
                if let Some(text) = scalar(item) {
                    list.push(Stated::default().fact(text.to_owned(), item.line));
                }
            } else {
                let what = "a list or mapping where text belongs";
                self.warn(
                    item,
                    &format!("{field}[{i}]"),
                    what,
                    "write one text an item",
                );
            }
        }
        list
    }

    /// A count: digits, nothing else.
    fn count(&mut self, node: &Node, field: &str) -> Option<u64> {
        let node = self.single(node, field)?;
        let text = scalar(node)?;
        let count = text.replace('_', "").parse().ok();
        if count.is_none() {
            self.warn(
                node,
                field,
                format!("`{}` is not a whole number", short(text)),
                "",
            );
        }
        count
    }

    /// A finite number.
    fn number(&mut self, node: &Node, field: &str) -> Option<f64> {
        let node = self.single(node, field)?;
        let text = scalar(node)?;
        match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ => {
                self.warn(
                    node,
                    field,
                    format!("`{}` is not a number", short(text)),
                    "",
                );
                None
            }
        }
    }

    /// `source` and `unverified` beside a value.
    fn stated_by(&mut self, parent: &Node, field: &str) -> Stated {
        let source = self.part(parent, "source", field);
        let unverified = match Self::stated(parent, "unverified") {
            None => false,
            Some(node) => match scalar(node) {
                Some("true" | "True" | "TRUE" | "yes") => true,
                Some("false" | "False" | "FALSE" | "no") => false,
                _ => {
                    let hint = "write `true` or leave it out";
                    self.warn(
                        node,
                        &format!("{field}.unverified"),
                        "not true or false",
                        hint,
                    );
                    true
                }
            },
        };
        Stated { source, unverified }
    }
}

/// The text of a scalar that states something.
fn scalar(node: &Node) -> Option<&str> {
    match &node.data {
        Data::Scalar { text, plain } if !(*plain && is_null(text)) => Some(text),
        _ => None,
    }
}

/// Whether an unquoted scalar is a number, as YAML reads one.
fn is_plain_number(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar { text, plain: true }
        if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && text.parse::<f64>().is_ok())
}

/// The first characters of a text that a message quotes.
fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
