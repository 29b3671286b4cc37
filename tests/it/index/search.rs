//! What is found, and that no text is an error.

use modeldesk::card::Origin;
use modeldesk::index::{Draft, Filter, Search, embedded};
use proptest::prelude::*;

use super::{Home, add, card, draft, found, id, word};

#[test]
fn built_in_cards_are_found_by_name_alias_task_and_typo() {
    let home = Home::new();
    let library = home.open();
    for words in [
        "flan-t5-base",
        "FLAN T5 base",
        "google/flan-t5-base",
        "flann-t5-base",
    ] {
        assert_eq!(found(&library, words)[0], "google/flan-t5-base", "{words}");
    }
    let first = found(
        &library,
        "which model is best for summarizing legal documents?",
    );
    assert!(first[0].starts_with("nsi319/legal"), "{first:?}");
    assert!(found(&library, "distillbert")[0].contains("distilbert"));
    assert_eq!(
        found(&library, "what does perplexty mean")[0],
        "guide/perplexity"
    );
    assert!(found(&library, "qqqqqqqqqqqqqq").is_empty());
    assert!(found(&library, "the of and").is_empty());
}

#[test]
fn facets_and_origins_narrow_and_do_not_score() {
    let home = Home::new();
    let library = home.open();
    add(&library, 0..5);
    let search = |facets: &[&str], origins: &[Origin]| {
        let search = Search {
            text: "summarization".to_owned(),
            facets: facets.iter().map(|facet| (*facet).to_owned()).collect(),
            origins: origins.to_vec(),
            limit: 100,
        };
        library.search(&search).unwrap()
    };
    let all = search(&[], &[]);
    assert!(all.len() > 5);
    let own = search(&[], &[Origin::User]);
    assert_eq!(own.len(), 5);
    for hit in &own {
        let same = all.iter().find(|other| other.id == hit.id).unwrap();
        assert!((same.score - hit.score).abs() < 1e-3);
    }
    assert_eq!(
        search(&["task:summarization", "license:MIT"], &[Origin::User]).len(),
        5
    );
    assert!(search(&["license:gpl"], &[]).is_empty());
    assert!(
        search(&["kind:guide"], &[])
            .iter()
            .all(|hit| hit.id.starts_with("guide/"))
    );
}

#[test]
fn without_words_everything_that_passes_the_filters_is_found() {
    let home = Home::new();
    let library = home.open();
    let facets = vec!["kind:guide".to_owned()];
    let search = Search {
        text: " \n".to_owned(),
        facets,
        limit: 1_000,
        ..Search::default()
    };
    let guide = embedded::texts()
        .iter()
        .filter(|(id, _)| id.starts_with("guide/"))
        .count();
    assert_eq!(library.search(&search).unwrap().len(), guide);
    assert!(
        library
            .search(&Search { limit: 0, ..search })
            .unwrap()
            .is_empty()
    );
}

#[test]
fn the_users_card_stands_before_the_built_in_one() {
    let home = Home::new();
    let library = home.open();
    let gpt2 = "openai-community/gpt2";
    let text = "# Mine\n\nA gpt2 of my own, zqmine.\n".to_owned();
    let draft = Draft {
        id: gpt2.to_owned(),
        origin: Origin::User,
        text,
    };
    library.add(&[draft], &mut |_| ()).unwrap();
    assert_eq!(library.card(gpt2).unwrap().unwrap().origin, Origin::User);
    assert_eq!(
        found(&library, "gpt2")
            .iter()
            .filter(|id| *id == gpt2)
            .count(),
        1
    );
    library.remove(&[gpt2.to_owned()], &mut |_| ()).unwrap();
    assert_eq!(library.card(gpt2).unwrap().unwrap().origin, Origin::BuiltIn);
    assert!(found(&library, "gpt2").contains(&gpt2.to_owned()));
    assert!(library.remove(&[gpt2.to_owned()], &mut |_| ()).is_err());
}

#[test]
fn cards_are_added_replaced_listed_and_removed() {
    let home = Home::new();
    let library = home.open();
    add(&library, 0..3);
    let renamed = Draft {
        text: card(77),
        ..draft(1)
    };
    library.add(&[renamed], &mut |_| ()).unwrap();
    assert_eq!(found(&library, &word(77)), [id(1)]);
    assert!(!found(&library, &word(1)).contains(&id(1)));
    let own = Filter {
        origins: vec![Origin::User],
        ..Filter::default()
    };
    let listed = library.list(&own).unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0].license.as_deref(), Some("mit"));
    assert_eq!(library.own().len(), 3);
    assert!(library.counts().contains(&(Origin::User, 3)));
    // All or none.
    assert!(
        library
            .remove(&[id(0), "no/such".to_owned()], &mut |_| ())
            .is_err()
    );
    assert_eq!(library.own().len(), 3);
    library.remove(&[id(0), id(1)], &mut |_| ()).unwrap();
    assert_eq!(
        library
            .own()
            .iter()
            .map(|card| card.id.clone())
            .collect::<Vec<_>>(),
        [id(2)]
    );
    let bad = Draft {
        id: "../x".to_owned(),
        ..draft(9)
    };
    assert!(library.add(&[draft(8), bad], &mut |_| ()).is_err());
    assert_eq!(library.own().len(), 1);
}

#[test]
fn hostile_text_finds_something_or_nothing_and_never_fails() {
    let home = Home::new();
    let library = home.open();
    let long = "summarization ".repeat(800);
    let many = (0..3_000)
        .map(|n| format!("word{n} "))
        .collect::<Vec<_>>()
        .concat();
    let samples = [
        "a AND (b OR NOT \"c",
        "task:summarization~2^9 +x -y",
        "\u{0}\u{1b}[2J\u{9b}31m",
        "((((((",
        "/re.*/",
        "[a TO z]",
        "\u{202e}txet\u{200b}",
        "𝔤𝔭𝔱２",
        "ﬁ İ ß \u{301}\u{301}",
        &long,
        &many,
        "-/_./-",
        "\\\"'`$(x)",
    ];
    for text in samples {
        for facets in [vec![], vec![text.to_owned()]] {
            let search = Search {
                text: text.to_owned(),
                facets,
                limit: 10,
                ..Search::default()
            };
            library.search(&search).unwrap();
        }
    }
    assert!(!found(&library, &long).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_searched_for(text in "\\PC{0,200}|[ -~]{0,200}|(?s).{0,100}") {
        thread_local! {
            static LIBRARY: (Home, modeldesk::index::Library) = {
                let home = Home::new();
                let library = home.open();
                (home, library)
            };
        }
        LIBRARY.with(|(_, library)| {
            found(library, &text);
            let facets = vec![text.clone()];
            library.list(&Filter { facets, ..Filter::default() }).unwrap();
            library.card(&text).unwrap();
        });
    }
}
