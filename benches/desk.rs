//! How fast the desk is: first frame, a question from the command line, a key's way to the
//! screen, and what it costs while nobody types: `cargo bench --bench desk`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::advisor::Advisor;
use modeldesk::files::Folders;
use modeldesk::jobs::{Request, open_advisor};
use modeldesk::tui::{Advised, App, Effect, Event, Theme, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

#[path = "../xtask/src/terminal.rs"]
mod terminal;

mod figures;

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
    app: App,
    advisor: Advisor,
    screen: Terminal<TestBackend>,
}

impl Driven {
    fn new(root: &Path, size: (u16, u16)) -> Self {
        let (advisor, opened) = open_advisor(&Folders::below(&root.join("driven"))).expect("opens");
        let mut app = App::new(size, Theme::new(true), Arc::new(Advised));
        app.update(Event::Opened(Ok(opened)));
        let screen = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen");
        Self {
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
            Request::Card { ticket, id } => Event::CardRead {
                ticket,
                card: self.advisor.library().card(&id),
            },
            Request::Find { ticket, wanted } => Event::Found {
                ticket,
                found: self.advisor.catalogue(&[]).map(|catalogue| {
                    let found = catalogue.find(&wanted);
                    (Arc::new(catalogue), found)
                }),
            },
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
