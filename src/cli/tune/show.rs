//! What happens in a run, in words.

use crate::advisor::quantity;
use crate::finetune::run::{End, Event, Figures, Phase, Run};
use crate::text;

/// A line for an event; none for one that says nothing to a person.
pub(super) fn event(event: &Event, total: u64) -> Option<String> {
    Some(match event {
        Event::Start {
            step,
            total_steps,
            trainable,
            parameters,
            ..
        } => {
            let begins = if *step == 0 {
                "begins".to_owned()
            } else {
                format!("goes on after step {step}")
            };
            format!("{begins}: {total_steps} steps, {trainable} of {parameters} weights learn")
        }
        Event::Progress {
            step,
            loss,
            tokens_per_s,
            seconds,
            rss_mb,
            ..
        } => {
            let pace = seconds / *step as f64;
            let left = match total.saturating_sub(*step) {
                0 => String::new(),
                steps => format!("  {} left", quantity::duration(pace * steps as f64)),
            };
            format!(
                "step {step} of {total}  loss {loss:.4}  {tokens_per_s:.0} tokens/s  {:.1} GB{left}",
                rss_mb / 1000.0
            )
        }
        Event::Check {
            step: 0, metrics, ..
        } => format!("untuned, on the check rows: {}", figures(metrics)),
        Event::Check {
            step,
            metrics,
            best,
        } => {
            let best = if *best { "  the best so far" } else { "" };
            format!("check after step {step}: {}{best}", figures(metrics))
        }
        Event::Sample { step, text, .. } => {
            format!("after step {step} it writes: {}", text::line(text))
        }
        Event::Warning { message } => format!("warning: {}", text::line(message)),
        Event::Checkpoint { .. } | Event::End(_) => return None,
    })
}

/// The end of a run, line by line.
pub(super) fn end(run: &Run, end: &End, say: &mut dyn FnMut(&str)) {
    let id = &run.id;
    match end.state {
        Phase::Done | Phase::Stopped => {
            if let Some(verdict) = &end.verdict {
                say(&text::line(verdict));
            }
            if !end.metrics.is_empty() {
                say(&format!("on the test rows: {}", figures(&end.metrics)));
                say(&format!(
                    "untuned, on the same: {}",
                    figures(&end.base_metrics)
                ));
            }
            say(&format!("{id} is {}: modeldesk try {id}", end.state.name()));
        }
        Phase::Paused | Phase::Interrupted => {
            say(&format!(
                "{id} rests after step {}: modeldesk tune resume {id}",
                end.step
            ));
        }
        _ => {}
    }
}

/// Figures, one after another.
pub(super) fn figures(all: &Figures) -> String {
    if all.is_empty() {
        return "no rows".to_owned();
    }
    let each = all.iter().map(|(name, value)| format!("{name} {value:.4}"));
    each.collect::<Vec<_>>().join(", ")
}
