//! Processes of runs that are cut off anywhere: what they end in, and what is left of them.

use std::path::Path;
use std::time::{Duration, Instant};

use modeldesk::finetune::checkpoint::Saved;
use modeldesk::finetune::run::{Event, Phase, Run, Tail};
use serde_json::Value;

use super::runs::{folder, ok, run_of, save, told, weights};
use crate::counts;
use crate::index::{Home, text};

/// What a run may be about: the model's folder, the task, the file of rows and what is in it.
pub(super) struct Head {
    pub model: &'static str,
    pub task: &'static str,
    pub file: &'static str,
    pub row: fn(usize) -> String,
}

pub(super) const HEADS: [Head; 6] = [
    Head {
        model: "fill-mask",
        task: "text-classification",
        file: "rows.tsv",
        row: |i| format!("the {} cat {i} sat\t{}\n", ["good", "bad"][i % 2], i % 2),
    },
    Head {
        model: "token-classification",
        task: "token-classification",
        file: "rows.conll",
        row: |i| format!("the O\ncat B-PER\n{i} O\nsat O\n\n"),
    },
    Head {
        model: "question-answering",
        task: "question-answering",
        file: "rows.jsonl",
        row: |i| {
            format!(
                "{{\"id\":\"{i}\",\"question\":\"who sat {i}\",\"context\":\"the cat sat {i}\",\
                 \"answers\":{{\"text\":[\"cat\"],\"answer_start\":[4]}}}}\n"
            )
        },
    },
    Head {
        model: "text-generation",
        task: "text-generation",
        file: "rows.jsonl",
        row: |i| {
            format!(
                "{{\"messages\":[{{\"role\":\"user\",\"content\":\"say {i}\"}},\
                 {{\"role\":\"assistant\",\"content\":\"the cat sat {i}\"}}]}}\n"
            )
        },
    },
    Head {
        model: "fill-mask",
        task: "fill-mask",
        file: "rows.txt",
        row: |i| format!("the cat {i} sat on the mat {i}\n"),
    },
    Head {
        model: "text2text-generation",
        task: "text2text-generation",
        file: "rows.jsonl",
        row: |i| format!("{{\"source\":\"the cat {i}\",\"target\":\"sat {i}\"}}\n"),
    },
];

/// A moment in a run: whether it has come, by the lines of its events and by its folder.
type Moment = fn(&str, &Run) -> bool;

/// A step is told of.
pub(super) fn stepped(events: &str, step: u64) -> bool {
    let wanted = format!("\"event\":\"progress\",\"step\":{step},");
    events.contains(&wanted)
}

/// The runs take 12 steps of 2 x 2 rows, 5 to an epoch, with a check after every fourth and a
/// checkpoint after every second.
const MOMENTS: [(&str, Moment); 6] = [
    ("after the first step", |events, _| stepped(events, 1)),
    ("in the middle of an epoch", |events, _| stepped(events, 3)),
    ("at the end of an epoch", |events, _| stepped(events, 5)),
    ("between accumulated batches", |events, _| {
        if !stepped(events, 6) {
            return false;
        }
        std::thread::sleep(Duration::from_micros(300));
        true
    }),
    ("during a check", |events, _| stepped(events, 8)),
    ("during a save", |events, run| {
        stepped(events, 1) && is_saving(run)
    }),
];

fn is_saving(run: &Run) -> bool {
    let Ok(all) = run.checkpoints_path().read_dir() else {
        return false;
    };
    all.flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with(".write-"))
}

/// What a process gets: an order to end, its end, and an end as by a panic that aborts.
const SIGNALS: [&str; 3] = ["INT", "KILL", "ABRT"];

pub(super) fn start(home: &Home, head: &Head, name: &str, more: &[&str]) {
    let options = options(home, head, name, more);
    ok(&home.run(&options.iter().map(String::as_str).collect::<Vec<_>>()));
}

/// What starts a run, after the program's name.
pub(super) fn options(home: &Home, head: &Head, name: &str, more: &[&str]) -> Vec<String> {
    let rows: String = (0..24).map(head.row).collect();
    let data = save(home, head.file, &rows);
    let fixed = [
        ["tune", "start"],
        ["--model", &folder(head.model)],
        ["--train", &data],
        ["--task", head.task],
        ["--name", name],
        ["--method", "full"],
        ["--threads", "1"],
        ["--check-size", "2"],
        ["--test-size", "2"],
        ["--learning-rate", "1e-2"],
        ["--per-device-train-batch-size", "2"],
        ["--gradient-accumulation-steps", "2"],
        ["--logging-steps", "1"],
    ];
    let all = fixed.iter().flatten().chain(&["--json"]).chain(more);
    all.map(|word| (*word).to_owned()).collect()
}

pub(super) const SHORT: [&str; 6] = [
    "--max-steps",
    "12",
    "--eval-steps",
    "4",
    "--save-steps",
    "2",
];

/// Waits until the moment has come; the process that works on the run then, if it has not ended.
pub(super) fn until(run: &Run, moment: impl Fn(&str, &Run) -> bool) -> Option<String> {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < Duration::from_mins(2), "{}", run.id);
        let state = run.state().unwrap();
        if state.state.ended() {
            return None;
        }
        let events = std::fs::read_to_string(run.events_path()).unwrap_or_default();
        if run.works().unwrap() && moment(&events, run) {
            return Some(state.pid.to_string());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Sends a signal to the process that works on the run once the moment has come, and waits for its
/// end; whether it was cut off.
pub(super) fn cut(run: &Run, moment: impl Fn(&str, &Run) -> bool, signal: &str) -> bool {
    let Some(pid) = until(run, moment) else {
        return false;
    };
    let sent = std::process::Command::new("kill")
        .args([&format!("-{signal}"), &pid])
        .status();
    rest(run);
    sent.unwrap().success() && !run.state().unwrap().state.ended()
}

/// Waits until no process works on the run, nor is to begin.
pub(super) fn rest(run: &Run) {
    let begun = Instant::now();
    while run.works().unwrap() || run.state().unwrap().state == Phase::Queued {
        assert!(begun.elapsed() < Duration::from_mins(2), "{}", run.id);
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(super) fn resume(home: &Home, name: &str) {
    ok(&home.run(&["tune", "resume", name, "--wait", "--json"]));
}

pub(super) fn same(one: &Run, whole: &Run, when: &str) {
    assert_eq!(one.state().unwrap().state, Phase::Done, "{when}");
    assert_eq!(weights(one), weights(whole), "{when}");
    assert_eq!(told(one), told(whole), "{when}");
}

#[test]
fn whatever_cuts_a_run_off_it_ends_in_the_same_bytes() {
    let row = counts::row("R1");
    let (heads, signals) = (counts::of(1, HEADS.len()), counts::of(1, SIGNALS.len()));
    let (mut cases, mut cuts) = (0, 0);
    for head in &HEADS[..heads] {
        let home = Home::new();
        start(&home, head, "whole", &[&SHORT[..], &["--wait"]].concat());
        let whole = run_of(&home, "whole");
        // A sample has each moment and each signal once.
        for (i, (when, moment)) in MOMENTS.iter().enumerate() {
            for signal in SIGNALS.iter().cycle().skip(i).take(signals) {
                let name = format!("cut-{i}-{signal}").to_lowercase();
                let when = format!("{} {when}, by {signal}", head.task);
                start(&home, head, &name, &SHORT);
                let run = run_of(&home, &name);
                cuts += usize::from(cut(&run, moment, signal));
                if !run.state().unwrap().state.ended() {
                    resume(&home, &name);
                }
                same(&run, &whole, &when);
                cases += 1;
            }
        }
        for again in 0..counts::of(0, 5) {
            let name = format!("again-{again}");
            start(&home, head, &name, &SHORT);
            let run = run_of(&home, &name);
            for step in [2, 5, 9] {
                if cut(&run, |events, _| stepped(events, step), "KILL") {
                    ok(&home.run(&["tune", "resume", &name, "--json"]));
                }
            }
            rest(&run);
            same(&run, &whole, &format!("{}, cut off three times", head.task));
            cases += 1;
        }
    }
    assert!(cuts * 2 > cases, "{cuts} of {cases} were cut off");
    row.held(cases);
}

#[test]
fn a_kill_during_a_save_leaves_a_whole_checkpoint() {
    let row = counts::row("R2");
    let kills = counts::of(6, 1000);
    let home = Home::new();
    let steps = (kills * 12).to_string();
    let options = [
        "--max-steps",
        &steps,
        "--eval-steps",
        &steps,
        "--save-steps",
        "1",
    ];
    start(&home, &HEADS[0], "one", &options);
    let run = run_of(&home, "one");
    let (mut cases, mut newest) = (0, 0);
    while cases < kills {
        let wait = Duration::from_micros((cases as u64 * 7919) % 6000);
        let moment = |_: &str, run: &Run| {
            let saves = is_saving(run);
            if saves {
                std::thread::sleep(wait);
            }
            saves
        };
        if !cut(&run, moment, "KILL") {
            assert!(run.state().unwrap().state.ended());
            break;
        }
        let (saved, broken) = Saved::newest(&run.checkpoints_path());
        assert!(broken.is_empty(), "a torn checkpoint has a name");
        let step = saved.map_or(0, |saved| saved.progress.step);
        assert!(step >= newest, "{step} after {newest}");
        newest = step;
        cases += 1;
        ok(&home.run(&["tune", "resume", "one", "--json"]));
    }
    rest(&run);
    assert_eq!(run.state().unwrap().state, Phase::Done);
    start(
        &home,
        &HEADS[0],
        "whole",
        &[&options[..], &["--wait"]].concat(),
    );
    same(&run, &run_of(&home, "whole"), "killed again and again");
    assert!(cases > 0);
    row.held(cases);
}

#[test]
fn a_rate_at_which_nothing_can_be_learned_leaves_no_bad_result() {
    let row = counts::row("R4");
    let rates = ["1", "0.9", "0.7", "0.5", "0.3"];
    let mut cases = 0;
    for head in &HEADS[..counts::of(1, 2)] {
        let home = Home::new();
        for rate in rates {
            let name = format!("rate-{rate}");
            let rows: String = (0..24).map(head.row).collect();
            let (data, model) = (save(&home, head.file, &rows), folder(head.model));
            let output = home.run(&[
                "tune",
                "start",
                "--model",
                &model,
                "--train",
                &data,
                "--task",
                head.task,
                "--name",
                &name,
                "--method",
                "full",
                "--learning-rate",
                rate,
                "--max-steps",
                "8",
                "--eval-steps",
                "2",
                "--logging-steps",
                "1",
                "--max-grad-norm",
                "0",
                "--wait",
                "--json",
            ]);
            let run = run_of(&home, &name);
            let events = Tail::new(&run.events_path()).read().unwrap();
            for event in &events {
                if let Event::Check { metrics, best, .. } = event {
                    let finite = metrics.values().all(|value| value.is_finite());
                    assert!(!best || finite, "{rate}: {metrics:?}");
                }
            }
            let phase = run.state().unwrap().state;
            if output.status.success() {
                assert_eq!(phase, Phase::Done, "{rate}");
            } else {
                assert_eq!(phase, Phase::Failed, "{rate}");
                assert!(!text(&output.stderr).is_empty(), "{rate}");
            }
            if run.model_path().join("model.safetensors").is_file() {
                let bytes = std::fs::read(run.model_path().join("model.safetensors")).unwrap();
                let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
                for (name, tensor) in tensors.iter() {
                    let mut values = tensor.data().chunks_exact(4);
                    let finite = values
                        .all(|value| f32::from_le_bytes(value.try_into().unwrap()).is_finite());
                    assert!(finite, "{rate}: {name}");
                }
            }
            cases += 1;
        }
    }
    row.held(cases);
}

/// A copy of a model whose first matrix of words is so large that products overflow.
fn overflowing(home: &Home) -> String {
    let from = folder("fill-mask");
    let to = home.path().join("overflows");
    std::fs::create_dir(&to).unwrap();
    for entry in Path::new(&from).read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let path = to.join("model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let place = {
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let (_, matrix) = tensors
            .iter()
            .find(|(name, _)| name.ends_with("query.weight"))
            .unwrap();
        let start = matrix.data().as_ptr() as usize - bytes.as_ptr() as usize;
        start..start + matrix.data().len()
    };
    for value in bytes[place].chunks_exact_mut(4) {
        value.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    modeldesk::files::write(&path, &bytes).unwrap();
    to.to_str().unwrap().to_owned()
}

#[test]
fn losses_that_are_no_numbers_change_no_weight_and_are_never_the_best() {
    let row = counts::row("R4");
    let home = Home::new();
    let rows: String = (0..24).map(HEADS[0].row).collect();
    let (data, model) = (save(&home, "rows.tsv", &rows), overflowing(&home));
    let output = home.run(&[
        "tune",
        "start",
        "--model",
        &model,
        "--train",
        &data,
        "--task",
        "text-classification",
        "--name",
        "nan",
        "--method",
        "full",
        "--max-steps",
        "6",
        "--eval-steps",
        "2",
        "--wait",
    ]);
    let run = run_of(&home, "nan");
    let events = Tail::new(&run.events_path()).read().unwrap();
    let warned = events.iter().any(
        |event| matches!(event, Event::Warning { message } if message.contains("not numbers")),
    );
    assert!(warned, "{events:?} {}", text(&output.stderr));
    let best = events
        .iter()
        .any(|event| matches!(event, Event::Check { best: true, .. }));
    assert!(!best, "{events:?}");
    row.held(1);
}

#[test]
fn a_run_that_cannot_fit_into_memory_is_refused_before_it_begins() {
    let row = counts::row("R5");
    let home = Home::new();
    let rows: String = (0..24).map(HEADS[0].row).collect();
    let (data, model) = (save(&home, "rows.tsv", &rows), folder("fill-mask"));
    let plan = home.path().join("plan.yaml");
    let plan = plan.to_str().unwrap();
    ok(&home.run(&[
        "tune",
        "plan",
        "--model",
        &model,
        "--train",
        &data,
        "--task",
        "text-classification",
        "--no-probe",
        "--save",
        plan,
    ]));
    // The model is changed for one of that kind which no machine holds.
    let huge = home.path().join("huge");
    std::fs::create_dir(&huge).unwrap();
    let config = std::fs::read(Path::new(&model).join("config.json")).unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    for (field, value) in [("hidden_size", 49_152), ("num_hidden_layers", 50)] {
        config[field] = value.into();
    }
    modeldesk::files::write(&huge.join("config.json"), config.to_string().as_bytes()).unwrap();
    let text_of_plan = std::fs::read_to_string(plan).unwrap();
    let changed = text_of_plan.replace(&model, huge.to_str().unwrap());
    assert_ne!(changed, text_of_plan);
    modeldesk::files::write(Path::new(plan), changed.as_bytes()).unwrap();
    let output = home.run(&["tune", "start", "--plan", plan, "--name", "one"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("of memory") && said.contains("lora"),
        "{said}"
    );
    let listed: Value = serde_json::from_str(&ok(&home.run(&["tune", "list", "--json"]))).unwrap();
    assert_eq!(
        listed.as_array().map(Vec::len),
        Some(0),
        "nothing was begun"
    );
    row.held(1);
}

#[test]
fn a_run_whose_process_died_says_so_and_goes_on() {
    let row = counts::row("R6");
    let deaths = counts::of(2, 20);
    let home = Home::new();
    for i in 0..deaths {
        let signal = ["KILL", "ABRT", "SEGV", "TERM"][i % 4];
        let name = format!("dies-{i}");
        start(&home, &HEADS[0], &name, &SHORT);
        let run = run_of(&home, &name);
        if cut(&run, |events, _| stepped(events, 1 + i as u64 % 10), signal) {
            let state = run.state().unwrap();
            assert_eq!(state.state, Phase::Interrupted, "{signal}: {state:?}");
            // Whoever asks is answered meanwhile, and the run is listed as what it is.
            ok(&home.run(&["ask", "What is ROUGE?"]));
            let listed = ok(&home.run(&["tune", "list"]));
            assert!(listed.contains("interrupted"), "{listed}");
            resume(&home, &name);
        }
        assert_eq!(run.state().unwrap().state, Phase::Done, "{signal}");
    }
    row.held(deaths);
}
