//! Cards as this program reads them, beside `PyYAML`: `tests/parity/cards.py` reads a folder, this
//! program reads the same, and every difference that `tests/parity/cards-exceptions.md` does not
//! allow is printed.

use std::path::Path;
use std::process::{Command, Stdio};

use modeldesk::card::{Card, Origin};
use modeldesk::error::{Error, Result};
use modeldesk::text;
use serde_json::Value;

use crate::project;

const SCRIPT: &str = "tests/parity/cards.py";

/// What both read of the cards of a folder.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    cards: usize,
    with_metadata: usize,
    equal: usize,
    refused: usize,
    allowed: usize,
    differing: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} cards, {} with metadata: {} equal, {} refused by both, {} allowed, {} differing",
            self.cards, self.with_metadata, self.equal, self.refused, self.allowed, self.differing
        )
    }
}

/// Compares the cards below `dir`; whether none differs.
pub(crate) fn run(dir: &Path) -> Result<bool> {
    let (counts, fits) = compare(dir)?;
    project::say(&counts.to_string());
    Ok(fits)
}

/// Compares the cards below `dir` and prints what differs.
pub(crate) fn compare(dir: &Path) -> Result<(Counts, bool)> {
    let mut counts = Counts::default();
    for line in read_by_python(dir)?.lines() {
        let theirs: Value = serde_json::from_str(line)
            .map_err(|e| Error::new("its output is not JSON").at(SCRIPT).caused_by(e))?;
        let name = theirs["id"].as_str().unwrap_or_default();
        let path = dir.join(name);
        let bytes = std::fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        let card = Card::parse(name, Origin::Imported, String::from_utf8_lossy(&bytes));
        let found = differences(&theirs, &card.metadata());
        counts.take(&theirs, &found);
        for Difference {
            place,
            what,
            allowed,
        } in &found
        {
            let (name, place, what) = (text::ident(name), text::line(place), text::line(what));
            match allowed {
                Some(row) => project::say(&format!("{name}: {place}: {what} (allowed: {row})")),
                None => project::say(&format!("{name}: {place}: {what}")),
            }
        }
    }
    if counts.cards == 0 {
        return Err(Error::usage("there are no cards")
            .at_path(dir)
            .hint("it looks for *.md"));
    }
    let fits = counts.differing == 0;
    Ok((counts, fits))
}

impl Counts {
    fn take(&mut self, theirs: &Value, found: &[Difference]) {
        self.cards += 1;
        let refused = theirs.get("error").is_some();
        self.with_metadata += usize::from(theirs["metadata"].is_object());
        let counted = if found.iter().any(|difference| difference.allowed.is_none()) {
            &mut self.differing
        } else if !found.is_empty() {
            &mut self.allowed
        } else if refused {
            &mut self.refused
        } else {
            &mut self.equal
        };
        *counted += 1;
    }
}

fn read_by_python(dir: &Path) -> Result<String> {
    let failed = || {
        Error::new(format!("python3 {SCRIPT} failed"))
            .hint("python3 -m pip install -r tests/parity/requirements.txt")
    };
    let output = Command::new("python3")
        .arg(project::root().join(SCRIPT))
        .arg(dir)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| failed().caused_by(e))?;
    if !output.status.success() {
        return Err(failed());
    }
    String::from_utf8(output.stdout).map_err(|e| failed().caused_by(e))
}

/// One place where the two differ.
#[derive(Debug, PartialEq)]
struct Difference {
    place: String,
    what: String,
    /// The row of the list of exceptions that allows it, by its first words.
    allowed: Option<&'static str>,
}

/// Where our metadata differs from a line of the script.
fn differences(theirs: &Value, ours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(error) = theirs.get("error") {
        if !ours.is_null() {
            let error = error.as_str().unwrap_or_default();
            found.push(Difference {
                place: "front matter".to_owned(),
                what: format!("PyYAML refuses it ({error}), we read it"),
                allowed: refusal(error),
            });
        }
    } else {
        walk(&theirs["metadata"], ours, "metadata", &mut found);
    }
    found
}

fn walk(theirs: &Value, ours: &Value, place: &str, found: &mut Vec<Difference>) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let absent = Value::Null;
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let (one, other) = (a.get(key), b.get(key));
                let place = format!("{place}.{key}");
                if one.is_some() == other.is_some() {
                    let of = |value: Option<&'_ Value>| value.cloned().unwrap_or(Value::Null);
                    walk(&of(one), &of(other), &place, found);
                } else {
                    differ(
                        one.unwrap_or(&absent),
                        other.unwrap_or(&absent),
                        &place,
                        found,
                    );
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (one, other)) in a.iter().zip(b).enumerate() {
                walk(one, other, &format!("{place}[{n}]"), found);
            }
        }
        _ if theirs == ours => {}
        _ => differ(theirs, ours, place, found),
    }
}

fn differ(theirs: &Value, ours: &Value, place: &str, found: &mut Vec<Difference>) {
    found.push(Difference {
        place: place.to_owned(),
        what: format!("PyYAML {theirs}, ours {ours}"),
        allowed: exception(theirs, ours),
    });
}

/// The row that allows two values to differ.
fn exception(theirs: &Value, ours: &Value) -> Option<&'static str> {
    match (theirs, ours) {
        (Value::Bool(_), Value::String(word)) => {
            let words = ["no", "yes", "on", "off"];
            words
                .contains(&word.to_lowercase().as_str())
                .then_some("language: no")
        }
        (Value::String(written), Value::Number(number)) => {
            let octal = written.strip_prefix("0o");
            if octal.is_some_and(|digits| i64::from_str_radix(digits, 8).ok() == number.as_i64()) {
                return Some("0o10");
            }
            let same = written.parse::<f64>().ok() == number.as_f64();
            (same && written.contains(['e', 'E'])).then_some("1e-4")
        }
        (Value::Number(_), Value::String(written)) => {
            let of = |allowed: &str| {
                written
                    .chars()
                    .all(|c| c.is_ascii_digit() || allowed.contains(c))
            };
            if written.starts_with('0') && of("") {
                Some("010")
            } else if written.contains('_') && of("_.+-") {
                Some("1_000")
            } else if written.contains(':') && of(":.+-") {
                Some("1:30")
            } else {
                None
            }
        }
        (Value::Null, Value::Object(said)) => said.is_empty().then_some("an empty block"),
        _ => None,
    }
}

/// The row that allows us to read what `PyYAML` refuses with this error.
fn refusal(error: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 5] = [
        ("for the tag 'tag:yaml.org,2002:value'", "`=`"),
        ("for the tag 'tag:yaml.org,2002:python", "`!!python/...`"),
        (
            "could not determine a constructor for the tag",
            "`!name value`",
        ),
        ("found character '\\t'", "a tab between tokens"),
        ("expected a single document", "a second document"),
    ];
    KNOWN
        .iter()
        .find(|(part, _)| error.contains(part))
        .map(|(_, row)| *row)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXCEPTIONS: &str = include_str!("../../../tests/parity/cards-exceptions.md");

    fn allowed(theirs: &Value, ours: &Value) -> Option<&'static str> {
        let row = exception(theirs, ours);
        assert!(
            row.is_none_or(|row| EXCEPTIONS.contains(row)),
            "{row:?} is not in the list"
        );
        row
    }

    #[test]
    fn only_what_the_list_allows_may_differ() {
        for (theirs, ours) in [
            (json!(false), json!("no")),
            (json!("1e-4"), json!(1e-4)),
            (json!(8), json!("010")),
            (json!("0o10"), json!(8)),
            (json!(1000), json!("1_000")),
            (json!(90), json!("1:30")),
            (json!(null), json!({})),
        ] {
            assert!(allowed(&theirs, &ours).is_some(), "{theirs} {ours}");
        }
        for (theirs, ours) in [
            (json!(false), json!("maybe")),
            (json!("1e-4"), json!(1e-5)),
            (json!("12"), json!(12)),
            (json!(8), json!("8")),
            (json!(null), json!({"license": "mit"})),
            (json!({"license": "mit"}), json!(null)),
            (json!("mit"), json!("apache-2.0")),
        ] {
            assert_eq!(allowed(&theirs, &ours), None);
        }
    }

    #[test]
    fn refusals_that_are_allowed_are_in_the_list() {
        for error in [
            "could not determine a constructor for the tag 'tag:yaml.org,2002:value' in",
            "could not determine a constructor for the tag 'tag:yaml.org,2002:python/x' in",
            "could not determine a constructor for the tag '!x' in",
            "while scanning for the next token found character '\\t' that cannot start any token",
            "expected a single document in the stream",
        ] {
            let row = refusal(error).expect("it is allowed");
            assert!(EXCEPTIONS.contains(row), "{row} is not in the list");
        }
        assert_eq!(refusal("mapping values are not allowed here"), None);
    }

    #[test]
    fn every_place_is_compared() {
        let theirs = json!({"metadata": {"a": [1, {"b": "x"}], "gone": null, "same": 1.5}});
        let ours = json!({"a": [1, {"b": "y"}], "new": 1, "same": 1.5});
        let found = differences(&theirs, &ours);
        let places: Vec<&str> = found.iter().map(|d| d.place.as_str()).collect();
        assert_eq!(places, ["metadata.a[1].b", "metadata.gone", "metadata.new"]);
        assert!(found.iter().all(|d| d.allowed.is_none()));
        assert_eq!(differences(&json!({"error": "x"}), &Value::Null), []);
        assert_eq!(differences(&json!({"error": "x"}), &ours).len(), 1);
    }
}
