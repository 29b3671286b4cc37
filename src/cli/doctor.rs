//! `modeldesk doctor`: what this machine has, where things are, and what would run.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::ask::open_advisor;
use super::out::Out;
use super::{Exit, Result};
use crate::advisor::{Advisor, Machine, quantity};
use crate::card::Origin;
use crate::error::shown;
use crate::files::Folders;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk doctor
  modeldesk doctor --json")]
pub(super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let folders = Folders::of_user()?;
    let advisor = open_advisor()?;
    let found = examine(&folders, &advisor);
    if arguments.json {
        out.json(&found);
    } else {
        for (label, value) in found.as_object().into_iter().flatten() {
            print(label, value, out);
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}

fn print(label: &str, value: &Value, out: &mut Out) {
    match value {
        Value::Object(fields) => {
            out.line(format!("{label}:"));
            for (name, value) in fields {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                out.line(format!("  {name:14} {text}"));
            }
        }
        Value::String(text) => out.line(format!("{label:16} {text}")),
        other => out.line(format!("{label:16} {other}")),
    }
}

fn examine(folders: &Folders, advisor: &Advisor) -> Value {
    let machine = advisor.machine();
    let speed = machine.measure();
    let counts = advisor.library().counts();
    let count = |origin| {
        counts
            .iter()
            .find(|(o, _)| *o == origin)
            .map_or(0, |(_, n)| *n)
    };
    let yours = count(Origin::User) + count(Origin::Run);
    let disk =
        Machine::free_disk(&folders.data).map_or_else(|| "unknown".to_owned(), quantity::bytes);
    let offline = is_set("HF_HUB_OFFLINE");
    json!({
        "modeldesk": env!("CARGO_PKG_VERSION"),
        "machine": {
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            "cores": machine.cores,
            "memory": format!(
                "{} free of {}",
                quantity::bytes(machine.free_memory),
                quantity::bytes(machine.memory)
            ),
            "disk": format!("{disk} free below {}", shown(&folders.data)),
            "products": speed.map_or_else(|| "could not be measured".to_owned(), |s| {
                format!("{:.0} GFLOP/s in f32, measured here on {} cores", s.gflops, s.cores)
            }),
        },
        "cards": {
            "built-in": count(Origin::BuiltIn),
            "yours": yours,
            "imported": count(Origin::Imported),
            "index": shown(&advisor.library().folder()),
        },
        "folders": {
            "data": sized(&folders.data),
            "config": sized(&folders.config),
            "cache": sized(&folders.cache),
            "state": sized(&folders.state),
            "models": sized(&hub_cache()),
        },
        "network": if offline {
            "off: HF_HUB_OFFLINE is set"
        } else {
            "not asked: nothing is sent without a command that fetches"
        },
        "runs": "advice, comparison, plans; this build does not run models yet",
    })
}

/// Where Python's `huggingface_hub` keeps models: `HF_HUB_CACHE`, else `HF_HOME/hub`, else the usual
/// place.
fn hub_cache() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    set("HF_HUB_CACHE")
        .or_else(|| set("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("huggingface/hub")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/huggingface/hub")))
        .unwrap_or_else(|| PathBuf::from("huggingface/hub"))
}

fn is_set(name: &str) -> bool {
    std::env::var(name)
        .is_ok_and(|v| matches!(v.to_lowercase().as_str(), "1" | "on" | "yes" | "true"))
}

/// The folder and what it takes, or that it is not there yet.
fn sized(folder: &Path) -> String {
    if !folder.exists() {
        return format!("{} (not there yet)", shown(folder));
    }
    format!("{} ({})", shown(folder), quantity::bytes(size(folder)))
}

/// Bytes of the files below `folder`; links are not followed, so that a cache counts once.
fn size(folder: &Path) -> u64 {
    let mut open = vec![folder.to_owned()];
    let mut bytes = 0;
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => bytes += entry.metadata().map_or(0, |m| m.len()),
                _ => {}
            }
        }
    }
    bytes
}
