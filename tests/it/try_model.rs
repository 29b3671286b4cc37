//! `modeldesk try` and `modeldesk bench`, from the command line to what they print.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::index::{Home, text};

/// A folder of tests/parity/pipelines.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name)
}

fn run(home: &Home, command: &str, model: &Path, arguments: &[&str]) -> Output {
    let model = model.to_str().expect("a path in UTF-8");
    let all: Vec<&str> = [command, model]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    home.command(&all).output().expect("the program runs")
}

fn json(output: &Output) -> Value {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    serde_json::from_str(&out).expect("one JSON object")
}

/// A recorded number is a score, and agrees within a thousandth of itself or so.
fn agrees(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| agrees(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => {
            (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-4
        }
        _ => ours == theirs,
    }
}

/// The recorded cases of one task whose input is one text and whose options are flags.
fn cases(task: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models/pipelines.json");
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all.into_iter()
        .filter(|case| case["task"] == task)
        .collect()
}

#[test]
fn masks_are_filled_as_transformers_fills_them() {
    let home = Home::new();
    let mut tried = 0;
    for case in cases("fill-mask") {
        let (Some(input), None) = (case["inputs"].as_str(), case["options"].get("targets")) else {
            continue;
        };
        let top = case["options"]["top_k"].as_u64().unwrap_or(5).to_string();
        let arguments = [input, "--precision", "f32", "--json", "--top-k", &top];
        let found = json(&run(&home, "try", &folder("fill-mask"), &arguments));
        assert!(agrees(&found["output"], &case["outputs"]), "{found} {case}");
        assert_eq!(found["task"], "fill-mask");
        assert!(found["timing"]["load_s"].as_f64().unwrap() > 0.0);
        tried += 1;
    }
    assert!(tried >= 3, "{tried}");
}

#[test]
fn questions_are_answered_as_transformers_answers_them() {
    let home = Home::new();
    for case in cases("question-answering")
        .iter()
        .filter(|case| case["options"] == serde_json::json!({}))
    {
        let question = case["inputs"]["question"].as_str().unwrap();
        let context = case["inputs"]["context"].as_str().unwrap();
        let arguments = [
            context,
            "--question",
            question,
            "--precision",
            "f32",
            "--json",
        ];
        let found = json(&run(
            &home,
            "try",
            &folder("question-answering"),
            &arguments,
        ));
        assert!(agrees(&found["output"], &case["outputs"]), "{found} {case}");
    }
}

#[test]
fn a_text_goes_on_the_same_with_the_same_seed_and_a_second_time_from_packed_weights() {
    let home = Home::new();
    let write = |seed: &str| {
        let arguments = [
            "The train",
            "--max-new-tokens",
            "12",
            "--do-sample",
            "--seed",
            seed,
            "--json",
        ];
        json(&run(&home, "try", &folder("text-generation"), &arguments))["output"].clone()
    };
    let first = write("7");
    assert!(
        first[0]["generated_text"]
            .as_str()
            .unwrap()
            .starts_with("The train"),
        "{first}"
    );
    assert_eq!(write("7"), first);
    assert!((8..20).any(|seed| write(&seed.to_string()) != first));
}

#[test]
fn people_read_lines_and_programs_read_json_only() {
    let home = Home::new();
    let arguments = ["The train", "--max-new-tokens", "4"];
    let output = run(&home, "try", &folder("text-generation"), &arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(
        out.starts_with("The train") && out.ends_with('\n'),
        "{out:?}"
    );
    assert!(err.contains("tokens a second"), "{err}");
    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    let arguments = ["Anna lives in Vienna.", "--precision", "q4"];
    let output = run(&home, "try", &folder("text-classification"), &arguments);
    let out = text(&output.stdout);
    assert!(
        ["NEGATIVE", "NEUTRAL", "POSITIVE"]
            .iter()
            .any(|label| out.contains(label)),
        "{out}"
    );
}

#[test]
fn a_file_gives_one_output_a_line_and_scores_are_raw() {
    let home = Home::new();
    let file = home.path().join("inputs.txt");
    modeldesk::files::write(
        &file,
        b"Anna lives in Vienna.\n\nRain fell for three days.\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["--file", file, "--json", "--scores", "--precision", "f32"];
    let found = json(&run(
        &home,
        "try",
        &folder("text-classification"),
        &arguments,
    ));
    assert_eq!(found["output"].as_array().unwrap().len(), 2, "{found}");
    let raw: f64 = found["scores"][0]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["score"].as_f64().unwrap())
        .sum();
    assert!(
        (raw - 1.0).abs() > 1e-3,
        "logits are no probabilities: {found}"
    );
}

#[test]
fn what_cannot_be_done_says_what_and_what_to_do() {
    let home = Home::new();
    let (gpt2, classifier) = (folder("text-generation"), folder("text-classification"));
    let missing = Path::new("no/such");
    let cases: [(&Path, &[&str], i32, &str, &str); 8] = [
        (missing, &["x"], 1, "no such folder", "modeldesk pull"),
        (
            &gpt2,
            &["x", "--task", "fill-mask"],
            1,
            "does not do fill-mask",
            "text-generation",
        ),
        (
            &gpt2,
            &["x", "--task", "fil-mask"],
            2,
            "there is no task",
            "fill-mask",
        ),
        (&gpt2, &["x", "--temperature", "0"], 2, "--temperature", ""),
        (
            &gpt2,
            &["x", "--num-beams", "2", "--num-return-sequences", "3"],
            2,
            "--num-return-sequences",
            "",
        ),
        (
            &gpt2,
            &["x", "--max-new-tokens", "0"],
            2,
            "--max-new-tokens",
            "",
        ),
        (
            &classifier,
            &["x", "--question", "y"],
            2,
            "--question",
            "not for text-classification",
        ),
        (
            &classifier,
            &["x", "--function-to-apply", "relu"],
            2,
            "--function-to-apply",
            "softmax",
        ),
    ];
    for (model, arguments, code, what, hint) in cases {
        let output = run(&home, "try", model, arguments);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert!(
            err.contains(what) && err.contains(hint),
            "{arguments:?}: {err}"
        );
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
    let long = "word ".repeat(100);
    let err = text(&run(&home, "try", &gpt2, &[&long]).stderr);
    assert!(err.contains("64"), "the context of the model: {err}");
}

#[test]
fn pickles_are_refused_with_the_way_out() {
    let home = Home::new();
    let model = home.path().join("pickled");
    std::fs::create_dir(&model).unwrap();
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(folder("text-generation").join(name), model.join(name)).unwrap();
    }
    modeldesk::files::write(&model.join("pytorch_model.bin"), b"\x80\x02}q\x00.").unwrap();
    let output = run(&home, "try", &model, &["x"]);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("pickle") && err.contains("safe"), "{err}");
}

#[test]
fn a_measurement_has_every_figure_of_its_kind() {
    let home = Home::new();
    let found = json(&run(
        &home,
        "bench",
        &folder("fill-mask"),
        &["--json", "--precision", "q8"],
    ));
    let row = &found["precisions"][0];
    assert_eq!(row["precision"], "q8");
    assert!(row["forward_ms"]["1x16"].as_f64().unwrap() > 0.0, "{found}");
    let bytes = |name: &str| row[name].as_u64().unwrap();
    assert!(bytes("weight_bytes") > 10_000, "{found}");
    assert!(bytes("peak_bytes") > bytes("weight_bytes"), "{found}");
    assert!(bytes("first_peak_bytes") > bytes("weight_bytes"), "{found}");
    assert!(row["first_load_s"].as_f64().unwrap() > 0.0, "{found}");
    let words = text(
        &run(
            &home,
            "bench",
            &folder("text-generation"),
            &["--precision", "q4"],
        )
        .stdout,
    );
    for figure in [
        "q4\n",
        "  load ",
        "  first token ",
        "  reads ",
        "  writes ",
        "  memory ",
    ] {
        assert!(words.contains(figure), "{figure} in {words}");
    }
}

/// A cache of models with this folder of tests/parity/pipelines as the model `id`.
fn cached(cache: &Path, id: &str, name: &str) {
    let model = cache.join(format!("models--{}", id.replace('/', "--")));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    modeldesk::files::write(&model.join("refs/main"), commit.as_bytes()).unwrap();
    let snapshot = model.join("snapshots").join(commit);
    std::fs::create_dir_all(&snapshot).unwrap();
    for file in std::fs::read_dir(folder(name)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), snapshot.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_model_goes_by_the_names_of_its_card_and_what_is_measured_of_it_is_told() {
    let (home, cache) = (Home::new(), tempfile::tempdir().unwrap());
    cached(cache.path(), "openai-community/gpt2", "text-generation");
    cached(cache.path(), "somebody/Unheard-Of", "fill-mask");
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("HF_HUB_CACHE", cache.path()).output().unwrap()
    };
    for (name, id) in [
        ("openai-community/gpt2", "openai-community/gpt2"),
        ("OpenAI-Community/GPT2", "openai-community/gpt2"),
        ("gpt2", "openai-community/gpt2"),
        ("GPT-2", "openai-community/gpt2"),
        ("unheard-of", "somebody/Unheard-Of"),
        ("Somebody/unheard-of", "somebody/Unheard-Of"),
    ] {
        let found = json(&run(&["bench", name, "--precision", "q8", "--json"]));
        assert_eq!(found["model"], id, "{name}");
    }
    let compared = json(&run(&["compare", "gpt2", "distilgpt2", "--json"]));
    let rows = compared["comparison"]["rows"].as_array().unwrap();
    let here = rows
        .iter()
        .find(|row| row["field"] == "speed, here")
        .unwrap();
    let told = here["cells"][0]["text"].as_str().unwrap();
    assert!(told.contains(" tokens/s in q8, here 20"), "{told}");
    assert_eq!(here["cells"][1]["text"], "not measured here");

    let absent = run(&["try", "bert", "x"]);
    let err = text(&absent.stderr);
    assert_eq!(absent.status.code(), Some(1), "{err}");
    assert!(
        err.contains("modeldesk pull google-bert/bert-base-uncased"),
        "{err}"
    );
}

#[test]
fn a_run_goes_by_its_id() {
    let home = Home::new();
    let model = home
        .path()
        .join("data/modeldesk/runs/20261124-reviews/model");
    std::fs::create_dir_all(&model).unwrap();
    modeldesk::files::write(&model.with_file_name("plan.yaml"), b"").unwrap();
    for file in std::fs::read_dir(folder("fill-mask")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), model.join(file.file_name())).unwrap();
    }
    let arguments = ["bench", "20261124-reviews", "--precision", "f32", "--json"];
    let output = home.command(&arguments).output().unwrap();
    assert_eq!(json(&output)["model"], "20261124-reviews");
}
