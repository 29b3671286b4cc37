//! `modeldesk cards` as scripts see it.

use std::process::Stdio;

use serde_json::Value;

use super::{Home, card, id, jsonl, text};

fn json(home: &Home, arguments: &[&str]) -> Value {
    let output = home.run(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn list_is_an_array_of_ids_and_sources() {
    let home = Home::new();
    let file = home.path().join("x.md");
    modeldesk::files::write(&file, card(1).as_bytes()).unwrap();
    let file = file.to_str().unwrap();
    assert!(
        home.run(&["cards", "add", file, "--id", "me/mine"])
            .status
            .success()
    );
    let list = json(&home, &["cards", "list", "--json"]);
    let list = list.as_array().unwrap();
    let source_of = |id: &str| {
        let card = list.iter().find(|card| card["id"] == id);
        card.map(|card| card["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        source_of("google/flan-t5-base").as_deref(),
        Some("built-in")
    );
    assert_eq!(source_of("me/mine").as_deref(), Some("user"));
    assert!(source_of("guide/rouge").is_none());
    let own = json(&home, &["cards", "list", "--source", "user", "--json"]);
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(own[0]["task"], "summarization");
    let facet = json(
        &home,
        &["cards", "list", "--facet", "task:translation", "--json"],
    );
    assert!(!facet.as_array().unwrap().is_empty());
}

#[test]
fn list_is_filtered_and_sorted_like_the_models_pane() {
    let home = Home::new();
    let list = |arguments: &[&str]| {
        let listed = json(&home, &[&["cards", "list", "--json"], arguments].concat());
        listed.as_array().unwrap().clone()
    };
    let ids = |cards: &[Value]| {
        let of = |card: &Value| card["id"].as_str().unwrap().to_owned();
        cards.iter().map(of).collect::<Vec<_>>()
    };
    let facet = list(&[
        "--facet",
        "task:translation",
        "--facet",
        "license:apache-2.0",
    ]);
    let named = list(&["--task", "translation", "--license", "apache-2.0"]);
    assert!(!named.is_empty());
    assert_eq!(ids(&named), ids(&facet));
    let sorted = list(&["--sort", "parameters", "--descending"]);
    let counts = sorted.iter().map_while(|card| card["parameters"].as_u64());
    let counts = counts.collect::<Vec<_>>();
    assert!(counts.len() > 20 && counts.is_sorted_by(|a, b| a >= b));
    assert_eq!(sorted.len(), list(&[]).len());
    let output = home.run(&[
        "cards",
        "list",
        "--filter",
        "translates under 10 MB",
        "--json",
    ]);
    assert_eq!(text(&output.stdout), "[]\n");
    let said = text(&output.stderr);
    assert!(
        said.contains("No model under 10 MB that translates. Nearest: "),
        "{said}"
    );
    assert!(
        said.contains("read as: translation, at most 10 MB on disk"),
        "{said}"
    );
    let literal = list(&["--filter", "T5 small", "--sort", "name"]);
    assert!(!literal.is_empty());
    let id = |card: &Value| card["id"].as_str().unwrap().to_lowercase();
    assert!(literal.iter().all(|card| id(card).contains("t5")));
}

#[test]
fn show_prints_the_card_or_its_facts() {
    let home = Home::new();
    let output = home.run(&["cards", "show", "google/flan-t5-base"]);
    assert!(text(&output.stdout).starts_with("---\n"));
    let facts = json(&home, &["cards", "show", "google/flan-t5-base", "--json"]);
    assert_eq!(facts["id"], "google/flan-t5-base");
    assert_eq!(facts["source"], "built-in");
    let output = home.run(&["cards", "show", "flan-t5"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("hint: did you mean `google/flan-t5"));
}

#[test]
fn ids_come_from_the_flag_the_card_or_the_folders() {
    let home = Home::new();
    let put = |path: &str, body: &str| {
        let path = home.path().join(path);
        modeldesk::files::write(&path, body.as_bytes()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let plain = put("my-org/my-model/README.md", &card(1));
    let named = put("x/README.md", "---\nmodeldesk:\n  id: own/name\n---\n# x\n");
    let added =
        |arguments: &[&str]| json(&home, &[&["cards", "add", "--json"], arguments].concat());
    assert_eq!(added(&[&plain])[0]["id"], "my-org/my-model");
    assert_eq!(added(&[&named])[0]["id"], "own/name");
    assert_eq!(added(&[&named, "--id", "third"])[0]["id"], "third");
    let output = home.run(&["cards", "add", &plain, "--id", "a/b/c"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("hint: "));
    assert!(
        home.run(&["cards", "remove", "third", "own/name"])
            .status
            .success()
    );
    assert_eq!(
        home.run(&["cards", "remove", "third"]).status.code(),
        Some(1)
    );
    assert_eq!(
        home.run(&["cards", "remove", "google/flan-t5-base"])
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn import_says_what_it_did() {
    let home = Home::new();
    let file = home.path().join("x.jsonl");
    modeldesk::files::write(&file, format!("{}oops\n", jsonl(0..3)).as_bytes()).unwrap();
    let output = home.run(&["cards", "import", file.to_str().unwrap(), "--json"]);
    let report = serde_json::from_slice::<Value>(&output.stdout).unwrap();
    assert_eq!(
        (&report["added"], &report["bad"]["count"]),
        (&3.into(), &1.into())
    );
    assert!(
        text(&output.stderr).contains("line 4: "),
        "{}",
        text(&output.stderr)
    );
    modeldesk::files::write(&file, b"oops\n").unwrap();
    assert_eq!(
        home.run(&["cards", "import", file.to_str().unwrap()])
            .status
            .code(),
        Some(1)
    );
    modeldesk::files::write(&file, b"").unwrap();
    assert_eq!(
        home.run(&["cards", "import", file.to_str().unwrap()])
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn an_interrupted_import_ends_with_130_and_keeps_what_it_read() {
    let home = Home::new();
    drop(home.open());
    let file = home.path().join("x.jsonl");
    modeldesk::files::write(&file, jsonl(0..60_000).as_bytes()).unwrap();
    let mut child = home.command(&["cards", "import", file.to_str().unwrap(), "--json"]);
    let child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    let pid = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let report = serde_json::from_slice::<Value>(&output.stdout).unwrap();
    assert_eq!(report["stopped"], true);
    let kept = json(&home, &["cards", "list", "--source", "imported", "--json"]);
    assert_eq!(
        kept.as_array().unwrap().len() as u64,
        report["added"].as_u64().unwrap()
    );
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let home = Home::new();
    assert_eq!(home.run(&["bogus"]).status.code(), Some(2));
    assert_eq!(
        home.run(&["cards", "list", "--bogus"]).status.code(),
        Some(2)
    );
    for arguments in [
        &["--help"][..],
        &["cards", "--help"],
        &["cards", "import", "--help"],
        &["--version"],
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty());
    }
    assert!(text(&home.run(&["completions", "bash"]).stdout).contains("complete -F"));
    let output = home.run(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("modeldesk cards list"));
    assert!(!home.index().exists(), "help needs no index");
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let home = Home::new();
    drop(home.open());
    for arguments in [
        &["cards", "list"][..],
        &["cards", "list", "--json", "--guide"],
        &["--help"],
    ] {
        let mut child = home.command(arguments);
        let mut child = child
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn nothing_from_a_card_steers_the_terminal() {
    let home = Home::new();
    let bad = "\u{1b}]0;owned\u{7}\u{9b}31m\u{1b}[2J\u{202e}x";
    let body = format!(
        "---\nlicense: \"{}\"\npipeline_tag: [\n---\n# {bad}\n\n{bad}\n",
        "\\x1b[31mx"
    );
    let file = home.path().join("x.md");
    modeldesk::files::write(&file, body.as_bytes()).unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        &["cards", "check", file][..],
        &["cards", "check", file, "--json"],
        &["cards", "add", file, "--id", "a/b"],
        &["cards", "add", file, "--id", bad],
        &["cards", "show", "a/b"],
        &["cards", "show", "a/b", "--json"],
        &["cards", "show", bad],
        &["cards", "list"],
        &["cards", "list", "--json"],
        &["cards", "list", "--source", bad],
        &["cards", "remove", bad],
        &["cards", "import", bad],
    ] {
        let output = home.run(arguments);
        for stream in [&output.stdout, &output.stderr] {
            let stream = text(stream);
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!stream.contains(steers), "{arguments:?}: {stream:?}");
        }
    }
}

#[test]
fn check_names_lines_and_fails_on_errors() {
    let home = Home::new();
    let output = home.run(&["cards", "check", "--built-in"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let file = home.path().join("x.md");
    modeldesk::files::write(&file, b"---\nlicense: [\n---\n# x\n").unwrap();
    let output = home.run(&["cards", "check", file.to_str().unwrap()]);
    assert!(
        text(&output.stdout).contains("x.md:"),
        "{}",
        text(&output.stdout)
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        home.run(&["cards", "check", &id(1)]).status.code(),
        Some(1),
        "no such file"
    );
}
