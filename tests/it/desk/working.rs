//! The Try pane over the real engine: models of a few kilobytes in a cache of their own.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use modeldesk::error::Result;
use modeldesk::files::Folders;
use modeldesk::hub::{Cache, Hub};
use modeldesk::jobs::engine::{
    Done, EngineWorker, Input, Models, News, Output, Report, Runner, Shelf, Weights, Work,
};
use modeldesk::jobs::{Cancel, HubReport, HubWorker};
use modeldesk::model::layers::Precision;
use modeldesk::model::pipeline::Task;
use modeldesk::tui::Event;

use super::double::Driver;
use crate::cache;

/// So long nothing here takes, unless it never ends.
const FOREVER: Duration = Duration::from_mins(2);

/// A folder of tests/parity/pipelines.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name)
}

/// A cache with one model of each kind.
fn models() -> cache::Models {
    let models = cache::Models::new();
    for name in [
        "feature-extraction",
        "fill-mask",
        "question-answering",
        "sentence-embedding",
        "text-classification",
        "text-generation",
        "text2text-generation",
        "token-classification",
    ] {
        models.copied(&format!("tiny/{name}"), &fixture(name));
    }
    models
}

/// A desk on the Try pane, with an engine of its own.
struct Live {
    desk: Driver,
    engine: EngineWorker,
    reports: Receiver<Report>,
    models: cache::Models,
}

impl Live {
    fn start(runner: impl Runner) -> Self {
        let (sender, reports) = channel();
        let engine = EngineWorker::start(runner, move |report| {
            // A test that is over listens no more.
            let _ = sender.send(report);
        });
        let models = models();
        let mut desk = Driver::open(100, 40);
        desk.idle = true;
        desk.shelf = Shelf::of(&Cache::at(models.folder()));
        desk.press("Tab 3");
        Self {
            desk,
            engine: engine.unwrap(),
            reports,
            models,
        }
    }

    /// Tries the task of that name.
    fn on(&mut self, task: &str) {
        self.desk.press("Tab t");
        self.desk.type_text(task);
        self.desk.press("Enter i");
    }

    /// Sets the marked setting so many further down.
    fn set(&mut self, name: &str, value: &str) {
        self.desk.press("Esc Tab g");
        while !self.desk.screen().contains(&format!("{{{name}}}")) {
            self.desk.press("j");
        }
        self.desk.press("Enter Ctrl+U");
        self.desk.type_text(value);
        self.desk.press("Enter i");
    }

    /// Hands the engine what the desk asks for.
    fn hand_over(&mut self) {
        for order in std::mem::take(&mut self.desk.orders) {
            self.engine.send(order);
        }
        for ticket in std::mem::take(&mut self.desk.halted) {
            self.engine.stop(ticket);
        }
    }

    /// Lets the engine report until it has told `last`.
    fn until(&mut self, last: impl Fn(&News) -> bool) {
        self.hand_over();
        loop {
            let report = self.reports.recv_timeout(FOREVER).expect("a report");
            let done = last(&report.news);
            self.desk.feed(Event::Engine(report));
            if done {
                return;
            }
        }
    }

    /// Runs the model on a text; the screen then.
    fn run(&mut self, text: &str) -> String {
        self.desk.feed(Event::Paste(text.to_owned()));
        self.desk.press("Enter");
        assert!(!self.desk.orders.is_empty(), "{}", self.desk.screen());
        self.until(|news| matches!(news, News::Ended(_)));
        self.desk.screen()
    }
}

fn ended(news: &News) -> bool {
    matches!(news, News::Ended(_))
}

#[test]
fn every_task_runs_from_the_desk() {
    let mut live = Live::start(Models::new(None));
    let file = live.models.folder().join("lease.txt");
    modeldesk::files::write(&file, b"Anna lives in Vienna.").unwrap();
    let named = format!("Where does Anna live?\n@{}", file.display());
    for (task, text, shown) in [
        ("summarize", "The lease ends in May.", "tok/s"),
        ("translate", "The lease ends in May.", "tok/s"),
        ("answer", "Question: when?", "tok/s"),
        ("classify", "It lasts two days.", "tok/s"),
        ("rewrite", "Send it.", "tok/s"),
        ("write on", "The train", "first token"),
        ("fill in words", "The [MASK] is on time.", "  0."),
        ("label a text", "The train is on time.", "POSITIVE"),
        ("find names", "Anna lives in Vienna.", "Anna"),
        ("find the answer", &named, "Anna lives in Vienna."),
        ("compare texts", "a cat\na kitten\na car", "closest:"),
        ("see the vectors", "a cat", "values each"),
    ] {
        live.on(task);
        let screen = live.run(text);
        assert!(screen.contains(shown), "{task}: no {shown}\n{screen}");
        assert!(
            screen.contains("loaded in") || screen.contains(" tok"),
            "{task}\n{screen}"
        );
    }
}

#[test]
fn two_precisions_run_on_the_same_text() {
    let mut live = Live::start(Models::new(None));
    live.on("write on");
    live.desk.press("Tab = Down Enter i");
    live.run("The train");
    live.until(ended);
    let screen = live.desk.screen();
    assert_eq!(screen.matches("first token").count(), 2, "{screen}");
    assert!(screen.contains("text-generation f32"), "{screen}");
}

#[test]
fn a_text_is_stopped_between_tokens_and_the_next_one_runs() {
    let mut live = Live::start(Models::new(None));
    live.on("rewrite");
    live.set("new tokens", "50000");
    live.desk.press("Tab a");
    live.set("min_new_tokens", "50000");
    live.desk.feed(Event::Paste("Send it.".to_owned()));
    live.desk.press("Enter");
    live.until(|news| matches!(news, News::Token { .. }));
    live.desk.press("Esc");
    assert!(
        live.desk.screen().contains("stopped"),
        "{}",
        live.desk.screen()
    );
    // The report that it has ended is nobody's any more.
    live.until(ended);
    live.set("new tokens", "3");
    live.set("min_new_tokens", "0");
    let screen = live.run("Send it.");
    assert!(
        !screen.contains("stopped") && screen.contains("first token"),
        "{screen}"
    );
}

#[test]
fn a_model_whose_files_are_gone_runs_on_and_cannot_be_loaded_anew() {
    let mut live = Live::start(Models::new(None));
    live.on("label a text");
    let before = live.run("The train is on time.");
    std::fs::remove_dir_all(live.models.folder()).unwrap();
    let after = live.run("The train is on time.");
    assert_eq!(
        after.replace("  loaded", ""),
        after,
        "it was loaded again\n{after}"
    );
    assert!(before.contains("loaded in"), "{before}");
    live.desk.press("Esc Tab j j Enter Down Enter i");
    let failed = live.run("The train is on time.");
    assert!(failed.contains("config.json"), "{failed}");
}

#[test]
fn what_does_not_fit_is_told_with_the_remedy() {
    let mut live = Live::start(Models::new(None));
    live.on("compare texts");
    let screen = live.run("only one");
    assert!(screen.contains("one a line"), "{screen}");
    live.on("find the answer");
    let screen = live.run("When does it end?");
    assert!(
        screen.contains("the question is the first line"),
        "{screen}"
    );
    let screen = live.run("@/no/such/file");
    assert!(screen.contains("/no/such/file: cannot read"), "{screen}");
}

#[test]
fn a_model_is_measured() {
    let mut live = Live::start(Models::new(None));
    live.on("label a text");
    live.desk.press("Tab b");
    assert!(
        live.desk.screen().contains("takes about"),
        "{}",
        live.desk.screen()
    );
    live.desk.press("Enter");
    live.until(ended);
    assert!(
        live.desk.screen().contains("loads in"),
        "{}",
        live.desk.screen()
    );
}

#[test]
fn a_model_too_large_for_the_memory_is_refused_before_it_is_read() {
    let mut live = Live::start(Models::within(None, || (10_000, 5)));
    live.on("label a text");
    let screen = live.run("The train is on time.");
    assert!(
        screen.contains("5 B are free") && screen.contains("q4 needs"),
        "{screen}"
    );
}

/// Panics whatever it is asked.
struct Fragile;

impl Runner for Fragile {
    fn work(&mut self, _: &Weights, _: &Work, _: &Cancel, _: &mut dyn FnMut(News)) -> Result<Done> {
        panic!("told to panic")
    }

    fn reset(&mut self) {}
}

#[test]
fn a_panic_of_the_engine_is_shown_and_the_desk_goes_on() {
    let mut live = Live::start(Fragile);
    for _ in 0..2 {
        let screen = live.run("The lease ends in May.");
        assert!(screen.contains("told to panic"), "{screen}");
        assert!(screen.contains("the desk goes on"), "{screen}");
    }
}

#[test]
fn the_model_used_longest_ago_leaves_when_memory_is_short() {
    let free = Arc::new(AtomicU64::new(u64::MAX / 4));
    let told = Arc::clone(&free);
    let mut models = Models::within(None, move || (1, told.load(Ordering::Relaxed)));
    let mut run = |name: &str, task| {
        let model = Weights {
            folder: fixture(name),
            precision: Precision::Q8,
        };
        let work = Work::Run {
            task,
            input: Input::Text("The train".to_owned()),
            prefix: None,
            options: serde_json::Map::new(),
        };
        let done = models.work(&model, &work, &Cancel::new(), &mut |_| {});
        let loaded = models.loaded().map(|one| one.folder.clone());
        (done.map(|done| done.output), loaded.collect::<Vec<_>>())
    };
    let (label, names) = (Task::TextClassification, Task::TokenClassification);
    run("text-classification", label).0.unwrap();
    run("token-classification", names).0.unwrap();
    let (_, loaded) = run("text-classification", label);
    assert_eq!(
        loaded,
        [
            fixture("token-classification"),
            fixture("text-classification")
        ]
    );
    // Nothing is free whatever leaves: all leave, and the next is refused.
    free.store(1, Ordering::Relaxed);
    let (refused, loaded) = run("feature-extraction", Task::FeatureExtraction);
    assert!(refused.is_err() && loaded.is_empty());
    free.store(u64::MAX / 4, Ordering::Relaxed);
    let (found, _) = run("feature-extraction", Task::FeatureExtraction);
    assert!(matches!(found, Ok(Output::States(_))));
}

#[test]
fn a_model_is_fetched_from_the_desk_and_runs() {
    let id = "google/flan-t5-base";
    let serving = crate::hub::Serving::new(id, &fixture("text2text-generation"));
    let mut live = Live::start(Models::new(None));
    live.models = cache::Models::new();
    let models = Cache::at(live.models.folder());
    live.desk.feed(Event::Shelf(Shelf::of(&models)));
    let hub = Hub::at(&serving.endpoint(), models.clone()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let (sender, reports) = channel();
    let report = move |report| {
        // A test that is over listens no more.
        let _ = sender.send(report);
    };
    let worker = HubWorker::start(hub, Folders::below(home.path()), report).unwrap();
    live.desk.press("Tab m");
    live.desk.type_text(id);
    live.desk.press("Enter p");
    assert!(
        live.desk.hub.is_empty(),
        "nothing is asked before it was said"
    );
    live.desk.press("Enter");
    loop {
        for request in std::mem::take(&mut live.desk.hub) {
            worker.send(request, Cancel::new());
        }
        let report = reports.recv_timeout(FOREVER).expect("a report");
        let last = matches!(report, HubReport::Fetched { .. });
        live.desk.shelf = Shelf::of(&models);
        live.desk.feed(Event::Hub(report));
        if last {
            break;
        }
    }
    let screen = live.desk.screen();
    assert!(
        screen.contains("google/flan-t5-base is on this disk now."),
        "{screen}"
    );
    live.desk.press("i");
    let screen = live.run("The lease ends in May.");
    assert!(
        screen.contains("q8  on disk") && screen.contains("first token"),
        "{screen}"
    );
}
