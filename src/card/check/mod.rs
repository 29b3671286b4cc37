//! What is wrong with a card, with lines and hints.
//!
//! Reading a card finds what cannot be read; [`check`] adds what can be read and is not what the
//! hub or this program expects. A built-in card is held to more: everything it states has a
//! source, and everything that an answer needs is there.

mod desk;
mod hub;
mod vocabulary;

use super::facts::Kind;
use super::yaml::Node;
use super::{Card, Origin, front, yaml};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Unknown to this program and harmless.
    Note,
    /// Readable, and probably not what was meant.
    Warning,
    /// The card, or this fact of it, cannot be used.
    Error,
}

/// One problem of a card. Its texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// 1-based line of the README.md.
    pub line: usize,
    /// The field, as a path: `model-index[0].results[1].dataset.split`.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Most problems that are listed of one card.
pub const MAX_PROBLEMS: usize = 100;

/// All problems of a card, by line: those of reading it and those against the hub's schema and
/// this program's extension. Built-in cards are held to the stricter rules.
pub fn check(card: &Card) -> Vec<Problem> {
    check_as(card, card.origin == Origin::BuiltIn)
}

/// As [`check`], with the rules for built-in cards where `strict`.
pub fn check_as(card: &Card, strict: bool) -> Vec<Problem> {
    let mut checker = Checker {
        card,
        strict,
        problems: card.problems.clone(),
    };
    if let Some((what, hint)) = unreadable(&card.text) {
        checker.problems.push(Problem {
            severity: Severity::Error,
            line: 1,
            field: "card".to_owned(),
            what: what.to_owned(),
            hint: Some(hint.to_owned()),
        });
    }
    let root = match front::split(&card.text) {
        front::Split::Found(found) => {
            yaml::read(found.yaml, found.line, &mut Vec::new()).map(|document| document.root)
        }
        _ => None,
    };
    if let Some(root) = &root {
        hub::check(&mut checker, root);
        desk::check(&mut checker, root);
    }
    if strict {
        desk::require(&mut checker, root.as_ref());
    }
    settled(checker.problems)
}

/// Why a text is no card at all.
fn unreadable(text: &str) -> Option<(&'static str, &'static str)> {
    let start: Vec<char> = text.chars().take(4096).collect();
    let strange = start
        .iter()
        .filter(|c| matches!(c, '\u{0}' | '\u{fffd}'))
        .count();
    if text.trim().is_empty() {
        Some(("is empty", "write what the model is, below front matter"))
    } else if strange * 20 > start.len() {
        Some(("is not text", "give a README.md in UTF-8"))
    } else {
        None
    }
}

/// Problems in order of their lines, bounded in number and length, and safe to show: field names
/// and values in them are the card's own text.
pub(super) fn settled(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.line);
    if let Some(cut) = problems.get(MAX_PROBLEMS).map(|problem| problem.line) {
        let more = problems.len() - MAX_PROBLEMS;
        problems.truncate(MAX_PROBLEMS);
        problems.push(Problem {
            severity: Severity::Note,
            line: cut,
            field: String::new(),
            what: format!("{more} more problems are not listed"),
            hint: None,
        });
    }
    for problem in &mut problems {
        for text in [&mut problem.field, &mut problem.what]
            .into_iter()
            .chain(&mut problem.hint)
        {
            shorten(text);
            if let std::borrow::Cow::Owned(clean) = crate::text::line(text) {
                *text = clean;
            }
        }
    }
    problems
}

/// Cuts a message that quotes too much.
fn shorten(text: &mut String) {
    const MAX_LENGTH: usize = 400;
    if text.len() > MAX_LENGTH {
        text.truncate(text.floor_char_boundary(MAX_LENGTH));
        text.push('…');
    }
}

/// A card under examination, and what was found so far.
struct Checker<'a> {
    card: &'a Card,
    strict: bool,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn add(&mut self, severity: Severity, line: usize, field: &str, what: String, hint: &str) {
        self.problems.push(Problem {
            severity,
            line,
            field: field.to_owned(),
            what,
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        });
    }

    /// An error in a built-in card, a warning in any other.
    fn wrong(&mut self, line: usize, field: &str, what: impl Into<String>, hint: &str) {
        let severity = if self.strict {
            Severity::Error
        } else {
            Severity::Warning
        };
        self.add(severity, line, field, what.into(), hint);
    }

    fn is_guide(&self) -> bool {
        self.card.facts.kind == Kind::Guide
    }

    /// Whether an entry states something below `key`.
    fn states(node: &Node, key: &str) -> bool {
        node.get(key).is_some_and(|value| !value.is_null())
    }

    /// Fields of `node` that `known` does not have: a likely misspelling, or a note.
    fn unknown_fields(&mut self, node: &Node, path: &str, known: &[&str]) {
        for entry in node.entries() {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let field = format!("{path}{}", entry.key);
            match crate::text::nearest(&entry.key, known) {
                Some(meant) if !Self::states(node, meant) => {
                    let hint = format!("did you mean `{meant}`?");
                    self.wrong(entry.line, &field, "unknown field", &hint);
                }
                _ => {
                    let what = "unknown field; kept".to_owned();
                    self.add(Severity::Note, entry.line, &field, what, "");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(front: &str, origin: Origin) -> Vec<(Severity, usize, String, Option<String>)> {
        let card = Card::parse(
            "a/x",
            origin,
            format!("---\n{front}---\n# X\n\nX is one.\n"),
        );
        check(&card)
            .into_iter()
            .map(|p| (p.severity, p.line, p.field, p.hint))
            .collect()
    }

    #[test]
    fn what_is_no_text_is_no_card() {
        let first = |text: &str| {
            let card = Card::parse("a/x", Origin::User, text.to_owned());
            check(&card).first().map(|p| (p.severity, p.what.clone()))
        };
        assert_eq!(first(" \n"), Some((Severity::Error, "is empty".to_owned())));
        let binary = "\u{fffd}\u{0}ELF\u{fffd}".repeat(50);
        assert_eq!(
            first(&binary),
            Some((Severity::Error, "is not text".to_owned()))
        );
        assert_eq!(first("A card without front matter."), None);
    }

    #[test]
    fn a_misspelt_field_is_named_and_an_unknown_one_is_kept() {
        let found = problems("licence: mit\nmy_field: 1\n", Origin::User);
        assert_eq!(found[0].1, 2);
        assert_eq!(found[0].0, Severity::Warning);
        assert_eq!(found[0].3.as_deref(), Some("did you mean `license`?"));
        assert_eq!((found[1].0, found[1].1), (Severity::Note, 3));
    }

    #[test]
    fn values_that_the_hub_does_not_have_are_warned_of() {
        let front =
            "license: apache2.0\nlanguage: [en, xx, German, zh-CN]\npipeline_tag: summarisation\n";
        let found = problems(front, Origin::Imported);
        let fields: Vec<&str> = found.iter().map(|p| p.2.as_str()).collect();
        assert_eq!(
            fields,
            [
                "license",
                "language",
                "language",
                "language",
                "pipeline_tag"
            ]
        );
        assert_eq!(found[0].3.as_deref(), Some("did you mean `apache-2.0`?"));
        assert_eq!(found[2].3.as_deref(), Some("did you mean `de`?"));
        assert_eq!(found[3].0, Severity::Note);
        assert_eq!(found[4].3.as_deref(), Some("did you mean `summarization`?"));
    }

    #[test]
    fn a_good_card_of_the_hub_has_no_problem() {
        let front = "license: mit\nlanguage: en\ntags: [x]\npipeline_tag: fill-mask\n";
        assert_eq!(problems(front, Origin::Imported), []);
    }

    #[test]
    fn a_built_in_card_must_state_what_answers_need() {
        let found = problems("license: mit\nlanguage: en\n", Origin::BuiltIn);
        let missing: Vec<&str> = found.iter().map(|p| p.2.as_str()).collect();
        for field in [
            "pipeline_tag",
            "modeldesk.name",
            "modeldesk.parameters",
            "modeldesk.tasks",
        ] {
            assert!(missing.contains(&field), "{field} in {missing:?}");
        }
        assert!(found.iter().all(|p| p.0 == Severity::Error));
    }

    #[test]
    fn problems_are_bounded_and_safe_to_show() {
        let front: String = (0..300)
            .map(|i| format!("\"k{i}\\e[2J{}\": 1\n", "x".repeat(900)))
            .take(60)
            .collect();
        let card = Card::parse(
            "a/x",
            Origin::User,
            format!("---\n{front}{}---\n", "a: 1\n".repeat(300)),
        );
        let found = check(&card);
        assert_eq!(found.len(), MAX_PROBLEMS + 1);
        for problem in found {
            assert!(problem.field.len() < 500 && !problem.field.contains('\u{1b}'));
        }
    }
}
