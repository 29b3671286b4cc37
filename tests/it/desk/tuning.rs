//! The Tune pane over runs whose folders the tests wrote.

use std::sync::Arc;

use modeldesk::error::Error;
use modeldesk::files::Folders;
use modeldesk::finetune::run::{self, Ask, Log, Phase};
use modeldesk::jobs::{RunsReport, RunsRequest, Watch};
use modeldesk::tui::Event;
use modeldesk::tui::keymap::Context;

use super::double::{Driver, runs, told};
use super::screens::at_each_size;

#[test]
fn the_runs_are_listed_with_their_loss_beside_that_of_the_untuned_model() {
    at_each_size("tune_runs", Driver::open, &|desk| desk.press("Tab 4 j"));
}

#[test]
fn without_a_run_it_says_what_one_is() {
    at_each_size("tune_none", Driver::open, &|desk| {
        desk.runs.clear();
        desk.press("Tab 4");
    });
}

#[test]
fn a_run_at_work_shows_how_far_it_is_and_what_it_is_worth() {
    at_each_size("tune_work", Driver::open, &|desk| {
        desk.press("Tab 4 Enter");
    });
    at_each_size("tune_work_below", Driver::open, &|desk| {
        desk.press("Tab 4 Enter G");
    });
}

#[test]
fn an_end_has_its_verdict_first() {
    for (name, keys) in [
        ("tune_done", "Tab 4 j Enter"),
        ("tune_paused", "Tab 4 j j Enter"),
        ("tune_failed", "Tab 4 j j j Enter"),
        ("tune_interrupted", "Tab 4 G Enter"),
    ] {
        at_each_size(name, Driver::open, &|desk| desk.press(keys));
    }
}

#[test]
fn the_header_of_every_pane_tells_of_the_run_at_work() {
    let mut desk = Driver::open(80, 24);
    assert!(!desk.screen().contains("run 38%"));
    desk.press("Tab 4 1");
    assert!(
        desk.screen().contains("run 38%, 14 min |"),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_run_is_paused_at_once_and_ended_after_a_question() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 4 p");
    assert!(matches!(
        &desk.asked[..],
        [RunsRequest::Watch(true), RunsRequest::Ask(run, Ask::Pause)] if run.id == "support-gpt2"
    ));
    assert!(desk.screen().contains("support-gpt2 rests after this step"));
    desk.press("x");
    assert!(
        desk.screen()
            .contains("end support-gpt2 after step 257 of 675")
    );
    desk.press("Esc x Enter");
    assert!(matches!(
        &desk.asked[2..],
        [RunsRequest::Ask(run, Ask::Stop)] if run.id == "support-gpt2"
    ));
}

#[test]
fn a_run_that_rests_goes_on_and_one_that_works_is_not_deleted() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 4 d r");
    assert_eq!(desk.asked.len(), 1);
    desk.press("j j r");
    assert!(matches!(&desk.asked[1..], [RunsRequest::Resume(run)] if run.id == "mood-distilbert"));
    desk.press("d");
    assert!(
        desk.screen()
            .contains("delete mood-distilbert, which frees"),
        "{}",
        desk.screen()
    );
    desk.press("Enter");
    assert!(matches!(&desk.asked[2..], [RunsRequest::Delete(run)] if run.id == "mood-distilbert"));
}

#[test]
fn a_run_that_is_gone_leaves_the_list_in_its_place() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 4 j Enter");
    assert_eq!(desk.app.context(), Context::Board);
    let rest = runs().into_iter().filter(|one| one.run.id != "spam-minilm");
    desk.feed(Event::Runs(RunsReport::Seen(rest.collect())));
    assert_eq!(desk.app.context(), Context::Runs);
}

#[test]
fn the_end_of_a_run_is_told_wherever_one_is() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 4 1");
    let mut all = runs();
    let one = Arc::make_mut(&mut all[0]);
    one.works = false;
    one.state.state = Phase::Done;
    desk.feed(Event::Runs(RunsReport::Seen(all)));
    assert!(
        desk.screen().contains("support-gpt2 is done."),
        "{}",
        desk.screen()
    );
    assert!(desk.app.goes_on().is_empty());
}

#[test]
fn leaving_says_what_goes_on() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 4 q");
    assert!(desk.left.is_some());
    assert_eq!(
        desk.app.goes_on(),
        [
            "support-gpt2 goes on: step 257 of 675, about 14 min left.",
            "  modeldesk tune watch support-gpt2     or open the desk again"
        ]
    );
}

#[test]
fn what_cannot_be_done_is_told() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 4");
    let error = Error::new("no process works on this run").hint("go on with it");
    desk.feed(Event::Runs(RunsReport::Did(Err(error))));
    assert!(
        desk.screen()
            .contains("no process works on this run  hint: go on with it")
    );
}

/// A desk with a plan for a classifier on the rows of that name.
fn planned(desk: &mut Driver, rows: &str) {
    desk.press("Tab 4 n Enter m o o d Enter Enter");
    desk.type_text(rows);
    desk.press("Enter");
}

#[test]
fn a_plan_begins_with_a_model_of_this_disk_and_a_file() {
    at_each_size("tune_plan_empty", Driver::open, &|desk| {
        desk.press("Tab 4 n");
    });
    at_each_size("tune_plan_models", Driver::open, &|desk| {
        desk.press("Tab 4 n Enter");
    });
}

#[test]
fn a_plan_says_what_was_found_out_and_shows_rows_as_the_model_sees_them() {
    at_each_size("tune_plan", Driver::open, &|desk| planned(desk, "rows.csv"));
    at_each_size("tune_plan_measured", Driver::open, &|desk| {
        planned(desk, "rows.csv");
        desk.press("b");
    });
    at_each_size("tune_plan_rows", Driver::open, &|desk| {
        planned(desk, "rows.csv");
        desk.press("G");
    });
    at_each_size("tune_plan_all", Driver::open, &|desk| {
        planned(desk, "rows.csv");
        desk.press("j j j j Enter Ctrl+U 1 Enter a");
    });
}

#[test]
fn what_is_wrong_with_rows_has_its_place() {
    at_each_size("tune_plan_bad", Driver::open, &|desk| {
        planned(desk, "bad.csv");
    });
    let mut desk = Driver::open(80, 40);
    planned(&mut desk, "rows.csv");
    let screen = desk.screen();
    assert!(screen.contains("/data/rows.csv:4"), "{screen}");
}

#[test]
fn planning_is_stopped_with_esc_and_any_change_plans_anew() {
    let mut desk = Driver::open(80, 24);
    planned(&mut desk, "hang.csv");
    assert!(
        desk.screen().contains("reading model and rows"),
        "{}",
        desk.screen()
    );
    desk.press("Esc");
    assert_eq!(desk.halted.len(), 1);
    assert!(desk.screen().contains("Stopped. Any change plans anew."));
    desk.press("Enter Ctrl+U");
    desk.type_text("rows.csv");
    desk.press("Enter");
    assert!(
        desk.screen().contains("text-classification"),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_changed_option_is_marked_planned_with_and_set_back() {
    let mut desk = Driver::open(80, 24);
    planned(&mut desk, "rows.csv");
    desk.press("j j j j Enter Ctrl+U 1 Enter");
    assert!(
        desk.screen().contains("*{num_train_epochs}"),
        "{}",
        desk.screen()
    );
    desk.press("y");
    let command = desk.copied[0].1.clone();
    assert_eq!(
        command,
        "modeldesk tune start --model distil/mood --train rows.csv --num-train-epochs 1"
    );
    desk.press("0");
    assert!(
        !desk.screen().contains("*{num_train_epochs}"),
        "{}",
        desk.screen()
    );
    desk.press("Enter Ctrl+U x Enter");
    let screen = desk.screen();
    assert!(
        screen.contains("num_train_epochs: `x` cannot be"),
        "{screen}"
    );
}

#[test]
fn start_begins_the_planned_run_and_a_quick_look_a_few_steps_of_it() {
    let mut desk = Driver::open(80, 24);
    planned(&mut desk, "rows.csv");
    desk.press("j j j j j j j j j Enter");
    let Some(RunsRequest::Begin { name, plan }) = desk.asked.last() else {
        panic!("{:?}\n{}", desk.asked.len(), desk.screen());
    };
    assert_eq!(name, "rows-mood");
    assert_eq!(plan.training.max_steps, None);
    desk.press("4 n j Enter");
    let Some(RunsRequest::Begin { name, plan }) = desk.asked.last() else {
        panic!("{}", desk.screen());
    };
    assert_eq!(name, "rows-mood-quick-look");
    assert_eq!(plan.training.max_steps, Some(60));
}

#[test]
fn without_a_plan_nothing_is_started() {
    let mut desk = Driver::open(80, 24);
    planned(&mut desk, "bad.csv");
    desk.press("j j j j j j j j j Enter");
    assert_eq!(desk.asked.len(), 1);
    assert!(
        desk.screen().contains("There is no plan yet"),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_model_of_the_disk_is_planned_from_its_row() {
    // One that is not on the disk is planned from its card.
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j f");
    let screen = desk.screen();
    assert!(
        screen.contains("> How can I fine-tune google/flan-t5-base?"),
        "{screen}"
    );
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 2");
    desk.feed(Event::Paste("model-01".to_owned()));
    desk.press("Enter f");
    assert_eq!(desk.app.context(), Context::Plan, "{}", desk.screen());
    // The list and the shelf of the stand-ins differ, as when a model was just deleted.
    let screen = desk.screen();
    assert!(
        screen.contains("org-1/model-01 is not on this disk"),
        "{screen}"
    );
}

#[test]
fn the_watch_sees_what_is_appended_a_process_that_comes_and_goes_and_a_run_that_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::below(home.path());
    let mut watch = Watch::new(&folders);
    assert!(watch.look().is_empty());
    let run = told().remove(0).write(&folders, 0);
    let seen = watch.look();
    assert_eq!(seen[0].state.state, Phase::Interrupted);
    assert!(seen[0].bytes > 0 && !seen[0].works);
    assert_eq!(watch.look(), seen);
    let lock = run.lock().unwrap();
    let seen = watch.look();
    assert!(seen[0].works && seen[0].state.state == Phase::Running);
    let mut log = Log::open(&run.events_path()).unwrap();
    log.add(&run::Event::Checkpoint { step: 300 }).unwrap();
    assert_eq!(watch.look()[0].story.checkpoint, Some(300));
    drop(lock);
    assert!(!watch.look()[0].works);
    run.delete().unwrap();
    assert!(watch.look().is_empty());
}
