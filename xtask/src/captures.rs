//! `cargo xtask captures`: the screens in README.md, taken from the real desk on a terminal of
//! 80 x 24, so that they show what a reader will see.
//!
//! A screen stands between `<!-- capture: NAME -->` and `<!-- end -->`; everything else of
//! README.md is left as it is.

use std::path::Path;
use std::time::Duration;

use modeldesk::error::{Error, Result};
use modeldesk::files;

use crate::project;
use crate::terminal::Session;

const SIZE: (u16, u16) = (80, 24);
const OPENING: &str = "<!-- capture: ";
const CLOSING: &str = "<!-- end -->";

/// So long nothing is written before a screen counts as whole.
const QUIET: Duration = Duration::from_millis(300);

/// What the header of a capture says of the machine, whatever it was taken on.
const MACHINE: &str = "2 cores, 21 GB free";

/// How fast that machine multiplied matrices when it was left alone, in GFLOP/s: the best of six
/// measures. The program keeps the best that it has seen, so captures do not change with what else
/// runs meanwhile.
const SPEED: f64 = 161.0;

/// Keys, and what the screen shows once they have done their work.
type Step = (&'static str, &'static str);

/// A screen of README.md: its name, and how the desk gets there from its first frame.
const SCREENS: [(&str, &[Step]); 8] = [
    ("first", &[]),
    (
        "answer",
        &[(
            "Which model is best for summarizing legal documents?\r",
            "read as: recommend",
        )],
    ),
    (
        "source",
        &[
            (
                "Which model is best for summarizing legal documents?\r",
                "read as: recommend",
            ),
            ("\t", "j k move"),
            ("\r", "Esc back"),
        ],
    ),
    (
        "plan",
        &[(
            "How can I fine-tune GPT-2 with 1000 examples?\r",
            "read as: how to",
        )],
    ),
    ("models", &[("\t2", "fetch")]),
    (
        "try",
        &[
            (
                "Which model is best for summarizing legal documents?\r",
                "read as: recommend",
            ),
            ("\tjt", "[3 Try]"),
            ("\t", "is not on this disk"),
        ],
    ),
    (
        "compare",
        &[
            ("\t2", "[2 Models]"),
            ("/base uncased\r", " of "),
            ("  v", "speed, here"),
        ],
    ),
    (
        "comparison",
        &[(
            "Compare BERT and DistilBERT in terms of speed and size.\r",
            "read as: compare",
        )],
    ),
];

/// Takes the screens that README.md asks for, and writes them into it; or, to `check`, says which
/// differ. Whether nothing differs.
pub(crate) fn run(check: bool) -> Result<bool> {
    let path = project::root().join("README.md");
    let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
    let parts = parts(&text).map_err(|error| error.at_path(&path))?;
    let folder = tempfile::tempdir().map_err(|e| Error::io("make", &std::env::temp_dir(), e))?;
    let program = folder.path().join("modeldesk");
    let built = project::program()?;
    // A build meanwhile must not change what is shown.
    std::fs::copy(&built, &program).map_err(|e| Error::io("copy", &built, e))?;
    let mut renewed = String::new();
    let mut differing = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => renewed += text,
            Part::Capture { name, held } => {
                let screen = fenced(&take(name, &program, folder.path())?);
                if screen != held {
                    differing.push(name);
                }
                renewed += &screen;
            }
        }
    }
    if check {
        for name in &differing {
            project::say(&format!(
                "README.md: the capture `{name}` is not what the desk shows"
            ));
        }
        return Ok(differing.is_empty());
    }
    files::write(&path, renewed.as_bytes())?;
    project::say(&format!("README.md: {} captures renewed", differing.len()));
    Ok(true)
}

/// A stretch of README.md.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    /// As it is, markers included.
    Text(&'a str),
    /// What stands between the markers.
    Capture { name: &'a str, held: &'a str },
}

fn parts(text: &str) -> Result<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPENING) {
        let named = &rest[at + OPENING.len()..];
        let (name, after) = named.split_once(" -->\n").ok_or_else(|| {
            Error::new(format!("`{OPENING}` without `-->` at the end of its line"))
        })?;
        let end = after
            .find(CLOSING)
            .ok_or_else(|| Error::new(format!("`{name}` has no `{CLOSING}`")))?;
        parts.push(Part::Text(&rest[..rest.len() - after.len()]));
        let held = &after[..end];
        parts.push(Part::Capture { name, held });
        rest = &after[end..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// Brings a new desk of a new user to the screen of that name.
fn take(name: &str, program: &Path, root: &Path) -> Result<String> {
    let Some((_, steps)) = SCREENS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = SCREENS.iter().map(|(known, _)| *known).collect();
        let hint = format!("there are: {}", known.join(", "));
        return Err(Error::new(format!("there is no capture `{name}`")).hint(hint));
    };
    let home = root.join(name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let speed = serde_json::json!({ "gflops": SPEED, "cores": cores }).to_string();
    files::write(&home.join("cache/modeldesk/machine.json"), speed.as_bytes())?;
    let mut desk = Session::start(program, &home, SIZE)?;
    desk.until(" cards | ")?;
    for (keys, shown) in *steps {
        desk.send(keys)?;
        desk.until(shown)?;
        desk.settle(QUIET);
    }
    desk.settle(QUIET);
    Ok(desk
        .screen()
        .lines()
        .map(|line| any_machine(line.trim_end()))
        .collect::<Vec<_>>()
        .join("\n"))
}

fn fenced(screen: &str) -> String {
    format!("```text\n{}\n```\n", screen.trim_end())
}

/// The header's line as it is on [`MACHINE`], still flush right, and free memory as it is there; any
/// other line as it is.
fn any_machine(line: &str) -> String {
    if let Some((left, free)) = line.rsplit_once("; ")
        && free.ends_with(" are free.")
    {
        return format!("{left}; 21 GB are free.");
    }
    let Some((left, machine)) = line.rsplit_once(" | ") else {
        return line.to_owned();
    };
    if !(machine.ends_with(" free") && machine.contains(" core")) {
        return line.to_owned();
    }
    let Some(gap) = left.rfind("  ") else {
        return line.to_owned();
    };
    let (title, cards) = (left[..gap].trim_end(), left[gap..].trim_start());
    let right = format!("{cards} | {MACHINE}");
    let wide = line.chars().count().max(usize::from(SIZE.0));
    let room = wide.saturating_sub(title.chars().count());
    format!("{title}{right:>room$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_markers_is_replaced() {
        let text = "a\n<!-- capture: answer -->\nold\n<!-- end -->\nb\n";
        let parts = parts(text).expect("well formed");
        assert_eq!(
            parts,
            [
                Part::Text("a\n<!-- capture: answer -->\n"),
                Part::Capture {
                    name: "answer",
                    held: "old\n"
                },
                Part::Text("<!-- end -->\nb\n"),
            ]
        );
        assert!(super::parts("<!-- capture: answer -->\nold").is_err());
    }

    #[test]
    fn the_machine_of_a_capture_is_always_the_same() {
        let wide = format!("[1 Ask]{:>73}", "54 cards | 16 cores, 120 GB free");
        let line = any_machine(&wide);
        assert_eq!(
            line,
            format!("[1 Ask]{:>73}", "54 cards | 2 cores, 21 GB free")
        );
        assert_eq!(line.len(), 80);
        for other in ["a | b", "  model | licence", ""] {
            assert_eq!(any_machine(other), other);
        }
    }
}
