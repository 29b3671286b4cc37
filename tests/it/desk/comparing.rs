//! Models side by side: opened, walked, copied, given up.

use modeldesk::error::Error;
use modeldesk::jobs::Request;
use modeldesk::tui::Event;

use super::double::Driver;

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
