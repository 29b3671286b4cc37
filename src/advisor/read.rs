//! From what was understood to a [`Reading`]: intent, models, constraints.

use super::follow;
use super::quantity::{Quantity, Unit};
use super::question::{Constraints, Intent, Prefer, Reading};
use super::spans::{Limit, Meaning, Span, Understood, understand};
use super::vocabulary::{Concept, Vocabulary};
use super::words::Shape;

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
    reading
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
            if reading.intent == Intent::Compare {
                *c = Constraints {
                    task: said.task,
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

fn constraints(u: &Understood, v: &Vocabulary, before: Option<&Reading>) -> Constraints {
    let mut c = Constraints {
        commercial: u.says(&Concept::Commercial),
        permissive: u.says(&Concept::Permissive),
        must_run_here: u.says(&Concept::RunHere),
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

fn names_a_model_kind(u: &Understood) -> bool {
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
        Concept::Author(name) | Concept::Family(name) | Concept::Foreign(name) => name.clone(),
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
    match q.unit {
        Unit::Parameters | Unit::Magnitude if least || between(u, span) => c.min_parameters = value,
        Unit::Parameters | Unit::Magnitude => c.max_parameters = value,
        Unit::Bytes if around(&MEMORY_WORDS) && !around(&DISK_WORDS) => c.max_memory = value,
        Unit::Bytes if least => {}
        Unit::Bytes => c.max_size = value,
        Unit::Milliseconds if !least => c.max_latency_ms = value,
        Unit::Tokens => c.min_context = value,
        // A page of print is about 500 words: longer than 512 tokens from the first one on.
        Unit::Pages if q.value > 1.0 => c.long_context = true,
        // `in five lines` is a wish for the output.
        Unit::Examples if q.value >= 20.0 => c.examples = value,
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

/// Whether a cue for the intent is there; a single `is` or `can` only asks at the start.
fn asks(u: &Understood, intent: Intent) -> bool {
    let cue = Concept::Intent(intent);
    let single = |s: &Span| s.end - s.start == 1 && s.start > 0 && intent == Intent::Lookup;
    u.concepts()
        .any(|(s, c)| *c == cue && !s.negated && !single(s))
}

/// Whether the amount is the first of `between 100M and 400M`.
fn between(u: &Understood, span: &Span) -> bool {
    span.start > 0 && u.tokens[span.start - 1].text == "between"
}

/// What is asked for, by cues and by what is named. Order matters: the first rule that holds wins.
fn intent(r: &Reading, u: &Understood) -> Intent {
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
    if c.task.is_some() || c.must_run_here {
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
