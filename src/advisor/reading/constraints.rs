//! What must hold of a model, from what was understood.

use super::intent::names_a_model_kind;
use super::named;
use super::spans::{Limit, Meaning, Span, Understood};
use super::vocabulary::{Concept, Vocabulary};
use super::words::Shape;
use crate::advisor::quantity::{Quantity, Unit};
use crate::advisor::question::{Constraints, Intent, Prefer, Reading};

pub(super) fn constraints(u: &Understood, v: &Vocabulary, before: Option<&Reading>) -> Constraints {
    let mut c = Constraints {
        commercial: u.says(&Concept::Commercial),
        permissive: u.says(&Concept::Permissive),
        must_run_here: u.says(&Concept::RunHere),
        hub_cards: u.says(&Concept::HubCards),
        long_context: u.says(&Concept::LongContext) || says_long(u),
        trainable: u.says(&Concept::Trainable),
        ..Constraints::default()
    };
    set_task(&mut c, u, v);
    for (span, concept) in u.concepts() {
        match concept {
            Concept::Domain(d) if !span.negated => {
                c.domain.get_or_insert_with(|| d.clone());
            }
            Concept::Language(code) if !span.negated && !c.language.contains(code) => {
                c.language.push(code.clone());
            }
            Concept::Licence(id) if !span.negated => c.license = Some(id.clone()),
            Concept::Hardware(h) if !span.negated => {
                c.hardware.get_or_insert_with(|| h.clone());
            }
            Concept::Hardware(h) if h == "gpu" => c.hardware = Some("cpu".to_owned()),
            Concept::Prefer(p) if !span.negated && !limits(u, span) => set_preference(&mut c, *p),
            // `no larger than 1 GB` is a limit.
            Concept::Field(f) if span.negated && f == "size" && !limits(u, span) => {
                c.prefer = Some(Prefer::Size);
            }
            _ if span.negated => exclude(&mut c, concept, span, u),
            _ => {}
        }
    }
    if c.language.is_empty() {
        c.language = language_codes(u, v);
    }
    // Two languages say what is to be done.
    if c.task.is_none() && c.language.len() == 2 {
        c.task = Some("translation".to_owned());
    }
    order_languages(&mut c, u);
    for span in &u.spans {
        if let Meaning::Amount(quantity, limit) = span.means {
            set_amount(&mut c, u, span, quantity, limit);
            // `and with 20k?` after a plan.
            let counts = quantity.unit == Unit::None && quantity.value >= 20.0;
            if counts && before.is_some_and(|b| b.intent == Intent::HowTo) {
                c.examples = Some(quantity.whole());
            }
        }
    }
    let asks_for_another = u.says(&Concept::Alternative)
        && u.concepts().any(|(_, c)| matches!(c, Concept::Foreign(_)));
    if c.task.is_none() && c.subtask.is_none() && !asks_for_another {
        set_hinted_task(&mut c, u, v);
    }
    c
}

/// `en to de`, `en-de`, `en > de`: two codes side by side. Codes that are English words are left out.
fn language_codes(u: &Understood, v: &Vocabulary) -> Vec<String> {
    const WORDS: [&str; 8] = ["it", "is", "no", "id", "he", "hi", "et", "th"];
    let is_code = |at: usize| {
        let text = u.tokens.get(at).map_or("", |t| t.text.as_str());
        (text.len() == 2 && !WORDS.contains(&text) && v.is_language(text)).then(|| text.to_owned())
    };
    for at in 0..u.tokens.len() {
        let joined = u.near(at + 1, at + 2, &["to", "into", ">", "2"]);
        let pair = is_code(at).zip(is_code(at + 1 + usize::from(joined)));
        if let Some((from, to)) = pair {
            return vec![from, to];
        }
    }
    Vec::new()
}

/// Where no phrase names a task, words vote. A question that asks for a model needs one vote, any
/// other two: `write me a quicksort` is not about models.
fn set_hinted_task(c: &mut Constraints, u: &Understood, v: &Vocabulary) {
    let Some((concept, votes)) = v.hinted(&u.tokens) else {
        return;
    };
    let cue = Concept::Intent(Intent::Recommend);
    let in_words = u.concepts().any(|(s, c)| *c == cue && s.end - s.start > 1);
    let asked = in_words || names_a_model_kind(u);
    let topic = u
        .concepts()
        .any(|(_, c)| matches!(c, Concept::Topic(_) | Concept::Model(_)));
    let limited = Constraints {
        prefer: None,
        ..c.clone()
    } != Constraints::default();
    let needed = match (asked, topic, limited) {
        (true, false, _) => 0.9,
        (_, true, false) => 2.5,
        (_, _, true) => 1.2,
        (false, false, false) => 1.6,
    };
    if votes < needed {
        return;
    }
    match concept {
        Concept::Task(task) => c.task = Some(task.clone()),
        Concept::Subtask(subtask) => {
            c.task = v.subtask(subtask).map(|(task, _)| task.to_owned());
            c.subtask = Some(subtask.clone());
        }
        _ => {}
    }
}

/// `long judgments`, `lengthy minutes`; not `how long does it take`.
fn says_long(u: &Understood) -> bool {
    const ASIDE: [&str; 12] = [
        "does", "do", "will", "would", "is", "it", "as", "time", "run", "term", "ago", "can",
    ];
    u.tokens.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(1).map_or("", |b| u.tokens[b].text.as_str());
        let after = u
            .tokens
            .get(at + 1)
            .filter(|t| !t.after_break && t.text.len() > 3);
        token.text == "long"
            && !matches!(before, "how" | "as" | "too" | "so" | "not")
            && after.is_some_and(|t| !ASIDE.contains(&t.text.as_str()))
    })
}

/// `smaller than 60MB` is a limit, not a wish.
fn limits(u: &Understood, span: &Span) -> bool {
    let after = u.tokens[span.end..].iter().find(|t| t.text != "than");
    after.is_some_and(|t| matches!(t.shape, Shape::Number(_)))
}

/// Speed and size are asked for in so many words; quality only decides where neither was.
fn set_preference(c: &mut Constraints, prefer: Prefer) {
    if c.prefer.is_none() || c.prefer == Some(Prefer::Quality) {
        c.prefer = Some(prefer);
    }
}

fn set_task(c: &mut Constraints, u: &Understood, v: &Vocabulary) {
    let tasks = named(u, |c| {
        if let Concept::Task(t) = c {
            Some(t)
        } else {
            None
        }
    });
    let subtasks = named(u, |c| {
        if let Concept::Subtask(s) = c {
            Some(s)
        } else {
            None
        }
    });
    // `generate summaries` asks for summaries.
    let general = ["text-generation", "text2text-generation"];
    let special = tasks.iter().find(|t| !general.contains(&t.as_str()));
    let zero_shot = tasks.iter().find(|t| *t == "zero-shot-classification");
    c.task = zero_shot.or(special).or_else(|| tasks.first()).cloned();
    if let Some(subtask) = subtasks.first()
        && let Some((task, _)) = v.subtask(subtask)
        && (special.is_none() || c.task.as_deref() == Some(task) || task == "text-classification")
        && !(special.is_some() && c.task.as_deref() != Some(task) && task == "text-generation")
    {
        if c.task.as_deref() != Some("zero-shot-classification") {
            c.task = Some(task.to_owned());
        }
        c.subtask = Some(subtask.clone());
    }
}

fn exclude(c: &mut Constraints, concept: &Concept, span: &Span, u: &Understood) {
    let name = match concept {
        Concept::Author(name)
        | Concept::Family(name)
        | Concept::Foreign(name)
        | Concept::Domain(name)
        | Concept::Task(name)
        | Concept::Subtask(name) => name.clone(),
        Concept::Model(_) => {
            let family = u
                .concepts()
                .any(|(s, c)| s == span && matches!(c, Concept::Family(_)));
            if family {
                return;
            }
            let typed = u.tokens[span.start..span.end]
                .iter()
                .map(|t| t.text.as_str());
            typed.collect::<Vec<_>>().join("-")
        }
        _ => return,
    };
    if !c.exclude.contains(&name) {
        c.exclude.push(name);
    }
}

/// `into German from English` names the target first.
fn order_languages(c: &mut Constraints, u: &Understood) {
    if c.task.as_deref() != Some("translation") || c.language.len() != 2 {
        return;
    }
    let before = |code: &String, words: &[&str]| {
        u.concepts().any(|(span, concept)| {
            *concept == Concept::Language(code.clone())
                && span.start > 0
                && words.contains(&u.tokens[span.start - 1].text.as_str())
        })
    };
    if before(&c.language[1], &["from"]) || before(&c.language[0], &["into"]) {
        c.language.swap(0, 1);
    }
}

const MEMORY_WORDS: [&str; 17] = [
    "ram",
    "memory",
    "vram",
    "laptop",
    "machine",
    "server",
    "box",
    "pi",
    "vps",
    "instance",
    "card",
    "gpu",
    "computer",
    "macbook",
    "thinkpad",
    "pc",
    "raspberry",
];

const DISK_WORDS: [&str; 9] = [
    "disk",
    "download",
    "file",
    "files",
    "weights",
    "storage",
    "downloads",
    "space",
    "binary",
];

fn set_amount(c: &mut Constraints, u: &Understood, span: &Span, q: Quantity, limit: Option<Limit>) {
    let value = Some(q.whole());
    let around = |words: &[&str]| u.near(span.start.saturating_sub(3), span.end + 4, words);
    let least = limit == Some(Limit::Least);
    let trains = u.says(&Concept::Tune) || u.says(&Concept::Intent(Intent::HowTo));
    match q.unit {
        Unit::Languages if q.value > 1.0 && c.language.is_empty() => {
            c.language.push("multilingual".to_owned());
        }
        Unit::Parameters | Unit::Magnitude if least || between(u, span) => c.min_parameters = value,
        Unit::Parameters | Unit::Magnitude => c.max_parameters = value,
        Unit::None if between(u, span) => set_lower(c, u, span, q),
        Unit::Bytes if around(&MEMORY_WORDS) && !around(&DISK_WORDS) => c.max_memory = value,
        Unit::Bytes if least => {}
        Unit::Bytes => c.max_size = value,
        Unit::Milliseconds if !least => c.max_latency_ms = value,
        Unit::Tokens => c.min_context = value,
        // A page of print is about 500 words: longer than 512 tokens from the first one on.
        Unit::Pages if q.value > 1.0 => c.long_context = true,
        // `in five lines` is a wish for the output.
        Unit::Examples if q.value >= if trains { 1.0 } else { 20.0 } => c.examples = value,
        Unit::None if around(&["context", "window", "tokens", "length"]) && q.value >= 128.0 => {
            // `32k` of context is a power of two, as models are built.
            let thousands = q.value / 1000.0;
            let power = thousands >= 1.0 && thousands.log2().fract() == 0.0;
            c.min_context = if power {
                Some(thousands as u64 * 1024)
            } else {
                value
            };
        }
        Unit::None if u.says(&Concept::Tune) && q.value >= 20.0 => c.examples = value,
        _ => {}
    }
}

/// `between 10 and 20 million parameters`: the first number has the unit of the second.
fn set_lower(c: &mut Constraints, u: &Understood, span: &Span, q: Quantity) {
    let next = u.spans.iter().find(|s| s.start > span.end);
    let Some(Span {
        start,
        means: Meaning::Amount(upper, _),
        ..
    }) = next
    else {
        return;
    };
    let Shape::Number(typed) = u.tokens[*start].shape else {
        return;
    };
    if *start == span.end + 1 && matches!(upper.unit, Unit::Parameters | Unit::Magnitude) {
        let lower = q.value * upper.value / typed;
        c.min_parameters = Some(lower.round() as u64);
    }
}

/// Whether the amount is the first of `between 100M and 400M`.
fn between(u: &Understood, span: &Span) -> bool {
    span.start > 0 && u.tokens[span.start - 1].text == "between"
}
