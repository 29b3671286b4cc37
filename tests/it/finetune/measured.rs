//! `modeldesk eval`, from a file to what it prints.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use super::Files;
use crate::index::{Home, text};

/// Runs `eval` for a model of tests/parity/pipelines.
fn eval(home: &Home, model: &str, data: &Path, more: &[&str]) -> Output {
    let model = folder(model);
    let mut all = vec![
        "eval",
        model.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ];
    all.extend(more);
    home.command(&all).output().expect("the program runs")
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name)
}

#[track_caller]
fn json(output: &Output) -> Value {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    serde_json::from_str(&out).expect("one JSON object")
}

const REVIEWS: &str = "text,label
The soup was cold.,negative
The waiter was kind.,Positive
Rain fell for three days.,neutral
Never again!,negative
A letter from Vienna,neutral
ok,Positive
";

#[test]
fn a_classifier_is_measured_with_intervals_and_by_class() {
    let (_files, data) = Files::with("reviews.csv", REVIEWS);
    let home = Home::new();
    let found = json(&eval(&home, "text-classification", &data, &["--json"]));
    assert_eq!(found["n"], 6);
    for name in [
        "accuracy",
        "matthews",
        "f1_macro",
        "f1_micro",
        "f1_weighted",
        "loss",
    ] {
        let figure = &found["metrics"][name];
        assert!(figure["value"].is_f64(), "{name}: {found}");
        assert_eq!(figure["ci95"].as_array().unwrap().len(), 2, "{name}");
    }
    let classes: Vec<&String> = found["per_class"].as_object().unwrap().keys().collect();
    assert_eq!(classes.len(), 3);
    assert!(
        found["signature"]
            .as_str()
            .unwrap()
            .contains("bootstrap:percentile|n:1000")
    );
    let again = json(&eval(&home, "text-classification", &data, &["--json"]));
    assert_eq!(found, again);
    let first = json(&eval(
        &home,
        "text-classification",
        &data,
        &["--json", "--limit", "2"],
    ));
    assert_eq!(first["n"], 2);
}

#[test]
fn a_model_against_itself_does_not_differ() {
    let (_files, data) = Files::with("reviews.csv", REVIEWS);
    let home = Home::new();
    let model = folder("text-classification");
    let against = ["--json", "--against", model.to_str().unwrap()];
    let found = json(&eval(&home, "text-classification", &data, &against));
    let accuracy = &found["against"]["metrics"]["accuracy"];
    assert_eq!(accuracy["difference"], 0.0);
    assert_eq!(accuracy["p"], 1.0);
}

#[test]
fn labels_that_do_not_fit_and_flags_that_are_wrong_are_said() {
    let (files, data) = Files::with("reviews.csv", "text,label\na b,good\nc d,bad\n");
    let home = Home::new();
    let failed = eval(&home, "text-classification", &data, &[]);
    assert_eq!(failed.status.code(), Some(1));
    let said = text(&failed.stderr);
    assert!(
        said.contains("`good`") && said.contains("`NEUTRAL`"),
        "{said}"
    );
    let book = files.add("book.txt", "The train leaves at noon.\n");
    let failed = eval(&home, "text-generation", &book, &["--stride", "65"]);
    assert_eq!(failed.status.code(), Some(2));
    assert!(
        text(&failed.stderr).contains("--stride: is 65"),
        "{}",
        text(&failed.stderr)
    );
    let wrong = eval(&home, "text-classification", &data, &["--resamples", "0"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn worst_rows_are_named_by_line_and_cannot_reach_the_terminal() {
    let rows = REVIEWS
        .replace("The soup", "\u{1b}[31mThe soup")
        .replace("ok,", "\u{202e}ok,");
    let (_files, data) = Files::with("reviews.csv", rows);
    let home = Home::new();
    let found = eval(&home, "text-classification", &data, &["--worst", "6"]);
    let said = text(&found.stdout);
    assert_eq!(
        found.status.code(),
        Some(0),
        "{said}{}",
        text(&found.stderr)
    );
    assert!(said.contains("worst rows"), "{said}");
    assert!(said.contains("reviews.csv:"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
}

#[test]
fn every_task_is_measured_by_its_own_metrics() {
    let home = Home::new();
    let files = Files::new();
    let tagged = files.add(
        "tags.conll",
        "Anna B-PER\nBerger I-PER\nsleeps O\n\nAlder B-ORG\nruns O\n",
    );
    let squad = concat!(
        r#"{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "Peter Marsh opened"#,
        r#" the bridge.", "qas": [{"id": "1", "question": "Who opened the bridge?", "answers": "#,
        r#"[{"text": "Peter Marsh", "answer_start": 0}]}]}]}]}"#
    );
    let squad = files.add("squad.json", squad);
    // So long that some tokens are masked, whatever the seed.
    let book = "The train leaves at noon.\n\nRain fell for three days.\n".repeat(20);
    let book = files.add("book.txt", book);
    let pairs = "{\"source\": \"The soup was cold.\", \"target\": \"Cold soup.\"}\n".repeat(2);
    let pairs = files.add("pairs.jsonl", pairs);
    let alike = "sentence1,sentence2,score\na cat,a kitten,4.5\na cat,the river,0.5\nrain,three days,1.25\n";
    let alike = files.add("alike.csv", alike);
    let write = ["--max-new-tokens", "4"];
    for (model, data, task, metrics) in [
        (
            "token-classification",
            &tagged,
            "token-classification",
            ["f1", "f1_macro"],
        ),
        (
            "question-answering",
            &squad,
            "question-answering",
            ["exact_match", "f1"],
        ),
        (
            "text-generation",
            &book,
            "text-generation",
            ["perplexity", "loss"],
        ),
        (
            "fill-mask",
            &book,
            "fill-mask",
            ["pseudo_perplexity", "loss"],
        ),
        (
            "text2text-generation",
            &pairs,
            "summarization",
            ["rouge1", "rougeLsum"],
        ),
        (
            "text2text-generation",
            &pairs,
            "translation",
            ["bleu", "chrf"],
        ),
        (
            "text2text-generation",
            &pairs,
            "text2text-generation",
            ["exact_match", "chrf"],
        ),
        (
            "sentence-embedding",
            &alike,
            "sentence-similarity",
            ["spearman", "pearson"],
        ),
    ] {
        let mut more = vec!["--task", task, "--json"];
        more.extend(write);
        let found = json(&eval(&home, model, data, &more));
        assert_eq!(found["task"], task);
        for name in metrics {
            assert!(
                found["metrics"].get(name).is_some(),
                "{task}, {name}: {found}"
            );
        }
    }
}
