//! What a question sets limits to or denies: time, domains, tasks.

use std::sync::Arc;

use modeldesk::advisor::answer::{Answer, Ranked};
use modeldesk::advisor::present::read_as;
use modeldesk::advisor::{Advisor, Machine};
use modeldesk::files::Folders;
use modeldesk::index::Library;

use super::{advisor, ask, follow, screen};

/// The estimate in the `speed` criterion of each model, in milliseconds.
fn estimates(answer: &Answer) -> Vec<f64> {
    let note = |m: &Ranked| {
        m.why
            .iter()
            .find(|w| w.name == "speed")
            .unwrap()
            .note
            .clone()
    };
    let milliseconds = |note: String| {
        let mut words = note.strip_prefix("est ").unwrap().split(' ');
        let amount: f64 = words.next().unwrap().parse().unwrap();
        amount
            * if words.next() == Some("s") {
                1000.0
            } else {
                1.0
            }
    };
    answer.models.iter().map(note).map(milliseconds).collect()
}

#[test]
fn a_constraint_that_nothing_satisfies_names_what_breaks() {
    let answer = ask("a translation model from English to German under 1 MB");
    assert!(answer.text().contains("No card here"));
    assert!(screen(&answer).contains("MB"));
}

#[test]
fn a_limit_on_time_leaves_out_what_is_estimated_to_take_longer() {
    let free = ask("sentiment classifier");
    let limited = ask("sentiment classifier within 20 ms");
    assert!(estimates(&free).iter().any(|ms| *ms > 20.0));
    assert!(estimates(&limited).iter().all(|ms| *ms <= 20.0));
    assert!(!limited.models.is_empty() && limited.models.len() < free.models.len());
    assert!(read_as(&limited).contains("within 20 ms"));
    let shown = screen(&limited);
    for words in ["est", "60 tokens", "70% of the 180 GFLOP/s"] {
        assert!(shown.contains(words), "{words:?} is missing from\n{shown}");
    }
    let first = |question| ask(question).models[0].id.clone();
    assert_eq!(
        first("sentiment classifier within 50 ms"),
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
    );
    assert!(!screen(&free).contains("GFLOP/s"));
}

#[test]
fn faster_is_by_the_estimate_of_this_machine() {
    let ranked = ask("fastest model for reranking");
    let by_speed = ask("fastest sentence embeddings, english");
    for answer in [&ranked, &by_speed] {
        let why = &answer.models[0].why;
        let most = why
            .iter()
            .max_by(|a, b| a.weight.total_cmp(&b.weight))
            .unwrap();
        assert_eq!(most.name, "speed");
        assert!(screen(answer).contains("est:"), "{}", screen(answer));
    }
    // None of those that do it as well is faster than the first.
    let does = |m: &Ranked| m.why.iter().find(|w| w.name == "task").unwrap().value;
    let first = does(&by_speed.models[0]);
    let times = estimates(&by_speed);
    let rivals = by_speed
        .models
        .iter()
        .zip(&times)
        .filter(|(m, _)| does(m) >= first);
    let rivals: Vec<f64> = rivals.map(|(_, ms)| *ms).collect();
    assert!(rivals.len() > 1 && rivals.iter().all(|ms| *ms >= times[0]));
}

#[test]
fn a_machine_that_was_not_measured_is_not_measured_by_a_question() {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders::below(folder.path());
    let (library, _) = Library::open(&folders).unwrap();
    let fresh = Advisor::new(
        Arc::new(library),
        Machine::read(&folders, &modeldesk::settings::Settings::default()),
    );
    let limited = fresh.ask("reranking within 1 ms", None).unwrap();
    let shown = screen(&limited);
    assert!(
        shown.contains("Not used: within 1 ms") && shown.contains("not yet measured"),
        "{shown}"
    );
    assert!(!limited.models.is_empty());
    assert_eq!(fresh.machine().known_speed(), None);
    // Control: once measured, the same limit decides.
    fresh.machine().measure().unwrap();
    let limited = fresh.ask("reranking within 1 ms", None).unwrap();
    assert!(
        limited.text().contains("No card here"),
        "{}",
        limited.text()
    );
}

#[test]
fn a_limit_on_another_machine_is_said_to_decide_nothing() {
    let answer = ask("news summaries within 400 ms on a gpu");
    assert!(screen(&answer).contains("Not used: within 400 ms"));
}

#[test]
fn a_domain_or_a_task_that_is_denied_leaves_out_what_was_made_for_it() {
    let has = |answer: &Answer, id: &str| answer.models.iter().any(|m| m.id == id);
    for (question, name, without, with) in [
        (
            "summarization, not for legal texts",
            "legal",
            "nsi319/legal-pegasus",
            "facebook/bart-large-cnn",
        ),
        (
            "a model that runs here, but no summarization models",
            "summarization",
            "facebook/bart-large-cnn",
            "google/flan-t5-base",
        ),
        (
            "text generation, but not a chatbot",
            "chat",
            "HuggingFaceTB/SmolLM2-135M-Instruct",
            "openai-community/gpt2",
        ),
    ] {
        let answer = ask(question);
        assert_eq!(answer.reading.constraints.exclude, [name], "{question}");
        assert!(read_as(&answer).contains(&format!("not {name}")));
        assert!(!has(&answer, without), "{question}");
        assert!(has(&answer, with), "{question}");
        // Control: edited away, the denied ones stand among the others.
        let edited = answer.reading.with_field("exclude", "").unwrap();
        let edited = edited.with_field("must_run_here", "").unwrap();
        assert!(
            has(&advisor().answer(edited).unwrap(), without),
            "{question}"
        );
    }
    let edited = ask("summarization")
        .reading
        .with_field("exclude", "legal")
        .unwrap();
    assert!(!has(
        &advisor().answer(edited).unwrap(),
        "nsi319/legal-pegasus"
    ));
    let later = follow("summarization of legal text", "not legal, just anything");
    assert_eq!(later.reading.constraints.domain, None);
}

#[test]
fn words_of_denial_that_deny_no_purpose_leave_it_asked_for() {
    for (question, task) in [
        (
            "i'm not sure which summarization model to take",
            "summarization",
        ),
        ("no idea which translation model i need", "translation"),
        (
            "i can't classify all these tickets by hand",
            "text-classification",
        ),
    ] {
        let c = ask(question).reading.constraints;
        assert_eq!(c.task.as_deref(), Some(task), "{question}");
        assert!(c.exclude.is_empty(), "{question}");
    }
}

#[test]
fn a_condition_that_decides_nothing_is_said_to_be_unused() {
    let answer = ask("summarization, not for long documents");
    assert!(
        read_as(&answer).contains("not used: not long documents"),
        "{}",
        read_as(&answer)
    );
    let plain = ask("summarization of legal text");
    assert!(!read_as(&plain).contains("not used"));
    assert!(!screen(&plain).contains("Not used"));
}
