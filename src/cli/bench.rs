//! `modeldesk bench MODEL`: how fast a model is on this machine, and what it takes.
//!
//! Each figure is taken in a process that does nothing else: this program again, with `--alone`.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::interrupt::stop_on_interrupt;
use super::model::{self, Found};
use super::out::{Out, say, tell};
use super::{Exit, Result};
use crate::advisor::measured::{self, Record};
use crate::advisor::quantity;
use crate::error::Error;
use crate::files::Folders;
use crate::jobs::Cancel;
use crate::model::bench::{self, Extent, Figures};
use crate::model::config::Config;
use crate::model::layers::Precision;
use crate::model::weights::Checkpoint;
use crate::model::weights::kept::Kept;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each speed is the median of three runs in a process of its own. A model that writes reads 32 tokens
and writes 128, its end of text ignored, and reads 512 for how fast it reads; an encoder reads one
text of 16 and one of 128 tokens, and eight of 128. Memory is the most that was taken until then,
without the program's own file. What is measured is kept, and answers go by it from then on.

Examples:
  modeldesk bench openai-community/gpt2
  modeldesk bench ./my-run/model --precision q8 --json")]
pub(super) struct Arguments {
    /// A folder, a model in the cache, or a run's id
    model: String,
    /// Only this precision: f32, q8 or q4
    #[arg(long, value_parser = model::precision)]
    precision: Option<Precision>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Measure in this process
    #[arg(long, hide = true, requires_all = ["precision", "json"])]
    alone: Option<Load>,
}

/// Which of two loadings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Load {
    /// Weights are packed.
    First,
    /// Packed weights are there.
    Second,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    if let (Some(load), Some(precision)) = (arguments.alone, arguments.precision) {
        return alone(Path::new(&arguments.model), precision, load, &cancel, out);
    }
    let found = model::find(&arguments.model, settings)?;
    let weights = Checkpoint::open(&found.folder)?.fingerprint();
    let all = [Precision::F32, Precision::Q8, Precision::Q4];
    let config = Config::read(&found.folder)?;
    let wanted = all
        .into_iter()
        .filter(|one| arguments.precision.is_none_or(|only| only == *one))
        .filter(|one| one.of(&config) == *one)
        .collect::<Vec<_>>();
    if wanted.is_empty() {
        let kind = config.common().model_type;
        return Err(
            Error::usage(format!("models of type {kind} run in f32 only"))
                .at("--precision")
                .hint("leave it out, or give f32"),
        );
    }
    let mut records = Vec::new();
    for precision in wanted {
        tell(&format!("measuring {}", precision.name()));
        let record = record(&found, &weights, precision, &cancel)?;
        if let Err(error) = Folders::of_user().and_then(|folders| record.keep(&folders.cache)) {
            say("note", &format!("not kept for later: {error}"));
        }
        if !arguments.json {
            print(&record, out);
        }
        records.push(record);
    }
    if arguments.json {
        out.json(&to_json(&found, &records));
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Measures in this process, and prints the figures for the one that started it.
fn alone(
    folder: &Path,
    precision: Precision,
    load: Load,
    cancel: &Cancel,
    out: &mut Out,
) -> Result<Exit> {
    let extent = match load {
        Load::First => Extent::Loading,
        Load::Second => Extent::All,
    };
    let packed = model::packed();
    let figures = bench::measure(folder, precision, packed.as_deref(), extent, cancel)?;
    out.json(&json!(figures));
    out.finish()?;
    Ok(Exit::Done)
}

/// Measures one precision: the first loading, which packs the weights anew, and the second.
fn record(found: &Found, weights: &str, precision: Precision, cancel: &Cancel) -> Result<Record> {
    if let Some(folder) = model::packed() {
        Kept::forget(&folder, weights, precision.name())?;
    }
    let first = child(&found.folder, precision, Load::First, cancel)?;
    let figures = child(&found.folder, precision, Load::Second, cancel)?;
    Ok(Record {
        model: found.name.clone(),
        revision: found.revision.clone(),
        weights: weights.to_owned(),
        precision: precision.name().to_owned(),
        threads: rayon::current_num_threads(),
        processor: measured::processor(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        date: measured::today(),
        first_load_s: first.load_s,
        first_peak_bytes: first.peak_bytes,
        figures,
    })
}

/// Runs a process of this program that measures, and waits for its figures.
fn child(folder: &Path, precision: Precision, load: Load, cancel: &Cancel) -> Result<Figures> {
    cancel.check()?;
    let failed = |what: &str| Error::new(format!("{what} while {} was measured", precision.name()));
    let program = std::env::current_exe()
        .map_err(|error| failed("this program was not found").caused_by(error))?;
    let load = match load {
        Load::First => "first",
        Load::Second => "second",
    };
    let output = Command::new(program)
        .args([
            "bench",
            "--json",
            "--precision",
            precision.name(),
            "--alone",
            load,
            "--",
        ])
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed("no process could be started").caused_by(error))?;
    cancel.check()?;
    match output.status.code() {
        Some(0) => serde_json::from_slice(&output.stdout)
            .map_err(|error| failed("something else was printed").caused_by(error)),
        Some(_) => Err(failed("it failed, as said above,")),
        None => Err(failed("the process was killed").hint("close programs that take memory")),
    }
}

fn print(record: &Record, out: &mut Out) {
    let figures = &record.figures;
    out.line(record.precision.clone());
    let mut row = |label: &str, text: String| out.line(format!("  {label:12} {text}"));
    row(
        "load",
        format!(
            "{:.2} s the first time, then {:.2} s",
            record.first_load_s, figures.load_s
        ),
    );
    if let Some(writing) = &figures.writing {
        row(
            "first token",
            format!("{:.0} ms after a text of 32 tokens", writing.first_token_ms),
        );
        let (rate, tokens) = (writing.prefill_tok_s, writing.prefill_tokens);
        row("reads", format!("{rate:.0} tokens/s of a text of {tokens}"));
        row("writes", format!("{:.1} tokens/s", writing.decode_tok_s));
    }
    for (shape, ms) in &figures.forward_ms {
        row(shape, format!("{ms:.1} ms"));
    }
    row(
        "memory",
        format!(
            "{} of weights; at the peak {}, the first time {}",
            quantity::bytes(figures.weight_bytes),
            quantity::bytes(figures.peak_bytes),
            quantity::bytes(record.first_peak_bytes)
        ),
    );
}

fn to_json(found: &Found, records: &[Record]) -> Value {
    let of = |record: &Record| {
        let figures = &record.figures;
        json!({
            "precision": record.precision,
            "first_load_s": record.first_load_s,
            "load_s": figures.load_s,
            "weight_bytes": figures.weight_bytes,
            "cache_bytes": figures.cache_bytes,
            "first_peak_bytes": record.first_peak_bytes,
            "peak_bytes": figures.peak_bytes,
            "writing": figures.writing,
            "forward_ms": figures.forward_ms,
        })
    };
    json!({
        "model": found.name,
        "revision": found.revision,
        "threads": rayon::current_num_threads(),
        "processor": measured::processor(),
        "date": measured::today(),
        "precisions": records.iter().map(of).collect::<Vec<_>>(),
    })
}
