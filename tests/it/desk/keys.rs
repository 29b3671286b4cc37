//! What keys do: the promises of the keymap, one test each.

use modeldesk::jobs::Request;
use modeldesk::tui::{Event, Kept, Leave};

use super::double::Driver;

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

#[test]
fn words_are_found_in_the_answers_and_esc_ends_it() {
    for size in [(60, 20), (80, 24), (120, 40)] {
        let mut desk = Driver::answered(size.0, size.1);
        desk.ask("and which is faster?");
        desk.press("Tab g");
        let before = desk.screen();
        desk.press("/");
        assert!(desk.screen().contains("find:"), "{}", desk.screen());
        desk.type_text("q PEGASUS");
        desk.press("Ctrl+A Delete Delete Enter");
        let first = desk.screen();
        assert!(
            first.contains("{2 legal-pegasus") || first.contains("{3 legal-pegasus"),
            "{first}"
        );
        assert!(first.contains("n N next"), "{first}");
        desk.press("n");
        let second = desk.screen();
        assert_ne!(second, first, "the other answer has it too, at {size:?}");
        // The same place may stand higher or lower: it is brought in sight and no further.
        for (key, back) in [("n", "behind the last"), ("N", "before the first")] {
            let before = desk.screen();
            desk.press(key);
            assert_ne!(
                desk.screen(),
                before,
                "{back} there is another, at {size:?}"
            );
            assert!(
                desk.screen().contains("> {3 legal-pegasus"),
                "{}",
                desk.screen()
            );
        }
        // What stands where the words are is selected.
        desk.press("y");
        assert_eq!(desk.copied[0].1, "nsi319/legal-pegasus");
        desk.press("Esc g");
        assert_eq!(desk.screen(), before, "at {size:?}");
        desk.press("n");
        assert!(
            desk.screen().contains("nothing is carried over"),
            "n is new again"
        );
    }
}

#[test]
fn words_that_go_on_in_the_next_row_are_found_and_others_are_said() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab /");
    desk.type_text("which reads a long contract in one pass");
    desk.press("Enter");
    assert!(
        desk.screen().contains("{For the work itself"),
        "{}",
        desk.screen()
    );
    desk.press("/");
    desk.feed(Event::Paste("no such\nwords".to_owned()));
    desk.press("Enter");
    let said = desk.screen();
    assert!(said.contains("The answers do not have: no such"), "{said}");
    desk.press("/ Esc");
    assert!(!desk.screen().contains("find:"), "{}", desk.screen());
}
