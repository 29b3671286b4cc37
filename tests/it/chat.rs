//! `modeldesk chat` by pipe: each line is a turn, and standard output has answers only.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::index::{Home, text};

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/pipelines/text-generation")
}

/// What comes of these lines.
fn chat(home: &Home, model: &Path, arguments: &[&str], lines: &str) -> Output {
    let model = model.to_str().expect("a path in UTF-8");
    let mut all = vec!["chat", model, "--precision", "f32", "--greedy"];
    all.extend(arguments);
    let mut command = home.command(&all);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that refuses its arguments reads nothing.
    let _ = stdin.write_all(lines.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

#[test]
fn each_line_is_a_turn_and_the_text_that_was_sent_is_told() {
    let home = Home::new();
    let arguments = ["--max-new-tokens", "6"];
    let one = chat(&home, &tiny(), &arguments, "The model\n");
    assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
    assert!(!one.stdout.is_empty());
    assert!(text(&one.stderr).contains("plain continuation"));
    let lines = "The model\n/template\n\n/again\n/quit\nnever\n";
    let two = chat(&home, &tiny(), &arguments, lines);
    assert_eq!(two.status.code(), Some(0), "{}", text(&two.stderr));
    let answer = text(&one.stdout);
    assert_eq!(
        text(&two.stdout),
        answer.repeat(2),
        "greedy says the same again"
    );
    let told = text(&two.stderr);
    assert_eq!(told.matches("The model").count(), 1, "{told}");
    assert!(!told.contains("never"));
}

#[test]
fn the_files_of_a_model_say_how_turns_become_a_text() {
    let home = Home::new();
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(tiny()).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name");
        std::fs::copy(&path, folder.path().join(name)).expect("copied");
    }
    let put = |source: &str| {
        let path = folder.path().join("chat_template.jinja");
        modeldesk::files::write(&path, source.as_bytes()).expect("written");
    };
    put("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");
    let arguments = ["--max-new-tokens", "3", "--system", "Be."];
    let said = chat(&home, folder.path(), &arguments, "Hi\n/template\n");
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    assert!(
        text(&said.stderr).contains("<system>Be.<user>Hi"),
        "{}",
        text(&said.stderr)
    );
    put("{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}");
    let said = chat(&home, folder.path(), &arguments, "Hi\n");
    assert_eq!(said.status.code(), Some(1), "{}", text(&said.stderr));
    assert!(text(&said.stderr).contains("takes more time or memory"));
    assert!(said.stdout.is_empty());
    let said = chat(
        &home,
        folder.path(),
        &["--template", "chat", "--max-new-tokens", "3"],
        "Hi\n/template\n",
    );
    assert!(
        text(&said.stderr).contains("User: Hi"),
        "{}",
        text(&said.stderr)
    );
}

#[test]
fn the_oldest_turns_drop_where_the_context_is_full() {
    let home = Home::new();
    let line = "The model runs here, and here, and here.\n".repeat(8);
    let said = chat(&home, &tiny(), &["--max-new-tokens", "4"], &line);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    assert!(
        text(&said.stderr).contains("the context is full: the oldest"),
        "{}",
        text(&said.stderr)
    );
}

#[test]
fn what_cannot_be_is_said_with_its_flag() {
    let home = Home::new();
    for (arguments, told) in [
        (&["--template", "vicuna"][..], "--template"),
        (&["--repetition-penalty", "0"][..], "--repetition-penalty"),
    ] {
        let said = chat(&home, &tiny(), arguments, "Hi\n");
        assert_eq!(said.status.code(), Some(2));
        assert!(text(&said.stderr).contains(told), "{}", text(&said.stderr));
    }
    let said = chat(&home, Path::new("no-such-run"), &[], "Hi\n");
    assert!(
        text(&said.stderr).contains("no such run"),
        "{}",
        text(&said.stderr)
    );
}
