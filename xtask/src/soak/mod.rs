//! `cargo xtask soak`: the fault tests with the full counts of their table, and the limits of
//! time and memory that no test asserts.
//!
//! The tests themselves say which row they stand for and how many cases held (`counts.rs` beside
//! them); a row that no test stands for is missing, and a missing row fails.

pub(crate) mod hostile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use modeldesk::error::{Error, Result};

use crate::{parity, project};

/// The tests of models' files.
const CHECKPOINT: &str = "checkpoint";

/// What to soak.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(value_enum, default_value = "all")]
    part: Part,
    /// A folder of real cards for Y2, compared with `PyYAML`, and for T4
    #[arg(long, value_name = "DIR")]
    cards: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Cards,
    Text,
    Index,
    Desk,
    Models,
    Hub,
    Tune,
    All,
}

impl Part {
    /// The tests' module and the rows that they stand for.
    fn modules(self) -> Vec<(&'static str, &'static [&'static str])> {
        const ALL: [(Part, &str, &[&str]); 7] = [
            (Part::Cards, "cards", &["Y1", "Y2", "Y3", "Y4"]),
            (Part::Text, "text", &["T1", "T2", "T3"]),
            (Part::Index, "index", &["I1", "I2", "I3", "I4"]),
            (Part::Desk, "desk", &["T1", "T4", "T5"]),
            (
                Part::Models,
                CHECKPOINT,
                &["D9", "M1", "M2", "M4", "M5", "M6"],
            ),
            (
                Part::Hub,
                "hub",
                &[
                    "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10", "D11",
                ],
            ),
            (
                Part::Tune,
                "finetune",
                &["R1", "R2", "R3", "R4", "R5", "R6", "R7", "D8"],
            ),
        ];
        let wanted = ALL
            .iter()
            .filter(|(part, ..)| [Self::All, *part].contains(&self));
        wanted.map(|(_, module, rows)| (*module, *rows)).collect()
    }
}

/// Runs the soak; whether everything held.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let tests = project::tests()?;
    let mut table = Table::default();
    for (module, rows) in arguments.part.modules() {
        soak(&tests, module, rows, arguments.cards.as_deref(), &mut table)?;
        if module == "cards" {
            hostile::measure(&mut table)?;
            if let Some(cards) = &arguments.cards {
                let (cases, fits) = parity::cards::compare(cards)?;
                table.add("Y2", "real cards beside PyYAML", &format!("{cases}"), fits);
            }
        }
    }
    table.print();
    Ok(table.failed == 0)
}

/// Runs the tests of a module, one after another, and adds its rows.
fn soak(
    tests: &Path,
    module: &str,
    rows: &[&str],
    cards: Option<&Path>,
    table: &mut Table,
) -> Result<()> {
    let start = Instant::now();
    let mut command = if module == CHECKPOINT {
        in_little_memory(tests)
    } else {
        Command::new(tests)
    };
    if let Some(cards) = cards {
        // The tests run in the project's folder.
        let cards = cards
            .canonicalize()
            .map_err(|e| Error::io("find", cards, e))?;
        command.env("MODELDESK_SOAK_CARDS", cards);
    }
    let output = command
        .arg(format!("{module}::"))
        .args(["--nocapture", "--test-threads", "1"])
        .env("MODELDESK_SOAK", "full")
        .current_dir(project::root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Error::io("run", tests, e))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let told = Told::from(said.as_ref());
    for row in rows {
        let (count, fits) = told.row(row);
        table.add(row, &format!("tests of {module}"), &count, fits);
    }
    let taken = format!("{} in {}", told.summary, seconds(start.elapsed()));
    table.add(
        "",
        &format!("all tests of {module}"),
        &taken,
        output.status.success(),
    );
    if !output.status.success() {
        project::say(&said);
    }
    Ok(())
}

/// The tests in a process that may ask for 512 MiB: no file may say that more is needed.
fn in_little_memory(tests: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v 524288 && exec \"$0\" \"$@\""])
        .arg(tests)
        // Each arena of the allocator and each stack would count.
        .env("MALLOC_ARENA_MAX", "1")
        .env("RAYON_NUM_THREADS", "2");
    command
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// What the tests told: of each row how many tests began it, how many held, and their cases.
#[derive(Debug, Default, PartialEq)]
struct Told {
    rows: BTreeMap<String, [usize; 3]>,
    summary: String,
}

impl From<&str> for Told {
    fn from(said: &str) -> Self {
        let mut told = Self::default();
        for line in said.lines() {
            if let Some(rest) = line.strip_prefix("test result: ") {
                rest.split(';')
                    .next()
                    .unwrap_or(rest)
                    .clone_into(&mut told.summary);
            }
            let words: Vec<&str> = line.split(' ').collect();
            let ["soak", row, what, ..] = words[..] else {
                continue;
            };
            let counted = told.rows.entry(row.to_owned()).or_default();
            let cases = words.get(3).and_then(|word| word.parse::<usize>().ok());
            match (what, cases) {
                ("begins", None) => counted[0] += 1,
                ("held", Some(cases)) => {
                    counted[1] += 1;
                    counted[2] += cases;
                }
                _ => {}
            }
        }
        told
    }
}

impl Told {
    /// How many cases of a row held, and whether that is all of them.
    fn row(&self, row: &str) -> (String, bool) {
        match self.rows.get(row) {
            None => ("no test stands for it".to_owned(), false),
            Some([began, held, cases]) if began == held => (format!("{cases} cases"), true),
            Some([began, held, cases]) => (
                format!("{cases} cases; {} of {began} tests failed", began - held),
                false,
            ),
        }
    }
}

/// Row, what was run, how much, whether it held.
#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: Vec<[String; 4]>,
    failed: usize,
}

impl Table {
    /// Adds a line.
    pub(crate) fn add(&mut self, row: &str, what: &str, count: &str, fits: bool) {
        self.failed += usize::from(!fits);
        self.push(row, what, count, if fits { "held" } else { "FAILED" });
    }

    /// Adds a line that nothing limits.
    pub(crate) fn note(&mut self, what: &str, count: &str) {
        self.push("", what, count, "-");
    }

    fn push(&mut self, row: &str, what: &str, count: &str, result: &str) {
        self.lines
            .push([row, what, count, result].map(str::to_owned));
    }

    fn print(&self) {
        let wide = |column: usize| {
            let cells = self.lines.iter().map(|line| line[column].len());
            cells.max().unwrap_or(0)
        };
        let (what, count) = (wide(1), wide(2));
        project::say(&format!(
            "row | {:what$} | {:count$} | result",
            "what", "count"
        ));
        project::say(&format!("----|-{:-<what$}-|-{:-<count$}-|-------", "", ""));
        for [row, name, number, result] in &self.lines {
            project::say(&format!(
                "{row:3} | {name:what$} | {number:count$} | {result}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_when_every_test_that_began_it_ended_it() {
        let said = "test a ... \nsoak I1 begins\n\nsoak I1 held 30\nok\nsoak I1 begins\n\
                    soak I1 held 12\nsoak I2 begins\nsoak I2 held 3\nsoak I2 begins\nFAILED\n\
                    test result: FAILED. 3 passed; 1 failed; 0 ignored\n";
        let told = Told::from(said);
        assert_eq!(told.row("I1"), ("42 cases".to_owned(), true));
        assert_eq!(
            told.row("I2"),
            ("3 cases; 1 of 2 tests failed".to_owned(), false)
        );
        assert_eq!(told.row("I3"), ("no test stands for it".to_owned(), false));
        assert_eq!(told.summary, "FAILED. 3 passed");
    }
}
