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
        must(
            !is_made_for(card, name, c, scale),
            format!("it is for {name}"),
        );
    }
    let licence = facts.license.as_ref().map(|l| l.value.as_str());
    if let Some(wanted) = &c.license {
        must(
            licence == Some(wanted),
            format!("licence {}", licence.unwrap_or("not stated")),
        );
    }
    let terms = licence.and_then(|l| scale.vocabulary.terms(l));
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
    if let Some(most) = c.max_latency_ms
        && c.is_for_this_machine()
        && scale.machine.known_speed().is_some()
    {
        let shown = pass.map_or_else(
            || "time of a pass unknown".to_owned(),
            |p| format!("{} a pass here", p.words()),
        );
        must(pass.is_some_and(|p| p.milliseconds <= most as f64), shown);
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
