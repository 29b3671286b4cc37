//! The desk in plain words: questions from a pipe and from a terminal, answers as plain lines.

use std::io::Write;
use std::process::Stdio;

use crate::index::{Home, text};

/// What the program says to `typed`, which ends there.
fn said(home: &Home, typed: &str) -> std::process::Output {
    let mut child = home
        .command(&[])
        .env("ACCESSIBLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What is typed is less than a pipe holds.
    child
        .stdin
        .take()
        .unwrap()
        .write_all(typed.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// No byte that steers a terminal.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn two_questions_are_answered_in_plain_lines_and_the_second_carries_on() {
    let output = said(
        &Home::new(),
        "Which model is best for summarizing legal documents?\nand which is faster?\n/new\n\
         and which is faster?\n",
    );
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert_eq!(err, "");
    assert!(is_plain(&out), "{out:?}");
    let answers: Vec<&str> = out.split("\n> ").skip(1).collect();
    let [first, second, fresh, third, end] = answers[..] else {
        panic!("a prompt before each line and the end: {out}");
    };
    assert!(
        first.contains("read as: recommend, summarization, legal"),
        "{first}"
    );
    let carried = |answer: &str| {
        let read = answer.lines().find(|line| line.contains("read as:"));
        read.expect(answer).contains("summarization")
    };
    assert!(carried(second), "{second}");
    assert!(fresh.contains("carries nothing over"), "{fresh}");
    assert!(!carried(third), "{third}");
    assert_eq!(end.trim(), "");
}

#[test]
fn what_cannot_be_used_is_said_and_the_conversation_goes_on() {
    let hostile = "/nonsense\u{1b}]0;title\u{7}\n\n  \n\u{1b}[2J\u{202e}\n/why\nwhat is ROUGE?";
    let output = said(&Home::new(), hostile);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(is_plain(&out) && is_plain(&err), "{out:?}{err:?}");
    assert!(out.contains("There is no command /nonsense"), "{out}");
    assert!(out.contains("/help lists them."), "{out}");
    // The last line has no end, and is a question all the same.
    assert!(
        out.trim_end().lines().count() > 15 && out.contains("ROUGE"),
        "{out}"
    );
}

#[test]
fn a_text_that_is_no_text_ends_with_a_reason() {
    let mut child = Home::new()
        .command(&[])
        .env("ACCESSIBLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"what\xff\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = text(&output.stderr);
    assert!(
        err.contains("cannot read what is typed") && is_plain(&err),
        "{err}"
    );
}
