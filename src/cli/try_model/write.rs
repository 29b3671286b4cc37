//! The tasks in which a model writes.

use std::io::Write as _;
use std::ops::ControlFlow;

use serde_json::{Map, Value, json};

use super::{Tried, With, say_notes};
use crate::cli::out::{Out, say, tell};
use crate::error::{Error, Result};
use crate::model::generate::{self, Finish, Timing};
use crate::model::pipeline::Parts;
use crate::model::pipeline::generation::{Ask, Generation, Progress};
use crate::text;

/// How a model writes, under the names of transformers' `GenerationConfig`. What is not given is
/// what the model was saved with.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Options for tasks that write")]
pub(in crate::cli) struct Options {
    /// Most tokens that are written
    #[arg(long, value_name = "N")]
    max_new_tokens: Option<usize>,
    /// Fewest tokens before the text may end
    #[arg(long, value_name = "N")]
    min_new_tokens: Option<usize>,
    /// Draw tokens by their probability
    #[arg(long)]
    do_sample: bool,
    /// What logits are divided by before a draw
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// How much probability the tokens of a draw hold
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Leave out tokens less likely than this part of the likeliest
    #[arg(long, value_name = "P")]
    min_p: Option<f64>,
    /// How much probability the most typical tokens of a draw hold
    #[arg(long, value_name = "P")]
    typical_p: Option<f64>,
    /// Makes tokens that occurred less likely; above 1
    #[arg(long, value_name = "X")]
    repetition_penalty: Option<f64>,
    /// Taken away from the logits of tokens that occurred
    #[arg(long, value_name = "X")]
    presence_penalty: Option<f64>,
    /// Runs of this many tokens occur only once
    #[arg(long, value_name = "N")]
    no_repeat_ngram_size: Option<usize>,
    /// How many beams are followed
    #[arg(long, value_name = "N")]
    num_beams: Option<usize>,
    /// The power of its length that a beam's score is divided by
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    length_penalty: Option<f64>,
    /// When a beam search stops: true, false or never
    #[arg(long, value_name = "WHEN")]
    early_stopping: Option<String>,
    /// How many texts are wanted
    #[arg(long, value_name = "N")]
    num_return_sequences: Option<usize>,
    /// End the text with the token that completes this; may be given several times
    #[arg(long = "stop", value_name = "TEXT")]
    stop_strings: Vec<String>,
    /// What draws depend on
    #[arg(long)]
    seed: Option<u64>,
    /// Write on after the end of the text, to `--max-new-tokens`
    #[arg(long)]
    ignore_eos: bool,
    /// Give only what was added to the text
    #[arg(long)]
    no_full_text: bool,
}

impl Options {
    /// Lays these over what the model was saved with.
    pub(in crate::cli) fn over(
        &self,
        mut saved: generate::Options,
        top_k: Option<usize>,
    ) -> Result<generate::Options> {
        let given = Value::Object(self.given(top_k));
        saved.update(&given).map_err(of_flag)?;
        saved.check().map_err(of_flag)?;
        Ok(saved)
    }

    /// Those that were given, under transformers' names.
    pub(in crate::cli) fn given(&self, top_k: Option<usize>) -> Map<String, Value> {
        let early: Option<Value> = self.early_stopping.as_deref().map(|when| match when {
            "true" => json!(true),
            "false" => json!(false),
            other => json!(other),
        });
        let stop = (!self.stop_strings.is_empty()).then_some(&self.stop_strings);
        let draws = self.do_sample || self.temperature.is_some() || self.top_p.is_some();
        let ends: Option<[u32; 0]> = self.ignore_eos.then_some([]);
        let given = json!({
            "max_new_tokens": self.max_new_tokens,
            "min_new_tokens": self.min_new_tokens,
            "do_sample": draws.then_some(true),
            "temperature": self.temperature,
            "top_k": top_k,
            "top_p": self.top_p,
            "min_p": self.min_p,
            "typical_p": self.typical_p,
            "repetition_penalty": self.repetition_penalty,
            "presence_penalty": self.presence_penalty,
            "no_repeat_ngram_size": self.no_repeat_ngram_size,
            "num_beams": self.num_beams,
            "length_penalty": self.length_penalty,
            "early_stopping": early,
            "num_return_sequences": self.num_return_sequences,
            "eos_token_id": ends,
            "stop_strings": stop,
            "seed": self.seed,
        });
        let fields = given.as_object().cloned().unwrap_or_default();
        let said = fields.into_iter().filter(|(_, value)| !value.is_null());
        said.collect()
    }
}

/// An error about an option as one about its flag.
pub(in crate::cli) fn of_flag(error: Error) -> Error {
    match error
        .place()
        .map(|name| format!("--{}", name.replace('_', "-")))
    {
        Some(flag) => error.at(flag),
        None => error,
    }
}

pub(super) fn run(with: &With, parts: Parts, out: &mut Out) -> Result<Tried> {
    let arguments = with.arguments;
    let model = Generation::load(parts, with.task, with.precision)?;
    let load = with.started.elapsed();
    let options = arguments
        .writing
        .over(model.options(), arguments.reading.top_k)?;
    let mut all = Vec::new();
    let mut interrupted = false;
    for (i, text) in with.inputs.iter().enumerate() {
        let ask = Ask {
            text,
            prefix: None,
            options: &options,
            return_full_text: !arguments.writing.no_full_text,
            cancel: with.cancel,
        };
        let live = !arguments.json && options.num_beams == 1 && options.num_return_sequences == 1;
        let mut screen = Screen {
            live,
            printed: !arguments.json,
            before: None,
            text: text::Stream::default(),
        };
        let begins =
            ask.return_full_text && with.task == crate::model::pipeline::Task::TextGeneration;
        screen.before = (live && begins).then(|| text.clone());
        let written = model.run(&ask, &mut |progress| screen.progress(&progress))?;
        screen.end(
            &written
                .output
                .iter()
                .map(|one| one.text.as_str())
                .collect::<Vec<_>>(),
            out,
        );
        say_notes(
            written.notes.iter().map(|note| (i, note)),
            with.inputs.len(),
        );
        if !arguments.json {
            tell(&speed(load.as_secs_f64(), &written.timing, written.finish));
        }
        interrupted = written.finish == Finish::Cancelled;
        all.push(written);
        if interrupted {
            break;
        }
    }
    let last = all.last().map(|one| one.timing).unwrap_or_default();
    let parts: Vec<&String> = all.iter().flat_map(|one| &one.parts).collect();
    let mut more = vec![(
        "finish",
        json!(all.iter().map(|one| finish(one.finish)).collect::<Vec<_>>()),
    )];
    if !parts.is_empty() {
        more.push(("parts", json!(parts)));
    }
    let output = match with.inputs.len() {
        1 => json!(all.first().map(|one| &one.output)),
        _ => json!(all.iter().map(|one| &one.output).collect::<Vec<_>>()),
    };
    let timing = json!({
        "load_s": load.as_secs_f64(),
        "first_token_ms": last.first_token_ms(),
        "prefill_tok_s": last.prefill_tok_s(),
        "decode_tok_s": last.decode_tok_s(),
    });
    Ok(Tried {
        output,
        more,
        timing,
        interrupted,
    })
}

/// Shows a text as it comes.
struct Screen {
    /// As it comes.
    live: bool,
    /// At the end.
    printed: bool,
    /// What is shown before the first piece, once there is one: a prompt that fails shows nothing.
    before: Option<String>,
    text: text::Stream,
}

impl Screen {
    fn show(&mut self, piece: &str) {
        let before = self.before.take().unwrap_or_default();
        let safe = self.text.push(before.as_bytes()) + &self.text.push(piece.as_bytes());
        let mut stdout = std::io::stdout().lock();
        // Who reads no more is noticed at the end.
        let _ = stdout
            .write_all(safe.as_bytes())
            .and_then(|()| stdout.flush());
    }

    fn progress(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        match progress {
            Progress::Token { text, .. } if self.live && !text.is_empty() => self.show(text),
            Progress::Token { .. } | Progress::Reading { .. } => {}
            Progress::Part { at, of, summary } => {
                say(
                    "note",
                    &format!("part {at} of {of}: {}", text::line(summary)),
                );
            }
        }
        ControlFlow::Continue(())
    }

    /// Ends the live text, or prints the texts that were not shown live.
    fn end(&mut self, texts: &[&str], out: &mut Out) {
        if self.live {
            self.show("");
            out.line("");
        } else if self.printed {
            for text in texts {
                out.line(text::block(text));
            }
        }
    }
}

fn speed(load: f64, timing: &Timing, finish: Finish) -> String {
    format!(
        "loaded in {load:.2} s, first token after {:.0} ms, {:.0} tokens a second{}",
        timing.first_token_ms(),
        timing.decode_tok_s(),
        match finish {
            Finish::ContextFull => "; the model's context is full",
            Finish::Length => "; cut at --max-new-tokens",
            Finish::Cancelled => "; stopped",
            Finish::Eos | Finish::StopString => "",
        }
    )
}

fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::Eos => "eos",
        Finish::StopString => "stop_string",
        Finish::Cancelled => "cancelled",
        Finish::ContextFull => "context_full",
    }
}
