//! The Try pane over stand-ins for models.

use modeldesk::error::Error;
use modeldesk::hub::{Digest, Offer, Offered, Progress, Revision};
use modeldesk::jobs::{HubReport, HubRequest};
use modeldesk::tui::Event;
use modeldesk::tui::keymap::Context;

use super::double::Driver;
use super::screens::at_each_size;

/// A desk on the Try pane, on the task of that name, in the input.
fn on(task: &str, columns: u16, rows: u16) -> Driver {
    let mut desk = Driver::open(columns, rows);
    desk.press("Tab 3 Tab t");
    desk.type_text(task);
    desk.press("Enter i");
    desk
}

/// Runs the model on a text.
fn run(desk: &mut Driver, text: &str) {
    desk.feed(Event::Paste(text.to_owned()));
    desk.press("Enter");
}

const CLAUSE: &str = "Either party may terminate this Agreement by giving the other not less than \
    ninety days' written notice.";

#[test]
fn the_first_screen_has_a_model_and_texts_to_begin_with() {
    at_each_size("try", Driver::open, &|desk| desk.press("Tab 3 Tab j"));
}

#[test]
fn a_legal_question_ends_with_a_summary_of_a_clause() {
    at_each_size("try_from_ask", Driver::answered, &|desk| {
        // The fifth model of the answer is the first on the disk.
        desk.press("Tab j t");
    });
    let mut desk = Driver::answered(80, 24);
    desk.shelf.models[4].id = "google/flan-t5-base".to_owned();
    desk.press("Tab j t");
    assert_eq!(desk.app.context(), Context::Prompt);
    let screen = desk.screen();
    for shown in [
        "[3 Try]",
        "summarize",
        "google/flan-t5-base  q8  on disk",
        "terminate this",
    ] {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
    desk.press("Enter");
    let screen = desk.screen();
    assert!(
        screen.contains("Either party may end the lease."),
        "{screen}"
    );
}

#[test]
fn a_text_is_written_under_what_was_given() {
    at_each_size("try_written", Driver::open, &|desk| {
        desk.press("Tab 3");
        run(desk, CLAUSE);
        desk.press("Tab");
    });
}

#[test]
fn a_long_document_shows_its_parts() {
    at_each_size("try_parts", Driver::open, &|desk| {
        desk.press("Tab 3");
        run(desk, "A long lease.");
        desk.press("Tab");
    });
}

#[test]
fn two_precisions_stand_side_by_side_where_there_is_room() {
    at_each_size("try_beside", Driver::open, &|desk| {
        desk.press("Tab 3 Tab = Down Enter i");
        run(desk, CLAUSE);
    });
}

#[test]
fn entities_are_marked_in_their_place() {
    at_each_size("try_names", |x, y| on("find names", x, y), &|desk| {
        run(desk, "Anna Berg moved from Oslo to Vienna.");
    });
}

#[test]
fn words_and_classes_have_bars() {
    at_each_size("try_masks", |x, y| on("fill in", x, y), &|desk| {
        run(desk, "Paris is the [MASK] of France.");
    });
    at_each_size("try_labels", |x, y| on("label", x, y), &|desk| {
        run(desk, "It lasts two days.");
    });
}

#[test]
fn an_answer_is_marked_in_its_passage() {
    at_each_size("try_answer", |x, y| on("find the answer", x, y), &|desk| {
        run(desk, "Who pays?\nThe tenant pays the rent.");
    });
}

#[test]
fn texts_are_compared_in_a_matrix() {
    at_each_size("try_compared", |x, y| on("compare", x, y), &|desk| {
        run(desk, "The cat sits.\nA cat lies.\nRates rose again.");
    });
}

#[test]
fn settings_are_fields() {
    at_each_size("try_settings", Driver::open, &|desk| {
        desk.press("Tab 3 Tab Tab j j j j j Enter");
        desk.press("Ctrl+U 4 0 Enter j j Enter Ctrl+U x Enter");
    });
    at_each_size("try_all_settings", Driver::open, &|desk| {
        desk.press("Tab 3 Tab a");
    });
    at_each_size("try_choices", Driver::open, &|desk| {
        desk.press("Tab 3 Tab m");
    });
    at_each_size("try_tasks", Driver::open, &|desk| desk.press("Tab 3 Tab t"));
}

#[test]
fn a_model_that_is_not_here_has_its_price() {
    at_each_size("try_to_fetch", Driver::answered, &|desk| {
        desk.press("Tab j t Tab");
    });
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j t Enter");
    let screen = desk.screen();
    assert!(
        screen.contains("google/flan-t5-base is not on this disk: 990 MB"),
        "{screen}"
    );
    assert!(
        desk.kept.len() == 1,
        "what did not run is not kept: {:?}",
        desk.kept
    );
}

#[test]
fn a_measurement_says_first_how_long_it_takes() {
    at_each_size("try_measure", Driver::open, &|desk| {
        desk.press("Tab 3 Tab b");
    });
    at_each_size("try_measured", Driver::open, &|desk| {
        desk.press("Tab 3 Tab b Enter");
    });
}

#[test]
fn an_error_says_what_to_do() {
    at_each_size("try_failed", Driver::open, &|desk| {
        desk.press("Tab 3");
        run(desk, "fail");
    });
}

#[test]
fn esc_stops_the_model_and_keeps_what_it_wrote() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 3 h a n g Enter");
    assert!(desk.screen().contains("112 tok/s"), "{}", desk.screen());
    desk.press("Esc");
    assert_eq!(desk.halted.len(), 1);
    let screen = desk.screen();
    assert!(
        screen.contains("stopped") && screen.contains("end the lease"),
        "{screen}"
    );
    assert_eq!(
        desk.app.context(),
        Context::Prompt,
        "the next Esc leaves the input"
    );
    desk.press("Esc");
    assert_eq!(desk.app.context(), Context::Outcome);
    desk.press("q");
    assert!(desk.left.is_some(), "nothing would be cut");
}

#[test]
fn leaving_while_a_model_is_at_work_asks_once() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 3 h a n g Enter Tab q");
    assert!(desk.left.is_none());
    assert!(desk.screen().contains("q once more"), "{}", desk.screen());
    desk.press("j q");
    assert!(desk.left.is_none(), "another key takes it back");
    desk.press("q");
    assert!(desk.left.is_some());
}

#[test]
fn a_second_run_takes_the_place_of_the_first() {
    let mut desk = Driver::open(80, 24);
    desk.idle = true;
    desk.press("Tab 3 o n e Enter t w o Enter");
    let tickets: Vec<u64> = desk.orders.iter().map(|order| order.ticket).collect();
    assert_eq!(desk.halted, tickets[..1]);
    let orders = std::mem::take(&mut desk.orders);
    for event in orders.iter().flat_map(super::double::replies) {
        desk.feed(event);
    }
    assert!(desk.screen().contains("two"), "{}", desk.screen());
}

#[test]
fn the_same_text_is_drawn_again_with_another_seed() {
    let mut desk = on("write on", 80, 24);
    run(&mut desk, "The lease");
    assert!(desk.screen().contains("seed 1"), "{}", desk.screen());
    desk.idle = true;
    desk.press("Tab r");
    assert!(desk.screen().contains("seed 2"), "{}", desk.screen());
    let order = format!("{:?}", desk.orders);
    assert!(
        order.contains("The lease") && order.contains("Number(2)"),
        "{order}"
    );
    desk.press("e");
    assert_eq!(desk.app.context(), Context::Prompt);
    assert!(desk.screen().contains("> The lease"), "{}", desk.screen());
}

#[test]
fn earlier_texts_come_back() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 3");
    run(&mut desk, "The first text");
    run(&mut desk, "The second text");
    desk.press("Ctrl+R");
    desk.type_text("first");
    desk.press("Enter");
    assert!(
        desk.screen().contains("> The first text"),
        "{}",
        desk.screen()
    );
    assert_eq!(desk.kept, ["The first text", "The second text"]);
}

#[test]
fn what_a_model_writes_cannot_steer_the_terminal() {
    use modeldesk::jobs::engine::{News, Pace, Report};
    let mut desk = Driver::open(80, 24);
    desk.idle = true;
    desk.press("Tab 3 o n e Enter");
    let ticket = desk.orders[0].ticket;
    for text in ["safe \u{1b}]0;ti", "tle\u{7}\u{1b}[2Jtext\u{202e}"] {
        let pace = Pace {
            tokens: 1,
            first: std::time::Duration::ZERO,
            rate: None,
        };
        let text = text.to_owned();
        let news = News::Token { text, pace };
        desk.feed(Event::Engine(Report { ticket, news }));
    }
    let screen = desk.screen();
    assert!(screen.contains("safe text"), "{screen}");
    assert!(!screen.contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

/// What a hub offers of FLAN-T5 base: one file of so many bytes.
fn offer(bytes: u64) -> Offer {
    Offer {
        id: "google/flan-t5-base".to_owned(),
        host: "huggingface.co".to_owned(),
        revision: Revision::default(),
        commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
        before: None,
        renamed: None,
        licence: Some("apache-2.0".to_owned()),
        gated: false,
        private: false,
        architecture: Some("t5".to_owned()),
        lacks: Vec::new(),
        files: vec![Offered {
            name: "model.safetensors".parse().unwrap(),
            size: bytes,
            digest: Digest::Sha256("ab".repeat(32)),
            here: 0,
            is_weights: true,
        }],
        free_disk: None,
    }
}

/// The ticket of the last request to the hub, and whether it was to fetch.
fn asked(desk: &Driver) -> (u64, bool) {
    match desk.hub.last().expect("a request") {
        HubRequest::Offer { ticket, .. } => (*ticket, false),
        HubRequest::Fetch { ticket, .. } => (*ticket, true),
    }
}

/// A desk that was told to fetch FLAN-T5 base from its answer, and has its offer.
fn fetching(columns: u16, rows: u16, bytes: u64) -> (Driver, u64) {
    let mut desk = Driver::answered(columns, rows);
    desk.press("Tab j p");
    let screen = desk.screen();
    let question = "fetch google/flan-t5-base: 990 MB from huggingface.co";
    assert!(screen.contains(question) && desk.hub.is_empty(), "{screen}");
    desk.press("Enter");
    let (ticket, fetches) = asked(&desk);
    assert!(
        !fetches && desk.screen().contains("Asking huggingface.co"),
        "{}",
        desk.screen()
    );
    let offer = Ok(Box::new(offer(bytes)));
    desk.feed(Event::Hub(HubReport::Offered { ticket, offer }));
    (desk, ticket)
}

fn progress(ticket: u64, done: u64) -> Event {
    let progress = Progress {
        file: "model.safetensors".to_owned(),
        number: 1,
        files: 1,
        file_done: done,
        file_bytes: 990_000_000,
        done,
        bytes: 990_000_000,
        again: 0,
    };
    Event::Hub(HubReport::Progress { ticket, progress })
}

#[test]
fn a_fetch_shows_how_far_it_is_in_every_pane() {
    for (columns, rows) in [(60, 20), (80, 24), (120, 40)] {
        let (mut desk, ticket) = fetching(columns, rows, 990_000_000);
        assert!(asked(&desk).1, "{:?}", desk.hub);
        desk.feed(progress(ticket, 412_000_000));
        insta::assert_snapshot!(format!("try_fetching_{columns}x{rows}"), desk.screen());
    }
    let (mut desk, ticket) = fetching(80, 24, 990_000_000);
    desk.feed(progress(ticket, 412_000_000));
    desk.press("1");
    assert!(desk.screen().contains("fetching 41%"), "{}", desk.screen());
    desk.press("q");
    assert!(desk.left.is_none(), "{}", desk.screen());
}

#[test]
fn a_fetch_is_stopped_and_goes_on() {
    let (mut desk, ticket) = fetching(80, 24, 990_000_000);
    desk.press("x");
    assert_eq!(desk.halted, [ticket]);
    assert!(
        desk.screen().contains("p goes on from there"),
        "{}",
        desk.screen()
    );
    // What comes late changes nothing.
    desk.feed(progress(ticket, 500_000_000));
    assert!(
        desk.screen().contains("p goes on from there"),
        "{}",
        desk.screen()
    );
    desk.press("p Enter");
    let (again, _) = asked(&desk);
    assert_ne!(again, ticket);
    let offer = Err(Error::new("huggingface.co did not answer in 10 s"));
    desk.feed(Event::Hub(HubReport::Offered {
        ticket: again,
        offer,
    }));
    let screen = desk.screen();
    assert!(
        screen.contains("did not answer") && screen.contains("p tries again"),
        "{screen}"
    );
}

#[test]
fn more_than_was_said_is_asked_about_again() {
    let (mut desk, _) = fetching(80, 24, 2_000_000_000);
    assert!(!asked(&desk).1, "{:?}", desk.hub);
    let screen = desk.screen();
    assert!(screen.contains("It has 2 GB, and not 990 MB"), "{screen}");
    desk.press("p Enter");
    assert!(asked(&desk).1, "{:?}", desk.hub);
}

#[test]
fn what_is_deleted_says_what_it_frees() {
    let mut desk = Driver::open(80, 24);
    desk.press("Tab 2 /");
    desk.type_text("model 01");
    desk.press("Enter d");
    assert!(desk.screen().contains("frees 120 MB"), "{}", desk.screen());
    assert!(desk.deleted.is_empty());
    desk.press("Enter");
    assert_eq!(desk.deleted, ["org-1/model-01"]);
    assert!(
        desk.screen().contains("120 MB are free again"),
        "{}",
        desk.screen()
    );
}

#[test]
fn an_example_gives_way_to_another_and_what_was_typed_does_not() {
    let mut desk = Driver::answered(100, 30);
    desk.press("Tab j t");
    assert!(
        desk.screen().contains("> Either party"),
        "{}",
        desk.screen()
    );
    desk.press("Tab t");
    desk.type_text("translate");
    desk.press("Enter Enter");
    assert!(desk.screen().contains("> How much"), "{}", desk.screen());
    desk.press("Tab 1 t");
    assert!(
        desk.screen().contains("> Either party"),
        "{}",
        desk.screen()
    );
    desk.press("Ctrl+U m i n e Tab 1 t");
    assert!(desk.screen().contains("mine"), "{}", desk.screen());
}
