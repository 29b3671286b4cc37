//! From what was understood to a [`Reading`]: intent, models, constraints.

mod constraints;
mod follow;
mod intent;
pub(super) mod limits;
mod spans;
pub(super) mod vocabulary;
mod words;

use super::question::{Constraints, Intent, Prefer, Reading};
use constraints::constraints;
use intent::intent;
use spans::{Understood, understand};
use vocabulary::{Concept, Vocabulary};

/// Reads `question`; `before` is what a follow-up carries on from.
pub(super) fn read(question: &str, before: Option<&Reading>, v: &Vocabulary) -> Reading {
    let question = crate::text::line(question).trim().to_owned();
    let u = understand(&question, v);
    let mut reading = Reading {
        question,
        constraints: constraints(&u, v, before),
        models: models(&u),
        topic: topic(&u),
        fields: fields(&u),
        corrections: u.corrections.clone(),
        unused: u.unused.clone(),
        foreign: named(&u, |c| {
            if let Concept::Foreign(n) = c {
                Some(n)
            } else {
                None
            }
        }),
        modality: named(&u, |c| {
            if let Concept::Modality(m) = c {
                Some(m)
            } else {
                None
            }
        })
        .into_iter()
        .next(),
        not_english: not_english(&u),
        cut: u.cut,
        ..Reading::default()
    };
    if u.says(&Concept::Alternative) && (!reading.models.is_empty() || !reading.foreign.is_empty())
    {
        ask_for_another(&mut reading, &u);
    }
    if !reading.models.is_empty() && !reading.fields.is_empty() {
        reading.topic = None;
    }
    reading.intent = intent(&reading, &u);
    if let Some(before) = before {
        follow::carry(&mut reading, before, &u, v);
    }
    settle(&mut reading, &u);
    reading.unused.extend(unused_denials(&u));
    reading
}

/// `not for long documents`: understood, and nothing that the ranking can leave out by.
fn unused_denials(u: &Understood) -> Vec<String> {
    let denied = u
        .concepts()
        .filter(|(span, concept)| span.negated && **concept == Concept::LongContext);
    let mut said: Vec<String> = denied
        .map(|(span, _)| {
            let words: Vec<&str> = u.tokens[span.start..span.end]
                .iter()
                .map(|t| t.text.as_str())
                .collect();
            format!("not {}", words.join(" "))
        })
        .collect();
    said.dedup();
    said
}

/// `something like llama 3 but small`: the named model tells the task, and is not the answer.
fn ask_for_another(reading: &mut Reading, u: &Understood) {
    let asks = u.says(&Concept::Intent(Intent::Recommend)) || reading.constraints.prefer.is_some();
    if !asks || u.says(&Concept::Intent(Intent::Compare)) {
        return;
    }
    if !reading.foreign.is_empty() && reading.models.is_empty() {
        reading
            .constraints
            .task
            .get_or_insert_with(|| "text-generation".to_owned());
        reading.foreign.clear();
    }
}

/// Drops what the intent has no use for, so that the `read as` line says what counts.
fn settle(reading: &mut Reading, u: &Understood) {
    let c = &mut reading.constraints;
    match reading.intent {
        Intent::Recommend => {
            reading.topic = None;
            reading.fields.clear();
            c.trainable |= u.says(&Concept::Tune);
            if !u.says(&Concept::Alternative) {
                reading.models.clear();
            }
        }
        Intent::Compare | Intent::Lookup => {
            if reading.intent == Intent::Lookup && reading.topic.is_some() {
                reading.fields.clear();
                reading.models.clear();
            }
            if reading.intent == Intent::Compare {
                reading.topic = None;
            }
            if reading.fields.is_empty() && reading.topic.is_none() {
                let licence = c.license.is_some() || c.permissive || c.commercial;
                let implied = [(licence, "license"), (!c.language.is_empty(), "language")];
                let named = implied.iter().filter(|(said, _)| *said);
                reading
                    .fields
                    .extend(named.map(|(_, field)| (*field).to_owned()));
            }
            if let Some(field) = c.prefer.map(field_of)
                && reading.topic.is_none()
                && !reading.fields.iter().any(|f| f == field)
            {
                reading.fields.push(field.to_owned());
            }
            let said = std::mem::take(c);
            reading.about_task.clone_from(&said.task);
            if reading.intent == Intent::Compare {
                *c = Constraints {
                    task: said.task,
                    subtask: said.subtask,
                    domain: said.domain,
                    hardware: said.hardware,
                    max_memory: said.max_memory,
                    long_context: said.long_context,
                    examples: said.examples,
                    ..Constraints::default()
                };
            }
        }
        Intent::HowTo => {
            reading.topic = None;
            c.prefer = None;
            c.trainable = false;
            c.permissive = false;
            c.commercial = false;
        }
        Intent::OutOfScope => {
            *c = Constraints::default();
            reading.models.clear();
            reading.topic = None;
            reading.fields.clear();
        }
    }
    let constraints = &reading.constraints;
    let said = serde_json::to_value(constraints).unwrap_or_default();
    let shown = ["models", "fields", "topic", "intent"];
    reading
        .carried
        .retain(|name| shown.contains(&name.as_str()) || said.get(name).is_some());
}

fn field_of(prefer: Prefer) -> &'static str {
    match prefer {
        Prefer::Speed => "speed",
        Prefer::Size => "size",
        Prefer::Quality => "quality",
    }
}

fn named<'a>(u: &'a Understood, of: impl Fn(&'a Concept) -> Option<&'a String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in u
        .concepts()
        .filter(|(s, _)| !s.negated)
        .filter_map(|(_, c)| of(c))
    {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    all
}

fn models(u: &Understood) -> Vec<String> {
    named(u, |c| {
        if let Concept::Model(id) = c {
            Some(id)
        } else {
            None
        }
    })
}

fn topic(u: &Understood) -> Option<String> {
    let named = u
        .concepts()
        .filter(|(s, _)| !s.negated)
        .filter_map(|(s, c)| match c {
            Concept::Topic(id) => Some((s.end - s.start, id)),
            _ => None,
        });
    // `train, validation and test split` is about the split.
    let mut best: Option<(usize, &String)> = None;
    for (length, id) in named {
        if best.is_none_or(|(longest, _)| length > longest) {
            best = Some((length, id));
        }
    }
    best.map(|(_, id)| id.clone())
}

fn fields(u: &Understood) -> Vec<String> {
    named(u, |c| {
        if let Concept::Field(name) = c {
            Some(name)
        } else {
            None
        }
    })
}

const FOREIGN_WORDS: [&str; 40] = [
    "el", "los", "las", "que", "qué", "cual", "cuál", "para", "mejor", "modelo", "como", "cómo",
    "der", "die", "das", "und", "ist", "welches", "welche", "für", "fur", "wie", "kann", "ich",
    "modell", "le", "les", "est", "quel", "quelle", "pour", "modèle", "modele", "comment", "il",
    "quale", "di", "per", "qual", "melhor",
];

fn not_english(u: &Understood) -> bool {
    let foreign = u
        .tokens
        .iter()
        .filter(|t| FOREIGN_WORDS.contains(&t.text.as_str()))
        .count();
    let other_script = u
        .tokens
        .iter()
        .filter(|t| t.text.chars().any(|c| c > '\u{2ff}'))
        .count();
    foreign >= 2 || other_script * 2 > u.tokens.len()
}
