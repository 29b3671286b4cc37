//! The terminal lent to others and taken again: to the shell, to an editor, and its mouse.

use std::os::unix::fs::PermissionsExt;

use super::{Session, ready};
use crate::counts;

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

/// An editor that saves what it was given in capital letters.
fn editor(desk: &tempfile::TempDir, script: &str) -> String {
    let path = desk.path().join("an editor");
    modeldesk::files::write(&path, format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("'{}'", path.display())
}

#[test]
fn a_question_is_written_in_the_users_editor() {
    let folder = tempfile::tempdir().unwrap();
    // The editor reads the terminal itself: the desk must leave the keys to it.
    let script = "read line; tr a-z A-Z < \"$1\" > \"$1.new\"; echo \"$line\" >> \"$1.new\"; mv \"$1.new\" \"$1\"";
    let mut desk = Session::start(Session::child(&[
        ("EDITOR", &editor(&folder, script)),
        ("VISUAL", ""),
    ]));
    desk.until_seen("54 cards | 2 cores");
    desk.send("which model\u{7}");
    desk.until("a terminal lent", |desk| {
        desk.count("\u{1b}[?1049l") == 1 && desk.termios() == desk.before
    });
    desk.send("typed into the editor\n");
    desk.until_seen("> WHICH MODEL");
    desk.until_seen("typed into the editor");
    desk.send("!");
    desk.until_seen("typed into the editor!");
    desk.send("\u{1b}");
    desk.until_seen("j k move");
    desk.send("q");
    desk.until("the end", |desk| desk.child.try_wait().unwrap().is_some());
    assert_eq!(desk.termios(), desk.before);
}

#[test]
fn an_editor_that_fails_leaves_the_question_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Session::start(Session::child(&[
        ("EDITOR", &editor(&folder, "exit 3")),
        ("VISUAL", ""),
    ]));
    desk.until_seen("54 cards | 2 cores");
    desk.send("which model\u{7}");
    desk.until_seen("the editor ended with exit status: 3");
    desk.until_seen("> which model");
    let mut desk = Session::start(Session::child(&[("EDITOR", ""), ("VISUAL", "")]));
    desk.until_seen("54 cards | 2 cores");
    desk.send("which model\u{7}");
    desk.until_seen("no editor is set");
    desk.until_seen("> which model");
}

#[test]
fn an_editor_that_is_killed_leaves_the_desk_the_text_and_the_terminal_whole() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        for (signal, said) in [("KILL", "SIGKILL (out of memory?)"), ("ABRT", "SIGABRT")] {
            let folder = tempfile::tempdir().unwrap();
            // As an editor does, it sets the terminal to its liking; it never sets it back.
            let left = "stty raw -echo; printf '\\033[?1049h\\033[?1002h'; sleep 0.1";
            let script = format!("{left}; kill -{signal} $$");
            let mut desk = Session::start(Session::child(&[
                ("EDITOR", &editor(&folder, &script)),
                ("VISUAL", ""),
            ]));
            desk.until_seen("54 cards | 2 cores");
            desk.send("which model\u{7}");
            desk.until_seen(&format!("the editor was ended by {said}"));
            desk.until_seen("the text is as it was");
            desk.until_seen("> which model");
            desk.send(" is best?\r");
            desk.until_seen("> which model is best?");
            desk.until_seen("read as: recommend");
            desk.send("\tq");
            desk.until("the end", |desk| desk.child.try_wait().unwrap().is_some());
            assert_eq!(desk.termios(), desk.before, "after {signal}");
            desk.until("the mouse given back", |desk| {
                desk.count("\u{1b}[?1002l") > 0 && desk.count("\u{1b}[?1049l") > 1
            });
        }
    }
    row.held(2 * rounds);
}

#[test]
fn what_an_editor_had_saved_before_it_was_killed_is_kept_and_so_is_the_text_before() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'saved, then killed' > \"$1\"; kill -KILL $$";
    let mut desk = Session::start(Session::child(&[
        ("EDITOR", &editor(&folder, script)),
        ("VISUAL", ""),
    ]));
    desk.until_seen("54 cards | 2 cores");
    desk.send("which model\u{7}");
    desk.until_seen("> saved, then killed");
    desk.until_seen("the editor was ended by SIGKILL");
    desk.send("\u{1b}[A");
    desk.until_seen("> which model");
}

#[test]
fn the_mouse_is_listened_to_when_asked_and_given_back() {
    let row = counts::row("T5");
    let rounds = counts::of(1, 3);
    for _ in 0..rounds {
        let mut desk = ready();
        assert_eq!(desk.count("\u{1b}[?1000h"), 0, "off until asked");
        desk.send("/mouse\r");
        desk.until_seen("hold Shift");
        assert_eq!(desk.count("\u{1b}[?1000h"), 1);
        // A click on the first example.
        let at = desk
            .screen()
            .lines()
            .position(|row| row.contains("Which model is best"))
            .unwrap();
        let click = format!("\u{1b}[<0;8;{}M\u{1b}[<0;8;{}m", at + 1, at + 1);
        desk.send(&click);
        desk.until_seen("read as: recommend");
        desk.signal("-TERM");
        assert_eq!(desk.ended().exit_code(), 128 + 15);
        for given in ["[?1000l", "[?1006l"] {
            assert_eq!(desk.count(&format!("\u{1b}{given}")), 1, "{given}");
        }
    }
    row.held(rounds);
}
