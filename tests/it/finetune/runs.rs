//! Runs from the command line: to their end, interrupted anywhere, and with something changed.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use modeldesk::digest;
use modeldesk::finetune::run::{Ask, Event, Phase, Run, Tail, settled};
use serde_json::Value;

use crate::counts;
use crate::index::{Home, text};

/// A folder of tests/parity/pipelines.
pub(super) fn folder(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name);
    path.to_str().unwrap().to_owned()
}

/// Rows with a word that decides the label.
fn labelled(home: &Home, rows: usize) -> String {
    let mut csv = "text,label\n".to_owned();
    for i in 0..rows {
        let (word, label) = [("good", "yes"), ("bad", "no")][i % 2];
        csv = format!("{csv}the {word} cat {i} sat,{label}\n");
    }
    save(home, "rows.csv", &csv)
}

pub(super) fn save(home: &Home, name: &str, content: &str) -> String {
    let path = home.path().join(name);
    modeldesk::files::write(&path, content.as_bytes()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A run of some seconds on the labelled rows, with more options.
fn start(home: &Home, name: &str, more: &[&str]) -> Output {
    let (model, data) = (folder("fill-mask"), labelled(home, 80));
    let mut arguments = vec![
        "tune",
        "start",
        "--model",
        &model,
        "--train",
        &data,
        "--task",
        "text-classification",
        "--name",
        name,
        "--threads",
        "1",
        "--learning-rate",
        "1e-2",
        "--max-steps",
        "24",
        "--per-device-train-batch-size",
        "4",
        "--gradient-accumulation-steps",
        "2",
        "--eval-steps",
        "8",
        "--logging-steps",
        "2",
        "--json",
    ];
    arguments.extend(more);
    home.run(&arguments)
}

pub(super) fn ok(output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    out
}

pub(super) fn run_of(home: &Home, name: &str) -> Run {
    Run::find(&home.folders(), name).unwrap()
}

/// Waits until the run is in a state that `wanted` takes.
fn wait(run: &Run, wanted: impl Fn(Phase, u64) -> bool) {
    let begun = Instant::now();
    loop {
        let state = run.state().unwrap();
        if wanted(state.state, state.step) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "{state:?}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

pub(super) fn weights(run: &Run) -> String {
    digest::of_file(&run.model_path().join("model.safetensors"), &mut || false)
        .unwrap()
        .1
}

/// What happened, without what a clock or the system says.
pub(super) fn told(run: &Run) -> Vec<Value> {
    let events = settled(Tail::new(&run.events_path()).read().unwrap());
    let kept = events.iter().filter(|event| {
        matches!(
            event,
            Event::Progress { .. } | Event::Check { .. } | Event::Sample { .. }
        )
    });
    let plain = kept.map(|event| {
        let mut event = serde_json::to_value(event).unwrap();
        for name in ["tokens_per_s", "seconds", "rss_mb"] {
            event.as_object_mut().unwrap().remove(name);
        }
        event
    });
    plain.collect()
}

#[test]
fn a_run_goes_to_its_end_and_its_model_is_there_at_once() {
    let home = Home::new();
    let out = ok(&start(&home, "one", &["--wait"]));
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let end = lines.last().unwrap();
    assert_eq!(
        (&end["event"], &end["state"]),
        (&"end".into(), &"done".into()),
        "{end}"
    );
    let (tuned, base) = (&end["metrics"], &end["base_metrics"]);
    assert!(tuned["loss"].as_f64() < base["loss"].as_f64(), "{end}");
    assert_eq!(tuned["accuracy"].as_f64(), Some(1.0), "{end}");
    assert!(
        base["majority_class_accuracy"].as_f64().unwrap() < 1.0,
        "{end}"
    );
    for name in ["wall_s", "tokens_per_s", "peak_rss_mb"] {
        assert!(end[name].as_f64().unwrap() > 0.0, "{end}");
    }
    let run = run_of(&home, "one");
    assert_eq!(
        end["model_dir"].as_str().map(PathBuf::from),
        Some(run.model_path())
    );
    for name in [
        "plan.yaml",
        "state.json",
        "report.html",
        "log.txt",
        "evaluation.json",
    ] {
        assert!(run.folder.join(name).is_file(), "{name}");
    }

    let listed: Value = serde_json::from_str(&ok(&home.run(&["tune", "list", "--json"]))).unwrap();
    let one = &listed[0];
    assert_eq!(
        (&one["id"], &one["state"], &one["step"]),
        (&"one".into(), &"done".into(), &24.into())
    );
    let cards: Value = serde_json::from_str(&ok(&home.run(&["cards", "list", "--json"]))).unwrap();
    let cards = cards.as_array().unwrap();
    assert!(
        cards
            .iter()
            .any(|card| card["id"] == "one" && card["source"] == "run")
    );
    let card = run.model_path().join("README.md");
    ok(&home.run(&["cards", "check", card.to_str().unwrap()]));

    let model = run.model_path();
    let tried = home.run(&[
        "try",
        model.to_str().unwrap(),
        "the bad cat sat",
        "--precision",
        "f32",
        "--json",
    ]);
    let tried: Value = serde_json::from_str(&ok(&tried)).unwrap();
    assert_eq!(
        tried["output"][0]["label"]
            .as_str()
            .or_else(|| tried["output"]["label"].as_str()),
        Some("no"),
        "{tried}"
    );
}

#[test]
fn a_run_that_is_killed_or_rests_ends_in_the_same_bytes() {
    let home = Home::new();
    ok(&start(&home, "whole", &["--wait"]));
    let whole = run_of(&home, "whole");

    ok(&start(&home, "rests", &[]));
    let rests = run_of(&home, "rests");
    wait(&rests, |phase, _| phase == Phase::Running);
    // It may take the file before it has begun to learn, or later.
    std::thread::sleep(Duration::from_millis(30));
    if rests.ask(Ask::Pause).is_ok() {
        wait(&rests, |phase, _| {
            phase != Phase::Running && phase != Phase::Queued
        });
    }
    ok(&home.run(&["tune", "resume", "rests", "--wait", "--json"]));

    ok(&start(&home, "killed", &[]));
    let killed = run_of(&home, "killed");
    for at in [3, 12, 18] {
        wait(&killed, |phase, step| step >= at || phase == Phase::Done);
        let state = killed.state().unwrap();
        if state.state == Phase::Done {
            break;
        }
        let pid = state.pid.to_string();
        let _ = std::process::Command::new("kill")
            .args(["-9", &pid])
            .status();
        wait(&killed, |phase, _| phase != Phase::Running);
        let resumed = home.run(&["tune", "resume", "killed", "--json"]);
        if killed.state().unwrap().state != Phase::Done {
            ok(&resumed);
        }
    }
    wait(&killed, |phase, _| phase == Phase::Done);
    for run in [&rests, &killed] {
        assert_eq!(run.state().unwrap().state, Phase::Done, "{}", run.id);
        assert_eq!(weights(run), weights(&whole), "{}", run.id);
        assert_eq!(told(run), told(&whole), "{}", run.id);
    }
}

#[test]
fn a_run_whose_options_or_data_have_changed_is_not_gone_on_with() {
    let row = counts::row("R3");
    let home = Home::new();
    ok(&start(&home, "one", &[]));
    let run = run_of(&home, "one");
    wait(&run, |phase, step| step >= 8 || phase == Phase::Done);
    if run.ask(Ask::Stop).is_ok() {
        wait(&run, |phase, _| {
            phase == Phase::Stopped || phase == Phase::Done
        });
    }
    // As if its process had been killed.
    let mut state = run.state().unwrap();
    state.state = Phase::Interrupted;
    state.write(&run.state_path()).unwrap();

    let plan = std::fs::read_to_string(run.plan_path()).unwrap();
    for (from, to, named) in [
        (
            "learning_rate: 0.01",
            "learning_rate: 0.02",
            "learning_rate",
        ),
        (
            "per_device_train_batch_size: 4",
            "per_device_train_batch_size: 2",
            "per_device_train_batch_size",
        ),
        (
            "gradient_accumulation_steps: 2",
            "gradient_accumulation_steps: 1",
            "gradient_accumulation_steps",
        ),
        ("seed: 42\n", "seed: 43\n", "seed"),
        ("method: full", "method: head", "method"),
        ("threads: 1", "threads: 2", "threads"),
        ("program: ", "program: 9.", "program"),
        ("weights: ", "weights: f", "base weights"),
        ("tokenizer: ", "tokenizer: f", "tokenizer"),
        ("processor: ", "processor: other ", "processor"),
        ("weight_decay: ", "weight_decay: 1", "weight_decay"),
    ] {
        assert!(plan.contains(from), "{from} {plan}");
        modeldesk::files::write(&run.plan_path(), plan.replacen(from, to, 9).as_bytes()).unwrap();
        let output = home.run(&["tune", "resume", "one", "--wait"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{named}: {said}");
        assert!(
            said.contains(named) && said.contains("--force"),
            "{named}: {said}"
        );
    }
    modeldesk::files::write(&run.plan_path(), plan.as_bytes()).unwrap();
    let data = std::fs::read_to_string(home.path().join("rows.csv")).unwrap();
    let (head, rows) = data.split_once('\n').unwrap();
    let mut turned: Vec<&str> = rows.lines().collect();
    turned.reverse();
    for changed in [
        format!("{head}\n{}\n", turned.join("\n")),
        data.replace("cat 3 sat,no", "cat 3 sat,perhaps"),
        data.replace("cat 3 sat", "cat 3 ran"),
    ] {
        assert_ne!(changed, data);
        save(&home, "rows.csv", &changed);
        let output = home.run(&["tune", "resume", "one", "--wait"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("data"), "{said}");
    }
    // What was changed on purpose is written down.
    ok(&home.run(&["tune", "resume", "one", "--wait", "--force", "--json"]));
    let events = Tail::new(&run.events_path()).read().unwrap();
    let warned = events
        .iter()
        .any(|event| matches!(event, Event::Warning { message } if message.contains("data:")));
    assert!(warned);
    row.held(14);
}

#[test]
fn conversations_and_pairs_are_learned_by_adapters_and_written_again() {
    let home = Home::new();
    let lines = (0..24).map(|i| format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"say {i}\"}},{{\"role\":\"assistant\",\"content\":\"the cat sat\"}}]}}\n"));
    let chat = lines.collect::<Vec<_>>().concat();
    let chat = save(&home, "chat.jsonl", &chat);
    let pairs: Vec<String> = (0..24).map(|i| format!("the cat {i}\tsat\n")).collect();
    let pairs = pairs.concat();
    let pairs = save(&home, "pairs.tsv", &format!("source\ttarget\n{pairs}"));
    for (model, data, more) in [
        ("text-generation", &chat, ["--check-size", "4"]),
        ("text2text-generation", &pairs, ["--check-size", "4"]),
    ] {
        let model_folder = folder(model);
        let mut arguments = vec![
            "tune",
            "start",
            "--model",
            &model_folder,
            "--train",
            data,
            "--name",
            model,
            "--method",
            "lora",
            "--lora-r",
            "2",
            "--learning-rate",
            "1e-2",
            "--max-steps",
            "6",
            "--per-device-train-batch-size",
            "4",
            "--wait",
            "--json",
        ];
        arguments.extend(more);
        let out = ok(&home.run(&arguments));
        let end: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        let loss = |of: &str| end[of]["loss"].as_f64().unwrap();
        assert!(loss("metrics") < loss("base_metrics"), "{end}");
        let run = run_of(&home, model);
        assert!(run.model_path().join("adapter_model.safetensors").is_file());
        let samples = told(&run)
            .into_iter()
            .filter(|event| event["event"] == "sample")
            .count();
        assert!(samples >= 3, "{samples}");
        let tried = home.run(&[
            "try",
            run.model_path().to_str().unwrap(),
            "the cat",
            "--json",
        ]);
        ok(&tried);
    }
}

#[test]
fn an_adapter_is_folded_into_a_model_that_stands_alone() {
    let home = Home::new();
    let lora = ["--method", "lora", "--wait"];
    let end = ok(&start(&home, "small", &lora));
    let end: Value = serde_json::from_str(end.lines().last().unwrap()).unwrap();
    let said = end["verdict"].as_str().unwrap();
    assert!(said.contains("on the 4 test rows: accuracy"), "{said}");
    assert!(said.contains("(95%: "), "{said}");
    let run = run_of(&home, "small");
    assert!(run.model_path().join("adapter_model.safetensors").is_file());

    let alone = home.path().join("alone");
    let alone = alone.to_str().unwrap();
    let export = ["tune", "export", "small", "--merge", "--out", alone];
    ok(&home.run(&export));
    assert!(!Path::new(alone).join("adapter_config.json").exists());
    let asked = |model: &str| -> Value {
        let text = "the good cat 3 sat";
        let tried = home.run(&[
            "try",
            model,
            text,
            "--json",
            "--scores",
            "--precision",
            "f32",
        ]);
        serde_json::from_str(&ok(&tried)).unwrap()
    };
    let (one, other) = (asked("small"), asked(alone));
    let logits = |answer: &Value| -> Vec<f64> {
        let row = answer["scores"][0].as_array().unwrap().iter();
        row.map(|one| one["score"].as_f64().unwrap()).collect()
    };
    let (one, other) = (logits(&one), logits(&other));
    assert!(one.len() >= 2 && one.len() == other.len());
    let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-4;
    assert!(one.iter().zip(&other).all(near), "{one:?} {other:?}");

    for (arguments, wanted) in [
        (&export[..], "--out: "),
        (
            &["tune", "export", alone, "--merge", "--out", "elsewhere"],
            "is no adapter",
        ),
    ] {
        let refused = home.run(arguments);
        assert_ne!(refused.status.code(), Some(0));
        let said = text(&refused.stderr);
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn runs_stand_side_by_side_and_different_test_rows_are_said() {
    let home = Home::new();
    ok(&start(&home, "one", &["--wait"]));
    ok(&start(&home, "two", &["--method", "head", "--wait"]));
    let table = ok(&home.run(&["tune", "compare", "one", "two"]));
    let row = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name}: {table}")).to_owned()
    };
    assert!(row("method").contains("full") && row("method").contains("head"));
    assert!(row("accuracy").contains("(untuned "), "{table}");
    assert!(!table.contains("do not compare"), "{table}");
    ok(&start(&home, "three", &["--seed", "7", "--wait"]));
    let table = ok(&home.run(&["tune", "compare", "one", "three"]));
    assert!(table.contains("do not compare"), "{table}");
    let json = ok(&home.run(&["tune", "compare", "one", "three", "--json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[1]["same_test_rows"], false);
}
