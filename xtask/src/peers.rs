//! Holds the models' speed against other programs, run in turn on this machine.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use modeldesk::error::{Error, Result};
use serde_json::Value;

use crate::project::{root, say};

/// What to run, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often all programs are run in turn; an odd number
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Our models' folder, as of `cargo bench --bench models -- --in DIR`
    #[arg(long = "in", value_name = "DIR")]
    models: Option<String>,
    /// Command lines of programs that print one JSON object a line: {"peer", "model", "what",
    /// "value", "unit": "tok/s" or "ms"}
    #[arg(required = true, value_name = "COMMAND")]
    programs: Vec<String>,
}

/// What a figure is of: model, what, unit.
type Figure = (String, String, String);

/// By figure and program, all that was measured.
type Measured = BTreeMap<Figure, BTreeMap<String, Vec<f64>>>;

/// Runs all in turn and prints the ratios of medians; above 1 ours is faster.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let mut ours = Command::new(env!("CARGO"));
    ours.args(["bench", "--quiet", "--bench", "models", "--", "--json"])
        .current_dir(root());
    if let Some(models) = &arguments.models {
        ours.args(["--in", models]);
    }
    let mut measured = Measured::new();
    for _ in 0..arguments.rounds.max(1) {
        take(&mut ours, &mut measured)?;
        for program in &arguments.programs {
            let mut words = program.split_whitespace();
            let name = words
                .next()
                .ok_or_else(|| Error::usage("is empty").at("COMMAND"))?;
            take(Command::new(name).args(words), &mut measured)?;
        }
    }
    say(&format!(
        "{:24} | {:15} | {:18} | {:>10} | {:18} | {:>10} | ratio",
        "model", "what", "ours", "", "peer", ""
    ));
    for ((model, what, unit), peers) in &measured {
        for (mine, of_mine) in peers.iter().filter(|(name, _)| is_ours(name)) {
            for (peer, of_peer) in peers.iter().filter(|(name, _)| !is_ours(name)) {
                let (a, b) = (median(of_mine), median(of_peer));
                let ratio = if unit == "ms" { b / a } else { a / b };
                say(&format!(
                    "{model:24} | {what:15} | {mine:18} | {a:10.1} | {peer:18} | {b:10.1} | {ratio:.2}"
                ));
            }
        }
    }
    Ok(true)
}

fn is_ours(peer: &str) -> bool {
    peer.starts_with("modeldesk")
}

/// Runs one program and adds what it prints.
fn take(program: &mut Command, measured: &mut Measured) -> Result<()> {
    let name = program.get_program().to_string_lossy().into_owned();
    let failed = |what: &str| Error::new(what.to_owned()).at(name.clone());
    let output = program
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed("cannot be run").caused_by(error))?;
    if !output.status.success() {
        return Err(failed("failed, as said above"));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let rows = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for row in rows {
        let text = |field: &str| row[field].as_str().map(str::to_owned);
        let (Some(peer), Some(model), Some(what), Some(unit), Some(value)) = (
            text("peer"),
            text("model"),
            text("what"),
            text("unit"),
            row["value"].as_f64(),
        ) else {
            return Err(failed("printed an object that is no figure"));
        };
        let of = measured.entry((model, what, unit)).or_default();
        of.entry(peer).or_default().push(value);
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
