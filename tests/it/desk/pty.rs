//! The desk on a real terminal: what it writes, and how it leaves.
//!
//! The child is this test binary, started again on a pseudo-terminal with an advisor that can be
//! told to panic; and the program itself for the ordinary way.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use modeldesk::advisor::present::Line;
use modeldesk::advisor::question::Field;
use modeldesk::advisor::{Answer, Reading};
use modeldesk::error::Result;
use modeldesk::files::Folders;
use modeldesk::tui::Wording;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use super::double::{Double, Plainly, opened};
use crate::counts;

/// Which folder the child keeps its things in; set only for the child.
const HOME: &str = "MODELDESK_TEST_HOME";

/// How long a screen may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// As [`Plainly`], but panics on the thread of the desk when asked why.
struct Panicking;

impl Wording for Panicking {
    fn answer(&self, answer: &Answer, width: u16) -> Vec<Line> {
        Plainly.answer(answer, width)
    }
    fn why(&self, _answer: &Answer, _width: u16) -> Vec<Line> {
        panic!("the desk was told to panic")
    }
    fn read_as(&self, answer: &Answer) -> String {
        Plainly.read_as(answer)
    }
    fn fields(&self, reading: &Reading) -> Vec<Field> {
        Plainly.fields(reading)
    }
    fn with_field(&self, reading: &Reading, name: &str, value: &str) -> Result<Reading> {
        Plainly.with_field(reading, name, value)
    }
    fn editable(&self) -> Vec<(&'static str, &'static str)> {
        Plainly.editable()
    }
}

/// The child: a desk over the stand-ins.
#[test]
#[ignore = "runs as the child of the other tests"]
fn child() {
    let Some(home) = std::env::var_os(HOME) else {
        return;
    };
    let folders = Folders::below(Path::new(&home));
    modeldesk::tui::run_with(&folders, Arc::new(Panicking), || Ok((Double, opened()))).unwrap();
}

/// A program on a terminal of 80 x 24.
struct Session {
    master: Box<dyn MasterPty + Send>,
    /// Keeps the terminal's settings after the child has gone.
    _slave: Box<dyn portable_pty::SlavePty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    written: Arc<Mutex<Vec<u8>>>,
    before: String,
    home: tempfile::TempDir,
}

impl Session {
    /// The stand-in desk.
    fn desk() -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "desk::pty::child", "--ignored", "--nocapture"]);
        Self::start(command)
    }

    /// The program.
    fn program() -> Self {
        Self::start(CommandBuilder::new(env!("CARGO_BIN_EXE_modeldesk")))
    }

    fn start(mut command: CommandBuilder) -> Self {
        let home = tempfile::tempdir().unwrap();
        command.env("TERM", "xterm-256color");
        // The screen has 24 rows: a backtrace would push away what is looked for.
        command.env("RUST_BACKTRACE", "0");
        command.env(HOME, home.path());
        for name in [
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
        ] {
            command.env(name, home.path().join(name));
        }
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = format!("{:?}", pair.master.get_termios().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, sink) = (
            pair.master.try_clone_reader().unwrap(),
            Arc::clone(&written),
        );
        modeldesk::jobs::spawn("pty", move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                sink.lock().unwrap().extend_from_slice(&bytes[..n]);
            }
        })
        .unwrap();
        let keys = pair.master.take_writer().unwrap();
        Self {
            master: pair.master,
            _slave: pair.slave,
            child,
            keys,
            written,
            before,
            home,
        }
    }

    fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    fn termios(&self) -> String {
        format!("{:?}", self.master.get_termios().unwrap())
    }

    fn written(&self) -> Vec<u8> {
        self.written.lock().unwrap().clone()
    }

    fn count(&self, sequence: &str) -> usize {
        self.written()
            .windows(sequence.len())
            .filter(|w| *w == sequence.as_bytes())
            .count()
    }

    fn screen(&self) -> String {
        let mut parser = vt100::Parser::new(24, 80, 0);
        parser.process(&self.written());
        parser.screen().contents()
    }

    /// Waits until `done`; says what is on the screen if it never is.
    fn until(&mut self, what: &str, done: impl Fn(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < end, "never: {what}\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn until_seen(&mut self, text: &str) {
        self.until(text, |session| session.screen().contains(text));
    }

    /// Waits for the end, and checks that the terminal is as it was before.
    fn ended(&mut self) -> ExitStatus {
        let status = Mutex::new(None);
        self.until("the end", |session| {
            *status.lock().unwrap() = session.child.try_wait().unwrap();
            status.lock().unwrap().is_some()
        });
        self.until("the terminal given back", |session| {
            session.count("\u{1b}[?1049l") > 0
        });
        assert_eq!(self.termios(), self.before, "settings of the terminal");
        for (taken, given) in [("[?1049h", "[?1049l"), ("[?2004h", "[?2004l")] {
            let count = |what: &str| self.count(&format!("\u{1b}{what}"));
            assert_eq!((count(taken), count(given)), (1, 1), "{given}");
        }
        assert!(self.count("\u{1b}[?25h") > 0, "the cursor is shown");
        status.into_inner().unwrap().unwrap()
    }
}

/// A desk that shows its first frame, with the terminal taken.
fn ready() -> Session {
    let mut desk = Session::desk();
    desk.until_seen("54 cards | 2 cores");
    assert_ne!(
        desk.termios(),
        desk.before,
        "the control: a taken terminal differs"
    );
    desk
}

#[test]
fn the_program_answers_and_quits() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = Session::program();
        desk.until_seen("Which model should I use, and how?");
        desk.until_seen(" cards | ");
        desk.send("Which model is best for summarizing legal documents?\r");
        desk.until_seen("read as: recommend");
        desk.send("\t");
        desk.until_seen("e: change");
        desk.send("q");
        assert_eq!(desk.ended().exit_code(), 0);
        let history = desk.home.path().join("XDG_STATE_HOME/modeldesk/history");
        let kept = std::fs::read_to_string(history).unwrap();
        assert_eq!(
            kept,
            "\"Which model is best for summarizing legal documents?\"\n"
        );
    }
    row.held(rounds);
}

#[test]
fn ctrl_c_twice_quits() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = ready();
        desk.send("\u{3}");
        desk.until_seen("Ctrl+C once more");
        desk.send("\u{3}");
        assert_eq!(desk.ended().exit_code(), 0);
    }
    row.held(rounds);
}

#[test]
fn a_signal_gives_the_terminal_back_and_is_the_exit_code() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        for (name, number) in [("-TERM", 15), ("-HUP", 1), ("-INT", 2), ("-QUIT", 3)] {
            let mut desk = ready();
            desk.signal(name);
            assert_eq!(desk.ended().exit_code(), 128 + number, "{name}");
        }
    }
    row.held(4 * rounds);
}

#[test]
fn a_panic_of_the_advisor_is_a_message_and_the_desk_lives_on() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = ready();
        desk.send("worker panic\r");
        desk.until_seen("the advisor failed: the double was told to panic");
        desk.send("what else\r");
        desk.until_seen("read as: recommend");
        desk.send("/quit\r");
        assert_eq!(desk.ended().exit_code(), 0);
    }
    row.held(rounds);
}

#[test]
fn a_panic_of_the_desk_gives_the_terminal_back_and_can_be_read() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = ready();
        desk.send("anything\r");
        desk.until_seen("read as: recommend");
        desk.send("\tw");
        assert_ne!(desk.ended().exit_code(), 0);
        desk.until_seen("the desk was told to panic");
    }
    row.held(rounds);
}

#[test]
fn a_suspended_desk_gives_the_terminal_back_and_takes_it_again() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        for by_key in [true, false] {
            let mut desk = ready();
            if by_key {
                desk.send("\u{1a}");
            } else {
                desk.signal("-TSTP");
            }
            desk.until("a terminal given back", |desk| {
                desk.count("\u{1b}[?1049l") == 1 && desk.termios() == desk.before
            });
            desk.signal("-CONT");
            desk.until("a terminal taken again", |desk| {
                desk.count("\u{1b}[?1049h") > 1 && desk.termios() != desk.before
            });
            desk.until_seen("Which model should I use");
            desk.send("\tq");
            desk.until("the end", |desk| desk.child.try_wait().unwrap().is_some());
            desk.until("the end", |desk| desk.termios() == desk.before);
            // What was written last may still be on its way to this end.
            desk.until("as many given back as taken", |desk| {
                desk.count("\u{1b}[?1049h") == desk.count("\u{1b}[?1049l")
            });
        }
    }
    row.held(2 * rounds);
}

#[test]
fn a_storm_of_sizes_leaves_a_whole_screen() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = ready();
        for n in 0..50_u16 {
            let size = PtySize {
                rows: 5 + n % 40,
                cols: 20 + n * 3,
                pixel_width: 0,
                pixel_height: 0,
            };
            desk.master.resize(size).unwrap();
        }
        desk.master
            .resize(PtySize {
                rows: 24,
                cols: 80,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        // Ctrl+L draws all of it anew, and asks the terminal nothing.
        desk.send("\u{c}still here");
        desk.until_seen("> still here");
        desk.send("\u{1b}");
        desk.until_seen("j k move");
        desk.send("q");
        assert_eq!(desk.ended().exit_code(), 0);
    }
    row.held(rounds);
}
