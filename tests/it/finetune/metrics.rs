//! The metrics, against the numbers of their reference implementations in tests/parity/metrics.

use std::path::Path;

use modeldesk::finetune::metrics::Family;
use modeldesk::finetune::metrics::bleu::{Bleu, Smoothing, Tokenizer};
use modeldesk::finetune::metrics::chrf::Chrf;
use modeldesk::finetune::metrics::classification::{Classification, Judged, confusion};
use modeldesk::finetune::metrics::counts::{Average, Counts, Scores, ZeroDivision};
use modeldesk::finetune::metrics::entities::{Entities, Mode};
use modeldesk::finetune::metrics::multilabel::{Multilabel, Sets};
use modeldesk::finetune::metrics::paired;
use modeldesk::finetune::metrics::regression::{Numbers, Regression};
use modeldesk::finetune::metrics::rouge::{Rouge, stem};
use modeldesk::finetune::metrics::squad::{Question, Squad, Version, normalize};
use serde_json::Value;

fn cases(family: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/metrics");
    let text = std::fs::read_to_string(folder.join(format!("{family}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    list(value)
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

fn ids(value: &Value) -> Vec<u32> {
    list(value)
        .iter()
        .map(|id| id.as_u64().unwrap() as u32)
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value)
        .iter()
        .map(|x| x.as_f64().unwrap_or(f64::NAN))
        .collect()
}

/// Within a millionth, or both not defined.
#[track_caller]
fn same(ours: f64, theirs: &Value, what: &str) {
    match theirs.as_f64() {
        Some(theirs) => {
            let near = (ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0);
            assert!(near, "{what}: {ours} for {theirs}");
        }
        None => assert!(ours.is_nan(), "{what}: {ours} for NaN"),
    }
}

#[track_caller]
fn same_scores(ours: Scores, theirs: &Value, what: &str) {
    for (ours, theirs) in [ours.precision, ours.recall, ours.f1]
        .into_iter()
        .zip(list(theirs))
    {
        same(ours, theirs, what);
    }
}

/// The value that a family gives under a name.
fn named<F: Family>(family: &F, rows: &[F::Row], name: &str) -> f64 {
    let names = family.names();
    let place = names.iter().position(|known| *known == name);
    family.values(rows.iter())[place.unwrap_or_else(|| panic!("no {name} in {names:?}"))]
}

/// All averages of all ways to divide by zero.
fn same_averages(counts: &Counts, theirs: &Value, what: &str) {
    for (name, zero) in [
        ("0", ZeroDivision::Zero),
        ("1", ZeroDivision::One),
        ("nan", ZeroDivision::Nan),
    ] {
        for (average, by) in [
            ("micro", Average::Micro),
            ("macro", Average::Macro),
            ("weighted", Average::Weighted),
        ] {
            let what = format!("{what}, {average}, {name}");
            same_scores(counts.average(by, zero), &theirs[name][average], &what);
        }
        let classes = list(&theirs[name]["classes"]);
        assert_eq!(classes.len(), counts.classes().len());
        for (ours, theirs) in counts.classes().iter().zip(classes) {
            same_scores(
                ours.scores(zero),
                theirs,
                &format!("{what}, a class, {name}"),
            );
        }
    }
}

#[test]
fn classification_is_scored_as_scikit_learn_scores_it() {
    for case in list(&cases("classification")) {
        let what = case["name"].as_str().unwrap();
        let pairs = ids(&case["truth"]).into_iter().zip(ids(&case["predicted"]));
        let rows: Vec<Judged> = pairs
            .map(|(truth, predicted)| Judged { truth, predicted })
            .collect();
        let classes = case["classes"].as_u64().unwrap() as usize;
        let family = Classification::new(classes);
        same(named(&family, &rows, "accuracy"), &case["accuracy"], what);
        same(named(&family, &rows, "matthews"), &case["matthews"], what);
        let counts = family.counts(rows.iter());
        same_averages(&counts.present(), &case["averages"], what);
        for (name, place) in [
            ("macro", "f1_macro"),
            ("micro", "f1_micro"),
            ("weighted", "f1_weighted"),
        ] {
            same(
                named(&family, &rows, place),
                &case["averages"]["0"][name][2],
                what,
            );
        }
        let cells = confusion(rows.iter());
        for (truth, row) in list(&case["confusion"]).iter().enumerate() {
            for (predicted, count) in ids(row).into_iter().enumerate() {
                let ours = cells.get(&(truth as u32, predicted as u32)).copied();
                assert_eq!(ours.unwrap_or(0), u64::from(count), "{what}");
            }
        }
        if let Some(binary) = case.get("binary") {
            for (name, theirs) in ["precision", "recall", "f1"].into_iter().zip(list(binary)) {
                same(named(&family, &rows, name), theirs, what);
            }
        }
    }
}

#[test]
fn several_labels_are_scored_as_scikit_learn_scores_them() {
    for case in list(&cases("multilabel")) {
        let what = case["name"].as_str().unwrap();
        let pairs = list(&case["truth"]).iter().zip(list(&case["predicted"]));
        let rows: Vec<Sets> = pairs.map(|(t, p)| Sets::new(ids(t), ids(p))).collect();
        let family = Multilabel {
            classes: case["classes"].as_u64().unwrap() as usize,
        };
        same(
            named(&family, &rows, "subset_accuracy"),
            &case["subset_accuracy"],
            what,
        );
        same_averages(&family.counts(rows.iter()), &case["averages"], what);
        let averages = &case["averages"]["0"];
        same(
            named(&family, &rows, "f1_micro"),
            &averages["micro"][2],
            what,
        );
        same(
            named(&family, &rows, "recall_macro"),
            &averages["macro"][1],
            what,
        );
        same(
            named(&family, &rows, "f1_weighted"),
            &averages["weighted"][2],
            what,
        );
    }
}

#[test]
fn numbers_are_scored_as_scipy_and_scikit_learn_score_them() {
    for case in list(&cases("regression")) {
        let pairs = numbers(&case["truth"])
            .into_iter()
            .zip(numbers(&case["predicted"]));
        let rows: Vec<Numbers> = pairs
            .map(|(truth, predicted)| Numbers { truth, predicted })
            .collect();
        let family = Regression { same_scale: true };
        for name in ["pearson", "spearman", "mse", "mae"] {
            let what = format!("{}, {name}", case["name"]);
            same(named(&family, &rows, name), &case[name], &what);
        }
    }
}

#[test]
fn entities_are_scored_as_seqeval_scores_them() {
    let mut odd = 0;
    for case in list(&cases("entities")) {
        for (name, mode) in [("default", Mode::Default), ("strict", Mode::Strict)] {
            let what = format!("{}, {name}", case["name"]);
            let Some(theirs) = case.get(name) else {
                odd += 1;
                continue;
            };
            let mut family = Entities::new(mode);
            let sentences = list(&case["truth"]).iter().zip(list(&case["predicted"]));
            let rows: Vec<_> = sentences
                .map(|(t, p)| family.judge(&texts(t), &texts(p)))
                .collect();
            for (place, ours) in ["precision", "recall", "f1"].into_iter().enumerate() {
                same(named(&family, &rows, ours), &theirs["micro"][place], &what);
            }
            same(
                named(&family, &rows, "f1_macro"),
                &theirs["macro"][2],
                &what,
            );
            same(
                named(&family, &rows, "f1_weighted"),
                &theirs["weighted"][2],
                &what,
            );
            same(named(&family, &rows, "accuracy"), &case["accuracy"], &what);
            let kinds = family.by_kind(rows.iter());
            let kinds = kinds.iter().filter(|(_, class)| !class.is_absent());
            let theirs = list(&theirs["kinds"]);
            assert_eq!(kinds.clone().count(), theirs.len(), "{what}");
            for ((kind, class), theirs) in kinds.zip(theirs) {
                same_scores(
                    class.scores(ZeroDivision::Zero),
                    theirs,
                    &format!("{what}, {kind}"),
                );
                same(class.truth as f64, &theirs[3], &what);
            }
        }
    }
    assert_eq!(odd, 3);
}

#[test]
fn answers_are_scored_as_the_official_scripts_score_them() {
    assert_eq!(normalize("The  Cat's, an end."), "cats end");
    for case in list(&cases("squad")) {
        let version = if case["version"] == 1 {
            Version::One
        } else {
            Version::Two
        };
        let mut rows = Vec::new();
        for (row, theirs) in list(&case["rows"]).iter().zip(list(&case["scores"])) {
            let ours = Question::judge(version, &texts(&row[0]), row[1].as_str().unwrap());
            let what = format!("{version:?}, {row}");
            same(ours.exact, &theirs[0], &what);
            same(ours.f1, &theirs[1], &what);
            rows.push(ours);
        }
        let expected = case["expected"].as_object().unwrap();
        assert_eq!(Squad(version).names().len(), expected.len());
        for (name, theirs) in expected {
            same(named(&Squad(version), &rows, name), theirs, name);
        }
    }
}

/// The options that sacreBLEU was given.
fn bleu_with(options: &Value) -> Bleu {
    let value = options["smooth_value"].as_f64();
    Bleu {
        tokenizer: options["tokenize"]
            .as_str()
            .map_or_else(Tokenizer::default, |name| Tokenizer::named(name).unwrap()),
        lowercase: options["lowercase"] == true,
        effective_order: options["effective_order"] == true,
        smoothing: match options["smooth_method"].as_str() {
            Some("floor") => Smoothing::Floor(value.unwrap_or(0.1)),
            Some("add-k") => Smoothing::AddK(value.unwrap_or(1.0)),
            Some("none") => Smoothing::None,
            _ => Smoothing::Exp,
        },
    }
}

/// Texts with their references.
fn corpus(case: &Value) -> impl Iterator<Item = (&str, Vec<&str>)> {
    texts(&case["texts"])
        .into_iter()
        .zip(list(&case["references"]).iter().map(texts))
}

/// How many references each text has.
fn references(case: &Value) -> usize {
    list(&case["references"][0]).len()
}

#[test]
fn words_are_those_of_sacrebleus_tokenizers() {
    let cases = cases("bleu");
    for case in list(&cases["tokens"]) {
        let tokenizer = Tokenizer::named(case["tokenizer"].as_str().unwrap()).unwrap();
        for (sentence, theirs) in texts(&cases["sentences"]).iter().zip(list(&case["texts"])) {
            let trimmed = sentence.trim_end();
            let ours = tokenizer.tokenize(trimmed);
            let space = |c: char| c.is_whitespace() || c == '\u{1c}';
            let ours: Vec<&str> = ours.split(space).filter(|word| !word.is_empty()).collect();
            assert_eq!(ours, texts(theirs), "{tokenizer:?}: {sentence:?}");
        }
    }
}

#[test]
fn bleu_and_its_signature_are_sacrebleus() {
    for case in list(&cases("bleu")["corpora"]) {
        for result in list(&case["results"]) {
            let bleu = bleu_with(&result["options"]);
            let rows: Vec<_> = corpus(case)
                .map(|(text, right)| bleu.segment(text, &right))
                .collect();
            let what = format!("{}, {}", case["name"], result["options"]);
            same(bleu.score(rows.iter()), &result["score"], &what);
            assert_eq!(
                bleu.signature(Some(references(case))),
                result["signature"],
                "{what}"
            );
        }
    }
}

#[test]
fn chrf_and_its_signature_are_sacrebleus() {
    for case in list(&cases("chrf")) {
        for result in list(&case["results"]) {
            let options = &result["options"];
            let number = |name: &str, usual| options[name].as_u64().map_or(usual, |n| n as usize);
            let chrf = Chrf {
                characters: number("char_order", 6),
                words: number("word_order", 0),
                lowercase: options["lowercase"] == true,
                whitespace: options["whitespace"] == true,
            };
            let rows: Vec<_> = corpus(case)
                .map(|(text, right)| chrf.segment(text, &right))
                .collect();
            let what = format!("{}, {options}", case["name"]);
            same(chrf.score(rows.iter()), &result["score"], &what);
            assert_eq!(
                chrf.signature(Some(references(case))),
                result["signature"],
                "{what}"
            );
        }
    }
}

#[test]
fn stems_are_nltks() {
    let cases = cases("rouge");
    let stems = list(&cases["stems"]);
    assert!(stems.len() > 1500);
    for pair in stems {
        assert_eq!(stem(pair[0].as_str().unwrap()), pair[1], "{pair}");
    }
}

#[test]
fn rouge_is_rouge_scores() {
    let cases = cases("rouge");
    for (name, stems) in [("plain", false), ("stem", true)] {
        let rouge = Rouge {
            stem: stems,
            ..Rouge::default()
        };
        for (pair, theirs) in list(&cases["pairs"])
            .iter()
            .zip(list(&cases["results"][name]))
        {
            let ours = rouge.text(pair[0].as_str().unwrap(), &texts(&pair[1]));
            for (ours, theirs) in ours.into_iter().zip(list(theirs)) {
                same_scores(ours, theirs, &format!("{name}: {pair}"));
            }
        }
    }
}

#[test]
fn rows_change_sides_as_in_sacrebleus_paired_test() {
    let case = &cases("bleu")["shuffled"];
    let bleu = Bleu::default();
    let segments = |side: &str| -> Vec<_> {
        let rows = texts(&case[side])
            .into_iter()
            .zip(list(&case["references"]));
        rows.map(|(text, right)| bleu.segment(text, &texts(right)))
            .collect()
    };
    let (a, b) = (segments("a"), segments("b"));
    for trial in list(&case["trials"]) {
        let swapped = |row: usize| trial["swap"][row] == true;
        let ours = paired::shuffled(&bleu, &a, &b, swapped);
        same(ours[0], &trial["difference"], "a difference");
    }
}
