//! Models measured on rows, from memory and from the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use modeldesk::error::Result;
use modeldesk::finetune::dataset::{Answer, Example, Label, Place, Row};
use modeldesk::finetune::evaluate::{Evaluation, Options, Subject, evaluate, judge};
use modeldesk::jobs::Cancel;
use modeldesk::model::heads::SequenceClassification;
use modeldesk::model::layers::{Precision, Source};
use modeldesk::model::pipeline::text_classification::{Input, Labelled, Options as Ask};
use modeldesk::model::pipeline::{Parts, Task, TextClassification};
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name)
}

fn subject(name: &str, task: Task) -> Subject {
    let parts = Parts::read(&folder(name)).unwrap();
    Subject::load(parts, task, Precision::F32).unwrap()
}

fn rows(examples: impl IntoIterator<Item = Example>) -> Vec<Row> {
    let file = Arc::new(PathBuf::from("rows.jsonl"));
    let row = |(line, example)| Row {
        place: Place {
            file: Arc::clone(&file),
            line,
        },
        example,
    };
    (1..).zip(examples).map(row).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn measure(
    subject: &Subject,
    labels: &[&str],
    rows: &[Row],
    options: &Options,
) -> Result<Evaluation> {
    let rows = rows.iter().cloned().map(Ok);
    evaluate(
        subject,
        &names(labels),
        rows,
        options,
        &Cancel::new(),
        &mut |_| (),
    )
}

const TEXTS: [&str; 8] = [
    "The soup was cold.",
    "The waiter was kind, and the bread was warm.",
    "Rain fell for three days.",
    "Never again!",
    "A letter from Vienna",
    "The museum keeps a letter that the painter sent to his brother, who lives in Vienna.",
    "ok",
    "The river rose over its banks, and the river rose.",
];

/// Texts with one of three labels, in another order than the model's and another case.
fn classified() -> Vec<Row> {
    rows(
        TEXTS
            .iter()
            .enumerate()
            .map(|(i, text)| Example::Classified {
                text: (*text).to_owned(),
                pair: None,
                label: Label::One(i as u32 % 3),
            }),
    )
}

const LABELS: [&str; 3] = ["positive", "NEGATIVE", "Neutral"];

#[test]
fn labels_of_the_file_are_those_of_the_model_by_name() {
    let subject = subject("text-classification", Task::TextClassification);
    let found = measure(&subject, &LABELS, &classified(), &Options::default()).unwrap();
    let Subject::Classifier(model) = &subject else {
        panic!("a classifier")
    };
    let inputs: Vec<Input> = TEXTS.iter().map(|text| Input::from(*text)).collect();
    let said = model.run(&inputs, &Ask::default(), &mut || false).unwrap();
    let right = said
        .iter()
        .enumerate()
        .filter(|(i, said)| match &said.output {
            Labelled::Best(best) => best.label.eq_ignore_ascii_case(LABELS[i % 3]),
            Labelled::Ranked(_) => false,
        });
    let right = right.count();
    assert_eq!(
        found.value("accuracy"),
        Some(right as f64 / TEXTS.len() as f64)
    );
    assert_eq!(found.n, TEXTS.len());
    assert_eq!(found.worst.len(), (TEXTS.len() - right).min(5));
    assert!(found.worst[0].place.starts_with("rows.jsonl:"));
    let [low, high] = found.metrics.get("accuracy").unwrap().ci95.unwrap();
    assert!(low < high && (low..=high).contains(&found.value("accuracy").unwrap()));
    let support: u64 = found
        .per_class
        .0
        .iter()
        .map(|(_, class)| class.support)
        .sum();
    assert_eq!(support, TEXTS.len() as u64);
    let confusion = found.confusion.unwrap();
    assert_eq!(confusion.labels, names(&LABELS));
    assert_eq!(
        confusion.matrix.iter().flatten().sum::<u64>(),
        TEXTS.len() as u64
    );
}

#[test]
fn labels_that_the_model_lacks_are_an_error_with_both_sets() {
    let subject = subject("text-classification", Task::TextClassification);
    let labels = ["positive", "bad", "neutral"];
    let error = measure(&subject, &labels, &classified(), &Options::default()).unwrap_err();
    let said = error.to_string();
    for part in [
        "no label `bad`",
        "`positive`, `bad`",
        "`NEGATIVE`, `NEUTRAL`",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_model_in_memory_is_measured_as_the_one_in_its_folder() {
    let parts = Parts::read(&folder("text-classification")).unwrap();
    let source = Source::of(&parts.checkpoint, &parts.config, Precision::F32);
    let head = SequenceClassification::load(&source, &parts.config).unwrap();
    let around = TextClassification::around(head.clone(), Arc::new(parts.tokenizer), &parts.config);
    let (rows, options) = (classified(), Options::default());
    let around = Subject::Classifier(around);
    let ours = measure(&around, &LABELS, &rows, &options).unwrap();
    let folder = subject("text-classification", Task::TextClassification);
    assert_eq!(ours, measure(&folder, &LABELS, &rows, &options).unwrap());
    // What training changes is seen.
    let params = source.params();
    let bias = params
        .iter()
        .find(|param| param.name() == "classifier.bias")
        .unwrap();
    bias.write().copy_from_slice(&[-100.0, 0.0, 100.0]);
    let changed = measure(&around, &LABELS, &rows, &options).unwrap();
    assert_eq!(changed.per_class.get("positive").unwrap().recall, 1.0);
    assert_ne!(changed, ours);
}

#[test]
fn a_model_does_not_differ_from_itself_and_is_held_against_the_same_rows_only() {
    let subject = subject("text-classification", Task::TextClassification);
    let cancel = Cancel::new();
    let options = Options {
        trials: 500,
        ..Options::default()
    };
    let judged = |rows: Vec<Row>| {
        let rows = rows.into_iter().map(Ok);
        judge(
            &subject,
            &names(&LABELS),
            rows,
            &options,
            &cancel,
            &mut |_| (),
        )
        .unwrap()
    };
    let one = judged(classified());
    let same = one
        .against(&judged(classified()), 500, options.draws, &cancel)
        .unwrap();
    for shift in &same {
        assert_eq!(
            (shift.difference.value, shift.difference.p),
            (0.0, 1.0),
            "{}",
            shift.name
        );
    }
    let fewer = judged(classified().split_off(1));
    assert!(one.against(&fewer, 500, options.draws, &cancel).is_err());
}

#[test]
fn several_labels_are_judged_each_by_itself() {
    let subject = subject("text-classification-multi-label", Task::TextClassification);
    let rows = rows(
        TEXTS
            .iter()
            .enumerate()
            .map(|(i, text)| Example::Classified {
                text: (*text).to_owned(),
                pair: None,
                label: Label::Many(vec![i % 2 == 0, false, i % 3 == 0, true]),
            }),
    );
    let labels = ["taste", "speed", "price", "service"];
    let found = measure(&subject, &labels, &rows, &Options::default()).unwrap();
    assert_eq!(found.main(), Some(("subset_accuracy", true)));
    assert!(found.value("loss").unwrap() > 0.0);
    assert_eq!(found.per_class.get("speed").unwrap().support, 0);
    assert_eq!(found.per_class.get("service").unwrap().support, 8);
}

#[test]
fn every_word_has_a_tag_however_long_the_sentence_is() {
    let subject = subject("token-classification", Task::TokenClassification);
    let words: Vec<String> = TEXTS.join(" ").split(' ').map(str::to_owned).collect();
    let tags: Vec<u32> = (0..words.len()).map(|i| [0, 0, 1, 2][i % 4]).collect();
    let begun = tags.iter().filter(|tag| **tag == 1).count() as u64;
    let rows = rows([Example::Tagged { words, tags }]);
    let labels = ["O", "B-PER", "I-PER"];
    let found = measure(&subject, &labels, &rows, &Options::default()).unwrap();
    let expected = [
        "f1",
        "precision",
        "recall",
        "f1_macro",
        "f1_weighted",
        "accuracy",
        "loss",
    ];
    let metrics: Vec<&str> = found
        .metrics
        .0
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(metrics, expected);
    assert_eq!(found.per_class.get("PER").unwrap().support, begun);
    assert!(
        found.metrics.get("f1").unwrap().ci95.is_none(),
        "one row has no interval"
    );
}

#[test]
fn questions_without_an_answer_are_judged_by_version_two() {
    let subject = subject("question-answering", Task::QuestionAnswering);
    let context = "Peter Marsh, the mayor of Cork, opened the bridge on Monday.";
    let question = |answers: Vec<Answer>| Example::Question {
        id: "q".to_owned(),
        question: "Who opened the bridge?".to_owned(),
        context: context.to_owned(),
        answers,
    };
    let answer = Answer {
        text: "Peter Marsh".to_owned(),
        bytes: 0..11,
    };
    let with = rows([question(vec![answer.clone()])]);
    let found = measure(&subject, &[], &with, &Options::default()).unwrap();
    assert!(found.value("HasAns_f1").is_none() && found.value("exact_match").is_some());
    let both = rows([question(vec![answer]), question(Vec::new())]);
    let found = measure(&subject, &[], &both, &Options::default()).unwrap();
    assert!(found.value("HasAns_f1").is_some() && found.value("NoAns_exact").is_some());
}

#[test]
fn perplexity_is_that_of_transformers_documentation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/metrics/perplexity.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let subject = subject("text-generation", Task::TextGeneration);
    for case in cases {
        let text = case["text"].as_str().unwrap().to_owned();
        let rows = rows([Example::Plain { text, ends: true }]);
        let options = Options {
            stride: case["stride"].as_u64().map(|n| n as usize),
            ..Options::default()
        };
        let found = measure(&subject, &[], &rows, &options).unwrap();
        let (ours, theirs) = (found.value("loss").unwrap(), case["loss"].as_f64().unwrap());
        assert!((ours - theirs).abs() < 2e-5, "{ours} for {case}");
        let exponential = found.value("perplexity").unwrap();
        assert!((exponential - ours.exp()).abs() < 1e-9 * exponential);
    }
}

#[test]
fn masks_are_the_same_for_the_same_seed_only() {
    let subject = subject("fill-mask", Task::FillMask);
    let rows = rows(TEXTS.iter().map(|text| Example::Plain {
        text: (*text).to_owned(),
        ends: true,
    }));
    let of = |seed| {
        let options = Options {
            seed,
            ..Options::default()
        };
        let found = measure(&subject, &[], &rows, &options).unwrap();
        assert!(found.signature.contains("share:0.15"));
        found.value("pseudo_perplexity").unwrap()
    };
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

#[test]
fn texts_that_are_written_are_judged_by_what_their_task_is_measured_with() {
    let pairs = rows(TEXTS[..2].iter().map(|text| Example::Pair {
        source: (*text).to_owned(),
        target: "Rain fell.".to_owned(),
    }));
    let options = Options {
        max_new_tokens: Some(6),
        ..Options::default()
    };
    for (task, first) in [
        (Task::Summarization, "rouge1"),
        (Task::Translation, "bleu"),
        (Task::Text2TextGeneration, "exact_match"),
    ] {
        let subject = subject("text2text-generation", task);
        let found = measure(&subject, &[], &pairs, &options).unwrap();
        assert_eq!(found.main(), Some((first, true)));
        assert_eq!((found.n, found.task.as_str()), (2, task.name()));
        assert!(
            found.signature.contains("max_new_tokens:6"),
            "{}",
            found.signature
        );
    }
}

#[test]
fn vectors_are_judged_by_ranks() {
    let subject = subject("sentence-embedding", Task::SentenceSimilarity);
    let pairs = rows((1..6).map(|i| Example::Classified {
        text: TEXTS[0].to_owned(),
        pair: Some(TEXTS[i].to_owned()),
        label: Label::Number(i as f32),
    }));
    let found = measure(&subject, &[], &pairs, &Options::default()).unwrap();
    assert!((-1.0..=1.0).contains(&found.value("spearman").unwrap()));
    assert!(found.value("mse").is_none());
}

#[test]
fn work_ends_when_it_is_told_to_and_rows_of_another_task_are_named() {
    let subject = subject("text-classification", Task::TextClassification);
    let cancel = Cancel::new();
    cancel.cancel();
    let all = classified().into_iter().map(Ok);
    let options = Options::default();
    let stopped = evaluate(
        &subject,
        &names(&LABELS),
        all,
        &options,
        &cancel,
        &mut |_| (),
    );
    assert_eq!(stopped.unwrap_err().to_string(), "interrupted");
    let other = rows([Example::Plain {
        text: "a".to_owned(),
        ends: true,
    }]);
    let error = measure(&subject, &LABELS, &other, &options).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("rows.jsonl:1: is a text by itself"),
        "{error}"
    );
    assert!(measure(&subject, &LABELS, &[], &options).is_err());
}
