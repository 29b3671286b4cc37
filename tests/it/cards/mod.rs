//! Cards that are hostile, odd, or lie: what is read of them, and what is not believed.

mod lies;
mod unprivileged;

use modeldesk::card::yaml::{MAX_NODES, read};
use modeldesk::card::{Card, Origin, Severity, check, soak};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use crate::counts;

fn parse(text: &str) -> Card {
    Card::parse("org/name", Origin::User, text)
}

fn with_front(front: &str) -> Card {
    parse(&format!("---\n{front}\n---\n# Title\n\nText.\n"))
}

fn unreadable(card: &Card) -> bool {
    card.problems
        .iter()
        .any(|p| p.what.starts_with("metadata unreadable"))
}

#[test]
fn a_bomb_leaves_a_card_with_unreadable_metadata() {
    let row = counts::row("Y1");
    for case in soak::bombs() {
        let card = parse(&case.text);
        assert_eq!(
            card.section("Title").unwrap().sentences[0].text,
            "Text.",
            "{}",
            case.name
        );
        if case.refused {
            let documents = card
                .problems
                .iter()
                .any(|p| p.what.contains("second YAML document"));
            assert!(
                unreadable(&card) || documents,
                "{}: {:?}",
                case.name,
                card.problems
            );
            assert!(
                card.facts.license.is_none() && card.facts.tags.is_empty(),
                "{}",
                case.name
            );
        } else {
            assert!(!unreadable(&card), "{}: {:?}", case.name, card.problems);
        }
    }
    row.held(soak::bombs().len());
}

/// Control: without the counting of aliases the same text becomes a hundred times the cap.
#[test]
fn serde_yaml_alone_builds_the_quadratic_bomb() {
    let value: serde_yaml::Value = serde_yaml::from_str(&soak::quadratic(1_000)).unwrap();
    let built: usize = value["b"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|row| row.as_sequence().unwrap().len())
        .sum();
    assert_eq!(built, 100 * MAX_NODES);
}

#[test]
fn what_is_read_never_has_more_nodes_than_the_cap() {
    let row = counts::row("Y1");
    for (aliases, fits) in [(90, true), (200, false)] {
        let yaml = format!(
            "a: &a [{}]\nb: [{}]",
            vec!["x"; 99].join(","),
            vec!["*a"; aliases].join(",")
        );
        let document = read(&yaml, 1, &mut Vec::new());
        assert_eq!(document.is_some(), fits, "{aliases} aliases");
        assert!(document.is_none_or(|d| d.root.count() <= MAX_NODES));
    }
    row.held(2);
}

#[test]
fn the_end_of_front_matter_is_found_or_given_up() {
    let row = counts::row("Y3");
    for case in soak::endless() {
        let card = parse(&case.text);
        let open = card
            .problems
            .iter()
            .any(|p| p.what.contains("never closed"));
        let expected = case.name.contains("line ends") || case.name == "never closed";
        assert_eq!(open, expected, "{}", case.name);
    }
    row.held(soak::endless().len());
}

#[test]
fn a_huge_body_is_cut_with_a_note_and_its_lines_stay_right() {
    let text = format!(
        "---\nlicense: mit\n---\n{}# Late\n",
        "word word\n\n".repeat(300_000)
    );
    let card = parse(&text);
    let note = card
        .problems
        .iter()
        .find(|p| p.what.contains("not read"))
        .unwrap();
    assert_eq!(note.severity, Severity::Note);
    let sentences = &card.sections[0].sentences;
    assert_eq!(sentences[0].line, 4);
    assert_eq!(sentences[10_000].line, 20_004);
    for case in soak::bodies() {
        parse(&case.text);
    }
}

#[test]
fn odd_cards_are_read_as_the_hub_reads_them() {
    let row = counts::row("Y2");
    for (front, license) in [
        ("license: mit", Some("mit")),
        ("license: [mit]", Some("mit")),
        ("license:\n- MIT", Some("mit")),
        ("license: ''\nlicense: mit", Some("mit")),
        ("\"license\" : 'mit'", Some("mit")),
        ("license:", None),
        ("license: ~", None),
        ("license: [mit, gpl]", None),
        ("license: {id: mit}", None),
        ("license: 3", None),
        ("[]", None),
        ("- license: mit", None),
        ("license: \"mit", None),
        ("license: mit\ntags: [\na,\nb\n]", Some("mit")),
        ("license: mit\nwidget:\n- text: \"one\ntwo\"", Some("mit")),
        ("base: &b {license: mit}\n<<: *b", Some("mit")),
        ("license: mit\n...\nlicense: gpl", Some("mit")),
    ] {
        let card = with_front(front);
        let found = card.facts.license.as_ref().map(|l| l.value.as_str());
        assert_eq!(found, license, "{front}: {:?}", card.problems);
    }
    row.held(17);
}

#[test]
fn the_place_of_front_matter_does_not_matter_and_its_absence_does_no_harm() {
    let row = counts::row("Y2");
    let expected = ["en", "no"];
    for text in [
        "---\nlanguage: [EN, no]\n---\n",
        "---\r\nlanguage:\r\n- en\r\n- no\r\n---\r\nx",
        "\u{feff}\n\n---\nlanguage: [en, no]\n---",
    ] {
        let languages: Vec<_> = parse(text)
            .facts
            .languages
            .into_iter()
            .map(|l| l.value)
            .collect();
        assert_eq!(languages, expected, "{text:?}");
    }
    for text in [
        "",
        "---",
        "# T\n---\nlanguage: en\n---\n",
        "--- \nlanguage: en\n---\n",
    ] {
        assert!(parse(text).facts.languages.is_empty(), "{text:?}");
    }
    row.held(7);
}

#[test]
fn a_key_that_stands_twice_is_named_with_its_line_and_the_last_counts() {
    let card = with_front("license: mit\ntags: [a]\nlicense: gpl-3.0");
    assert_eq!(card.facts.license.as_ref().unwrap().line, 4);
    assert_eq!(card.problems[0].line, 4);
    assert_eq!(card.problems[0].field, "license");
    assert_eq!(card.metadata()["license"], "gpl-3.0");
    assert_eq!(card.metadata()["tags"][0], "a");
}

#[test]
fn wrong_types_become_warnings_and_the_fact_is_absent() {
    let card = with_front(
        "license: mit\nmodeldesk:\n  name: {x: y}\n  parameters: {value: many, source: s}\n  \
         size: {value: 3, unit: MiB, source: s}\n  architecture: {value: t5, layers: some, source: s}\n  \
         fine_tuning:\n  - {method: full, epochs: 2.5, learning_rate: -1, source: s}\n",
    );
    let facts = &card.facts;
    assert!(facts.name.is_none() && facts.parameters.is_none() && facts.size.is_none());
    assert_eq!(facts.architecture.as_ref().unwrap().value.layers, None);
    let recipe = &facts.fine_tuning[0].value;
    assert!(recipe.epochs.is_none() && recipe.learning_rate.is_none());
    let lines: Vec<usize> = card.problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [4, 5, 6, 7, 9, 9]);
    assert!(
        card.problems
            .iter()
            .all(|p| p.severity == Severity::Warning)
    );
}

#[test]
fn json_holds_the_front_matter_as_it_is() {
    let card = with_front("license: [mit]\ncustom: {a: [1, 2.5, yes, ~]}");
    let json = card.to_json();
    assert_eq!(json["id"], "org/name");
    assert_eq!(json["source"], "user");
    assert_eq!(json["license"], "mit");
    assert_eq!(json["metadata"]["license"], serde_json::json!(["mit"]));
    assert_eq!(
        json["metadata"]["custom"]["a"],
        serde_json::json!([1, 2.5, "yes", null])
    );
}

fn scalar() -> impl Strategy<Value = serde_yaml::Value> {
    prop_oneof![
        any::<bool>().prop_map(serde_yaml::Value::from),
        any::<i64>().prop_map(serde_yaml::Value::from),
        (-1e9..1e9_f64).prop_map(serde_yaml::Value::from),
        "[a-zA-Z0-9 :#'\"\\[\\]{},&*!|>%@é\u{4e00}-]{0,24}(\n[a-z ]{0,9})?"
            .prop_map(serde_yaml::Value::from),
    ]
}

fn value() -> impl Strategy<Value = serde_yaml::Value> {
    scalar().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_yaml::Value::from),
            prop::collection::btree_map("[a-z_-]{1,9}", inner, 0..5).prop_map(|map| {
                map.into_iter()
                    .map(|(k, v)| (serde_yaml::Value::from(k), v))
                    .collect::<serde_yaml::Mapping>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(counts::of(300, 5_000) as u32) })]

    #[test]
    fn front_matter_that_was_written_is_read_back(
        map in prop::collection::btree_map("[a-z_]{1,12}", value(), 1..8)
    ) {
        let yaml = serde_yaml::to_string(&map).unwrap();
        let card = parse(&format!("---\n{yaml}---\nbody"));
        prop_assert!(!unreadable(&card), "{:?}\n{yaml}", card.problems);
        prop_assert_eq!(card.metadata(), serde_json::to_value(&map).unwrap());
    }

    #[test]
    fn every_fact_stands_on_its_line(
        tags in prop::collection::vec("[a-z]{6,12}", 1..6),
        blank in 0_usize..5,
        flow in any::<bool>(),
        crlf in any::<bool>(),
        mark in any::<bool>(),
    ) {
        let list = if flow {
            format!("[{}]", tags.join(",\n  "))
        } else {
            tags.iter().map(|tag| format!("\n- {tag}")).collect::<Vec<_>>().concat()
        };
        let comment = "# comment\n".repeat(blank);
        let mut text = format!("---\n{comment}license: mit\ntags: {list}\nname: x\n---\n# T\n\n- zebra\n");
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        let card = parse(&text);
        let lines: Vec<&str> = text.lines().collect();
        prop_assert_eq!(card.facts.tags.len(), tags.len());
        for tag in &card.facts.tags {
            prop_assert!(lines[tag.line - 1].contains(&tag.value));
        }
        let zebra = &card.section("T").unwrap().sentences[0];
        prop_assert_eq!(lines[zebra.line - 1], "- zebra");
    }

    #[test]
    fn nothing_makes_a_card_panic(
        parts in prop::collection::vec(
            prop_oneof![
                Just("---\n".to_owned()), Just("\n".to_owned()), Just("model-index:\n- ".to_owned()),
                Just("modeldesk:\n  ".to_owned()), Just("tags: [\n".to_owned()), Just("\"".to_owned()),
                Just("]".to_owned()), Just("\r".to_owned()), Just("<<: ".to_owned()), Just("&a ".to_owned()),
                Just("*a\n".to_owned()), Just("? ".to_owned()), Just("- ".to_owned()), Just("size: ".to_owned()),
                Just("\u{2028}".to_owned()), Just("'".to_owned()), Just("{".to_owned()), ".{0,12}",
            ],
            0..40,
        )
    ) {
        let card = parse(&format!("---\n{}\n---\n{}", parts.concat(), parts.concat()));
        check(&card);
        card.to_json();
    }
}
