//! A text as it comes in the Try pane: what a frame costs meanwhile, and how long the first token
//! takes beside the command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::files;
use modeldesk::hub::Cache;
use modeldesk::jobs::engine::{EngineWorker, Models, News, Report, Shelf};
use modeldesk::model::config::Config;
use modeldesk::model::heads::CausalLm;
use modeldesk::model::layers::Source;
use modeldesk::model::weights::{Stored, write};
use modeldesk::tui::{Advised, App, Effect, Event, Look, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::figures::{Table, Times, milliseconds, time};

const SIZE: (u16, u16) = (120, 40);
const RUNS: usize = 15;
const TOKENS: usize = 200;
const PROMPT: &str = "The train is late because the signal at the second bridge has failed again";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// How much later than on the command line the first token may be on the screen, in milliseconds.
const LATER: f64 = 30.0;

/// Measures and adds the rows.
pub(crate) fn rows(program: &Path, root: &Path, table: &mut Table) {
    let hub = root.join("hub");
    let folder = hub.join("models--bench--gpt2/snapshots").join(COMMIT);
    files::write(
        &hub.join("models--bench--gpt2/refs/main"),
        COMMIT.as_bytes(),
    )
    .expect("written");
    make(&folder);
    let mut desk = Desk::new(&hub);
    let (mut frames, mut firsts) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        firsts.push(desk.run(&mut frames));
    }
    // The first run loads the model.
    let firsts = Times::new(firsts.split_off(1));
    table.times(
        "frame while tokens stream, 120x40",
        Some(16.0),
        &Times::new(frames),
    );
    let there = Times::new(
        (0..RUNS - 1)
            .map(|_| on_the_command_line(program, &folder))
            .collect(),
    );
    table.times(
        "first token on the screen, GPT-2 of 12 layers",
        None,
        &firsts,
    );
    table.times("first token of `modeldesk try`, likewise", None, &there);
    let later = milliseconds(firsts.at(50)) - milliseconds(there.at(50));
    let missed = if later > LATER { "  MISSED" } else { "" };
    table.row(
        "first token on the screen later by, medians",
        &format!("{LATER} ms"),
        format!("{later:.1} ms{missed}"),
    );
}

/// GPT-2 in its usual size, with random weights and the vocabulary of the tests.
fn make(folder: &Path) {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/pipelines/text-generation");
    for entry in std::fs::read_dir(&tiny).expect("the tiny model") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_owned();
        if name != "model.safetensors" {
            let bytes = std::fs::read(&path).expect("read");
            files::write(&folder.join(name), &bytes).expect("written");
        }
    }
    let text = std::fs::read_to_string(folder.join("config.json")).expect("its config");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (name, value) in [
        ("n_embd", 768),
        ("n_head", 12),
        ("n_layer", 12),
        ("n_positions", 1024),
    ] {
        json[name] = value.into();
    }
    files::write(&folder.join("config.json"), json.to_string().as_bytes()).expect("written");
    let config = Config::read(folder).expect("a config");
    let source = Source::random(config.prefix(), 7, 0.02);
    CausalLm::load(&source, &config).expect("weights");
    let params = source.params();
    let values: Vec<_> = params.iter().map(|param| param.read()).collect();
    let tensors: Vec<Stored<'_>> = params
        .iter()
        .zip(&values)
        .map(|(param, values)| Stored {
            name: param.name(),
            shape: param.shape(),
            values,
        })
        .collect();
    write(&folder.join("model.safetensors"), &tensors).expect("written");
}

/// A desk without a terminal, over the real engine.
struct Desk {
    app: App,
    screen: Terminal<TestBackend>,
    engine: EngineWorker,
    reports: Receiver<Report>,
}

impl Desk {
    fn new(hub: &Path) -> Self {
        let (sender, reports) = channel();
        let engine = EngineWorker::start(Models::new(None), move |report| {
            // The benchmark may be over.
            let _ = sender.send(report);
        });
        let mut desk = Self {
            app: App::new(SIZE, Look::default(), Arc::new(Advised)),
            screen: Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a screen"),
            engine: engine.expect("an engine"),
            reports,
        };
        desk.app
            .update(Event::Opened(Ok(modeldesk::jobs::Opened::default())));
        desk.press("\t3");
        desk.app
            .update(Event::Shelf(Shelf::of(&Cache::at(hub.to_path_buf()))));
        // The task, and as many tokens as there are to be.
        desk.press("\ttwrite on\n\tjjjj\n\u{15}");
        desk.press(&format!("{TOKENS}\ni"));
        desk
    }

    fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            let key = match c {
                '\n' => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
                '\t' => KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE),
                '\u{15}' => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
                c => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
            };
            self.feed(Event::Key(key));
        }
    }

    fn feed(&mut self, event: Event) {
        for effect in self.app.update(event) {
            if let Effect::Order(order) = effect {
                self.engine.send(order);
            }
        }
    }

    fn draw(&mut self) {
        let drawn = self.screen.draw(|frame| view(&self.app, frame));
        drawn.expect("draws");
    }

    /// Runs the model once; how long until its first token was on the screen.
    fn run(&mut self, frames: &mut Vec<Duration>) -> Duration {
        self.feed(Event::Paste(PROMPT.to_owned()));
        let start = Instant::now();
        self.press("\n");
        let mut first = None;
        loop {
            let report = self.reports.recv_timeout(Duration::from_mins(2));
            let report = report.expect("a report");
            let token = matches!(report.news, News::Token { .. });
            let ended = match &report.news {
                News::Ended(ended) => {
                    ended.as_ref().expect("a text");
                    true
                }
                _ => false,
            };
            let (taken, ()) = time(|| {
                self.feed(Event::Engine(report));
                self.draw();
            });
            if token {
                frames.push(taken);
                first.get_or_insert_with(|| start.elapsed());
            }
            if ended {
                return first.expect("a token");
            }
        }
    }
}

/// How long the first token takes, as `modeldesk try` says it.
fn on_the_command_line(program: &Path, folder: &PathBuf) -> Duration {
    let mut command = Command::new(program);
    command.arg("try").arg(folder).arg(PROMPT);
    command.args(["--json", "--max-new-tokens", "8", "--temperature", "0.8"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().expect("runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let first = json["timing"]["first_token_ms"].as_f64().expect("a time");
    Duration::from_secs_f64(first / 1e3)
}
