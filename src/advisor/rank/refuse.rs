//! Which constraints a model breaks: one is enough to leave it out.

use super::super::answer::Availability;
use super::super::here::{self, Here};
use super::super::latency::Pass;
use super::super::quantity;
use super::super::question::Constraints;
use super::super::reading::vocabulary::Terms;
use super::{Does, Scale, does};
use crate::card::{Card, Fact};

/// The constraints that `card` breaks, in words. What is unknown or unverified satisfies none.
pub(super) fn broken(
    card: &Card,
    here: &Here,
    pass: Option<Pass>,
    c: &Constraints,
    scale: &Scale<'_>,
) -> Vec<String> {
    let mut broken = Broken::default();
    for name in &c.exclude {
        broken.unless(!is_from(card, name), || format!("it is {name}"));
        let made_for = is_made_for(card, name, c, scale);
        broken.unless(!made_for, || format!("it is for {name}"));
    }
    broken.by_licence(card, c, scale);
    broken.by_size(card, c, scale);
    if let Some(most) = c.max_latency_ms
        && c.is_for_this_machine()
        && scale.machine.known_speed().is_some()
    {
        let in_time = pass.is_some_and(|p| p.milliseconds <= most as f64);
        broken.unless(in_time, || match pass {
            Some(pass) => format!("{} a pass here", pass.words()),
            None => "time of a pass unknown".to_owned(),
        });
    }
    if let Some(least) = c.min_context {
        let stated = card.facts.context_length.as_ref();
        let context = stated.filter(|f| !f.unverified).map(|f| f.value);
        broken.unless(context.is_some_and(|n| n >= least), || {
            let shown = context.map_or_else(|| "unknown".to_owned(), quantity::grouped);
            format!("{shown} tokens at once")
        });
    }
    broken.unless(speaks(card, c), || "its languages".to_owned());
    let runs = !c.must_run_here || here.availability != Availability::No;
    broken.unless(runs, || here.reason.clone());
    broken.0
}

/// What was found broken, in words.
#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn unless(&mut self, holds: bool, words: impl FnOnce() -> String) {
        if !holds {
            self.0.push(words());
        }
    }

    fn by_licence(&mut self, card: &Card, c: &Constraints, scale: &Scale<'_>) {
        let licence = card.facts.license.as_ref().map(|l| l.value.as_str());
        let words = || format!("licence {}", licence.unwrap_or("not stated"));
        let named = c.license.as_deref().is_none_or(|l| licence == Some(l));
        self.unless(named, words);
        let allowed = match licence.and_then(|l| scale.vocabulary.terms(l)) {
            Some(Terms::Permissive) => true,
            Some(Terms::ShareAlike) => !c.permissive,
            _ => false,
        };
        self.unless(allowed || !(c.commercial || c.permissive), words);
    }

    /// By parameters, weights on disk and memory.
    fn by_size(&mut self, card: &Card, c: &Constraints, scale: &Scale<'_>) {
        let parameters = card.facts.parameters.as_ref();
        let count = parameters.map(|p| p.value);
        let words = || {
            let shown = count.map_or_else(|| "unknown".to_owned(), quantity::count);
            format!("{shown} parameters")
        };
        let within = |most: Option<u64>, value: Option<u64>| {
            most.is_none_or(|most| value.is_some_and(|n| n <= most))
        };
        self.unless(within(c.max_parameters, count), words);
        let enough = |least: u64| count.is_some_and(|n| n >= least);
        self.unless(c.min_parameters.is_none_or(enough), words);
        let weights = here::weights(card);
        self.unless(within(c.max_size, weights), || {
            weights.map_or_else(|| "size unknown".to_owned(), quantity::bytes)
        });
        let memory = if c.trainable {
            parameters.map(here::training_state)
        } else {
            here::memory(card, scale.machine).map(here::Memory::bytes)
        };
        self.unless(within(c.max_memory, memory), || {
            let shown = memory.map_or_else(|| "memory unknown".to_owned(), quantity::bytes);
            format!("{shown} of memory")
        });
    }
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

/// Whether `name` is the domain, the task or the kind of task that `card` was made for. What a model
/// does among other things is no reason to leave it out, and neither is what is asked for itself.
fn is_made_for(card: &Card, name: &str, c: &Constraints, scale: &Scale<'_>) -> bool {
    let facts = &card.facts;
    let asked = c.task.as_deref() == Some(name) || c.subtask.as_deref() == Some(name);
    let general = facts.domains.iter().any(|d| d.value == "general");
    let domain = !general && facts.domains.iter().any(|d| d.value == name);
    let task = does(card, name) == Does::Main;
    let tags = scale
        .vocabulary
        .subtask(name)
        .map_or(&[][..], |(_, tags)| tags);
    let subtask = facts.tags.iter().any(|t| tags.contains(&t.value));
    domain || (!asked && (task || subtask))
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
