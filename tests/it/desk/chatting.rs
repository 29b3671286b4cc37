//! The Chat pane: over stand-ins for models, and over the real engine with one of a few kilobytes.

use std::sync::mpsc::channel;
use std::time::Duration;

use modeldesk::hub::Cache;
use modeldesk::jobs::engine::{EngineWorker, Input, Models, News, Shelf, Work};
use modeldesk::model::template::Role;
use modeldesk::tui::Event;
use modeldesk::tui::keymap::Context;

use super::double::Driver;
use super::screens::at_each_size;

/// A desk on the Chat pane, in the input.
fn on(columns: u16, rows: u16) -> Driver {
    let mut desk = Driver::open(columns, rows);
    desk.press("Tab 5");
    desk
}

fn say(desk: &mut Driver, text: &str) {
    desk.feed(Event::Paste(text.to_owned()));
    desk.press("Enter");
}

/// The turns of the last order that was left undone.
fn turns(desk: &Driver) -> Vec<(Role, String)> {
    let Some(Work::Run {
        input: Input::Talk(talk),
        ..
    }) = desk.orders.last().map(|order| &order.work)
    else {
        panic!("no conversation was sent: {:?}", desk.orders);
    };
    let turn = |turn: &modeldesk::model::template::Turn| (turn.role, turn.content.clone());
    talk.turns.iter().map(turn).collect()
}

#[test]
fn a_conversation_has_its_model_template_and_meter() {
    at_each_size("chat", on, &|_| {});
    at_each_size("chat_answered", on, &|desk| {
        say(desk, "/system You answer for a small shop.");
        say(desk, "Do you ship to Norway?");
        say(desk, "How much is it?");
        desk.press("Tab r");
    });
    at_each_size("chat_failed", on, &|desk| say(desk, "fail"));
    at_each_size("chat_models", on, &|desk| desk.press("Tab m"));
}

#[test]
fn earlier_answers_stay_and_the_one_shown_is_what_was_said() {
    let mut desk = on(80, 24);
    say(&mut desk, "one");
    desk.press("Tab r");
    assert!(desk.screen().contains("answer 2 of 2"), "{}", desk.screen());
    desk.press("[");
    assert!(desk.screen().contains("answer 1 of 2"), "{}", desk.screen());
    desk.press("y");
    assert_eq!(desk.copied[0].1, "Either party may end the lease.");
    desk.idle = true;
    say(&mut desk, "two");
    let said = turns(&desk);
    let roles: Vec<Role> = said.iter().map(|(role, _)| *role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
    assert_eq!(said[2].1, "two");
    assert_eq!(desk.kept, ["one", "two"]);
}

#[test]
fn a_stopped_answer_stays_and_so_does_the_conversation_elsewhere() {
    let mut desk = on(80, 24);
    say(&mut desk, "hang");
    desk.press("Esc");
    assert_eq!(desk.halted.len(), 1);
    let screen = desk.screen();
    assert!(
        screen.contains("Either party may end the lease."),
        "{screen}"
    );
    assert!(screen.contains("stopped"), "{screen}");
    desk.press("Tab 1 5");
    assert!(desk.screen().contains("stopped"));
    assert_eq!(desk.app.context(), Context::Dialogue);
    desk.press("n");
    assert!(!desk.screen().contains("stopped"));
}

#[test]
fn the_exact_text_is_shown_and_templates_can_be_chosen() {
    let mut desk = on(80, 24);
    say(&mut desk, "Hi");
    desk.type_text("/template");
    desk.press("Enter");
    let screen = desk.screen();
    assert!(screen.contains("The text that was sent last"), "{screen}");
    assert!(screen.contains("<Hi>"), "{screen}");
    desk.press("Tab Esc");
    assert!(!desk.screen().contains("sent last"));
    say(&mut desk, "/template plain");
    let screen = desk.screen();
    assert!(screen.contains("plain continuation"), "{screen}");
}

#[test]
fn the_note_about_a_tuned_model_goes_with_the_next_message() {
    let mut desk = on(80, 40);
    say(&mut desk, "one");
    assert!(desk.screen().contains("note: trained on 898 rows"));
    say(&mut desk, "two");
    assert!(!desk.screen().contains("note:"));
}

#[test]
fn scrolling_up_holds_the_view_while_an_answer_comes() {
    let mut desk = on(80, 24);
    for n in 0..6 {
        say(&mut desk, &format!("message {n}"));
    }
    desk.press("PgUp PgUp PgUp");
    let held = desk.screen();
    assert!(held.contains("message 0"), "{held}");
    assert!(held.contains("more below"), "{held}");
    desk.idle = true;
    desk.press("Tab r");
    desk.press("g");
    let order = desk.orders.remove(0);
    for event in super::double::replies(&order) {
        desk.feed(event);
        assert!(desk.screen().contains("message 0"));
    }
    desk.press("G");
    assert!(desk.screen().contains("answer 2 of 2"));
}

#[test]
fn without_a_model_it_says_what_fetching_one_costs() {
    let mut desk = Driver::open(80, 24);
    desk.shelf.speakers.clear();
    desk.press("Tab 5");
    let screen = desk.screen();
    assert!(screen.contains("No model on this disk answers"), "{screen}");
    say(&mut desk, "Hi");
    assert!(desk.orders.is_empty() && desk.kept.is_empty());
}

#[test]
#[cfg(unix)]
fn a_real_model_answers_and_is_stopped() {
    let models = crate::cache::Models::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    models.copied(
        "tiny/gpt2",
        &folder.join("tests/parity/pipelines/text-generation"),
    );
    let (sender, reports) = channel();
    let engine = EngineWorker::start(Models::new(None), move |report| {
        // A test that is over listens no more.
        let _ = sender.send(report);
    })
    .unwrap();
    let mut desk = Driver::open(100, 40);
    desk.idle = true;
    desk.shelf = Shelf::of(&Cache::at(models.folder()));
    desk.press("Tab 5");
    for message in ["The model", "here"] {
        say(&mut desk, message);
        engine.send(desk.orders.remove(0));
        loop {
            let report = reports.recv_timeout(Duration::from_mins(2)).unwrap();
            let ended = matches!(report.news, News::Ended(_));
            if let News::Ended(ended) = &report.news {
                assert!(ended.is_ok(), "{ended:?}");
            }
            desk.feed(Event::Engine(report));
            if ended {
                break;
            }
        }
    }
    let screen = desk.screen();
    assert!(screen.contains("tiny/gpt2  on disk"), "{screen}");
    assert!(screen.contains("plain continuation"), "{screen}");
    assert_eq!(screen.matches("first token").count(), 2, "{screen}");
    assert!(screen.contains("of 64 ["), "{screen}");
}
