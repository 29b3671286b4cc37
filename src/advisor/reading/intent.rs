//! What is asked for, by cues and by what is named.

use super::spans::{Span, Understood};
use super::vocabulary::Concept;
use crate::advisor::question::{Constraints, Intent, Reading};

pub(super) fn names_a_model_kind(u: &Understood) -> bool {
    let kinds = [
        "model",
        "models",
        "checkpoint",
        "llm",
        "encoder",
        "decoder",
        "lm",
        "base",
    ];
    u.near(0, u.tokens.len(), &kinds)
}

/// Whether a cue for the intent is there; a single `is` or `can` only asks at the start.
pub(super) fn asks(u: &Understood, intent: Intent) -> bool {
    let cue = Concept::Intent(intent);
    let single = |s: &Span| s.end - s.start == 1 && s.start > 0 && intent == Intent::Lookup;
    u.concepts()
        .any(|(s, c)| *c == cue && !s.negated && !single(s))
        || (intent == Intent::Recommend && praises_a_model(u))
}

/// `what is it called when`, `what does it mean to`: whatever follows is the word's meaning.
fn asks_for_a_word(u: &Understood) -> bool {
    const SAYS: [&str; 6] = ["called", "call", "mean", "means", "term", "word"];
    u.near(0, 1, &["what", "whats"]) && u.near(1, 6, &SAYS)
}

/// `a good chat model`, `the right encoder`: whatever stands between.
fn praises_a_model(u: &Understood) -> bool {
    const PRAISE: [&str; 9] = [
        "good", "best", "decent", "right", "suitable", "ideal", "fitting", "proper", "better",
    ];
    const KINDS: [&str; 8] = [
        "model",
        "models",
        "checkpoint",
        "llm",
        "encoder",
        "decoder",
        "embedder",
        "classifier",
    ];
    let praise = |at: usize| PRAISE.contains(&u.tokens[at].text.as_str());
    let about = |at: usize| u.near(at + 1, at + 5, &KINDS);
    (0..u.tokens.len()).any(|at| praise(at) && about(at))
}

/// What is asked for, by cues and by what is named. Order matters: the first rule that holds wins.
pub(super) fn intent(r: &Reading, u: &Understood) -> Intent {
    let asks = |i| asks(u, i);
    let c = &r.constraints;
    let hostile = u.says(&Concept::Modality("instructions to the desk".to_owned()));
    let about_a_model = !r.models.is_empty();
    if hostile || (r.modality.is_some() && !about_a_model) {
        return Intent::OutOfScope;
    }
    if !r.foreign.is_empty() && !about_a_model {
        return Intent::OutOfScope;
    }
    if u.says(&Concept::Alternative)
        && about_a_model
        && asks(Intent::Recommend)
        && !asks(Intent::Compare)
    {
        return Intent::Recommend;
    }
    if r.topic.is_some() && !about_a_model && asks_for_a_word(u) {
        return Intent::Lookup;
    }
    let tunes = u.says(&Concept::Tune) || u.says(&Concept::Trainable);
    let rows = about_a_model && c.examples.is_some() && !asks(Intent::Recommend);
    let how = asks(Intent::HowTo)
        || rows
        || settings(r, u)
        || (tunes && (starts_with_how(u) || about_a_model));
    if r.models.len() >= 2 && (!how || asks(Intent::Compare)) {
        return Intent::Compare;
    }
    if how && !about_a_model && r.topic.is_some() && asks(Intent::Lookup) && !starts_with_how(u) {
        return Intent::Lookup;
    }
    if how && !about_a_model && c.task.is_none() && r.topic.is_none() && !r.unused.is_empty() {
        return Intent::OutOfScope;
    }
    if how && (about_a_model || !asks(Intent::Recommend)) && !only_asks_back(r, u) {
        return Intent::HowTo;
    }
    if about_a_model && asks(Intent::Compare) && r.fields.is_empty() && r.topic.is_none() {
        return Intent::Compare;
    }
    let wants = asks(Intent::Recommend);
    if r.topic.is_some() && !wants && !about_a_model {
        let bare = Constraints {
            task: None,
            subtask: None,
            domain: None,
            prefer: None,
            ..c.clone()
        };
        let constrained = bare != Constraints::default();
        let wanted = constrained || c.prefer.is_some() || !asks(Intent::Lookup);
        let asked = c.task.is_some() && wanted;
        if !asked && !asks(Intent::Lookup) && r.unused.len() > 1 {
            return Intent::OutOfScope;
        }
        return if asked {
            Intent::Recommend
        } else {
            Intent::Lookup
        };
    }
    if about_a_model && (!wants || (asks(Intent::Lookup) && c.task.is_none())) {
        return if u.says(&Concept::Tune) && c.examples.is_some() {
            Intent::HowTo
        } else {
            Intent::Lookup
        };
    }
    if recommends(r, u, wants) {
        Intent::Recommend
    } else {
        Intent::OutOfScope
    }
}

/// `lora settings for bert`: a word of training beside a model asks for a plan.
fn settings(r: &Reading, u: &Understood) -> bool {
    const TRAINING: [&str; 7] = [
        "guide/lora",
        "guide/learning-rate",
        "guide/batch-size",
        "guide/epoch",
        "guide/warmup",
        "guide/fine-tuning",
        "guide/training-arguments",
    ];
    let topic = u
        .concepts()
        .any(|(_, c)| matches!(c, Concept::Topic(t) if TRAINING.contains(&t.as_str())));
    r.models.len() == 1 && topic && !asks(u, Intent::Compare)
}

/// `was gpt-2 trained on books?` asks for a fact, not for a plan.
fn only_asks_back(r: &Reading, u: &Understood) -> bool {
    r.fields.iter().any(|f| f == "data") && !u.says(&Concept::Intent(Intent::HowTo))
}

fn starts_with_how(u: &Understood) -> bool {
    u.near(0, 2, &["how"])
}

/// A task alone asks for a model; anything else needs a word that asks.
fn recommends(r: &Reading, u: &Understood, wants: bool) -> bool {
    let c = &r.constraints;
    if c.task.is_some() || c.must_run_here || c.hub_cards {
        return true;
    }
    let model_word = names_a_model_kind(u);
    let limits = Constraints {
        prefer: None,
        ..c.clone()
    } != Constraints::default();
    (wants || model_word) && limits && r.unused.len() <= 4
        || (wants && model_word && r.unused.len() <= 3)
}
