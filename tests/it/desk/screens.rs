//! Screens at three sizes, driven by keys.

use modeldesk::error::Error;
use modeldesk::tui::{Event, Outcome};

use super::double::{Driver, notice, opened};

const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (120, 40)];

/// Compares the screen after `keys` with the stored one, at every size.
pub(super) fn at_each_size(name: &str, start: fn(u16, u16) -> Driver, steps: &dyn Fn(&mut Driver)) {
    for (columns, rows) in SIZES {
        let mut driver = start(columns, rows);
        steps(&mut driver);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), driver.screen());
    }
}

#[test]
fn first_frame() {
    at_each_size("first_frame", Driver::open, &|_| {});
}

#[test]
fn first_frame_before_the_library_is_open() {
    at_each_size("starting", Driver::starting, &|_| {});
}

#[test]
fn examples_are_selected_with_tab_and_arrows() {
    at_each_size("examples", Driver::open, &|desk| desk.press("Tab j"));
}

#[test]
fn typing_completes_names_and_wraps() {
    at_each_size("typing", Driver::open, &|desk| {
        desk.type_text("How long does it take on this machine, with a thousand rows of text,");
        desk.press("Ctrl+J");
        desk.type_text("to tune distil");
    });
}

#[test]
fn an_answer() {
    at_each_size("answer", Driver::answered, &|_| {});
}

#[test]
fn an_answer_with_a_source_selected() {
    at_each_size("source", Driver::answered, &|desk| {
        desk.press("Tab j j j j");
    });
}

#[test]
fn a_card_at_the_cited_line() {
    at_each_size("card", Driver::answered, &|desk| {
        desk.press("Tab j j j Enter");
    });
}

#[test]
fn models_side_by_side() {
    let steps = |desk: &mut Driver| desk.press("Tab v j j j Right");
    at_each_size("compare", Driver::answered, &steps);
    let mut wide = Driver::answered(200, 50);
    steps(&mut wide);
    insta::assert_snapshot!("compare_200x50", wide.screen());
}

#[test]
fn five_models_side_by_side() {
    let steps =
        |desk: &mut Driver| desk.press("Tab m Space j Space j Space j j j j Space j Space v");
    at_each_size("compare_five", Driver::answered, &steps);
}

#[test]
fn the_rest_of_a_card() {
    at_each_size("card_end", Driver::answered, &|desk| {
        desk.press("Tab j j j Enter G");
    });
}

#[test]
fn front_matter_of_a_card() {
    at_each_size("card_front", Driver::answered, &|desk| {
        desk.press("Tab j j j j j Enter");
    });
}

#[test]
fn what_the_desk_reads_of_a_card() {
    at_each_size("card_facts", Driver::answered, &|desk| {
        desk.press("Tab j j j Enter Right j");
    });
}

#[test]
fn cards_beside_a_card() {
    at_each_size("card_related", Driver::answered, &|desk| {
        desk.press("Tab j j j Enter Right Right j");
    });
}

#[test]
fn a_card_as_it_is() {
    at_each_size("card_raw", Driver::answered, &|desk| {
        desk.press("Tab j j j Enter :");
        desk.type_text("raw");
        desk.press("Enter");
    });
}

#[test]
fn why() {
    at_each_size("why", Driver::answered, &|desk| desk.press("Tab w"));
}

#[test]
fn a_field_of_the_reading_being_changed() {
    at_each_size("fields", Driver::answered, &|desk| {
        desk.press("Tab e j Enter Ctrl+U");
        desk.type_text("cooking");
        desk.press("Enter");
    });
}

#[test]
fn help() {
    at_each_size("help", Driver::answered, &|desk| desk.press("Tab ?"));
}

#[test]
fn help_while_typing() {
    at_each_size("help_typing", Driver::open, &|desk| desk.press("F1"));
}

#[test]
fn palette() {
    at_each_size("palette", Driver::answered, &|desk| {
        desk.press("/");
        desk.type_text("e");
    });
}

#[test]
fn earlier_questions() {
    at_each_size("earlier", Driver::answered, &|desk| {
        desk.ask("and which is faster?");
        desk.press("Ctrl+R");
    });
}

#[test]
fn an_error_and_a_question_that_waits() {
    at_each_size("trouble", Driver::answered, &|desk| {
        desk.ask("error");
        desk.hold = true;
        desk.ask("and this?");
    });
}

#[test]
fn no_clipboard_shows_the_text() {
    let mut desk = Driver::answered(80, 24);
    desk.clipboard = Outcome::Nowhere;
    desk.press("Tab y");
    insta::assert_snapshot!("no_clipboard", desk.screen());
}

#[test]
fn a_library_that_cannot_be_opened() {
    let mut desk = Driver::starting(80, 24);
    desk.feed(Event::Opened(Err(
        Error::new("cannot open the index").hint("run `doctor`")
    )));
    insta::assert_snapshot!("no_library", desk.screen());
}

#[test]
fn what_the_library_has_to_say() {
    let mut desk = Driver::starting(80, 24);
    let mut opened = opened();
    opened
        .notices
        .push(notice("The index was damaged and has been built anew."));
    desk.feed(Event::Opened(Ok(opened)));
    insta::assert_snapshot!("notice", desk.screen());
}

#[test]
fn a_terminal_that_is_too_small_asks_for_room() {
    insta::assert_snapshot!("too_small", Driver::answered(40, 10).screen());
}
