//! What hostile cards cost: each is read in a process of its own, which tells the time and by
//! how much its memory grew.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use modeldesk::card::soak::{Hostile, bodies, bombs, endless};
use modeldesk::card::{Card, Origin};
use modeldesk::error::{Error, Result};

use super::Table;
use crate::project;

/// How often each card is read; the fastest counts, since other work only adds to a time.
const RUNS: usize = 3;

/// The most that front matter which stands for more than it is may take.
const BOMB: (Duration, f64) = (Duration::from_millis(100), 32.0);
/// The most that finding the end of the front matter may take.
const ENDLESS: Duration = Duration::from_millis(50);
/// Twice the input may take this many times the time.
const LINEAR: f64 = 2.5;
/// Times below this are noise, and say nothing about growth.
const NOISE: Duration = Duration::from_millis(1);
/// Cards of which the second is the first, twice as long.
const PAIRS: [(&str, &str); 2] = [
    ("1 MiB of line ends", "2 MiB of line ends"),
    ("100k dashes", "200k dashes"),
];

/// What reading a card cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    time: Duration,
    mebibytes: f64,
}

impl Cost {
    fn shown(self) -> String {
        let milliseconds = self.time.as_secs_f64() * 1e3;
        format!("{milliseconds:.1} ms, {:.1} MiB", self.mebibytes)
    }
}

/// Reads every hostile card and adds what it cost.
pub(crate) fn measure(table: &mut Table) -> Result<()> {
    for card in bombs() {
        let cost = cost(&card)?;
        let fits = cost.time <= BOMB.0 && cost.mebibytes <= BOMB.1;
        table.add("Y1", card.name, &cost.shown(), fits);
    }
    let mut times = Vec::new();
    for card in endless() {
        let cost = cost(&card)?;
        times.push((card.name, cost.time));
        table.add("Y3", card.name, &cost.shown(), cost.time <= ENDLESS);
    }
    for (short, long) in PAIRS {
        let time = |name| {
            times
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, t)| *t)
        };
        let (Some(short), Some(twice)) = (time(short), time(long)) else {
            return Err(Error::new(format!(
                "no hostile card is called `{short}` or `{long}`"
            )));
        };
        let factor = twice.as_secs_f64() / short.max(NOISE).as_secs_f64();
        let name = format!("{long}, against half of it");
        table.add("Y3", &name, &format!("{factor:.1} times"), factor <= LINEAR);
    }
    for card in bodies() {
        // No limit of the table: the size of what is kept of a body is capped.
        table.note(card.name, &cost(&card)?.shown());
    }
    Ok(())
}

fn cost(card: &Hostile) -> Result<Cost> {
    let mut best: Option<Cost> = None;
    for _ in 0..RUNS {
        let cost = in_child(card)?;
        best = Some(best.map_or(cost, |best| Cost {
            time: best.time.min(cost.time),
            mebibytes: best.mebibytes.max(cost.mebibytes),
        }));
    }
    best.ok_or_else(|| Error::new("no run"))
}

fn in_child(card: &Hostile) -> Result<Cost> {
    let failed = |cause: &dyn std::fmt::Display| {
        Error::new(format!("reading `{}` failed", card.name)).caused_by(cause.to_string())
    };
    let program = std::env::current_exe().map_err(|e| failed(&e))?;
    let mut child = Command::new(program)
        .args(["hostile-card", &card.text.len().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(&e))?;
    let mut input = child.stdin.take().expect("it is piped");
    input
        .write_all(card.text.as_bytes())
        .map_err(|e| failed(&e))?;
    drop(input);
    let output = child.wait_with_output().map_err(|e| failed(&e))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said.split_whitespace().map(str::parse::<f64>);
    match (output.status.success(), numbers.next(), numbers.next()) {
        (true, Some(Ok(seconds)), Some(Ok(mebibytes))) => Ok(Cost {
            time: Duration::from_secs_f64(seconds),
            mebibytes,
        }),
        _ => Err(failed(&output.status)),
    }
}

/// The child: reads a card of that many bytes from standard input, prints seconds and mebibytes.
pub(crate) fn child(bytes: usize) -> Result<bool> {
    let mut text = String::with_capacity(bytes);
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| Error::new("no card on standard input").caused_by(e))?;
    let before = memory("VmRSS:")?;
    let start = Instant::now();
    let card = Card::parse("soak/card", Origin::Imported, text);
    let taken = start.elapsed();
    let grown = memory("VmHWM:")? - before;
    drop(card);
    project::say(&format!("{} {grown}", taken.as_secs_f64()));
    Ok(true)
}

/// A figure of this process's memory, in mebibytes.
fn memory(field: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kibibytes
        .map(|kibibytes| kibibytes / 1024.0)
        .ok_or_else(|| Error::new(format!("this system does not tell {field}")))
}
