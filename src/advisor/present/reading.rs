//! The `read as` line.

use std::fmt::Write as _;

use super::super::answer::Answer;
use super::super::question::{Field, Intent};

/// The `read as` line's text: `recommend, summarization, legal, any hardware`; what a follow-up
/// carried over has a `+`; then what was corrected and what was not used.
pub fn read_as(answer: &Answer) -> String {
    let reading = &answer.reading;
    let fields = reading.fields();
    let mut words: Vec<String> = fields.iter().map(field_words).collect();
    let c = &reading.constraints;
    if reading.intent == Intent::Recommend
        && c.hardware.is_none()
        && !c.must_run_here
        && c.max_memory.is_none()
        && c.max_size.is_none()
    {
        words.push("any hardware".to_owned());
    }
    let mut text = words.join(", ");
    for (typed, meant) in &reading.corrections {
        let _ = write!(text, "; read \"{typed}\" as {meant}");
    }
    if !reading.unused.is_empty() && reading.intent != Intent::OutOfScope {
        let most: Vec<&str> = reading.unused.iter().take(5).map(String::as_str).collect();
        let _ = write!(text, "; not used: {}", most.join(", "));
    }
    if reading.cut {
        text += "; the end of a long question was not read";
    }
    text
}

/// A field of a reading in words: `at most 500 MB on disk`.
pub(in crate::advisor) fn field_words(field: &Field) -> String {
    let value = &field.value;
    let words = match field.name.as_str() {
        "commercial" => "commercial use".to_owned(),
        "permissive" => "permissive licence".to_owned(),
        "must_run_here" => "must run here".to_owned(),
        "long_context" => "long inputs".to_owned(),
        "trainable" => "to fine-tune".to_owned(),
        "hub_cards" => "hub cards too".to_owned(),
        "max_parameters" => format!("at most {value} parameters"),
        "min_parameters" => format!("at least {value} parameters"),
        "max_size" => format!("at most {value} on disk"),
        "max_memory" => format!("at most {value} of memory"),
        "max_latency_ms" => format!("within {value}"),
        "min_context" => format!("reads {value}"),
        "examples" => format!("{value} examples"),
        "prefer" => format!("{value} first"),
        "exclude" => format!("not {value}"),
        "license" => format!("licence {value}"),
        _ => value.clone(),
    };
    if field.carried {
        format!("+ {words}")
    } else {
        words
    }
}
