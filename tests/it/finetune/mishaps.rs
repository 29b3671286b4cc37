//! What happens around a run while it works, and what that must not change.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use modeldesk::finetune::run::{Phase, Run, Tail};
use serde_json::Value;

use super::interrupted::{HEADS, SHORT, cut, options, rest, resume, same, start, stepped, until};
use super::runs::{folder, ok, run_of, save};
use crate::counts;
use crate::index::{Home, text};

#[test]
fn files_may_change_or_go_once_a_run_has_begun() {
    for head in [&HEADS[0], &HEADS[3], &HEADS[5]] {
        let home = Home::new();
        start(&home, head, "whole", &[&SHORT[..], &["--wait"]].concat());
        let whole = run_of(&home, "whole");
        let data = home.path().join(head.file);
        for (name, change) in [
            ("changed", Some("nothing of what was there\n")),
            ("gone", None),
        ] {
            start(&home, head, name, &SHORT);
            let run = run_of(&home, name);
            until(&run, |events, _| stepped(events, 1));
            match change {
                Some(content) => {
                    save(&home, head.file, content);
                }
                None => std::fs::remove_file(&data).unwrap(),
            }
            rest(&run);
            same(&run, &whole, name);
        }
        // Nor does a run that goes on need what is gone.
        start(&home, head, "on", &SHORT);
        let run = run_of(&home, "on");
        cut(&run, |events, _| stepped(events, 3), "KILL");
        std::fs::remove_file(&data).unwrap();
        if !run.state().unwrap().state.ended() {
            resume(&home, "on");
        }
        same(&run, &whole, "on");
    }
}

#[test]
fn a_run_that_was_copied_elsewhere_goes_on_there() {
    let home = Home::new();
    start(
        &home,
        &HEADS[0],
        "whole",
        &[&SHORT[..], &["--wait"]].concat(),
    );
    let whole = run_of(&home, "whole");
    start(&home, &HEADS[0], "one", &SHORT);
    let run = run_of(&home, "one");
    cut(&run, |events, _| stepped(events, 3), "KILL");
    let elsewhere = Home::new();
    let all = Run::all_in(&elsewhere.folders());
    std::fs::create_dir_all(&all).unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .args([&run.folder, &all.join("moved")])
        .status();
    assert!(copied.unwrap().success());
    let moved = run_of(&elsewhere, "moved");
    if !moved.state().unwrap().state.ended() {
        resume(&elsewhere, "moved");
    }
    same(&moved, &whole, "moved");
}

#[test]
fn two_runs_at_once_are_said_and_change_nothing_of_each_other() {
    let home = Home::new();
    start(
        &home,
        &HEADS[0],
        "whole",
        &[&SHORT[..], &["--wait"]].concat(),
    );
    let whole = run_of(&home, "whole");
    let many = ["--max-steps", "4000", "--eval-steps", "4000"];
    start(&home, &HEADS[0], "first", &many);
    let first = run_of(&home, "first");
    let second = options(&home, &HEADS[0], "second", &SHORT);
    let output = home.run(&second.iter().map(String::as_str).collect::<Vec<_>>());
    ok(&output);
    let said = text(&output.stderr);
    assert!(said.contains("first works on the same cores"), "{said}");
    let second = run_of(&home, "second");
    rest(&second);
    same(&second, &whole, "second");
    // No second process takes up a run that one works on.
    let refused = home.run(&["tune", "resume", "first"]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stdout));
    ok(&home.run(&["tune", "stop", "first"]));
    rest(&first);
    assert_eq!(first.state().unwrap().state, Phase::Stopped);
}

#[test]
fn a_clock_that_was_set_back_does_not_choose_the_checkpoint() {
    let home = Home::new();
    start(
        &home,
        &HEADS[0],
        "whole",
        &[&SHORT[..], &["--wait"]].concat(),
    );
    let whole = run_of(&home, "whole");
    start(&home, &HEADS[0], "one", &SHORT);
    let run = run_of(&home, "one");
    cut(&run, |events, _| stepped(events, 7), "KILL");
    // The older a checkpoint, the later its time.
    let mut steps: Vec<_> = run.checkpoints_path().read_dir().unwrap().collect();
    steps.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
    for (age, entry) in steps.into_iter().rev().enumerate() {
        let file = std::fs::File::open(entry.unwrap().path()).unwrap();
        let time = SystemTime::now() + Duration::from_hours(age as u64 * 24);
        file.set_modified(time).unwrap();
    }
    let before = Tail::new(&run.events_path()).read().unwrap().len();
    if !run.state().unwrap().state.ended() {
        resume(&home, "one");
    }
    same(&run, &whole, "one");
    let events = Tail::new(&run.events_path()).read().unwrap();
    let began = serde_json::to_value(&events[before.min(events.len() - 1)]).unwrap();
    assert!(began["step"].as_u64() >= Some(4), "{began}");
}

#[test]
fn a_run_has_a_session_of_its_own() {
    let home = Home::new();
    start(&home, &HEADS[0], "one", &["--max-steps", "4000"]);
    let run = run_of(&home, "one");
    let pid = until(&run, |events, _| stepped(events, 1)).expect("a process");
    assert_eq!(session_of(&pid), pid);
    assert_ne!(session_of(&std::process::id().to_string()), pid);
    // A terminal that closes hangs up its own session only.
    ok(&home.run(&["tune", "stop", "one"]));
    rest(&run);
    assert_eq!(run.state().unwrap().state, Phase::Stopped);
}

/// The session of a process.
fn session_of(pid: &str) -> String {
    let output = Command::new("ps").args(["-o", "sid=", "-p", pid]).output();
    text(&output.unwrap().stdout).trim().to_owned()
}

#[test]
fn few_rows_and_none_to_check_by_are_enough() {
    let home = Home::new();
    let data = save(
        &home,
        "rows.tsv",
        "text\tlabel\nthe good cat\tyes\nthe bad cat\tno\n",
    );
    let model = folder("fill-mask");
    let out = ok(&home.run(&[
        "tune",
        "start",
        "--model",
        &model,
        "--train",
        &data,
        "--task",
        "text-classification",
        "--name",
        "few",
        "--check-size",
        "0",
        "--test-size",
        "0",
        "--per-device-train-batch-size",
        "32",
        "--num-train-epochs",
        "2",
        "--wait",
        "--json",
    ]));
    let end: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(end["state"], "done", "{end}");
    assert_eq!(end["verdict"], "No test rows judge it.", "{end}");
    assert!(
        run_of(&home, "few")
            .model_path()
            .join("README.md")
            .is_file()
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_at_a_checkpoint_costs_no_earlier_one() {
    let row = counts::row("D8");
    let home = Home::new();
    start(
        &home,
        &HEADS[0],
        "whole",
        &[&SHORT[..], &["--wait"]].concat(),
    );
    let whole = run_of(&home, "whole");
    // No file may grow beyond so many blocks, of 512 bytes or 1 KiB: rows fit, weights do not.
    let limits = [8, 24, 40];
    for limit in limits {
        let name = format!("full-{limit}");
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_modeldesk");
        let mut arguments = vec!["-c", &script, program];
        let own = options(&home, &HEADS[0], &name, &[&SHORT[..], &["--wait"]].concat());
        arguments.extend(own.iter().map(String::as_str));
        let output = home
            .placed(Command::new("sh"), &arguments)
            .output()
            .unwrap();
        let run = run_of(&home, &name);
        let state = run.state().unwrap();
        assert_eq!(state.state, Phase::Failed, "{limit}: {state:?}");
        assert_ne!(output.status.code(), Some(0));
        let said = state.message.unwrap_or_default();
        assert!(
            said.contains(run.folder.to_str().unwrap()),
            "{limit}: {said}"
        );
        let left = run.checkpoints_path().read_dir();
        for entry in left.into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap();
            assert!(name.parse::<u64>().is_ok(), "{name} was left");
        }
        resume(&home, &name);
        same(&run, &whole, &name);
        assert!(Path::new(&run.model_path()).is_dir());
    }
    row.held(limits.len());
}
