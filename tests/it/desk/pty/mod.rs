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

use super::double::{Double, Plainly, fault, opened};

mod leaving;
mod lending;
mod tuning;

/// Which folder the child keeps its things in; set only for the child.
const HOME: &str = "MODELDESK_TEST_HOME";

/// How long a screen may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// As [`Plainly`], but panics on the thread of the desk when asked why; a second time while it
/// unwinds, when the child is told so.
struct Panicking;

/// Panics when it is dropped by a panic.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(
            !std::thread::panicking(),
            "the desk was told to panic twice"
        );
    }
}

impl Wording for Panicking {
    fn answer(&self, answer: &Answer, width: u16) -> Vec<Line> {
        Plainly.answer(answer, width)
    }
    fn why(&self, _answer: &Answer, _width: u16) -> Vec<Line> {
        let _bomb = (fault() == "twice").then_some(Bomb);
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

/// The child: a desk over the stand-ins. `early` panics before the terminal is taken, `twice` while it
/// panics, `catalogue` when the models are listed.
#[test]
#[ignore = "runs as the child of the other tests"]
fn child() {
    let Some(home) = std::env::var_os(HOME) else {
        return;
    };
    assert_ne!(fault(), "early", "told to panic early");
    let folders = Folders::below(Path::new(&home));
    modeldesk::tui::run_with(
        &folders,
        &modeldesk::settings::Settings::default(),
        modeldesk::tui::Look::default(),
        Arc::new(Panicking),
        || Ok((Double, opened())),
    )
    .unwrap();
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
        Self::start(Self::child(&[]))
    }

    /// How the stand-in desk is started, with variables of its environment.
    fn child(variables: &[(&str, &str)]) -> CommandBuilder {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "desk::pty::child", "--ignored", "--nocapture"]);
        for (name, value) in variables {
            command.env(name, value);
        }
        command
    }

    /// The program.
    fn program() -> Self {
        Self::program_in(tempfile::tempdir().unwrap())
    }

    /// The program of a user whose home that is.
    fn program_in(home: tempfile::TempDir) -> Self {
        let command = CommandBuilder::new(env!("CARGO_BIN_EXE_modeldesk"));
        Self::start_in(home, command)
    }

    fn start(command: CommandBuilder) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), command)
    }

    fn start_in(home: tempfile::TempDir, mut command: CommandBuilder) -> Self {
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
