//! The terms of a score: each a value from 0 to 1 and what it was made from.

use super::super::answer::{Availability, Criterion, RunsHere};
use super::super::here::Here;
use super::super::latency::Pass;
use super::super::quantity;
use super::super::question::{Constraints, Prefer};
use super::super::reading::vocabulary::{Terms, Vocabulary};
use super::super::shape::writes;
use super::{Does, Scale, comparable, does};
use crate::card::{Card, Origin};

/// The criteria of one model, gathered with the weights of the question.
struct Sheet<'a> {
    card: &'a Card,
    constraints: &'a Constraints,
    scale: &'a Scale<'a>,
    criteria: Vec<Criterion>,
}

pub(super) fn criteria(
    card: &Card,
    here: &Here,
    pass: Option<Pass>,
    constraints: &Constraints,
    scale: &Scale<'_>,
    quality: Option<f64>,
) -> Vec<Criterion> {
    let mut sheet = Sheet {
        card,
        constraints,
        scale,
        criteria: Vec::new(),
    };
    sheet.fit();
    let note = if quality.is_some() {
        "same metric, dataset and split"
    } else {
        "none comparable"
    };
    // Who asks for the best figures is not served by a model without one.
    let unknown = constraints.prefer == Some(Prefer::Quality) && !sheet.has_figure();
    sheet.add(
        "quality",
        quality.unwrap_or(if unknown { 0.2 } else { 0.5 }),
        note,
    );
    sheet.size();
    sheet.speed(pass);
    let value = match (here.runs, here.availability) {
        (RunsHere::No, _) | (_, Availability::No) => 0.0,
        (_, Availability::Tight) => 0.5,
        _ => 1.0,
    };
    sheet.add("here", value, here.reason.clone());
    sheet.licence();
    let words = match card.origin {
        Origin::BuiltIn => scale.words.get(&card.id).copied().unwrap_or_default(),
        // Words cost nothing: they move no card that was not checked.
        _ => 0.5,
    };
    sheet.add("words", words, "BM25, share of the best");
    sheet.criteria
}

impl Sheet<'_> {
    /// Adds a criterion, unless it counts for nothing in this question.
    fn add(&mut self, name: &str, value: f64, note: impl Into<String>) {
        let weight = self.scale.weights.of(name, self.constraints);
        if weight > 0.0 {
            self.criteria.push(Criterion {
                name: name.to_owned(),
                value,
                weight,
                note: note.into(),
            });
        }
    }

    /// Task, subtask, domain, language and context.
    fn fit(&mut self) {
        let (card, c, v) = (self.card, self.constraints, self.scale.vocabulary);
        if let Some(task) = &c.task {
            let (value, note) = task_value(card, self.done(task), task, c.trainable);
            self.add("task", value, format!("{}: {note}", v.task_label(task)));
        }
        if let Some(subtask) = &c.subtask {
            let tags = v.subtask(subtask).map_or(&[][..], |(_, tags)| tags);
            let named = card.facts.tags.iter().any(|t| tags.contains(&t.value));
            let (value, note) = if named {
                (1.0, "in its tags")
            } else {
                (0.2, "not in its tags")
            };
            self.add("subtask", value, format!("{subtask}: {note}"));
        }
        let (value, note) = domain_value(card, c.domain.as_deref(), v);
        self.add("domain", value, note);
        let (value, note) = language_value(card, c);
        self.add("language", value, note);
        if reads_long(c, v) {
            let said = c.long_context || c.min_context.is_some();
            let tokens = card.facts.context_length.as_ref().map_or(512, |l| l.value);
            let value = (tokens as f64 / 512.0).log2() / 6.0;
            // What is long enough for the tokens asked for is no better when it is longer.
            let value = if c.min_context.is_some() { 1.0 } else { value };
            let name = if said { "context" } else { "long texts" };
            self.add(
                name,
                value.clamp(0.0, 1.0),
                format!("{} tokens", quantity::grouped(tokens)),
            );
        }
    }

    /// How the card does `task`; weights tuned for sentiment do not tell spam from mail.
    fn done(&self, task: &str) -> Does {
        let done = does(self.card, task);
        let tags = &self.card.facts.tags;
        let other = task == "text-classification"
            && self.constraints.subtask.is_none()
            && tags
                .iter()
                .any(|t| self.scale.vocabulary.is_subtask_tag(&t.value));
        if other && done != Does::No {
            Does::Tuned
        } else {
            done
        }
    }

    /// Whether the card has a checked figure of the task.
    fn has_figure(&self) -> bool {
        let task = self.constraints.task.as_deref();
        let figures = &self.card.facts.figures;
        figures
            .iter()
            .any(|f| comparable(f).is_some() && (task.is_none() || f.task.as_deref() == task))
    }

    fn size(&mut self) {
        let facts = &self.card.facts;
        let count = facts.parameters.as_ref().map_or_else(
            || "parameters unknown".to_owned(),
            |p| format!("{} parameters", quantity::count(p.value)),
        );
        let small = smallness(self.card);
        self.add("small", small, count.clone());
        self.add("large", 1.0 - small, count.clone());
        self.add(
            "middle",
            middle(self.card, self.constraints.task.as_deref()),
            count,
        );
        let family = facts.family.as_ref().map(|f| f.value.to_lowercase());
        let usual = family.is_some_and(|f| facts.aliases.contains(&f));
        let note = if usual {
            "the usual one of its family"
        } else {
            ""
        };
        self.add("usual", f64::from(u8::from(usual)), note);
    }

    /// By the time of a pass on this machine; by size while its speed is not known.
    fn speed(&mut self, pass: Option<Pass>) {
        let (value, note) = match pass {
            Some(pass) => (
                quickness(pass.milliseconds),
                format!("{} for {} tokens here", pass.words(), pass.tokens),
            ),
            None => (
                smallness(self.card),
                "not yet measured here; by size".to_owned(),
            ),
        };
        self.add("speed", value, note);
    }

    fn licence(&mut self) {
        let licence = self.card.facts.license.as_ref().map(|l| l.value.as_str());
        let value = match licence.map(|l| self.scale.vocabulary.terms(l)) {
            Some(Some(Terms::Permissive)) => 1.0,
            Some(Some(Terms::ShareAlike)) => 0.8,
            Some(_) => 0.3,
            None => 0.2,
        };
        self.add("licence", value, licence.unwrap_or("not stated"));
    }
}

fn task_value(card: &Card, does: Does, task: &str, trainable: bool) -> (f64, &'static str) {
    let general = ["fill-mask", "text-generation", "text2text-generation"];
    // An encoder reads a text from both sides, a decoder goes on writing one, and one of both halves
    // makes a text out of a text.
    let kind = card
        .facts
        .architecture
        .as_ref()
        .and_then(|a| a.value.kind.as_deref());
    let sequence = matches!(
        task,
        "summarization" | "translation" | "text2text-generation"
    );
    let made_for_it = match kind {
        Some("encoder") => !writes(task),
        Some("decoder") => writes(task) && !sequence,
        Some("encoder-decoder") => sequence,
        _ => true,
    };
    let ready = &card.facts.tasks.ready;
    let is_base = ready.iter().all(|t| general.contains(&t.value.as_str()));
    match (does, trainable) {
        (Does::Main, false) if ready.len() > 1 => (0.9, "does it as it is, and more"),
        (Does::Main, false) => (1.0, "does it as it is, and nothing else"),
        (Does::Ready, false) if made_for_it => (0.75, "does it as it is, among other things"),
        (Does::Ready, false) => (0.6, "does it as it is, and was made for other things"),
        (Does::Tuned, false) if is_base && made_for_it => (0.2, "after fine-tuning"),
        (Does::Tuned, false) => (0.1, "after fine-tuning, and was made for something else"),
        (Does::Tuned, true) if is_base && made_for_it => (1.0, "a base to fine-tune"),
        (Does::Tuned, true) => (0.7, "can be tuned, and was made for something else"),
        (Does::Main | Does::Ready, true) if general.contains(&task) => (1.0, "a base to fine-tune"),
        (Does::Main | Does::Ready, true) => (0.8, "does it as it is, and can be tuned on"),
        (Does::No, _) => (0.0, "no"),
    }
}

fn domain_value(card: &Card, asked: Option<&str>, v: &Vocabulary) -> (f64, String) {
    let domains = &card.facts.domains;
    let general = domains.is_empty() || domains.iter().any(|d| d.value == "general");
    let names: Vec<&str> = domains.iter().map(|d| d.value.as_str()).collect();
    let value = match asked {
        Some(asked) if names.contains(&asked) => 1.0,
        Some(_) | None if general => {
            if asked.is_some() {
                0.4
            } else {
                1.0
            }
        }
        Some(_) if names.iter().all(|n| v.domain_is_narrow(n)) => 0.0,
        Some(_) => 0.15,
        None if names.iter().all(|n| v.domain_is_narrow(n)) => 0.2,
        None => 0.6,
    };
    (
        value,
        if names.is_empty() {
            "not stated".to_owned()
        } else {
            names.join(", ")
        },
    )
}

fn language_value(card: &Card, c: &Constraints) -> (f64, String) {
    let all = &card.facts.languages;
    let many = all.len() > 2 || all.iter().any(|l| l.value == "multilingual");
    let english = all.iter().any(|l| l.value == "en") || many || all.is_empty();
    let asks_english_only = c.language.is_empty() || c.language == ["en"];
    let value = match (asks_english_only, many) {
        (true, _) if !english => 0.0,
        (true | false, false) => 1.0,
        (true, true) => 0.8,
        (false, true) if c.language.iter().any(|l| l == "multilingual") => 1.0,
        (false, true) => 0.7,
    };
    let shown: Vec<&str> = all.iter().take(5).map(|l| l.value.as_str()).collect();
    let more = if all.len() > 5 { ", ..." } else { "" };
    (value, format!("{}{more}", shown.join(", ")))
}

/// Whether the inputs are longer than an encoder reads: said, or usual in the domain.
pub(in crate::advisor) fn reads_long(c: &Constraints, v: &Vocabulary) -> bool {
    let long_task = matches!(
        c.task.as_deref(),
        Some("summarization" | "question-answering")
    );
    let domain = c.domain.as_deref().is_some_and(|d| v.domain_is_long(d));
    c.long_context || c.min_context.is_some_and(|n| n > 512) || (domain && long_task)
}

/// 1 at 5 million parameters, 0 at a billion, by factor.
fn smallness(card: &Card) -> f64 {
    let count = card
        .facts
        .parameters
        .as_ref()
        .map_or(1e9, |p| p.value as f64);
    (1.0 - (count / 5e6).ln() / (200.0f64).ln()).clamp(0.0, 1.0)
}

/// 1 at 2 milliseconds, 0 at 5 seconds, by factor.
fn quickness(milliseconds: f64) -> f64 {
    (1.0 - (milliseconds / 2.0).ln() / (2500.0f64).ln()).clamp(0.0, 1.0)
}

/// 1 from 80 to 450 million parameters, falling to 0 at a tenth and at ten times of that: big enough
/// to be good at it, small enough for a laptop. To write a text takes more than to read one.
fn middle(card: &Card, task: Option<&str>) -> f64 {
    let least = if task.is_some_and(writes) {
        150e6
    } else {
        80e6
    };
    let Some(count) = card.facts.parameters.as_ref().map(|p| p.value as f64) else {
        return 0.0;
    };
    let away = if count < least {
        least / count
    } else {
        (count / 450e6).max(1.0)
    };
    (1.0 - away.log10()).clamp(0.0, 1.0)
}
