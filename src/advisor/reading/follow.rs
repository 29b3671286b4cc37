//! Follow-ups: what a short question takes over from the one before it.

use super::spans::Understood;
use super::vocabulary::{Concept, Vocabulary};
use crate::advisor::question::{Constraints, Intent, Reading};

/// Longest question, in tokens, that is taken for a follow-up without a word that says so.
const SHORT: usize = 12;

/// Completes `reading` from `before`, when it is a follow-up; a question that stands on its own
/// stays as it is.
pub(in crate::advisor) fn carry(
    reading: &mut Reading,
    before: &Reading,
    u: &Understood,
    v: &Vocabulary,
) {
    if before.intent == Intent::OutOfScope || !is_follow_up(reading, u) {
        return;
    }
    let asked = |i| u.says(&Concept::Intent(i));
    let names_models = !reading.models.is_empty();
    reading.intent = match (before.intent, names_models) {
        (_, _) if reading.modality.is_some() || !reading.foreign.is_empty() => return,
        _ if reading.topic.is_some()
            && !names_models
            && asked(Intent::Lookup)
            && before.topic.is_some() =>
        {
            reading.fields.clear();
            Intent::Lookup
        }
        _ if reading.intent == Intent::HowTo => Intent::HowTo,
        _ if reading.topic.is_some()
            && reading.fields.is_empty()
            && reading.intent == Intent::Lookup =>
        {
            Intent::Lookup
        }
        _ if asked(Intent::Compare) => Intent::Compare,
        (Intent::Compare, true) if u.says(&Concept::Follow) => Intent::Compare,
        (Intent::HowTo, _) if reading.fields.iter().any(|f| f == "fine_tuning") => Intent::HowTo,
        (Intent::Lookup, _) if reading.constraints.task.is_none() => Intent::Lookup,
        (Intent::Recommend, true) if reading.intent == Intent::Lookup => Intent::Lookup,
        (Intent::Recommend, false) if only_fields(reading, u) => Intent::Lookup,
        (intent, _) => intent,
    };
    if !reading.fields.is_empty() && before.topic.is_none() {
        reading.topic = None;
    }
    carry_models(reading, before, u);
    if matches!(
        reading.intent,
        Intent::Recommend | Intent::HowTo | Intent::Compare
    ) {
        carry_constraints(reading, before, u, v);
    }
    if reading.fields.is_empty() && !before.fields.is_empty() && reading.topic.is_none() {
        reading.fields.clone_from(&before.fields);
        reading.carried.insert("fields".to_owned());
    }
}

/// `and its licence?` after a recommendation asks about the model that was recommended.
fn only_fields(reading: &Reading, u: &Understood) -> bool {
    let one = u.near(0, u.tokens.len(), &["its", "it", "that"]);
    let about = [
        "license",
        "parameters",
        "context_length",
        "author",
        "size",
        "language",
    ];
    one && !u.says(&Concept::Intent(Intent::Recommend))
        && !reading.fields.is_empty()
        && reading.fields.iter().all(|f| about.contains(&f.as_str()))
        && reading.constraints.license.is_none()
}

fn is_follow_up(reading: &Reading, u: &Understood) -> bool {
    let opens = u
        .concepts()
        .any(|(s, c)| *c == Concept::Follow && s.start == 0);
    let points = u.says(&Concept::Those);
    let named = !reading.models.is_empty() || reading.constraints.task.is_some();
    let understood = reading.constraints != Constraints::default()
        || named
        || reading.topic.is_some()
        || !reading.fields.is_empty()
        || (reading.unused.is_empty()
            && u.concepts()
                .any(|(_, c)| matches!(c, Concept::Tune | Concept::Intent(_))));
    let reverses = reverses(u);
    if (!understood && !reverses) || reading.unused.len() > 1 && !named {
        return false;
    }
    let beside = points && u.says(&Concept::Intent(Intent::Compare));
    if opens || beside || (points && !named) {
        return true;
    }
    let alone = named || (reading.topic.is_some() && reading.fields.is_empty());
    !alone && u.tokens.len() <= SHORT
}

fn reverses(u: &Understood) -> bool {
    u.near(
        0,
        u.tokens.len(),
        &["direction", "reverse", "reversed", "backwards"],
    )
}

fn carry_models(reading: &mut Reading, before: &Reading, u: &Understood) {
    let earlier = if before.models.is_empty() {
        &before.shown
    } else {
        &before.models
    };
    match reading.intent {
        Intent::Compare => {
            let mut all: Vec<String> = earlier.iter().take(3).cloned().collect();
            if before.intent != Intent::Compare && !reading.models.is_empty() {
                all.truncate(1);
            }
            for model in std::mem::take(&mut reading.models) {
                if !all.contains(&model) {
                    all.push(model);
                }
            }
            reading.models = all;
        }
        Intent::Lookup | Intent::HowTo if reading.models.is_empty() && reading.topic.is_none() => {
            let take = if before.models.is_empty() {
                1
            } else {
                before.models.len()
            };
            let second = u.near(0, u.tokens.len(), &["second"]);
            reading.models = earlier
                .iter()
                .skip(usize::from(second))
                .take(take)
                .cloned()
                .collect();
        }
        _ => return,
    }
    if earlier.iter().any(|m| reading.models.contains(m)) {
        reading.carried.insert("models".to_owned());
    }
}

fn carry_constraints(reading: &mut Reading, before: &Reading, u: &Understood, v: &Vocabulary) {
    let new = reading.constraints.clone();
    let mut all = before.constraints.clone();
    let mut carried = names(&all);
    let translation = all.task.as_deref() == Some("translation")
        && new.task.as_deref().is_none_or(|t| t == "translation");
    if translation && reverses(u) {
        all.language.reverse();
    }
    if new.task.is_some() && new.task != all.task {
        all.subtask = None;
        // `what about support tickets?` in another task keeps the domain; another language pair
        // has no meaning outside translation.
        if all.task.as_deref() == Some("translation") {
            all.language.clear();
        }
    }
    if let Some(subtask) = &new.subtask
        && let Some((task, _)) = v.subtask(subtask)
    {
        all.task = Some(task.to_owned());
    }
    if translation && new.language.len() == 1 && all.language.len() == 2 {
        let from = u.near(0, u.tokens.len(), &["from"]);
        all.language[usize::from(!from)].clone_from(&new.language[0]);
        carried.retain(|n| n != "language");
    } else {
        replace(&mut all.language, new.language, &mut carried, "language");
    }
    macro_rules! override_with {
        ($($field:ident),*) => {$(
            if new.$field.is_some() {
                all.$field = new.$field;
                carried.retain(|n| n != stringify!($field));
            }
        )*};
    }
    override_with!(
        task,
        subtask,
        domain,
        license,
        max_parameters,
        min_parameters,
        max_size,
        max_memory,
        max_latency_ms,
        min_context,
        examples,
        hardware,
        prefer
    );
    for name in new.exclude {
        if !all.exclude.contains(&name) {
            all.exclude.push(name);
        }
    }
    // What is denied now was asked for before.
    let denied = |name: &String| all.exclude.contains(name);
    all.domain = all.domain.take().filter(|d| !denied(d));
    all.subtask = all.subtask.take().filter(|s| !denied(s));
    all.commercial |= new.commercial;
    all.permissive |= new.permissive;
    all.long_context |= new.long_context;
    all.must_run_here |= new.must_run_here;
    all.trainable |= new.trainable;
    all.hub_cards |= new.hub_cards;
    reading.constraints = all;
    reading.carried.extend(carried);
}

fn replace(old: &mut Vec<String>, new: Vec<String>, carried: &mut Vec<String>, name: &str) {
    if !new.is_empty() {
        *old = new;
        carried.retain(|n| n != name);
    }
}

fn names(c: &Constraints) -> Vec<String> {
    match serde_json::to_value(c) {
        Ok(serde_json::Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}
