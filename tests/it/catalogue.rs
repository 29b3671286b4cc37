//! The catalogue of models: what a filter finds is what a plain look at every card finds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use modeldesk::advisor::catalogue::{Catalogue, Entry, Found, OnDisk, Sort, Wanted};
use modeldesk::advisor::{Advisor, Machine};
use modeldesk::card::Origin;
use modeldesk::index::{Library, Summary, origin_name};
use proptest::prelude::*;

use super::index::Home;

fn machine() -> Machine {
    Machine::of(2, 24_000_000_000, 21_000_000_000, 100.0)
}

fn built_in(library: Library) -> Catalogue {
    let advisor = Advisor::new(Arc::new(library), machine());
    advisor.catalogue(&[]).unwrap()
}

fn wanted(text: &str) -> Wanted {
    Wanted {
        text: text.to_owned(),
        ..Wanted::default()
    }
}

fn ids<'a>(catalogue: &'a Catalogue, found: &Found) -> Vec<&'a str> {
    let rows = found.rows.iter();
    rows.map(|row| catalogue.entry(*row).unwrap().id).collect()
}

/// A card in few words, so that they often agree.
fn summary() -> impl Strategy<Value = Summary> {
    let word = |all: &'static [&'static str]| proptest::option::of(proptest::sample::select(all));
    let number = || proptest::option::of(proptest::sample::select(&[1_u64, 300, 2_000_000_000]));
    let origin = proptest::sample::select(&[Origin::BuiltIn, Origin::User, Origin::Imported]);
    let texts = (
        word(&["translation", "summarization"]),
        word(&["mit", "apache-2.0"]),
        word(&["bert", "led", "t5"]),
    );
    let numbers = (number(), number(), number());
    (
        "[ab]{1,2}/[a-cÄ1-]{1,3}",
        "[a-cÄ\u{1b} ]{0,3}",
        origin,
        texts,
        numbers,
    )
        .prop_map(
            |(id, name, origin, (task, license, architecture), (parameters, bytes, context))| {
                let named = |name: &str, value: Option<&str>| Some(format!("{name}:{}", value?));
                let facets = [
                    named("task", task),
                    named("license", license),
                    named("architecture", architecture),
                    named("origin", Some(origin_name(origin))),
                    named("kind", Some("model")),
                ];
                Summary {
                    id,
                    origin,
                    guide: false,
                    name,
                    task: task.map(str::to_owned),
                    license: license.map(str::to_owned),
                    architecture: architecture.map(str::to_owned),
                    parameters,
                    bytes,
                    context,
                    facets: facets.into_iter().flatten().collect(),
                }
            },
        )
}

fn rank(origin: Origin) -> u8 {
    match origin {
        Origin::User | Origin::Run => 0,
        Origin::BuiltIn => 1,
        Origin::Imported => 2,
    }
}

/// The facets of an entry, as far as the made-up cards have them.
fn facets_of(entry: &Entry<'_>) -> Vec<String> {
    let here = format!("{:?}", entry.availability).to_lowercase();
    let named = |name: &str, value: Option<&str>| Some(format!("{name}:{}", value?));
    let all = [
        named("task", entry.task),
        named("license", entry.license),
        named("architecture", entry.architecture),
        named("origin", Some(origin_name(entry.origin))),
        named("here", Some(&here)),
    ];
    all.into_iter().flatten().collect()
}

fn contains(entry: &Entry<'_>, word: &str) -> bool {
    let word = word.to_lowercase();
    let fields = [Some(entry.id), Some(entry.name), entry.task, entry.license];
    let mut fields = fields.into_iter().chain([entry.architecture]).flatten();
    fields.any(|field| field.to_lowercase().contains(&word))
}

/// What a row is ordered by, such that ascending is by `Ord`.
fn key(entry: &Entry<'_>, sort: Sort) -> Option<(u64, String)> {
    let number = |n: Option<u64>| n.map(|n| (n, String::new()));
    let text = |t: Option<&str>| t.map(|t| (0, t.to_lowercase()));
    match sort {
        Sort::Origin => number(Some(rank(entry.origin).into())),
        Sort::Name => text(Some(entry.name)),
        Sort::Parameters => number(entry.parameters),
        Sort::Bytes => number(entry.bytes),
        Sort::Context => number(entry.context),
        Sort::Task => text(entry.task),
        Sort::License => text(entry.license),
        Sort::LastUsed => {
            let used = entry.on_disk?.last_used?;
            let since = used.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            number(Some(since.as_secs()))
        }
    }
}

fn is_ordered(rows: &[Entry<'_>], sort: Sort, descending: bool) -> bool {
    rows.windows(2).all(|two| {
        let (first, second) = (key(&two[0], sort), key(&two[1], sort));
        let by_default = |e: &Entry<'_>| (rank(e.origin), e.name.to_lowercase());
        match (first, second) {
            (Some(a), Some(b)) if a != b => (a < b) != descending,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => by_default(&two[0]) <= by_default(&two[1]),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(super::counts::of(200, 20_000) as u32))]

    #[test]
    fn a_filter_finds_what_a_plain_look_finds(
        cards in proptest::collection::vec(summary(), 0..40),
        text in "[a-cÄ1 ]{0,3}",
        facets in proptest::sample::subsequence(
            vec!["task:translation", "license:mit", "origin:imported", "here:no", "architecture:t5"],
            0..3,
        ),
        sort in proptest::sample::select(&Sort::ALL[..]),
        descending: bool,
    ) {
        let on_disk: Vec<_> = cards.iter().enumerate().filter(|(n, _)| n % 3 == 0).map(|(n, card)| {
            let last_used = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(n as u64 % 4));
            (card.id.clone(), OnDisk { bytes: 1, whole: true, last_used })
        }).collect();
        // The card that answers to an id is the first of its rank.
        let mut stands: BTreeMap<String, Summary> = BTreeMap::new();
        for card in &cards {
            let known = stands.entry(card.id.clone()).or_insert_with(|| card.clone());
            if rank(card.origin) < rank(known.origin) {
                *known = card.clone();
            }
        }
        // A library has no two cards of one id and rank.
        let cards: Vec<_> = cards.into_iter().filter(|c| stands[&c.id].origin != c.origin)
            .chain(stands.values().cloned()).collect();
        let catalogue = Catalogue::new(cards, &on_disk, &machine());
        let all = catalogue.find(&Wanted::default());
        prop_assert_eq!(all.of, stands.len());
        prop_assert_eq!(all.rows.len(), stands.len());
        let entry = |row: &u32| catalogue.entry(*row).unwrap();
        let plain: Vec<u32> = all.rows.iter().copied().filter(|row| {
            let entry = entry(row);
            let of = facets_of(&entry);
            text.split_whitespace().all(|word| contains(&entry, word))
                && facets.iter().all(|facet| of.iter().any(|f| f == facet))
        }).collect();
        let facets: Vec<String> = facets.into_iter().map(str::to_owned).collect();
        let found = catalogue.find(&Wanted { text, facets, sort, descending });
        if found.read_as.is_some() {
            return Ok(());
        }
        let mut sorted = found.rows.clone();
        sorted.sort_unstable();
        let mut expected = plain.clone();
        expected.sort_unstable();
        prop_assert_eq!(sorted, expected);
        prop_assert_eq!(found.nothing.is_some(), plain.is_empty());
        let rows: Vec<_> = found.rows.iter().map(entry).collect();
        prop_assert!(is_ordered(&rows, sort, descending));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in &rows {
            prop_assert!(!row.name.chars().any(char::is_control));
            for facet in facets_of(row) {
                *counts.entry(facet).or_default() += 1;
            }
        }
        let counted: BTreeMap<String, usize> = found.facets.iter()
            .map(|f| (format!("{}:{}", f.facet, f.value), f.count)).collect();
        prop_assert_eq!(counted, counts);
    }

    #[test]
    fn no_text_is_an_error(
        cards in proptest::collection::vec(summary(), 0..5),
        text in any::<String>(),
        facet in any::<String>(),
    ) {
        let catalogue = Catalogue::new(cards, &[], &machine());
        let facets = vec![facet];
        let found = catalogue.find(&Wanted { text, facets, ..Wanted::default() });
        let said = found.nothing.into_iter().chain(found.read_as);
        for text in said {
            prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
        }
    }
}

#[test]
fn words_are_read_as_limits_only_where_they_are_contained_nowhere() {
    let home = Home::new();
    let catalogue = built_in(home.open());
    let literal = catalogue.find(&wanted("MIT summariz"));
    assert_eq!(literal.read_as, None);
    for row in &literal.rows {
        let entry = catalogue.entry(*row).unwrap();
        assert!(contains(&entry, "mit") && contains(&entry, "summariz"));
    }
    let read = catalogue.find(&wanted("summarizes under 1 GB"));
    let said = read.read_as.as_deref().unwrap();
    assert_eq!(said, "summarization, at most 1 GB on disk");
    assert!(!read.rows.is_empty() && read.nothing.is_none());
    for row in &read.rows {
        assert!(catalogue.entry(*row).unwrap().bytes.unwrap() <= 1_000_000_000);
    }
    let named = catalogue.find(&wanted("t5 under 1 GB"));
    assert!(!named.rows.is_empty());
    for row in &named.rows {
        assert!(contains(&catalogue.entry(*row).unwrap(), "t5"));
    }
    let small = catalogue.find(&wanted("<100M params"));
    let most = |row: &u32| catalogue.entry(*row).unwrap().parameters.unwrap();
    assert!(small.rows.iter().map(most).max().unwrap() <= 100_000_000);
    let typo = catalogue.find(&wanted("distillbert"));
    assert!(!typo.rows.is_empty());
    assert!(typo.read_as.unwrap().contains("distillbert"));
}

#[test]
fn a_direction_of_translation_is_kept() {
    let home = Home::new();
    let catalogue = built_in(home.open());
    let opus = "Helsinki-NLP/opus-mt-en-de";
    for (text, does) in [("english to german", true), ("german to english", false)] {
        let found = catalogue.find(&wanted(text));
        assert_eq!(ids(&catalogue, &found).contains(&opus), does, "{text}");
    }
}

#[test]
fn nothing_is_said_with_what_is_nearest() {
    let home = Home::new();
    let catalogue = built_in(home.open());
    let nothing = |text: &str, facets: &[&str]| {
        let facets = facets.iter().map(|f| (*f).to_owned()).collect();
        let found = catalogue.find(&Wanted {
            text: text.to_owned(),
            facets,
            ..Wanted::default()
        });
        assert!(found.rows.is_empty() && found.facets.is_empty());
        found.nothing.unwrap()
    };
    let said = nothing("translates under 10 MB", &[]);
    let start = "No model under 10 MB that translates. Nearest: ";
    assert!(said.starts_with(start) && said.ends_with(" MB."), "{said}");
    assert_eq!(
        nothing("qqqq", &["task:qqqq"]),
        "No model that matches \"qqqq\" and does qqqq."
    );
    let said = nothing("", &["task:translation", "license:unheard"]);
    let start = "No model with licence unheard that translates. Nearest: ";
    assert!(said.starts_with(start), "{said}");
    let empty = Catalogue::new([], &[], &machine()).find(&Wanted::default());
    assert_eq!(empty.nothing.unwrap(), "No model here yet.");
}

#[test]
fn a_card_that_is_added_makes_a_catalogue_stale() {
    let home = Home::new();
    let library = Arc::new(home.open());
    let advisor = Advisor::new(Arc::clone(&library), machine());
    let catalogue = advisor.catalogue(&[]).unwrap();
    assert!(advisor.is_current(&catalogue).unwrap());
    // As another process does.
    super::index::add(&home.open(), 0..1);
    assert!(!advisor.is_current(&catalogue).unwrap());
    let anew = advisor.catalogue(&[]).unwrap();
    assert!(advisor.is_current(&anew).unwrap());
    assert_eq!(anew.len(), catalogue.len() + 1);
}

#[test]
fn an_amount_that_no_source_was_found_for_keeps_to_no_limit() {
    let model = |id: &str, unverified: &[&str]| Summary {
        id: id.to_owned(),
        origin: Origin::User,
        guide: false,
        name: id.to_owned(),
        task: Some("summarization".to_owned()),
        license: None,
        architecture: None,
        parameters: Some(80_000_000),
        bytes: Some(300_000_000),
        context: Some(4_096),
        facets: [&["task:summarization"], unverified]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    let doubtful = [
        "unverified:parameters",
        "unverified:size",
        "unverified:context",
    ];
    let both = [model("a/doubtful", &doubtful), model("a/sure", &[])];
    let catalogue = Catalogue::new(both.clone(), &[], &machine());
    let limits = [
        "under 100M parameters",
        "under 1 GB",
        "summarizes over 2000 tokens",
    ];
    for limit in limits {
        let found = catalogue.find(&wanted(limit));
        assert!(found.read_as.is_some(), "{limit} is read");
        assert_eq!(ids(&catalogue, &found), ["a/sure"], "{limit}");
    }
    let found = catalogue.find(&wanted("summarizes"));
    assert_eq!(found.rows.len(), 2, "it is listed");
    assert!(found.facets.iter().all(|facet| facet.facet != "unverified"));
    // Alone it is the nearest, and is said to have no source.
    let [doubtful, _] = both;
    let found = Catalogue::new([doubtful], &[], &machine()).find(&wanted("under 100M parameters"));
    let said = found.nothing.unwrap();
    assert!(
        said.ends_with("Nearest: a/doubtful, 80M parameters (no source found)."),
        "{said}"
    );
}

#[test]
fn what_a_card_marks_as_unverified_is_known_to_the_index() {
    let home = Home::new();
    let library = home.open();
    let doubtful = library.built_in().iter().filter(|card| {
        let context = card.facts.context_length.as_ref();
        context.is_some_and(|fact| fact.unverified && fact.value >= 512)
    });
    let doubtful: Vec<String> = doubtful.map(|card| card.id.clone()).collect();
    assert!(!doubtful.is_empty());
    let catalogue = built_in(library);
    let found = catalogue.find(&wanted("reads 512 tokens"));
    assert!(found.read_as.is_some() && !found.rows.is_empty());
    let found = ids(&catalogue, &found);
    assert!(
        doubtful.iter().all(|id| !found.contains(&id.as_str())),
        "{found:?}"
    );
}
