//! What keys do: the promises of the keymap, one test each.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::error::Error;
use modeldesk::jobs::Request;
use modeldesk::tui::keymap::Context;
use modeldesk::tui::{Event, Kept, Leave};

use super::double::{Driver, reply};
use crate::counts;

#[test]
fn esc_in_the_answer_costs_nothing() {
    let mut desk = Driver::answered(80, 24);
    desk.type_text("half a question");
    desk.press("Esc");
    let before = desk.screen();
    desk.press("Esc Esc Esc");
    assert_eq!(desk.screen(), before);
    assert!(before.contains("half a question"));
    assert_eq!(desk.left, None);
}

#[test]
fn a_card_gives_back_the_same_answer_and_scroll() {
    for size in [(60, 20), (80, 24), (120, 40)] {
        let mut desk = Driver::answered(size.0, size.1);
        desk.ask("and which is faster?");
        desk.press("Tab k k k PgUp k");
        let before = desk.screen();
        desk.press("Enter");
        assert_ne!(desk.screen(), before);
        desk.press("j j PgDn Esc");
        assert_eq!(desk.screen(), before, "at {size:?}");
    }
}

#[test]
fn sources_are_walked_with_brackets() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j j j Enter");
    assert!(
        desk.screen().contains("> 30 {This model reads"),
        "{}",
        desk.screen()
    );
    desk.press("]");
    assert!(
        desk.screen().contains("> 44 {### Figures}"),
        "{}",
        desk.screen()
    );
    desk.press("] ]");
    assert!(
        desk.screen().contains("> 30 {This model reads"),
        "{}",
        desk.screen()
    );
    desk.press("[");
    assert!(
        desk.screen().contains(">  3 {language: [en, ja, ar]}"),
        "{}",
        desk.screen()
    );
    desk.press("y");
    assert_eq!(desk.copied[0].1, "google/flan-t5-base:3");
}

#[test]
fn a_fact_opens_at_its_line_and_back_leads_to_the_facts() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j j j Enter");
    let card = desk.screen();
    desk.press("Right j");
    let facts = desk.screen();
    assert!(facts.contains("[facts]"), "{facts}");
    assert!(facts.contains("> licence"), "{facts}");
    desk.press("y Enter");
    assert_eq!(desk.copied[0].1, "nsi319/legal-led-base-16384:2");
    assert!(
        desk.screen().contains(">  2 {license: mit}"),
        "{}",
        desk.screen()
    );
    desk.press("Esc");
    assert_eq!(desk.screen(), facts);
    desk.press("Left");
    assert_eq!(desk.screen(), card, "the cited line is the answer's again");
}

#[test]
fn a_related_card_opens_over_the_card_and_back_leads_to_it() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab");
    let answer = desk.screen();
    desk.press("j j j Enter Right Right j y");
    let related = desk.screen();
    assert!(related.contains("> same task"), "{related}");
    assert_eq!(desk.copied[0].1, "google-t5/t5-small");
    desk.press("j k");
    let related = desk.screen();
    desk.press("Enter");
    assert!(
        desk.screen().contains("  google-t5/t5-small  built-in"),
        "{}",
        desk.screen()
    );
    desk.press("Right Right Enter Esc Esc");
    assert_eq!(desk.screen(), related);
    desk.press("Esc k k k");
    assert_eq!(desk.screen(), answer);
}

#[test]
fn the_text_of_a_card_can_be_seen_as_it_is() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j j j Enter");
    assert!(!desk.screen().contains("**16,384 tokens**"));
    desk.press(":");
    desk.type_text("raw");
    desk.press("Enter");
    assert!(
        desk.screen().contains("**16,384 tokens**"),
        "{}",
        desk.screen()
    );
    assert!(
        desk.screen().contains("> 31 {it was trained on `eur-lex`"),
        "{}",
        desk.screen()
    );
}

#[test]
fn y_copies_what_is_selected() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab y");
    assert_eq!(desk.copied[0].1, "from transformers import pipeline\n");
    assert!(
        desk.screen()
            .contains("Copied the script for nsi319/legal-led-base-16384")
    );
    desk.press("j y");
    assert_eq!(desk.copied[1].1, "google/flan-t5-base");
    desk.press("j j y");
    assert_eq!(desk.copied[2].1, "nsi319/legal-led-base-16384:31");
    desk.press("k k k k y");
    assert!(
        desk.copied[3].1.starts_with("For the work itself:"),
        "{:?}",
        desk.copied[3]
    );
}

#[test]
fn a_changed_field_is_answered_at_once_and_a_wrong_one_says_why() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab e j Enter Ctrl+U");
    desk.type_text("cooking");
    desk.press("Enter");
    assert!(desk.screen().contains("`cooking` is no task"));
    desk.press("Esc Enter");
    assert!(
        desk.screen().contains("cooking"),
        "Esc keeps what was typed"
    );
    desk.press("Ctrl+U");
    desk.type_text("translation");
    desk.press("Enter Esc");
    assert!(
        desk.screen().contains("read as: recommend, translation"),
        "{}",
        desk.screen()
    );
    desk.press("e j Enter Ctrl+U Enter e");
    assert!(
        !desk.screen().contains("translation"),
        "an empty value drops the field"
    );
}

/// The models of the comparisons that were asked for.
fn compared(desk: &Driver) -> Vec<Vec<String>> {
    let models = |request: &Request| match request {
        Request::Compare { models, .. } => Some(models.clone()),
        _ => None,
    };
    desk.held.iter().filter_map(models).collect()
}

#[test]
fn compare_sets_the_marked_models_side_by_side_or_the_first_two() {
    let mut desk = Driver::answered(80, 24);
    desk.hold = true;
    desk.press("Tab v");
    assert!(desk.screen().contains("Setting side by side"));
    desk.press("v j Space j Space v");
    let (led, flan) = ("nsi319/legal-led-base-16384", "google/flan-t5-base");
    let pegasus = "nsi319/legal-pegasus";
    assert_eq!(compared(&desk), [[led, flan], [flan, pegasus]]);
    desk.release();
    let screen = desk.screen();
    assert!(screen.contains("legal-pegasus: nsi319") || screen.contains("flan-t5-base: google"));
    assert!(
        !screen.contains("legal-led"),
        "an old comparison is dropped: {screen}"
    );
}

#[test]
fn a_comparison_gives_back_the_same_answer_and_a_card_the_same_comparison() {
    for size in [(60, 20), (80, 24), (120, 40), (200, 50)] {
        let mut desk = Driver::answered(size.0, size.1);
        desk.ask("and which is faster?");
        desk.press("Tab k k k PgUp k");
        let answer = desk.screen();
        for close in ["Esc", "v"] {
            desk.press("v j j j Right");
            let comparison = desk.screen();
            assert!(comparison.contains("{162,000,000}") || comparison.contains("60% faster"));
            desk.press("Enter");
            let cited = |row: &str| row.starts_with('>') && row.contains(" 12 ");
            assert!(desk.screen().lines().any(cited), "{}", desk.screen());
            desk.press("PgDn ] Tab Tab Esc");
            assert_eq!(desk.screen(), comparison, "at {size:?}");
            desk.press(close);
            assert_eq!(desk.screen(), answer, "at {size:?} with {close}");
        }
    }
}

#[test]
fn cells_of_a_comparison_are_walked_and_their_lines_named() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab v");
    assert!(
        desk.screen()
            .contains("legal-led-base-16384: nsi319/legal-led-base-16384:8")
    );
    desk.press("Right j");
    assert!(
        desk.screen()
            .contains("flan-t5-base: google/flan-t5-base:9"),
        "{}",
        desk.screen()
    );
    desk.press("j");
    assert!(desk.screen().contains("flan-t5-base: no line of its card"));
    let before = desk.screen();
    desk.press("Enter");
    assert_eq!(desk.screen(), before, "there is nothing to open");
    desk.press("G");
    assert!(
        desk.screen()
            .contains("not comparable: the split is unclear"),
        "{}",
        desk.screen()
    );
    desk.press("g Left");
    assert!(
        desk.screen()
            .contains("base-16384: nsi319/legal-led-base-16384:8")
    );
}

#[test]
fn a_comparison_is_copied_as_markdown() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab v y");
    let (what, text) = &desk.copied[0];
    assert_eq!(what, "the comparison as Markdown");
    assert!(text.starts_with("| | legal-led-base-16384 | flan-t5-base |\n|---|---|---|\n"));
    assert!(
        text.contains("\n1. nsi319/legal-led-base-16384, line 8\n"),
        "{text}"
    );
}

#[test]
fn a_comparison_that_fails_says_why_and_one_that_waits_can_be_stopped() {
    let mut desk = Driver::answered(80, 24);
    let answer = desk.screen();
    desk.hold = true;
    desk.press("Tab v");
    let Some(Request::Compare { ticket, .. }) = desk.held.pop() else {
        panic!("{:?}", desk.held);
    };
    let error = Error::usage("6 models do not fit side by side").hint("name two to 5");
    desk.feed(Event::Compared {
        ticket,
        answer: Err(error),
    });
    let screen = desk.screen();
    assert!(
        screen.contains("6 models do not fit side by side"),
        "{screen}"
    );
    assert!(screen.contains("hint: name two to 5"), "{screen}");
    desk.press("v v Ctrl+C i");
    assert_eq!(desk.screen(), answer);
}

#[test]
fn more_models_can_be_seen_and_opened() {
    let mut desk = Driver::answered(80, 30);
    assert!(!desk.screen().contains("bart-large-cnn"));
    desk.press("Tab m G");
    assert!(
        desk.screen()
            .contains("4 facebook/bart-large-cnn  no: BART"),
        "{}",
        desk.screen()
    );
    desk.press("m");
    assert!(!desk.screen().contains("bart-large-cnn"));
}

/// The readings that questions carried over, oldest first.
fn carried(desk: &Driver) -> Vec<bool> {
    let carried = |request: &Request| match request {
        Request::Ask { before, .. } => Some(before.is_some()),
        _ => None,
    };
    desk.held.iter().filter_map(carried).collect()
}

#[test]
fn a_follow_up_carries_the_reading_and_n_starts_afresh() {
    let mut desk = Driver::answered(80, 24);
    desk.hold = true;
    desk.ask("and which is faster?");
    desk.press("Ctrl+C Esc n");
    assert!(desk.screen().contains("nothing is carried over"));
    desk.ask("what is rouge");
    assert_eq!(carried(&desk), [true, false]);
}

#[test]
fn only_the_newest_question_is_answered() {
    let mut desk = Driver::open(80, 40);
    desk.hold = true;
    desk.ask("first");
    desk.ask("second");
    desk.release();
    let screen = desk.screen();
    assert_eq!(screen.matches("read as:").count(), 1, "{screen}");
    desk.press("Tab g");
    assert!(
        desk.screen().contains("a later question took its place"),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_stopped_question_ignores_its_answer() {
    let mut desk = Driver::open(80, 24);
    desk.hold = true;
    desk.ask("first");
    desk.type_text("kept");
    desk.press("Ctrl+C");
    desk.release();
    assert!(desk.screen().contains("Stopped."), "{}", desk.screen());
    assert!(desk.screen().contains("> kept"));
}

#[test]
fn ctrl_c_clears_then_quits_when_pressed_twice() {
    let mut desk = Driver::open(80, 24);
    desk.type_text("a draft");
    desk.press("Ctrl+C");
    assert!(!desk.screen().contains("a draft"));
    desk.press("Up");
    assert!(desk.screen().contains("> a draft"));
    desk.press("Ctrl+C Ctrl+C");
    assert_eq!(desk.left, None, "one that clears does not count");
    assert!(desk.screen().contains("Ctrl+C once more within 2 s quits."));
    desk.feed(Event::Lapsed);
    desk.press("Ctrl+C");
    assert_eq!(desk.left, None, "too late");
    desk.press("x Ctrl+C Ctrl+C");
    assert_eq!(desk.left, None, "a key in between counts it off");
    desk.press("Ctrl+C");
    assert_eq!(desk.left, Some(Leave::Asked));
}

#[test]
fn commands_are_found_by_the_words_that_people_type() {
    for words in ["/quit", "/q", "/exit", "/bye", ":q"] {
        let mut desk = Driver::answered(80, 24);
        desk.ask(words);
        assert_eq!(desk.left, Some(Leave::Asked), "{words} typed");
        let mut desk = Driver::answered(80, 24);
        desk.feed(Event::Paste(words.to_owned()));
        desk.press("Enter");
        assert_eq!(desk.left, Some(Leave::Asked), "{words} pasted");
    }
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab");
    desk.ask(":q");
    assert_eq!(desk.left, Some(Leave::Asked), ":q outside the input");
}

#[test]
fn examples_come_back_when_asked_for() {
    let mut desk = Driver::answered(80, 24);
    desk.ask("/examples");
    assert!(desk.screen().contains("{What runs here") || desk.screen().contains("What runs here"));
    desk.press("j j j Enter");
    assert!(
        desk.screen().contains("> What runs here right now?"),
        "{}",
        desk.screen()
    );
}

#[test]
fn two_slashes_begin_a_question_with_one() {
    let mut desk = Driver::open(80, 24);
    desk.ask("//etc is a folder");
    assert!(
        desk.screen().contains("> /etc is a folder"),
        "{}",
        desk.screen()
    );
}

#[test]
fn an_unknown_command_is_said_and_kept() {
    let mut desk = Driver::open(80, 24);
    desk.feed(Event::Paste("/nonsense".to_owned()));
    desk.press("Enter");
    let screen = desk.screen();
    assert!(
        screen.contains("There is no command /nonsense."),
        "{screen}"
    );
    assert!(screen.contains("> /nonsense"), "{screen}");
}

#[test]
fn earlier_questions_are_kept_searched_and_put_back() {
    let mut desk = Driver::open(80, 24);
    desk.feed(Event::Remembered(
        Kept::Questions,
        vec!["from last time".to_owned()],
    ));
    desk.ask("which is smallest");
    assert_eq!(desk.kept, ["which is smallest"]);
    desk.press("Up Up");
    assert!(desk.screen().contains("> from last time"));
    desk.press("Ctrl+U Ctrl+R");
    desk.type_text("small");
    desk.press("Enter");
    assert!(desk.screen().contains("> which is smallest"));
    desk.press("Enter");
    assert_eq!(
        desk.screen().matches("> which is smallest").count(),
        1,
        "it is sent"
    );
}

#[test]
fn question_mark_and_slash_are_text_once_there_is_text() {
    let mut desk = Driver::open(80, 24);
    desk.type_text("a/b? q j 1");
    assert!(desk.screen().contains("> a/b? q j 1"));
    assert_eq!(desk.left, None);
}

#[test]
fn help_does_what_its_line_says() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab ?");
    let rows = desk.screen();
    let at = rows
        .lines()
        .skip(3)
        .position(|row| row.contains("why the models"))
        .unwrap();
    for _ in 0..at {
        desk.press("j");
    }
    desk.press("Enter");
    assert!(
        desk.screen().contains("Why in this order"),
        "{}",
        desk.screen()
    );
    desk.press("w ?");
    desk.press("?");
    assert!(desk.screen().contains("read as:"), "the same key closes it");
}

/// Keys that lead to each state from a desk with two answers.
const STATES: [(&str, &str); 27] = [
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
    ("models", "Tab 2"),
    ("a model further down", "Tab 2 j j Space Space"),
    ("filter", "Tab 2 /"),
    ("a filter that finds nothing", "Tab 2 / z z z Esc"),
    ("facets", "Tab 2 Tab"),
    ("a card of the list", "Tab 2 Enter"),
    ("a comparison of the list", "Tab 2 Space Space v"),
    ("palette", "Ctrl+P"),
    ("earlier", "Ctrl+R"),
    ("help", "Tab ?"),
];

fn in_state(keys: &str, size: (u16, u16)) -> Driver {
    let mut desk = Driver::answered(size.0, size.1);
    desk.ask("and which is faster?");
    desk.press(keys);
    desk
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
    for (state, keys) in STATES {
        for (size, every) in [((80, 24), 1), ((120, 40), 3), ((30, 8), 7)] {
            for key in all_keys().into_iter().step_by(every) {
                let mut desk = in_state(keys, size);
                desk.feed(Event::Key(key));
                desk.screen();
                let typing = desk.app.context().is_typing();
                let asked = key.code == KeyCode::Char('q') && !typing;
                assert!(
                    desk.left.is_none() || asked,
                    "{key:?} quits in {state} at {size:?}"
                );
            }
        }
    }
}

#[test]
fn every_key_that_the_footer_shows_changes_something() {
    for (state, keys) in STATES {
        let desk = in_state(keys, (120, 40));
        let bindings = desk.app.keymap().bindings();
        let shown: Vec<_> = bindings
            .iter()
            .filter(|binding| !binding.short.is_empty() && desk.app.offers(binding))
            .collect();
        assert!(!shown.is_empty(), "{state} shows no keys");
        for binding in shown {
            // Enter on an empty input does nothing, and moving may be at its end already.
            if desk.app.context() == Context::Input && binding.shown == "Enter" {
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
    }
}

#[test]
fn random_keys_and_sizes_never_break_the_desk() {
    let row = counts::row("T4");
    let desks = counts::of(20, 1_000);
    storm(desks as u64, 400);
    row.held(desks);
}

/// Presses `length` random keys on each of `desks` desks of random sizes.
pub(super) fn storm(desks: u64, length: u64) {
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
