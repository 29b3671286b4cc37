//! Text that tries to write to the terminal, in every place where text comes in.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use modeldesk::advisor::Machine;
use modeldesk::advisor::catalogue::Catalogue;
use modeldesk::card::{Card, Fact, Origin};
use modeldesk::error::{Error, Result};
use modeldesk::index::Summary;
use modeldesk::jobs::engine::{Done, News, Output, Pace, Report};
use modeldesk::jobs::{OpenCard, Request};
use modeldesk::model::pipeline::fill_mask::Fill;
use modeldesk::model::pipeline::question_answering::Answer;
use modeldesk::model::pipeline::text_classification;
use modeldesk::model::pipeline::token_classification::{Entity, Label};
use modeldesk::tui::Event;

use super::double::{Driver, card, legal, notice, open_card, opened, reply};
use crate::counts;

/// What is sent, and the part of it that is no text and must not be seen either.
const PAYLOADS: [(&str, Option<&str>); 9] = [
    ("\u{1b}]0;title\u{7}", Some("]0;")),
    ("\u{1b}]52;c;ZXZpbA==\u{1b}\\", Some("ZXZp")),
    ("\u{1b}[2J\u{1b}[6n", Some("[2J")),
    ("\u{1b}P+q544e\u{1b}\\", Some("q544")),
    ("\u{9b}31mred", Some("31m")),
    ("\u{9d}0;title\u{9c}", Some("0;t")),
    ("\u{1b}_apc\u{1b}\\", Some("apc")),
    ("\r\u{8}\u{7f}over", None),
    ("\u{202e}txet\u{202c}", None),
];

/// Characters of `text` that no screen may hold.
fn forbidden(text: &str) -> Vec<char> {
    let bad = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    };
    text.chars().filter(bad).collect()
}

fn hostile_card(payload: &str) -> OpenCard {
    let text = format!(
        "---\nlicense: mit\n---\n# {payload}\nbody {payload} end\n\n- {payload}\n\n```\n{payload}\n```\n\n\
         |a {payload}|b|\n|-|-|\n|{payload}|c|\n\n<p title=\"{payload}\">{payload}</p>\n\n\
         [{payload}](http://x{payload}) ![{payload}](y)\n"
    );
    let mut card = Card {
        text: text.into(),
        ..card("org/card")
    };
    card.id = format!("org/{payload}");
    let fact = |value: String| Fact {
        value,
        line: 2,
        source: None,
        unverified: false,
    };
    card.facts.license = Some(fact(format!("mit{payload}")));
    card.facts.pipeline_tag = Some(fact(format!("task{payload}")));
    card.facts.tags = vec![fact(format!("tag{payload}"))];
    let mut open = open_card("org/card");
    for related in &mut open.related {
        related.id.push_str(payload);
        related.license = Some(format!("mit{payload}"));
    }
    for problem in &mut open.problems {
        problem.what.push_str(payload);
        problem.hint = Some(payload.to_owned());
    }
    OpenCard {
        card: Arc::new(card),
        ..open
    }
}

/// A desk that shows `payload` wherever it can come from, one screen after another.
fn screens(payload: &str, size: (u16, u16)) -> Vec<String> {
    let mut screens = Vec::new();
    let mut desk = Driver::starting(size.0, size.1);
    let mut opened = opened();
    opened.notices.push(notice(payload));
    opened.names.push(format!("gpt2{payload}"));
    desk.feed(Event::Remembered(
        modeldesk::tui::Kept::Questions,
        vec![format!("earlier {payload}")],
    ));
    desk.feed(Event::Opened(Ok(opened)));
    screens.push(desk.screen());
    desk.feed(Event::Paste(format!("pasted {payload} gpt")));
    screens.push(desk.screen());
    desk.hold = true;
    desk.press("Enter");
    let mut answer = legal(payload);
    for model in &mut answer.models {
        model.id.push_str(payload);
        model.reason.push_str(payload);
    }
    for citation in &mut answer.citations {
        citation.card.push_str(payload);
    }
    desk.feed(Event::Answered {
        ticket: 1,
        answer: Ok(Box::new(answer)),
    });
    desk.press("Tab m G");
    screens.push(desk.screen());
    desk.press("y");
    screens.push(desk.screen());
    desk.press("Enter");
    desk.feed(Event::CardRead {
        ticket: 2,
        card: Ok(Some(hostile_card(payload))),
    });
    screens.push(desk.screen());
    desk.press("G");
    screens.push(desk.screen());
    desk.press("Right");
    screens.push(desk.screen());
    desk.press("G");
    screens.push(desk.screen());
    desk.press("Right");
    screens.push(desk.screen());
    desk.press("Esc Ctrl+P Esc i Ctrl+R");
    screens.push(desk.screen());
    desk.press("Enter Enter");
    let error = Error::new(format!("cannot read {payload}")).hint(payload);
    desk.feed(Event::Answered {
        ticket: 3,
        answer: Err(error),
    });
    screens.push(desk.screen());
    screens
}

/// Models whose every text is `payload`.
fn hostile_catalogue(payload: &str) -> Catalogue {
    let model = |n: u64| Summary {
        id: format!("org/{n}{payload}"),
        origin: Origin::Imported,
        guide: false,
        name: format!("{payload}{n}"),
        task: Some(format!("task{payload}")),
        license: Some(format!("mit{payload}")),
        architecture: Some(format!("bert{payload}")),
        parameters: Some(n),
        bytes: Some(n),
        context: None,
        facets: vec![
            format!("task:task{payload}"),
            format!("license:mit{payload}"),
        ],
    };
    let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    Catalogue::new((1..4).map(model), &[], &machine)
}

/// The Models pane over such models, and the views that open from it.
fn models_screens(payload: &str, size: (u16, u16)) -> Vec<String> {
    let mut screens = Vec::new();
    let mut desk = Driver::open(size.0, size.1);
    desk.hold = true;
    let catalogue = Arc::new(hostile_catalogue(payload));
    let answer = |desk: &mut Driver| {
        for request in std::mem::take(&mut desk.held) {
            let event = match request {
                Request::Find { ticket, wanted } => Event::Found {
                    ticket,
                    at: SystemTime::UNIX_EPOCH,
                    found: Ok((Arc::clone(&catalogue), catalogue.find(&wanted))),
                },
                Request::Card { ticket, .. } => Event::CardRead {
                    ticket,
                    card: Ok(Some(hostile_card(payload))),
                },
                Request::Compare { ticket, .. } => Event::Compared {
                    ticket,
                    answer: Err(Error::new(format!("cannot compare {payload}")).hint(payload)),
                },
                Request::Try { ticket, .. } => Event::Tried {
                    ticket,
                    answer: Ok(Box::new(legal(payload))),
                },
                other => reply(other),
            };
            desk.feed(event);
        }
    };
    for keys in [
        "Esc 2", "Space", "y", "Tab", "Enter", "Esc", "t", "Esc", "Space v", "Esc", "Enter", "/",
        "Esc", "Esc", "Ctrl+P", "Esc",
    ] {
        desk.press(keys);
        answer(&mut desk);
        screens.push(desk.screen());
    }
    desk.feed(Event::Paste(format!("nothing {payload}")));
    answer(&mut desk);
    screens.push(desk.screen());
    desk.press("Enter Ctrl+R");
    screens.push(desk.screen());
    screens
}

/// Outputs in which every text is `payload`.
fn hostile_outputs(payload: &str) -> Vec<Output> {
    let said = || format!("said {payload}");
    let fill = Fill {
        score: 0.5,
        token: 1,
        token_str: said(),
        sequence: said(),
    };
    let label = text_classification::Label {
        label: said(),
        score: 0.5,
    };
    let entity = Entity {
        label: Label::Group(said()),
        score: 0.5,
        index: None,
        word: said(),
        start: 0,
        end: 2,
        bytes: 0..2,
    };
    let answer = Answer {
        score: 0.5,
        start: 0,
        end: 2,
        answer: said(),
        bytes: 0..2,
    };
    vec![
        Output::Texts(vec![said(), said()]),
        Output::Fills(vec![vec![fill]]),
        Output::Labels(vec![label]),
        Output::Entities(vec![entity]),
        Output::Answers(vec![answer]),
        Output::Similarity(vec![vec![1.0, 0.5], vec![0.5, 1.0]]),
    ]
}

/// The Try pane over models whose names, texts and findings are `payload`.
fn try_screens(payload: &str, size: (u16, u16)) -> Vec<String> {
    let mut screens = Vec::new();
    let mut desk = Driver::open(size.0, size.1);
    for model in &mut desk.shelf.models {
        model.id.push_str(payload);
    }
    desk.idle = true;
    for keys in [
        "Tab 3",
        "Tab Tab",
        "t",
        "Esc m",
        "Esc =",
        "Down Enter",
        "b",
        "Esc i",
    ] {
        desk.press(keys);
        screens.push(desk.screen());
    }
    let given = format!("first {payload}\nsecond {payload} [MASK]");
    let mut endings: Vec<Result<Box<Done>>> = hostile_outputs(payload)
        .into_iter()
        .map(|output| {
            Ok(Box::new(Done {
                output,
                notes: Vec::new(),
                pace: None,
                finish: None,
                took: Duration::ZERO,
            }))
        })
        .collect();
    endings.push(Err(
        Error::new(format!("cannot run {payload}")).hint(payload)
    ));
    for ended in endings {
        desk.feed(Event::Paste(format!("try {payload}")));
        desk.press("Enter");
        let ticket = desk.orders.last().expect("an order").ticket;
        let pace = Pace {
            tokens: 1,
            first: Duration::ZERO,
            rate: None,
        };
        let part = News::Reading {
            at: 1,
            of: 2,
            text: format!("part {payload}"),
        };
        let token = News::Token {
            text: format!("token {payload}"),
            pace,
        };
        let summary = News::Summary(format!("short {payload}"));
        for news in [
            News::Given(given.clone()),
            part,
            summary,
            token,
            News::Ended(ended),
        ] {
            desk.feed(Event::Engine(Report { ticket, news }));
            screens.push(desk.screen());
        }
    }
    desk.press("Ctrl+R");
    screens.push(desk.screen());
    screens
}

#[test]
fn no_frame_holds_a_control_character_or_what_followed_it() {
    let row = counts::row("T1");
    let mut cases = 0;
    let others = crate::text::PAYLOADS.map(|payload| (payload, None));
    for (payload, hidden) in PAYLOADS.into_iter().chain(others) {
        for size in [(60, 20), (80, 24), (120, 40)] {
            let models = models_screens(payload, size);
            let tried = try_screens(payload, size);
            let all = screens(payload, size).into_iter().chain(models);
            for screen in all.chain(tried) {
                cases += 1;
                assert!(forbidden(&screen).is_empty(), "{payload:?}\n{screen}");
                // In an id they are not left out but made visible, behind a mark.
                let unmarked = |hidden: &&str| {
                    screen
                        .lines()
                        .any(|line| line.contains(hidden) && !line.contains("<U+"))
                };
                let seen = hidden.filter(unmarked);
                assert_eq!(seen, None, "{payload:?}\n{screen}");
            }
        }
    }
    row.held(cases);
}

/// What the test looks for is what an unguarded text would show.
#[test]
fn the_payloads_are_hostile() {
    for (payload, hidden) in PAYLOADS {
        assert!(hidden.is_none_or(|hidden| payload.contains(hidden)));
        assert!(!forbidden(payload).is_empty());
    }
}

#[test]
fn wide_and_combined_characters_align() {
    let mut desk = Driver::open(60, 20);
    desk.ask("日本語のモデル 👩‍👩‍👧 e\u{301}e\u{301} 日本語のモデル 日本語のモデル はどれ");
    desk.type_text("日本");
    insta::assert_snapshot!("wide", desk.screen());
}

#[test]
fn a_line_of_a_megabyte_and_combining_marks_are_shown_at_any_size() {
    let row = counts::row("T4");
    let marks: String = std::iter::once('e')
        .chain(std::iter::repeat_n('\u{301}', 5_000))
        .collect();
    let long = "x".repeat(1 << 20);
    for text in [marks, long, "\t\t\ttabs".to_owned()] {
        for size in [(1, 1), (60, 20), (61, 21), (300, 100)] {
            let mut desk = Driver::answered(size.0, size.1);
            desk.hold = true;
            desk.press("Tab Enter");
            let card = Card {
                text: text.clone().into(),
                ..card("org/long")
            };
            let card = Arc::new(card);
            desk.feed(Event::CardRead {
                ticket: 2,
                card: Ok(Some(OpenCard {
                    card,
                    ..open_card("org/long")
                })),
            });
            desk.screen();
            desk.press("G");
            desk.screen();
            desk.resize(size.1, size.0);
            desk.screen();
        }
    }
    row.held(3 * 4);
}
