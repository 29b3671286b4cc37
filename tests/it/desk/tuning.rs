//! The Tune pane over runs whose folders the tests wrote.

use std::sync::Arc;

use modeldesk::error::Error;
use modeldesk::finetune::run::{Ask, Phase};
use modeldesk::jobs::{RunsReport, RunsRequest};
use modeldesk::tui::Event;
use modeldesk::tui::keymap::Context;

use super::double::{Driver, runs};
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
        desk.screen().contains("run 37%, 14 min |"),
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
