//! The Models pane: what keys do there, and how it looks.

use modeldesk::tui::{Event, Mouse};

use super::double::Driver;
use super::screens::at_each_size;

/// A desk on the Models pane.
fn models(columns: u16, rows: u16) -> Driver {
    let mut desk = Driver::open(columns, rows);
    desk.press("Esc 2");
    desk
}

/// The rows of the list, without what stands around them.
fn listed(desk: &Driver) -> Vec<String> {
    let screen = desk.screen();
    let rows = screen
        .lines()
        .skip(4)
        .take_while(|row| !row.starts_with("--"));
    let list = rows.map(|row| row.split(" |").next().unwrap_or_default());
    let shown = list.map(|row| row.trim_matches(['>', '*', '{', '}', ' ']).to_owned());
    let mut listed: Vec<String> = shown.filter(|row| !row.is_empty()).collect();
    // Below the list stands more of the marked model.
    listed.pop();
    listed
}

#[test]
fn the_list() {
    at_each_size("models", models, &|_| {});
}

#[test]
fn a_marked_model_and_a_filter() {
    at_each_size("models_filtered", models, &|desk| {
        desk.press("Space j Space /");
        desk.type_text("summ mit");
    });
}

#[test]
fn facets_of_the_list() {
    at_each_size("models_facets", models, &|desk| desk.press("Tab j j Enter"));
}

#[test]
fn a_filter_that_finds_nothing() {
    at_each_size("models_nothing", models, &|desk| {
        desk.press("/");
        desk.type_text("nothing has this name");
    });
}

#[test]
fn the_card_of_a_listed_model() {
    at_each_size("models_card", models, &|desk| desk.press("j Enter"));
}

#[test]
fn what_to_do_with_a_model_that_does_not_run_here() {
    at_each_size("script", models, &|desk| desk.press("j t"));
}

#[test]
fn every_typed_letter_narrows_and_none_waits() {
    let mut desk = models(80, 24);
    desk.hold = true;
    desk.press("/");
    desk.type_text("model-07");
    assert!(
        desk.screen().contains("> model-07"),
        "typing goes on while nothing is found"
    );
    assert!(listed(&desk).len() > 10, "the old list stands meanwhile");
    desk.release();
    assert_eq!(listed(&desk).len(), 1, "{}", desk.screen());
    desk.hold = false;
    desk.press("Ctrl+U");
    assert!(listed(&desk).len() > 10);
}

#[test]
fn what_was_found_for_an_older_filter_is_dropped() {
    let mut desk = models(80, 24);
    desk.hold = true;
    desk.press("/");
    desk.type_text("model-07");
    let newest = desk.held.pop().unwrap();
    desk.release();
    assert!(listed(&desk).len() > 10, "{}", desk.screen());
    desk.held.push(newest);
    desk.release();
    assert_eq!(listed(&desk).len(), 1);
}

#[test]
fn facets_narrow_and_are_taken_back() {
    let mut desk = models(80, 24);
    let all = listed(&desk);
    desk.press("Tab Space Esc");
    let narrowed = desk.screen();
    assert!(narrowed.contains("10 of 30 models"), "{narrowed}");
    desk.press("Tab Space Esc");
    assert_eq!(listed(&desk), all);
    desk.press("Tab Space Esc Esc");
    assert_eq!(listed(&desk), all, "Esc in the list shows all again");
}

#[test]
fn s_sorts_by_the_next_column_and_capital_s_turns_round() {
    let mut desk = models(120, 40);
    desk.press("s s s");
    let rising = listed(&desk);
    assert!(desk.screen().contains("size^"), "{}", desk.screen());
    desk.press("S");
    let falling = listed(&desk);
    assert!(desk.screen().contains("sizev"), "{}", desk.screen());
    assert_eq!(rising.first(), falling.last());
    assert_ne!(rising.first(), falling.first());
}

#[test]
fn marked_models_are_compared_and_no_more_than_five_can_be() {
    let mut desk = models(120, 40);
    desk.press("Space");
    assert!(
        !desk.screen().contains("v compare"),
        "one model is beside nothing"
    );
    desk.press("Space Space Space Space Space");
    assert!(
        desk.screen().contains("5 models are marked"),
        "{}",
        desk.screen()
    );
    desk.press("v");
    assert!(desk.screen().contains("parameters"), "{}", desk.screen());
    let beside = |row: &str| row.contains(" |");
    assert!(
        !desk.screen().lines().skip(2).any(beside),
        "it has all of the width"
    );
    desk.press("y");
    assert!(
        desk.copied[0].1.contains('|'),
        "Markdown: {:?}",
        desk.copied[0]
    );
    desk.press("Right Enter");
    assert!(desk.screen().contains("[card]"), "{}", desk.screen());
    desk.press("Esc Esc");
    assert!(desk.screen().contains("5 marked"), "{}", desk.screen());
}

#[test]
fn keys_on_a_model_copy_its_id_try_it_or_show_a_script_and_plan_a_fine_tune() {
    let mut desk = models(80, 24);
    desk.press("y t");
    let id = desk.copied[0].1.clone();
    assert!(id.contains('/'), "{id}");
    let screen = desk.screen();
    assert!(
        screen.contains("[3 Try]") && screen.contains(&id),
        "{screen}"
    );
    // The second model is of a kind that does not run here.
    desk.press("Tab 2 j y t y");
    let id = desk.copied[1].1.clone();
    assert_eq!(desk.copied[2].1, "from transformers import pipeline\n");
    desk.press("Esc f");
    assert!(
        desk.screen()
            .contains(&format!("> How can I fine-tune {id}?")),
        "{}",
        desk.screen()
    );
    assert!(desk.screen().contains("[1 Ask]"));
}

#[test]
fn filters_and_questions_have_histories_of_their_own() {
    let mut desk = models(80, 24);
    desk.press("/");
    desk.type_text("summ");
    desk.press("Enter 1 i");
    desk.ask("which model is best");
    desk.press("Up");
    assert!(
        desk.screen().contains("> which model is best"),
        "{}",
        desk.screen()
    );
    desk.press("Ctrl+U Esc 2 / Ctrl+U Up");
    assert!(desk.screen().contains("> summ"), "{}", desk.screen());
    assert_eq!(desk.kept, ["summ", "which model is best"]);
}

#[test]
fn commands_are_commands_in_the_filter_too() {
    let mut desk = models(80, 24);
    desk.press("/");
    desk.feed(Event::Paste("/ask".to_owned()));
    desk.press("Enter");
    assert!(desk.screen().contains("[1 Ask]"), "{}", desk.screen());
}

#[test]
fn the_palette_opens_a_model_by_name() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Ctrl+P");
    desk.type_text("flan-t5-base");
    assert!(
        desk.screen().contains("google/flan-t5-base"),
        "{}",
        desk.screen()
    );
    desk.press("Enter");
    let screen = desk.screen();
    assert!(
        screen.contains("[2 Models]") && screen.contains("[card]"),
        "{screen}"
    );
    desk.press("Esc 1");
    assert!(
        desk.screen().contains("read as:"),
        "the answer is as it was"
    );
}

#[test]
fn the_palette_leads_to_models_that_it_does_not_name() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Ctrl+P");
    desk.type_text("model-07");
    assert!(
        desk.screen()
            .contains("the list of models, filtered by: model-07"),
        "{}",
        desk.screen()
    );
    desk.press("Enter");
    let screen = desk.screen();
    assert!(
        screen.contains("[2 Models]") && screen.contains("1 of 30 models"),
        "{screen}"
    );
}

#[test]
fn words_are_found_in_a_card_and_walked() {
    let mut desk = models(80, 24);
    desk.press("Enter /");
    desk.type_text("license");
    desk.press("Enter");
    assert!(desk.screen().contains("license"), "{}", desk.screen());
    let at = desk.screen();
    desk.press("n");
    desk.press("N");
    assert_eq!(desk.screen(), at, "N goes back to where n came from");
    desk.press("/");
    desk.type_text("no card has these words");
    desk.press("Enter");
    assert!(
        desk.screen().contains("The card does not have"),
        "{}",
        desk.screen()
    );
}

#[test]
fn z_gives_one_part_the_screen_and_back() {
    let mut desk = models(120, 40);
    desk.press("Enter");
    let both = desk.screen();
    assert!(both.contains('|'), "{both}");
    desk.press("z");
    let one = desk.screen();
    assert_ne!(one, both);
    desk.press("z");
    assert_eq!(desk.screen(), both);
}

#[test]
fn the_mouse_selects_opens_and_scrolls_once_it_is_listened_to() {
    let mut desk = models(80, 24);
    desk.press(":");
    desk.type_text("mouse");
    desk.press("Enter");
    assert_eq!(desk.mouse, [true]);
    assert!(desk.screen().contains("hold Shift"));
    desk.feed(Event::Mouse(Mouse::Click(10, 6)));
    let selected = |desk: &Driver| desk.screen().lines().position(|row| row.starts_with('>'));
    assert_eq!(selected(&desk), Some(6), "{}", desk.screen());
    desk.feed(Event::Mouse(Mouse::Wheel(10, 6, true)));
    assert_eq!(selected(&desk), Some(7));
    desk.feed(Event::Mouse(Mouse::Click(10, 7)));
    assert!(desk.screen().contains("[card]"), "{}", desk.screen());
    desk.feed(Event::Mouse(Mouse::Click(2, 0)));
    assert!(desk.screen().contains("[1 Ask]"), "a tab is clicked");
}
