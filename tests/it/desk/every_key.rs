//! Every key in every state, and keys that nobody chose.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::tui::Event;

use super::double::{Driver, reply};
use crate::counts;

/// Keys that lead to each state from a desk with two answers.
const STATES: [(&str, &str); 62] = [
    ("input", ""),
    ("input with text", "w h a t"),
    ("answer", "Tab"),
    ("a model marked", "Tab j Space"),
    ("a source selected", "Tab G"),
    ("more models", "Tab m"),
    ("why", "Tab w"),
    ("fields", "Tab e"),
    ("a value", "Tab e Enter"),
    ("card", "Tab j j j Enter"),
    ("models side by side", "Tab v"),
    ("a card of a comparison", "Tab v Right Enter"),
    ("facts", "Tab j j j Enter Right"),
    ("related cards", "Tab j j j Enter Right Right"),
    ("a card from a card", "Tab j j j Enter Right Right Enter"),
    ("a script", "Tab t"),
    ("words to find", "Tab j j j Enter /"),
    ("words to find in the answers", "Tab / r o u g e"),
    ("words found in the answers", "Tab / l e g a l Enter"),
    ("words found in a card", "Tab j j j Enter / t h e Enter"),
    ("models", "Tab 2"),
    ("a model further down", "Tab 2 j j Space Space"),
    ("filter", "Tab 2 /"),
    ("a filter that finds nothing", "Tab 2 / z z z Esc"),
    ("facets", "Tab 2 Tab"),
    ("a card of the list", "Tab 2 Enter"),
    ("a comparison of the list", "Tab 2 Space Space v"),
    ("a text to try", "Tab 3"),
    ("a typed text to try", "Tab 3 w h a t"),
    ("texts to begin with", "Tab 3 Tab"),
    ("a summary", "Tab 3 w h a t Enter Tab"),
    ("a failure", "Tab 3 f a i l Enter Tab"),
    ("a model at work", "Tab 3 h a n g Enter"),
    ("a model at work, read", "Tab 3 h a n g Enter Tab"),
    (
        "two models at work",
        "Tab 3 Tab = Down Enter i h a n g Enter Tab",
    ),
    (
        "a drawn text",
        "Tab 3 Tab t w r i t e Space o n Enter i a Enter Tab",
    ),
    ("settings", "Tab 3 Tab Tab"),
    ("all settings", "Tab 3 Tab a G"),
    ("a setting", "Tab 3 Tab Tab j j j j j Enter"),
    ("choices", "Tab 3 Tab m"),
    ("a model to be fetched", "Tab j t Tab"),
    ("runs", "Tab 4"),
    ("runs, one that rests", "Tab 4 j j"),
    ("a run at work", "Tab 4 Enter"),
    ("a run that is to end", "Tab 4 Enter x"),
    ("a plan without a model", "Tab 4 n"),
    ("models to tune", "Tab 4 n Enter"),
    (
        "a plan",
        "Tab 4 n Enter m o o d Enter Enter r o w s . c s v Enter",
    ),
    (
        "a changed plan with all options",
        "Tab 4 n Enter m o o d Enter Enter r o w s . c s v Enter j j j j Enter Ctrl+U 2 Enter a",
    ),
    (
        "a value of a plan",
        "Tab 4 n Enter m o o d Enter Enter r o w s . c s v Enter j j j Enter",
    ),
    (
        "rows that are being read",
        "Tab 4 n Enter m o o d Enter Enter h a n g Enter",
    ),
    ("a message", "Tab 5"),
    ("a typed message", "Tab 5 w h a t"),
    ("a conversation not begun", "Tab 5 Tab"),
    ("a conversation", "Tab 5 w h a t Enter Tab"),
    ("two answers", "Tab 5 w h a t Enter Tab r"),
    ("an answer that comes", "Tab 5 h a n g Enter"),
    ("an answer that failed", "Tab 5 f a i l Enter Tab"),
    ("models to talk to", "Tab 5 Tab m"),
    ("palette", "Ctrl+P"),
    ("earlier", "Ctrl+R"),
    ("help", "Tab ?"),
];

/// A desk in a state: what is typed comes as a whole, which is one event for fifty.
fn in_state(keys: &str, size: (u16, u16)) -> Driver {
    let mut desk = Driver::open(size.0, size.1);
    for question in [
        "Which model is best for summarizing legal documents?",
        "and which is faster?",
    ] {
        desk.feed(Event::Paste(question.to_owned()));
        desk.press("Enter");
    }
    desk.press(keys);
    desk
}

/// Does `work` with each of the states, on as many threads as there are cores.
fn in_each_state(work: impl Fn(&'static str, &'static str) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let serve = || {
        while let Some((state, keys)) = STATES.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(state, keys);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(serve)).collect();
        for thread in threads {
            // The panic of a state is the test's, with its own words.
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

/// Every key that a terminal can send, with every modifier.
fn all_keys() -> Vec<KeyEvent> {
    let mut codes: Vec<KeyCode> = (' '..='~').map(KeyCode::Char).collect();
    codes.extend(['é', '日', '\u{301}', '\u{202e}', '\u{7f}', '\u{1b}'].map(KeyCode::Char));
    codes.extend((1..=12).map(KeyCode::F));
    codes.extend([
        KeyCode::Backspace,
        KeyCode::Enter,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Delete,
        KeyCode::Insert,
        KeyCode::Null,
        KeyCode::Esc,
        KeyCode::CapsLock,
        KeyCode::Menu,
    ]);
    let modifiers = [
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::CONTROL | KeyModifiers::ALT,
        KeyModifiers::SUPER,
    ];
    let all = codes
        .iter()
        .flat_map(|code| modifiers.map(|held| KeyEvent::new(*code, held)));
    all.collect()
}

#[test]
fn every_key_in_every_state_is_safe_and_only_q_quits() {
    in_each_state(|state, keys| {
        for (size, every) in [((80, 24), 1), ((120, 40), 3), ((30, 8), 7)] {
            // A key that changes nothing leaves the desk in the state for the next one.
            let mut kept: Option<(Driver, String)> = None;
            for key in all_keys().into_iter().step_by(every) {
                let (mut desk, before) = kept.take().unwrap_or_else(|| {
                    let desk = in_state(keys, size);
                    let screen = desk.screen();
                    (desk, screen)
                });
                let context = desk.app.context();
                desk.feed(Event::Key(key));
                let after = desk.screen();
                let typing = desk.app.context().is_typing();
                let asked = key.code == KeyCode::Char('q') && !typing;
                assert!(
                    desk.left.is_none() || asked,
                    "{key:?} quits in {state} at {size:?}"
                );
                let same = after == before && desk.app.context() == context;
                kept = (same && desk.left.is_none()).then_some((desk, after));
            }
        }
    });
}

#[test]
fn every_key_that_the_footer_shows_changes_something() {
    in_each_state(|state, keys| {
        let desk = in_state(keys, (120, 40));
        let bindings = desk.app.keymap().bindings();
        let shown: Vec<_> = bindings
            .iter()
            .filter(|binding| !binding.short.is_empty() && desk.app.offers(binding))
            .collect();
        assert!(!shown.is_empty(), "{state} shows no keys");
        for binding in shown {
            // Enter on an empty input does nothing, and moving may be at its end already.
            if desk.app.context().is_input() && binding.shown == "Enter" {
                continue;
            }
            let changes = bindings
                .iter()
                .filter(|other| other.shown == binding.shown && other.is_in(desk.app.context()))
                .flat_map(modeldesk::tui::keymap::Binding::events)
                .any(|key| {
                    let mut desk = in_state(keys, (120, 40));
                    let before = (desk.screen(), desk.copied.len(), desk.app.context());
                    desk.feed(Event::Key(key));
                    (desk.screen(), desk.copied.len(), desk.app.context()) != before
                });
            assert!(changes, "{} does nothing in {state}", binding.shown);
        }
    });
}

#[test]
fn random_keys_and_sizes_never_break_the_desk() {
    let row = counts::row("T4");
    let desks = counts::of(20, 1_000);
    storm(desks as u64, 400);
    row.held(desks);
}

/// Presses `length` random keys on each of `desks` desks of random sizes.
fn storm(desks: u64, length: u64) {
    for seed in 1..=desks {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = move |below: usize| {
            // xorshift64: only spread matters here.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let keys = all_keys();
        let mut desk = Driver::open(random(300) as u16 + 1, random(100) as u16 + 1);
        for n in 0..length {
            match random(40) {
                0 => desk.resize(random(300) as u16 + 1, random(100) as u16 + 1),
                1 => desk.ask("which model is best?"),
                2 => desk.feed(Event::Paste("pasted\ntext 日本語".to_owned())),
                3 => desk.hold = !desk.hold,
                4 => {
                    for request in std::mem::take(&mut desk.held) {
                        desk.feed(reply(request));
                    }
                }
                _ => desk.feed(Event::Key(keys[random(keys.len())])),
            }
            if n % 7 == 0 {
                desk.screen();
            }
        }
    }
}
