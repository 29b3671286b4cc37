//! `config.yaml` as the program takes it.

use modeldesk::files;
use modeldesk::settings::Settings;
use serde_json::Value;

use crate::index::{Home, text};

fn set(home: &Home, yaml: &str) {
    let file = home.folders().config.join("config.yaml");
    files::write(&file, yaml.as_bytes()).unwrap();
}

fn doctor(home: &Home) -> Value {
    let output = home.run(&["doctor", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The example of README.md, with as many threads as every machine has.
#[test]
fn the_documented_example_is_taken_as_it_stands() {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("```yaml\nkeys:").unwrap();
    let (yaml, _) = after.split_once("```").unwrap();
    let home = Home::new();
    set(
        &home,
        &format!("keys:{}", yaml.replace("threads: 2", "threads: 1")),
    );
    let (settings, said) = Settings::read(&home.folders());
    assert_eq!(said, []);
    let commands = settings
        .keys
        .iter()
        .map(|k| (k.command.as_str(), k.keys.len()));
    let wanted = [("why", 2), ("suspend", 0)];
    assert_eq!(commands.collect::<Vec<_>>(), wanted);
    let (_, misfits) = modeldesk::tui::Look::of(&settings);
    assert_eq!(misfits, []);
    assert!(settings.cache.unwrap().is_absolute());
}

#[test]
fn doctor_names_the_file_and_what_of_it_is_not_used() {
    let home = Home::new();
    let found = doctor(&home);
    let file = found["settings"].as_str().unwrap();
    assert!(
        file.ends_with("config.yaml (not there: the defaults hold)"),
        "{file}"
    );
    assert_eq!(found["notices"], serde_json::json!([]));
    set(&home, "threads: 1\nnotfy: never\n");
    let found = doctor(&home);
    assert!(found["settings"].as_str().unwrap().ends_with("config.yaml"));
    let said = found["notices"][0].as_str().unwrap();
    assert!(said.ends_with("config.yaml:2: notfy: unknown, and not used; did you mean `notify`?"));
    let products = found["machine"]["products"].as_str().unwrap();
    assert!(products.ends_with("on 1 core"), "{products}");
}

#[test]
fn a_file_that_is_no_yaml_stops_no_answer_and_stays_as_it_is() {
    let home = Home::new();
    let broken = "keys: [q\nmouse: \u{1b}[2J";
    set(&home, broken);
    let output = home.run(&["ask", "--json", "What is ROUGE?"]);
    assert!(output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["intent"], "lookup");
    let said = text(&output.stderr);
    assert!(
        said.starts_with("note: ") && said.contains("config.yaml:"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
    assert!(!said.contains('\u{1b}'));
    let file = home.folders().config.join("config.yaml");
    assert_eq!(std::fs::read_to_string(file).unwrap(), broken);
}

#[cfg(unix)]
#[test]
fn the_set_cache_is_looked_at_and_what_is_whole_in_it_is_on_disk() {
    let (home, models) = (Home::new(), crate::cache::Models::new());
    models.whole("google/flan-t5-small");
    let question = [
        "ask",
        "--json",
        "Which small model summarizes?",
        "must run here",
    ];
    let here = |home: &Home| {
        let output = home.run(&question);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let models = answer["models"].as_array().unwrap();
        let flan = models.iter().find(|m| m["id"] == "google/flan-t5-small");
        flan.unwrap().clone()
    };
    assert_eq!(here(&home)["availability"], "fetch");
    set(&home, &format!("cache: {}\n", models.folder().display()));
    let flan = here(&home);
    assert_eq!(flan["availability"], "ready");
    assert_eq!(flan["reason"], "on disk");
    assert_eq!(flan["runs_here"], "yes");
    let found = doctor(&home);
    let held = found["folders"]["models"].as_str().unwrap();
    assert!(
        held.ends_with("hub (1 model, 1 of them whole, 9 B)"),
        "{held}"
    );
}
