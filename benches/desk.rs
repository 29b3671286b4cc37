//! How fast the desk is: first frame, a question from the command line, a key's way to the
//! screen, and what it costs while nobody types: `cargo bench --bench desk`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::advisor::catalogue::Catalogue;
use modeldesk::advisor::{Advisor, Machine};
use modeldesk::card::Origin;
use modeldesk::files::Folders;
use modeldesk::index::Summary;
use modeldesk::jobs::{Engine, Request, open_advisor};
use modeldesk::settings::Settings;
use modeldesk::tui::{Advised, App, Effect, Event, Look, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

#[path = "../xtask/src/terminal.rs"]
mod terminal;

mod figures;
mod streaming;

use figures::{Table, Times, milliseconds, time};
use terminal::Session;

const SIZE: (u16, u16) = (80, 24);
const FIRST_FRAMES: usize = 15;
const PROCESSES: usize = 30;
const IDLE: Duration = Duration::from_secs(5);
const QUESTION: &str = "Which model is best for summarizing legal documents?";
const PLAN: &str = "How can I fine-tune GPT-2 with 1000 examples?";
const COMPARISON: &str = "Compare BERT and DistilBERT in terms of speed and size.";

/// What the first frame shows at once, and once the library is open.
const FIRST: &str = "Which model should I use, and how?";
const OPEN: &str = " cards | ";

fn main() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let program = own_copy(root.path());
    let mut table = Table::default();
    first_frames(&program, root.path(), &mut table);
    processes(&program, root.path(), &mut table);
    keystrokes(root.path(), &mut table);
    models(root.path(), &mut table);
    streaming::rows(&program, root.path(), &mut table);
    idle(&program, root.path(), &mut table);
    table.print();
}

/// A copy of the program, so that a build meanwhile changes nothing that is measured.
fn own_copy(root: &Path) -> PathBuf {
    let copy = root.join("modeldesk");
    std::fs::copy(env!("CARGO_BIN_EXE_modeldesk"), &copy).expect("copies the program");
    copy
}

fn first_frames(program: &Path, root: &Path, table: &mut Table) {
    let home = |n: usize| root.join(format!("home-{n}"));
    // The program is read from the disk once before anything is timed.
    frame(program, &root.join("warm"));
    let first = (0..FIRST_FRAMES).map(|n| frame(program, &home(n)));
    frames("the first time", 250.0, first.collect(), table);
    let again = (0..FIRST_FRAMES).map(|n| frame(program, &home(n)));
    frames("index built", 60.0, again.collect(), table);
}

/// How long a new desk takes to show its first frame, and that its library is open.
fn frame(program: &Path, home: &Path) -> (Duration, Duration) {
    std::fs::create_dir_all(home).expect("makes a home");
    let start = Instant::now();
    let mut desk = Session::start(program, home, SIZE).expect("starts");
    let shown = desk.until(FIRST).expect("a first frame");
    let open = desk.until(OPEN).expect("an open library").max(shown);
    (shown - start, open - start)
}

fn frames(when: &str, budget: f64, times: Vec<(Duration, Duration)>, table: &mut Table) {
    let (shown, open) = times.into_iter().unzip();
    let figure = format!("first frame, {when}");
    table.times(&figure, Some(budget), &Times::new(shown));
    let figure = format!("library open on screen, {when}");
    table.times(&figure, Some(budget), &Times::new(open));
}

fn processes(program: &Path, root: &Path, table: &mut Table) {
    let home = root.join("home-0");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env("HOME", &home);
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        for (variable, name) in [
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(variable, home.join(name));
        }
        let output = command.output().expect("runs");
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
    };
    for (figure, budget, question) in [
        ("modeldesk ask, a recommendation", Some(80.0), QUESTION),
        ("modeldesk ask, a plan", Some(80.0), PLAN),
    ] {
        // Whatever is made only once is made before anything is timed.
        run(&["ask", question]);
        let times = Times::of(PROCESSES, || run(&["ask", question]));
        table.times(figure, budget, &times);
    }
    let floor = Times::of(PROCESSES, || run(&["--version"]));
    table.times("modeldesk --version, the floor", None, &floor);
}

/// A desk without a terminal, over the real advisor.
struct Driven {
    /// What stands in for the library's own models.
    catalogue: Option<Arc<Catalogue>>,
    app: App,
    advisor: Advisor,
    screen: Terminal<TestBackend>,
}

impl Driven {
    fn new(root: &Path, size: (u16, u16)) -> Self {
        let (advisor, opened) =
            open_advisor(&Folders::below(&root.join("driven")), &Settings::default())
                .expect("opens");
        let mut app = App::new(size, Look::default(), Arc::new(Advised));
        app.update(Event::Opened(Ok(opened)));
        let screen = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen");
        Self {
            catalogue: None,
            app,
            advisor,
            screen,
        }
    }

    /// Presses a key: how long until it is drawn. What the desk asks for is answered afterwards.
    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Duration {
        let event = Event::Key(KeyEvent::new(code, modifiers));
        let (taken, effects) = time(|| {
            let effects = self.app.update(event);
            let drawn = self.screen.draw(|frame| view(&self.app, frame));
            drawn.expect("draws");
            effects
        });
        for effect in effects {
            if let Effect::Request(request) = effect {
                let reply = self.reply(request);
                self.app.update(reply);
            }
        }
        taken
    }

    fn reply(&self, request: Request) -> Event {
        match request {
            Request::Ask {
                ticket,
                question,
                before,
            } => Event::Answered {
                ticket,
                answer: self.advisor.ask(&question, before.as_deref()).map(Box::new),
            },
            Request::Redo { ticket, reading } => Event::Answered {
                ticket,
                answer: self.advisor.answer(*reading).map(Box::new),
            },
            Request::Compare { ticket, models, .. } => Event::Compared {
                ticket,
                answer: self.advisor.compare(&models, &[]).map(Box::new),
            },
            Request::Try { ticket, id, .. } => Event::Tried {
                ticket,
                answer: self.advisor.try_out(&id).map(Box::new),
            },
            Request::Card { ticket, id, .. } => Event::CardRead {
                ticket,
                card: Engine::card(&self.advisor, &id),
            },
            Request::Rescan => Event::Lapsed,
            Request::Find { ticket, wanted } => {
                let kept = self.catalogue.clone().map(Ok);
                let made = kept.unwrap_or_else(|| self.advisor.catalogue(&[]).map(Arc::new));
                Event::Found {
                    at: std::time::SystemTime::now(),
                    ticket,
                    found: made.map(|catalogue| {
                        let found = catalogue.find(&wanted);
                        (catalogue, found)
                    }),
                }
            }
        }
    }

    /// Types a question, sends it, reads the answer up and down, opens a card and leaves it.
    fn conversation(&mut self, times: &mut Vec<Duration>) {
        const NONE: KeyModifiers = KeyModifiers::NONE;
        let typed = QUESTION.chars().map(KeyCode::Char);
        times.extend(typed.map(|code| self.press(code, NONE)).collect::<Vec<_>>());
        let read = [KeyCode::Enter, KeyCode::Tab]
            .into_iter()
            .chain("jjjkwwjjjjG".chars().map(KeyCode::Char))
            .chain([KeyCode::PageUp, KeyCode::PageUp, KeyCode::PageDown])
            .chain("Gk".chars().map(KeyCode::Char))
            .chain([KeyCode::Enter, KeyCode::PageDown, KeyCode::PageUp])
            .chain([KeyCode::Esc, KeyCode::Char('i')]);
        times.extend(read.map(|code| self.press(code, NONE)).collect::<Vec<_>>());
        for code in [KeyCode::Char('p'), KeyCode::Esc, KeyCode::Esc] {
            let held = if code == KeyCode::Esc {
                NONE
            } else {
                KeyModifiers::CONTROL
            };
            times.push(self.press(code, held));
        }
        times.push(self.press(KeyCode::Char('i'), NONE));
    }
}

fn keystrokes(root: &Path, table: &mut Table) {
    for size in [SIZE, (120, 40), (300, 100)] {
        let mut desk = Driven::new(root, size);
        let mut times = Vec::new();
        for _ in 0..20 {
            desk.conversation(&mut times);
        }
        let figure = format!("keystroke to frame, {}x{}, 20 answers", size.0, size.1);
        table.times(&figure, Some(8.0), &Times::new(times));
    }
}

/// Models that the list of the Models pane is scrolled over.
const MODELS: u64 = 100_000;

/// Imported cards, as an index lists them.
fn summaries() -> impl Iterator<Item = Summary> {
    let tasks = [
        "summarization",
        "fill-mask",
        "text-generation",
        "translation",
    ];
    (0..MODELS).map(move |n| {
        let task = tasks[(n % 4) as usize];
        Summary {
            id: format!("organization-{}/model-{n}-of-many", n % 977),
            origin: Origin::Imported,
            guide: false,
            name: format!("Model {n}"),
            task: Some(task.to_owned()),
            license: Some(["mit", "apache-2.0", "cc-by-nc-4.0"][(n % 3) as usize].to_owned()),
            architecture: Some(["bert", "t5", "led", "llama"][(n / 7 % 4) as usize].to_owned()),
            parameters: Some(1_000_000 + n * 9_973),
            bytes: Some(4_000_000 + n * 39_892),
            context: Some(512),
            facets: vec![format!("task:{task}"), "origin:imported".to_owned()],
        }
    })
}

/// Scrolls and filters a long list; the search itself runs on another thread in the desk and is not
/// counted, but how long it takes is told.
fn models(root: &Path, table: &mut Table) {
    let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    let (made, catalogue) = time(|| Catalogue::new(summaries(), &[], &machine));
    let mut desk = Driven::new(root, (120, 40));
    desk.catalogue = Some(Arc::new(catalogue));
    let none = KeyModifiers::NONE;
    desk.press(KeyCode::Tab, none);
    desk.press(KeyCode::Char('2'), none);
    let mut times = Vec::new();
    for _ in 0..20 {
        let keys = "jjjjjjjjkk".chars().map(KeyCode::Char);
        let pages = [KeyCode::PageDown; 40]
            .into_iter()
            .chain([KeyCode::PageUp; 10]);
        let ends = "GgGkkkkg".chars().map(KeyCode::Char);
        for code in keys.chain(pages).chain(ends) {
            times.push(desk.press(code, none));
        }
    }
    let figure = format!("frame while {MODELS} models are scrolled, 120x40");
    table.times(&figure, Some(8.0), &Times::new(times));
    let mut typed = Vec::new();
    desk.press(KeyCode::Char('/'), none);
    for _ in 0..5 {
        for c in "summ model-77 mit".chars() {
            typed.push(desk.press(KeyCode::Char(c), none));
        }
        desk.press(KeyCode::Char('u'), KeyModifiers::CONTROL);
    }
    let figure = format!("keystroke to frame in the filter over {MODELS} models");
    table.times(&figure, Some(8.0), &Times::new(typed));
    let figure = format!("listing {MODELS} models, on its own thread");
    table.row(&figure, "-", format!("{:.0} ms", milliseconds(made)));
}

fn idle(program: &Path, root: &Path, table: &mut Table) {
    let mut desk = Session::start(program, &root.join("home-0"), SIZE).expect("starts");
    desk.until(OPEN).expect("an open library");
    for (question, read) in [
        (QUESTION, "recommend"),
        (PLAN, "how to"),
        (COMPARISON, "compare"),
    ] {
        desk.send(&format!("{question}\r")).expect("takes keys");
        desk.until(&format!("read as: {read}")).expect("an answer");
    }
    desk.settle(Duration::from_millis(500));
    let process = desk.process().expect("it runs");
    let Some(before) = processor_time(process) else {
        table.row("idle", "< 1% of a core", "no /proc here".to_owned());
        return;
    };
    // The control: opening and answering took time, so the clock runs.
    assert!(before > Duration::ZERO, "this system keeps no thread times");
    let (taken, ()) = time(|| desk.settle(IDLE));
    let after = processor_time(process).expect("it still runs");
    let used = after.saturating_sub(before);
    let share = 100.0 * used.as_secs_f64() / taken.as_secs_f64();
    let missed = |missed| if missed { "  MISSED" } else { "" };
    let measured = format!(
        "{share:.2}% ({:.0} ms in {:.1} s){}",
        milliseconds(used),
        taken.as_secs_f64(),
        missed(share >= 1.0)
    );
    table.row(
        "idle after three answers, processor",
        "< 1% of a core",
        measured,
    );
    let anonymous = anonymous_memory(process).unwrap_or(f64::NAN);
    let measured = format!("{anonymous:.1} MB{}", missed(anonymous >= 80.0));
    table.row(
        "idle after three answers, anonymous memory",
        "< 80 MB",
        measured,
    );
}

/// Processor time of a process so far; its threads' own clocks, since /proc/PID/stat counts in
/// steps of 10 ms.
fn processor_time(process: u32) -> Option<Duration> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let mut nanoseconds = 0;
    for thread in threads {
        let line = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += line.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanoseconds))
}

/// Memory of a process that stands in no file, MB.
fn anonymous_memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}
