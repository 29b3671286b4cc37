//! The written score: which models can be meant at all, and in which order they stand.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::answer::{Availability, Criterion, RunsHere};
use super::here::{self, Here};
use super::machine::Machine;
use super::quantity;
use super::question::{Constraints, Prefer};
use super::vocabulary::{Terms, Vocabulary};
use crate::card::{Card, Fact, Figure, Kind, Rank};

const RANKING: &str = include_str!("../../index/ranking.yaml");

/// index/ranking.yaml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    #[serde(rename = "weights")]
    usual: BTreeMap<String, f64>,
    prefer: BTreeMap<Prefer, BTreeMap<String, f64>>,
    small_device: BTreeMap<String, f64>,
}

impl Weights {
    pub(super) fn shipped() -> Self {
        serde_yaml::from_str(RANKING)
            .expect("index/ranking.yaml ships with the program and a test reads it")
    }

    fn of(&self, criterion: &str, c: &Constraints) -> f64 {
        let small = c.hardware.as_deref().is_some_and(is_small_device);
        let device = small.then(|| self.small_device.get(criterion)).flatten();
        let prefer = c
            .prefer
            .and_then(|p| self.prefer.get(&p))
            .and_then(|w| w.get(criterion));
        let usual = self.usual.get(criterion);
        prefer.or(device).or(usual).copied().unwrap_or_default()
    }
}

fn is_small_device(hardware: &str) -> bool {
    matches!(hardware, "mobile" | "browser" | "raspberry-pi")
}

/// A model that satisfies the constraints.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) card: Arc<Card>,
    pub(super) here: Here,
    pub(super) score: f64,
    pub(super) why: Vec<Criterion>,
}

/// Models in order, and those that break constraints.
pub(super) struct Ranking {
    pub(super) models: Vec<Candidate>,
    /// Cards that do the task and break these constraints, the fewest first.
    pub(super) refused: Vec<(Arc<Card>, Vec<String>)>,
}

/// What ranking looks things up in.
pub(super) struct Scale<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) machine: &'a Machine,
    pub(super) weights: &'a Weights,
    /// BM25 of the question over the cards, by id, as a share of the best.
    pub(super) words: HashMap<String, f64>,
}

/// Ranks those of `cards` that satisfy `c`.
pub(super) fn rank(cards: &[Arc<Card>], c: &Constraints, scale: &Scale<'_>) -> Ranking {
    let mut models = Vec::new();
    let mut refused = Vec::new();
    for card in cards.iter().filter(|card| can_be_meant(card, c)) {
        let here = here::here(card, scale.machine);
        let broken = broken(card, &here, c, scale.vocabulary);
        if broken.is_empty() {
            models.push((card, here));
        } else {
            refused.push((Arc::clone(card), broken));
        }
    }
    let known: Vec<&Arc<Card>> = models.iter().map(|(card, _)| *card).collect();
    let quality = quality(&known, c.task.as_deref());
    let mut ranked: Vec<Candidate> = models
        .into_iter()
        .zip(quality)
        .map(|((card, here), quality)| {
            let why = criteria(card, &here, c, scale, quality);
            let score = why.iter().map(|w| w.value * w.weight).sum();
            Candidate {
                card: Arc::clone(card),
                here,
                score,
                why,
            }
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| parameters(&a.card).cmp(&parameters(&b.card)))
            .then_with(|| a.card.id.cmp(&b.card.id))
    });
    refused.sort_by_key(|(card, broken)| (broken.len(), card.id.clone()));
    Ranking {
        models: ranked,
        refused,
    }
}

fn parameters(card: &Card) -> u64 {
    card.facts.parameters.as_ref().map_or(u64::MAX, |p| p.value)
}

/// A model, no starter, and fit for the task.
fn can_be_meant(card: &Card, c: &Constraints) -> bool {
    let task = c.task.as_deref();
    card.facts.kind == Kind::Model
        && !card.id.starts_with("modeldesk/")
        && task.is_none_or(|t| does(card, t) != Does::No)
}

/// How a model does a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// As it is, and it is what the card is about.
    Main,
    /// As it is.
    Ready,
    /// After fine-tuning.
    Tuned,
    No,
}

/// How `card` does `task`.
pub(super) fn does(card: &Card, task: &str) -> Does {
    let same = |t: &Fact<String>| t.value == task || embeds(&t.value) && embeds(task);
    let facts = &card.facts;
    if facts.tasks.ready.iter().any(same) {
        let main = facts.pipeline_tag.as_ref().is_some_and(same);
        let exact = facts.pipeline_tag.as_ref().is_some_and(|t| t.value == task);
        return if main && (exact || !embeds(task)) {
            Does::Main
        } else {
            Does::Ready
        };
    }
    if facts.tasks.tuned.iter().any(same) {
        Does::Tuned
    } else {
        Does::No
    }
}

/// The hub files sentence embedders under either of two tasks.
fn embeds(task: &str) -> bool {
    matches!(task, "feature-extraction" | "sentence-similarity")
}

/// The constraints that `card` breaks, in words. What is unknown or unverified satisfies none.
fn broken(card: &Card, here: &Here, c: &Constraints, v: &Vocabulary) -> Vec<String> {
    let facts = &card.facts;
    let mut broken = Vec::new();
    let mut must = |holds: bool, words: String| {
        if !holds {
            broken.push(words);
        }
    };
    let checked = |f: &Option<Fact<u64>>| f.as_ref().filter(|f| !f.unverified).map(|f| f.value);
    for name in &c.exclude {
        must(!is_from(card, name), format!("it is {name}"));
    }
    let licence = facts.license.as_ref().map(|l| l.value.as_str());
    if let Some(wanted) = &c.license {
        must(
            licence == Some(wanted),
            format!("licence {}", licence.unwrap_or("not stated")),
        );
    }
    let terms = licence.and_then(|l| v.terms(l));
    if c.commercial || c.permissive {
        let allowed = match terms {
            Some(Terms::Permissive) => true,
            Some(Terms::ShareAlike) => !c.permissive,
            _ => false,
        };
        must(
            allowed,
            format!("licence {}", licence.unwrap_or("not stated")),
        );
    }
    let count = facts.parameters.as_ref().map(|p| p.value);
    let shown = count.map_or_else(|| "unknown".to_owned(), quantity::count);
    if let Some(most) = c.max_parameters {
        must(
            count.is_some_and(|n| n <= most),
            format!("{shown} parameters"),
        );
    }
    if let Some(least) = c.min_parameters {
        must(
            count.is_some_and(|n| n >= least),
            format!("{shown} parameters"),
        );
    }
    if let Some(most) = c.max_size {
        let weights = here::weights(card);
        let shown = weights.map_or_else(|| "size unknown".to_owned(), quantity::bytes);
        must(weights.is_some_and(|w| w <= most), shown);
    }
    if let Some(most) = c.max_memory {
        let training = facts.parameters.as_ref().map(here::training_state);
        let memory = if c.trainable {
            training
        } else {
            here::memory(card)
        };
        let shown = memory.map_or_else(|| "memory unknown".to_owned(), quantity::bytes);
        must(
            memory.is_some_and(|m| m <= most),
            format!("{shown} of memory"),
        );
    }
    let context = checked(&facts.context_length);
    if let Some(least) = c.min_context {
        let shown = context.map_or_else(|| "unknown".to_owned(), quantity::grouped);
        must(
            context.is_some_and(|n| n >= least),
            format!("{shown} tokens at once"),
        );
    }
    must(speaks(card, c), "its languages".to_owned());
    must(
        !c.must_run_here || here.availability != Availability::No,
        here.reason.clone(),
    );
    broken
}

/// Whether `card` is of the family or author that `name` names.
fn is_from(card: &Card, name: &str) -> bool {
    let plain = |s: &str| {
        s.chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
            .to_lowercase()
    };
    let name = plain(name);
    let organization = plain(card.id.split('/').next().unwrap_or_default());
    let fact = |f: &Option<Fact<String>>| f.as_ref().map(|f| plain(&f.value)).unwrap_or_default();
    let author = fact(&card.facts.author);
    let meta = name == "facebook" && author.contains("meta");
    let repository = plain(card.id.rsplit('/').next().unwrap_or_default());
    let model_type = card
        .facts
        .architecture
        .as_ref()
        .map(|a| plain(&a.value.model_type));
    repository.starts_with(&name)
        || fact(&card.facts.family).starts_with(&name)
        || model_type.is_some_and(|kind| kind == name)
        || author.contains(&name)
        || organization.starts_with(&name)
        || meta
}

/// Whether the model speaks all languages asked for, and translates in the direction asked for.
fn speaks(card: &Card, c: &Constraints) -> bool {
    let all = &card.facts.languages;
    let many = all.iter().any(|l| l.value == "multilingual");
    let knows = |code: &String| match code.as_str() {
        "multilingual" => many || all.len() >= 4,
        code => many || all.iter().any(|l| l.value == code) || (all.is_empty() && code == "en"),
    };
    let pairs = &card.facts.translates;
    let way =
        |wanted: &dyn Fn(&str) -> bool| pairs.is_empty() || pairs.iter().any(|p| wanted(&p.value));
    let direction = match (c.task.as_deref(), &c.language[..]) {
        (Some("translation"), [source, target]) => way(&|p| p == format!("{source}-{target}")),
        (Some("translation"), [one]) if one != "en" => {
            way(&|p| p.split('-').any(|code| code == one))
        }
        _ => true,
    };
    direction && c.language.iter().all(knows)
}

/// The criteria of one model, gathered with the weights of the question.
struct Sheet<'a> {
    card: &'a Card,
    constraints: &'a Constraints,
    scale: &'a Scale<'a>,
    criteria: Vec<Criterion>,
}

fn criteria(
    card: &Card,
    here: &Here,
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
    sheet.add("quality", quality.unwrap_or(0.5), note);
    sheet.size();
    let value = match (here.runs, here.availability) {
        (RunsHere::No, _) | (_, Availability::No) => 0.0,
        (_, Availability::Tight) => 0.5,
        _ => 1.0,
    };
    sheet.add("here", value, here.reason.clone());
    sheet.licence();
    let words = scale.words.get(&card.id).copied().unwrap_or_default();
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

    fn size(&mut self) {
        let facts = &self.card.facts;
        let count = facts.parameters.as_ref().map_or_else(
            || "parameters unknown".to_owned(),
            |p| format!("{} parameters", quantity::count(p.value)),
        );
        let small = smallness(self.card);
        self.add("small", small, count.clone());
        self.add("large", 1.0 - small, count.clone());
        self.add("middle", middle(self.card), count);
        let family = facts.family.as_ref().map(|f| f.value.to_lowercase());
        let usual = family.is_some_and(|f| facts.aliases.contains(&f));
        let note = if usual {
            "the usual one of its family"
        } else {
            ""
        };
        self.add("usual", f64::from(u8::from(usual)), note);
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

/// Whether the task's output is a text.
fn writes(task: &str) -> bool {
    matches!(
        task,
        "summarization" | "translation" | "text-generation" | "text2text-generation"
    )
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
pub(super) fn reads_long(c: &Constraints, v: &Vocabulary) -> bool {
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

/// 1 from 80 to 450 million parameters, falling to 0 at a tenth and at ten times of that: big enough
/// to be good at it, small enough for a laptop.
fn middle(card: &Card) -> f64 {
    let Some(count) = card.facts.parameters.as_ref().map(|p| p.value as f64) else {
        return 0.0;
    };
    let away = if count < 80e6 {
        80e6 / count
    } else {
        (count / 450e6).max(1.0)
    };
    (1.0 - away.log10()).clamp(0.0, 1.0)
}

/// A figure that may be set beside others: published, checked, on a named split.
pub(super) fn comparable(f: &Figure) -> Option<(String, f64)> {
    let split = f.split.as_deref()?;
    let named = !matches!(split, "unclear" | "not-stated" | "authors");
    let key = format!(
        "{}|{}|{}|{split}",
        f.metric.to_lowercase(),
        f.dataset.as_deref()?,
        f.config.as_deref().unwrap_or_default()
    );
    (named && f.rank == Rank::Card).then_some((key, f.number?))
}

/// For each card the mean place of its figures among those of the others, 0 worst and 1 best;
/// `None` where no figure can be compared.
/// A figure after fine-tuning says nothing of one without, so the two are kept apart.
fn quality(cards: &[&Arc<Card>], task: Option<&str>) -> Vec<Option<f64>> {
    let mut groups: HashMap<(String, bool), Vec<(usize, f64)>> = HashMap::new();
    for (at, card) in cards.iter().enumerate() {
        let of_task = |f: &&Figure| match (f.task.as_deref(), task) {
            (Some(of), Some(asked)) => of == asked,
            _ => true,
        };
        for (key, value) in card
            .facts
            .figures
            .iter()
            .filter(of_task)
            .filter_map(comparable)
        {
            let lower_is_better = key.starts_with("perplexity");
            let tuned = task.is_some_and(|t| does(card, t) == Does::Tuned);
            groups
                .entry((key, tuned))
                .or_default()
                .push((at, if lower_is_better { -value } else { value }));
        }
    }
    let mut places: Vec<Vec<f64>> = vec![Vec::new(); cards.len()];
    for group in groups.into_values() {
        let least = group.iter().map(|(_, v)| *v).min_by(f64::total_cmp);
        let most = group.iter().map(|(_, v)| *v).max_by(f64::total_cmp);
        let (Some(least), Some(most)) = (least, most) else {
            continue;
        };
        if most.partial_cmp(&least) == Some(Ordering::Greater) {
            for (at, value) in group {
                places[at].push((value - least) / (most - least));
            }
        }
    }
    let mean = |p: Vec<f64>| (!p.is_empty()).then(|| p.iter().sum::<f64>() / p.len() as f64);
    places.into_iter().map(mean).collect()
}
