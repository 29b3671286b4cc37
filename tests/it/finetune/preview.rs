//! `modeldesk tune preview`, from files to what is printed.

use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;
use serde_json::Value;

use super::{Files, repeated};
use crate::index::{Home, text};

fn model(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name);
    path.to_str().unwrap().to_owned()
}

/// What was printed, on one line: where lines break depends on the folder's name.
fn line(out: &str) -> String {
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Exit code, standard output and standard error of a preview.
fn preview(train: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let home = Home::new();
    let mut all = vec!["tune", "preview", "--train", train.to_str().unwrap()];
    all.extend(arguments);
    let output = home.command(&all).output().unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn rows() -> (Files, PathBuf) {
    let rows: String = repeated(40, |i| {
        format!(
            "{}\tThe train {i} to Paris leaves at nine.\r\n",
            if i % 4 == 0 { "spam" } else { "ham" }
        )
    });
    Files::with("messages", rows)
}

#[test]
fn people_read_what_was_understood_and_rows_as_the_model_sees_them() {
    let (_files, path) = rows();
    let (code, out, err) = preview(
        &path,
        &["--model", &model("text-classification"), "--rows", "2"],
    );
    assert_eq!(code, Some(0), "{out}{err}");
    for said in [
        "tsv without a header 40 rows",
        "36 train, 2 check, 2 test",
        "text=2, label=1 (--columns)",
        "text-classification, one of 2 labels",
        "ham 30 (75%), spam 10 (25%)",
        "2 rows as the model sees them",
        "-> {ham}",
        "[CLS]",
    ] {
        assert!(line(&out).contains(said), "{said}: {out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
}

#[test]
fn programs_read_one_object_with_what_a_trainer_is_given() {
    let (_files, path) = rows();
    let (code, out, err) = preview(&path, &["--model", &model("text-classification"), "--json"]);
    assert_eq!(code, Some(0), "{err}");
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        found["rows"],
        serde_json::json!({"train": 36, "check": 2, "test": 2})
    );
    assert_eq!(
        found["columns"],
        serde_json::json!({"text": "2", "label": "1"})
    );
    assert_eq!(found["labels"][0]["name"], "ham");
    assert_eq!(found["examples"].as_array().unwrap().len(), 5);
    assert_eq!(
        found["examples"][0]["tokens"].as_array().unwrap().len(),
        found["examples"][0]["input_ids"].as_array().unwrap().len()
    );
    assert_eq!(found["files"][0]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn each_task_marks_what_it_learns() {
    let files = Files::new();
    let chat = r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Bye"}]}"#;
    let squad = r#"{"question": "Who?", "context": "Anna lives in Vienna.", "answers": {"text": ["Vienna"], "answer_start": [14]}}"#;
    let cases = [
        ("a.jsonl", chat, "text-generation", "Template: chat"),
        ("b.jsonl", squad, "question-answering", " {"),
        (
            "c.txt",
            "EU B-ORG\nrejects O\n\nPeter B-PER\nsleeps O\n",
            "token-classification",
            "{B-",
        ),
        (
            "d.jsonl",
            r#"{"source": "a b", "target": "b a"}"#,
            "text2text-generation",
            "-> {",
        ),
    ];
    for (name, content, task, said) in cases {
        let path = files.add(name, format!("{content}\n").repeat(3));
        let (code, out, err) = preview(&path, &["--model", &model(task), "--max-length", "40"]);
        assert_eq!(code, Some(0), "{name}: {out}{err}");
        assert!(line(&out).contains(said), "{name}: {said}: {out}");
    }
}

#[test]
fn problems_have_their_line_and_what_cannot_be_learned_fails() {
    let (_files, path) = Files::with("rows.csv", "text,label\na b,x\n ,x\nc d,y\ne f,x\n");
    let (code, out, _) = preview(&path, &[]);
    assert_eq!(code, Some(0), "{out}");
    assert!(
        line(&out).contains("rows.csv:3: `text` is empty; row skipped (1 of 4)"),
        "{out}"
    );
    let (code, _, err) = preview(&path, &["--strict"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("rows.csv:3: `text` is empty"), "{err}");
    let (_files, path) = Files::with("rows.csv", "text,label\na b,x\nc d,x\ne f,x\n");
    let (code, _, err) = preview(&path, &[]);
    assert_eq!(code, Some(1));
    assert!(err.contains("every row has the label `x`"), "{err}");
    let (code, _, err) = preview(&path, &["--format", "exel"]);
    assert_eq!(code, Some(2), "{err}");
}
