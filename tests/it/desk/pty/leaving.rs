//! Every way out leaves the terminal as it was.

use portable_pty::{CommandBuilder, PtySize};

use super::{Session, ready};
use crate::counts;
use crate::desk::double::FAULT;

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
fn a_panic_of_the_catalogue_is_a_message_and_the_desk_lives_on() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = Session::start(Session::child(&[(FAULT, "catalogue")]));
        desk.until_seen("54 cards | 2 cores");
        desk.send("\t2");
        desk.until_seen("listing the models failed: the double was told to panic");
        desk.send("1\u{1b}i");
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

#[test]
fn a_panic_before_the_terminal_is_taken_leaves_it_alone() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = Session::start(Session::child(&[(FAULT, "early")]));
        desk.until_seen("told to panic early");
        desk.until("the end", |desk| desk.child.try_wait().unwrap().is_some());
        assert_eq!(desk.count("\u{1b}[?1049h"), 0);
        assert_eq!(desk.termios(), desk.before);
    }
    row.held(rounds);
}

#[test]
fn a_panic_while_the_desk_panics_gives_the_terminal_back() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = Session::start(Session::child(&[(FAULT, "twice")]));
        desk.until_seen("54 cards | 2 cores");
        desk.send("anything\r");
        desk.until_seen("read as: recommend");
        desk.send("\tw");
        assert_ne!(desk.ended().exit_code(), 0);
        desk.until_seen("panic in a destructor during cleanup");
    }
    row.held(rounds);
}

#[test]
fn a_screen_that_nobody_reads_ends_the_desk_with_a_message() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut command = CommandBuilder::new("sh");
        let program = std::env::current_exe().unwrap();
        command.args([
            "-c",
            "\"$0\" --exact desk::pty::child --ignored --nocapture | \
             { while [ ! -e \"$1\" ]; do sleep 0.05; done; }",
        ]);
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        command.arg(program);
        command.arg(&gone);
        let mut desk = Session::start(command);
        desk.until("a terminal taken", |desk| desk.termios() != desk.before);
        modeldesk::files::write(&gone, b"").unwrap();
        // The reader leaves without having read anything; then every frame fails.
        desk.until("the reader gone", |desk| {
            desk.send("x");
            desk.screen().contains("cannot use this terminal")
        });
        desk.until("the end", |desk| desk.child.try_wait().unwrap().is_some());
        assert_eq!(desk.termios(), desk.before);
    }
    row.held(rounds);
}
