//! `modeldesk bench MODEL`: how fast a model is on this machine, and what it takes.

use std::path::Path;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::interrupt::stop_on_interrupt;
use super::model;
use super::out::{Out, tell};
use super::{Exit, Result};
use crate::advisor::quantity;
use crate::jobs::Cancel;
use crate::model::bench::{self, Figures};
use crate::model::layers::Precision;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each figure is the median of three runs. A model that writes reads 32 tokens and writes 128, its end
of text ignored; an encoder reads one text of 16 and one of 128 tokens, and eight of 128.

Examples:
  modeldesk bench openai-community/gpt2
  modeldesk bench ./my-run/model --precision q8 --json")]
pub(super) struct Arguments {
    /// A folder, or the id of a model in the cache
    model: String,
    /// Only this precision: f32, q8 or q4
    #[arg(long, value_parser = model::precision)]
    precision: Option<Precision>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let found = model::find(&arguments.model, settings)?;
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let all = [Precision::Q8, Precision::Q4, Precision::F32];
    let wanted: Vec<Precision> = all
        .into_iter()
        .filter(|one| arguments.precision.is_none_or(|only| only == *one))
        .collect();
    let mut rows = Vec::new();
    for precision in wanted {
        cancel.check()?;
        tell(&format!("measuring {}", precision.name()));
        let figures = measure(&found.folder, precision, &cancel)?;
        if !arguments.json {
            out.line(format!("{}  {}", precision.name(), sentence(&figures)));
        }
        rows.push(to_json(precision, &figures));
    }
    if arguments.json {
        let threads = rayon::current_num_threads();
        out.json(&json!({ "model": found.name, "threads": threads, "precisions": rows }));
    }
    out.finish()?;
    Ok(Exit::Done)
}

fn measure(folder: &Path, precision: Precision, cancel: &Cancel) -> Result<Figures> {
    let started = Instant::now();
    bench::measure(
        folder,
        precision,
        model::packed().as_deref(),
        started,
        cancel,
    )
}

fn sentence(figures: &Figures) -> String {
    let mut parts = vec![format!("loads in {:.2} s", figures.load_s)];
    if let Some(writing) = &figures.writing {
        parts.push(format!(
            "first token after {:.0} ms",
            writing.first_token_ms
        ));
        parts.push(format!(
            "reads {:.0} tokens a second",
            writing.prefill_tok_s
        ));
        parts.push(format!("writes {:.1}", writing.decode_tok_s));
    }
    for (shape, ms) in &figures.forward_ms {
        parts.push(format!("{shape} in {ms:.1} ms"));
    }
    parts.push(format!("takes {}", quantity::bytes(figures.weight_bytes)));
    parts.join(", ")
}

fn to_json(precision: Precision, figures: &Figures) -> Value {
    let writing = figures.writing.as_ref().map(|writing| {
        json!({
            "first_token_ms": writing.first_token_ms,
            "prefill_tok_s": writing.prefill_tok_s,
            "decode_tok_s": writing.decode_tok_s,
        })
    });
    json!({
        "precision": precision.name(),
        "load_s": figures.load_s,
        "weight_bytes": figures.weight_bytes,
        "writing": writing,
        "forward_ms": figures.forward_ms.iter().map(|(shape, ms)| (shape.clone(), json!(ms))).collect::<Map<String, Value>>(),
    })
}
