//! What the model writes for a few rows that it does not learn from: the same rows each time.

use std::ops::ControlFlow;

use super::Event;
use super::rows::Rows;
use crate::error::Result;
use crate::finetune::dataset::{Example, Part, Role};
use crate::finetune::plan::Plan;
use crate::jobs::Cancel;
use crate::model::kernels::random::Stream;
use crate::model::pipeline::Generation;
use crate::model::pipeline::generation::Ask;
use crate::model::template;

/// How many rows.
const ROWS: usize = 3;
/// The most tokens that are written.
const TOKENS: usize = 60;
/// The words of a plain text that are given.
const WORDS: usize = 12;
/// Sets the draw of rows apart from all others of a run.
const KEY: u64 = 0x7361_6d70;

/// A row: what is given of it, and what stands in the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    prompt: String,
    expected: String,
}

/// The rows, drawn by the seed of the run before it learns; none for a task that writes nothing.
///
/// # Errors
/// When the data cannot be read.
pub(super) fn choose(rows: &Rows, plan: &Plan) -> Result<Vec<Sample>> {
    let stream = Stream::new(plan.training.seed, KEY);
    let mut drawn: Vec<(u64, Sample)> = Vec::new();
    for (place, row) in rows.kept(Part::Check)?.enumerate() {
        if let Some(sample) = sample(&row?.example, plan) {
            drawn.push((stream.bits(place as u64), sample));
            drawn.sort_by_key(|(number, _)| *number);
            drawn.truncate(ROWS);
        }
    }
    Ok(drawn.into_iter().map(|(_, sample)| sample).collect())
}

fn sample(example: &Example, plan: &Plan) -> Option<Sample> {
    match example {
        Example::Dialogue { turns } => {
            let template = template::named(plan.data.template.as_deref()?)?;
            let last = turns
                .iter()
                .rposition(|turn| turn.role == Role::Assistant)?;
            let open = template.render(&turns[..last], true).ok()?;
            Some(Sample {
                prompt: open.into_iter().map(|segment| segment.text).collect(),
                expected: turns[last].content.clone(),
            })
        }
        Example::Pair { source, target } => Some(Sample {
            prompt: format!("{}{source}", plan.data.recipe.source_prefix),
            expected: target.clone(),
        }),
        Example::Plain { text, .. } => {
            let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
            let (given, rest) = words.split_at(WORDS.min(words.len() / 2));
            Some(Sample {
                prompt: given.concat().trim_end().to_owned(),
                expected: rest.concat(),
            })
        }
        _ => None,
    }
    .filter(|sample| !sample.prompt.trim().is_empty())
}

/// What the model writes for each of them after `step`, always its likeliest text.
///
/// # Errors
/// When the run is to stop. A row that the model cannot read is left out.
pub(super) fn write(
    samples: &[Sample],
    writer: &Generation,
    plan: &Plan,
    step: u64,
    cancel: &Cancel,
) -> Result<Vec<Event>> {
    let mut options = writer.options();
    options.do_sample = false;
    options.num_beams = 1;
    options.max_new_tokens = TOKENS;
    let template = plan.data.template.as_deref().and_then(template::named);
    options.stop_strings = template
        .map(crate::model::template::Template::stops)
        .unwrap_or_default();
    let mut events = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        let ask = Ask {
            text: &sample.prompt,
            prefix: Some(""),
            options: &options,
            return_full_text: false,
            cancel,
        };
        let written = writer.run(&ask, &mut |_| ControlFlow::Continue(()));
        cancel.check()?;
        if let Some(text) = written
            .ok()
            .and_then(|written| written.output.into_iter().next())
        {
            events.push(Event::Sample {
                step,
                number: number as u64 + 1,
                prompt: sample.prompt.clone(),
                text: text.text,
                expected: sample.expected.clone(),
            });
        }
    }
    Ok(events)
}
