//! `modeldesk doctor`: what this machine has, where things are, and what would run.

use std::path::Path;

use serde_json::{Value, json};

use super::ask::open_advisor;
use super::model::PACKED;
use super::out::Out;
use super::{Exit, Own, Result};
use crate::advisor::{Advisor, quantity};
use crate::card::Origin;
use crate::error::{Notice, shown};
use crate::files::{self, Folders};
use crate::hub::{Cache, Cached};
use crate::model::config;
use crate::model::weights::kept;
use crate::tui::keymap::{Command, Keymap};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk doctor
  modeldesk doctor --keys
  modeldesk doctor --json")]
pub(super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// List every command of the desk with its keys, by the names that `config.yaml` takes
    #[arg(long, conflicts_with = "json")]
    keys: bool,
}

pub(super) fn run(arguments: &Arguments, own: &Own, out: &mut Out) -> Result<Exit> {
    if arguments.keys {
        print_keys(&own.look.keymap, out);
        out.finish()?;
        return Ok(Exit::Done);
    }
    let folders = Folders::of_user()?;
    let advisor = open_advisor(&own.settings)?;
    let found = examine(&folders, own, &advisor);
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

/// Every command with its keys and what it does, as it is bound now.
fn print_keys(keymap: &Keymap, out: &mut Out) {
    for command in Command::ALL {
        let keys = keymap.keys(*command).join(" ");
        let keys = if keys.is_empty() { "-" } else { &keys };
        let help = keymap.help(*command).unwrap_or_default();
        out.line(
            format!("{:18} {keys:24} {help}", command.id())
                .trim_end()
                .to_owned(),
        );
    }
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
        Value::Array(lines) if lines.is_empty() => {}
        Value::Array(lines) => {
            out.line(format!("{label}:"));
            for line in lines.iter().filter_map(Value::as_str) {
                out.line(format!("  {line}"));
            }
        }
        Value::String(text) => out.line(format!("{label:16} {text}")),
        other => out.line(format!("{label:16} {other}")),
    }
}

fn examine(folders: &Folders, own: &Own, advisor: &Advisor) -> Value {
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
        files::free_space(&folders.data).map_or_else(|| "unknown".to_owned(), quantity::bytes);
    let offline = is_set("HF_HUB_OFFLINE");
    let cache = Cache::of_environment(&own.settings);
    let (models, skipped) = cache.scan();
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
                let cores = quantity::counted(s.cores as u64, "core");
                format!("{:.0} GFLOP/s in f32, measured here on {cores}", s.gflops)
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
            "models": held(&cache, &models),
            "packed": packed(&folders.cache),
        },
        "settings": present(&own.settings.file),
        "network": if offline {
            "off: HF_HUB_OFFLINE is set"
        } else {
            "not asked: nothing is sent without a command that fetches"
        },
        "runs": format!("models of type {}", config::known().join(", ")),
        "notices": notices(own, &cache, &skipped),
    })
}

/// What is wrong with the settings and with the cache of models. That there is no cache yet stands
/// with its folder.
fn notices<'a>(own: &'a Own, cache: &Cache, skipped: &'a [Notice]) -> Vec<&'a str> {
    let skipped = skipped.iter().filter(|_| cache.folder().exists());
    let all = own.notices.iter().chain(skipped);
    all.map(|notice| notice.0.as_str()).collect()
}

/// The file, or that it is not there.
fn present(file: &Path) -> String {
    if file.exists() {
        shown(file)
    } else {
        format!("{} (not there: the defaults hold)", shown(file))
    }
}

/// The cache of models and what is in it.
fn held(cache: &Cache, models: &[Cached]) -> String {
    let folder = shown(cache.folder());
    if !cache.folder().exists() {
        return format!("{folder} (not there yet)");
    }
    let bytes = models.iter().map(|model| model.bytes);
    let bytes = quantity::bytes(bytes.fold(0, u64::saturating_add));
    let whole = models.iter().filter(|model| model.whole).count();
    let count = quantity::counted(models.len() as u64, "model");
    format!("{folder} ({count}, {whole} of them whole, {bytes})")
}

/// The folder of packed weights and what is in it.
fn packed(cache: &Path) -> String {
    let folder = cache.join(PACKED);
    if !folder.exists() {
        return format!("{} (not there yet)", shown(&folder));
    }
    let held = kept::held(&folder);
    let stale = match held.stale {
        0 => String::new(),
        count => format!(", {count} of them of weights that are gone"),
    };
    format!(
        "{} ({} of packed weights{stale}, {} of at most {})",
        shown(&folder),
        quantity::counted(held.count, "file"),
        quantity::bytes(held.bytes),
        quantity::bytes(kept::MOST_BYTES)
    )
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
