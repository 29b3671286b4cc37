//! Models side by side: what may stand beside what, and how it is laid out.

use std::sync::{Arc, OnceLock};

use modeldesk::advisor::answer::{Answer, Comparison, Part, Row, Source};
use modeldesk::advisor::measured::{Measured, Record};
use modeldesk::advisor::present::{Line, Sheet, sheet};
use modeldesk::advisor::{Advisor, Machine};
use modeldesk::files::Folders;
use modeldesk::index::Library;
use modeldesk::model::bench::Figures;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const BERT: &str = "google-bert/bert-base-uncased";
const DISTILBERT: &str = "distilbert/distilbert-base-uncased";
const TINY: &str = "google/bert_uncased_L-2_H-128_A-2";
const ELECTRA: &str = "google/electra-small-discriminator";

/// An advisor over the built-in cards on a laptop of fixed size.
fn advisor() -> &'static Advisor {
    static ADVISOR: OnceLock<Advisor> = OnceLock::new();
    ADVISOR.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (library, _) = Library::open(&Folders::below(folder.path())).unwrap();
        let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
        // The index is held open; its folder may go.
        Advisor::new(Arc::new(library), machine)
    })
}

/// The same, where models were measured: 1x16 and 1x128 tokens in so many milliseconds.
fn measured(figures: &[(&str, f64, f64)]) -> Advisor {
    let folder = tempfile::tempdir().unwrap();
    let (library, _) = Library::open(&Folders::below(folder.path())).unwrap();
    let mut machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    machine.measured = Measured::of(figures.iter().map(|(model, short, long)| {
        Record {
            model: (*model).to_owned(),
            revision: None,
            weights: String::new(),
            precision: "q8".to_owned(),
            threads: 2,
            processor: String::new(),
            program: String::new(),
            date: "2026-11-24".to_owned(),
            first_load_s: 1.0,
            first_peak_bytes: 120_000_000,
            figures: Figures {
                load_s: 0.1,
                weight_bytes: 70_000_000,
                cache_bytes: 0,
                peak_bytes: 100_000_000,
                writing: None,
                forward_ms: [("1x16", *short), ("1x128", *long)]
                    .map(|(s, ms)| (s.to_owned(), ms))
                    .into(),
            },
        }
    }));
    Advisor::new(Arc::new(library), machine)
}

fn answer(models: &[&str], fields: &[&str]) -> Answer {
    let own = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    advisor().compare(&own(models), &own(fields)).unwrap()
}

fn compare(models: &[&str], fields: &[&str]) -> Comparison {
    answer(models, fields).comparison.unwrap()
}

/// The row whose title begins with `field`.
fn row<'a>(comparison: &'a Comparison, field: &str) -> &'a Row {
    let found = comparison.rows.iter().find(|r| r.field.starts_with(field));
    found.unwrap_or_else(|| panic!("no {field} in {:#?}", comparison.rows))
}

fn texts(row: &Row) -> Vec<&str> {
    row.cells.iter().map(|c| c.text.as_str()).collect()
}

#[test]
fn figures_with_one_metric_dataset_and_split_stand_side_by_side() {
    let models = compare(&[BERT, DISTILBERT], &["quality"]);
    let shared = row(&models, "GLUE average");
    assert_eq!(shared.field, "GLUE average, GLUE (validation)");
    assert_eq!(texts(shared), ["79.5", "77.0"]);
    assert_eq!(shared.reason, None);
}

#[test]
fn a_figure_that_only_looks_alike_is_withheld_and_the_reason_cites_both_cards() {
    let models = compare(&[BERT, DISTILBERT], &["quality"]);
    let apart = row(&models, "F1, SQuAD 1.1");
    assert_eq!(texts(apart), ["not comparable (1)", "not comparable (1)"]);
    assert_eq!(apart.reason, Some(1));
    let why = apart.not_comparable.as_ref().unwrap();
    for words in [
        "88.5",
        "86.9",
        "variant of the dataset (none named, distilled squad)",
    ] {
        assert!(why.contains(words), "{words:?} is missing from {why}");
    }
    let claims = serde_json::to_value(&models.reasons[0].claims).unwrap();
    assert_eq!(claims[0]["card"], BERT);
    assert_eq!(claims[1]["card"], DISTILBERT);
}

#[test]
fn only_the_cell_that_differs_is_withheld() {
    let models = compare(&[ELECTRA, DISTILBERT, TINY], &["quality"]);
    let shared = row(&models, "accuracy, GLUE SST-2 (validation)");
    assert_eq!(texts(shared)[..2], ["91.2", "91.3"]);
    assert!(texts(shared)[2].starts_with("not comparable ("));
    let why = shared.not_comparable.as_ref().unwrap();
    assert!(
        why.contains("they differ in split (validation, test server)"),
        "{why}"
    );
    assert!(
        why.contains("83.2"),
        "the nearest figure is the one named: {why}"
    );
}

#[test]
fn alike_differences_take_one_row() {
    let models = compare(&[ELECTRA, TINY], &["quality"]);
    let apart = row(&models, "accuracy, GLUE SST-2, and 2 more");
    let why = apart.not_comparable.as_ref().unwrap();
    assert!(
        why.contains(
            "The same holds of accuracy on GLUE MNLI and Matthews correlation on GLUE CoLA."
        ),
        "{why}"
    );
    let authors = compare(
        &["legal-led", "legal-pegasus", "flan-t5-base"],
        &["quality"],
    );
    let apart = row(&authors, "ROUGE-1, SEC");
    assert_eq!(texts(apart)[2], "not stated");
    let why = apart.not_comparable.as_ref().unwrap();
    assert!(why.contains("its authors on their own split"), "{why}");
    assert!(
        why.contains("The same holds of ROUGE-2 and ROUGE-L."),
        "{why}"
    );
    assert_eq!(
        texts(row(&authors, "accuracy, MMLU")),
        ["not stated", "not stated", "35.9"]
    );
}

#[test]
fn who_did_not_check_or_name_the_split_is_said() {
    let flan = compare(
        &["google/flan-t5-small", "google/flan-t5-base"],
        &["quality"],
    );
    let why = row(&flan, "accuracy, MMLU")
        .not_comparable
        .as_ref()
        .unwrap();
    assert!(
        why.contains("on which split they were measured is unclear"),
        "{why}"
    );
    let gpt = compare(&["gpt2", "gpt2-medium"], &["quality"]);
    let why = row(&gpt, "perplexity").not_comparable.as_ref().unwrap();
    assert!(why.contains("no card names the split"), "{why}");
    assert!(
        why.contains("the source of 22.76 could not be checked"),
        "{why}"
    );
}

#[test]
fn speeds_name_their_hardware_and_those_of_two_machines_are_not_compared() {
    let pair = compare(&[BERT, DISTILBERT], &["speed"]);
    let said = "\"60% faster than BERT\": 1.6 times; Intel Xeon E5-2690 v3, batch 1";
    assert_eq!(texts(row(&pair, "speed, card")), ["not stated", said]);
    assert_eq!(texts(row(&pair, "speed, here")), ["not measured here"; 2]);
    let same = compare(&["all-MiniLM-L6-v2", "all-mpnet-base-v2"], &["speed"]);
    let said = "\"14200 sentences a second\"; one V100 GPU";
    assert_eq!(texts(row(&same, "speed, card"))[0], said);
    assert_eq!(row(&same, "speed, card").reason, None);
    let other = compare(&[DISTILBERT, "distilroberta-base"], &["speed"]);
    let apart = row(&other, "speed, card");
    assert_eq!(texts(apart), ["not comparable (1)"; 2]);
    let why = apart.not_comparable.as_ref().unwrap();
    assert!(
        why.contains("hardware (Intel Xeon E5-2690 v3, batch 1; hardware not stated)"),
        "{why}"
    );
}

#[test]
fn every_reason_has_a_number_and_every_number_a_reason() {
    for comparison in tuples() {
        let withheld = |row: &Row| {
            row.cells
                .iter()
                .any(|c| c.text.starts_with("not comparable"))
        };
        let named: Vec<usize> = comparison.rows.iter().filter_map(|r| r.reason).collect();
        assert_eq!(named, (1..=comparison.reasons.len()).collect::<Vec<_>>());
        for row in &comparison.rows {
            assert_eq!(row.reason.is_some(), withheld(row), "{row:?}");
            assert_eq!(row.reason.is_some(), row.not_comparable.is_some());
            assert_eq!(row.cells.len(), comparison.models.len());
            for cell in row
                .cells
                .iter()
                .filter(|c| c.text.starts_with("not comparable"))
            {
                let number = format!("not comparable ({})", row.reason.unwrap());
                assert_eq!(cell.text, number);
                assert!(cell.citation.is_some());
            }
        }
    }
}

#[test]
fn a_figure_is_shown_only_beside_its_equals() {
    for comparison in tuples() {
        for row in &comparison.rows {
            let is_figure = row.field.contains(", ") && !row.field.starts_with("speed");
            let figures = row
                .cells
                .iter()
                .filter(|c| is_figure && c.text.starts_with(|first: char| first.is_ascii_digit()));
            if figures.count() > 1 {
                let named = row.field.ends_with("(validation)")
                    || row.field.ends_with("(test)")
                    || row.field.ends_with("(test server)");
                assert!(named, "{row:?}");
            }
        }
    }
}

#[test]
fn the_same_model_twice_is_one() {
    let answer = answer(&[BERT, "bert"], &[]);
    assert_eq!(answer.comparison, None);
}

/// All pairs of the built-in models, and as many groups of three to five drawn by seed.
fn tuples() -> &'static [Comparison] {
    static TUPLES: OnceLock<Vec<Comparison>> = OnceLock::new();
    TUPLES.get_or_init(|| {
        let cards = advisor().library().built_in();
        let models = cards.iter().filter(|c| !c.id.starts_with("guide/"));
        let ids: Vec<&str> = models.map(|c| c.id.as_str()).collect();
        let mut all = Vec::new();
        for (n, first) in ids.iter().enumerate() {
            for second in &ids[n + 1..] {
                all.push(compare(&[first, second], &[]));
            }
        }
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        for size in (3..=5).cycle().take(all.len()) {
            let mut group: Vec<&str> = Vec::new();
            while group.len() < size {
                // xorshift64: only spread matters here.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let id = ids[(state % ids.len() as u64) as usize];
                if !group.contains(&id) {
                    group.push(id);
                }
            }
            all.push(compare(&group, &[]));
        }
        all
    })
}

/// What stands at a cell's place, without spaces.
fn at_place(sheet: &Sheet, row: usize, model: usize) -> String {
    let place = &sheet.places[row][model];
    let columns = usize::from(place.columns.start)..usize::from(place.columns.end);
    let mut text = String::new();
    for line in &sheet.body[place.lines.clone()] {
        let mut at = 0;
        for grapheme in line.text().graphemes(true) {
            if columns.contains(&at) && grapheme != " " {
                text.push_str(grapheme);
            }
            at += grapheme.width();
        }
    }
    text
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn at_every_width_no_line_is_too_wide_and_every_cell_is_whole() {
    for (n, comparison) in tuples().iter().enumerate() {
        // Each group at a tenth of the widths, another one than its neighbours.
        for width in (60 + (n % 10) as u16..=200).step_by(10) {
            let sheet = sheet(comparison, width);
            for line in sheet.head.iter().chain(&sheet.body) {
                assert!(
                    line.width() <= usize::from(width),
                    "{width}: {:?}",
                    line.text()
                );
            }
            let is_stacked = sheet.head.is_empty();
            for (r, row) in comparison.rows.iter().enumerate() {
                for (m, cell) in row.cells.iter().enumerate() {
                    let name = if is_stacked {
                        format!("{}:", comparison.names[m])
                    } else {
                        String::new()
                    };
                    let whole = without_spaces(&name) + &without_spaces(&cell.text);
                    assert_eq!(at_place(&sheet, r, m), whole, "{width}: {}", row.field);
                }
            }
            let all: String = sheet.body.iter().map(Line::text).collect();
            let all = without_spaces(&all);
            for reason in comparison.reasons.iter().flat_map(|r| &r.claims) {
                assert!(
                    all.contains(&without_spaces(&reason.text)),
                    "{}",
                    reason.text
                );
            }
        }
    }
}

#[test]
fn columns_where_there_is_room_and_below_each_other_where_not() {
    let five = [
        "bge-small",
        "nomic-embed",
        "all-MiniLM-L6-v2",
        "all-mpnet-base-v2",
        BERT,
    ];
    let five = compare(&five, &[]);
    assert!(sheet(&five, 80).head.is_empty());
    assert!(!sheet(&five, 120).head.is_empty());
    let two = compare(&[BERT, DISTILBERT], &[]);
    assert!(!sheet(&two, 60).head.is_empty());
    let tasks = comparison_height(&two, 60) > comparison_height(&two, 200);
    assert!(tasks, "a wide screen needs fewer lines");
}

fn comparison_height(comparison: &Comparison, width: u16) -> usize {
    sheet(comparison, width).body.len()
}

#[test]
fn markdown_is_a_table_with_numbered_reasons_and_sources() {
    for comparison in tuples() {
        let text = comparison.to_markdown();
        let rows: Vec<&str> = text.lines().take_while(|l| l.starts_with('|')).collect();
        assert_eq!(rows.len(), comparison.rows.len() + 2);
        for row in rows {
            let bars = row.replace("\\|", "").matches('|').count();
            assert_eq!(bars, comparison.models.len() + 2, "{row}");
        }
        for n in 1..=comparison.reasons.len() {
            assert!(text.contains(&format!("\n({n}) ")), "{text}");
        }
        let sources = text.split("\nSources:\n\n").nth(1).unwrap();
        for (n, line) in sources.lines().enumerate() {
            assert!(line.starts_with(&format!("{}. ", n + 1)), "{line}");
            assert!(text.contains(&format!("[{}]", n + 1)), "{line}");
        }
    }
}

#[test]
fn what_was_measured_here_stands_before_any_estimate() {
    let all = [(BERT, 40.0, 130.0), (DISTILBERT, 10.0, 66.0)];
    let ask = |advisor: &Advisor| {
        let models = [BERT, DISTILBERT].map(str::to_owned);
        let fields = ["speed", "memory"].map(str::to_owned);
        advisor.compare(&models, &fields).unwrap()
    };
    let one = ask(&measured(&all[1..]));
    let comparison = one.comparison.unwrap();
    let speeds = [
        "not measured here",
        "66 ms for 128 tokens in q8, here 2026-11-24",
    ];
    assert_eq!(texts(row(&comparison, "speed, here")), speeds);
    let memory = texts(row(&comparison, "memory"));
    assert!(memory[0].ends_with(" est"), "{memory:?}");
    assert_eq!(memory[1], "120 MB in q8, here 2026-11-24");

    let both = ask(&measured(&all));
    let Some(Part::Paragraph { claims }) = both.parts.first() else {
        panic!("no verdict");
    };
    let fastest = claims
        .iter()
        .find(|c| c.source == Source::Measured)
        .unwrap();
    assert_eq!(
        fastest.text,
        "DistilBERT base (uncased) is the fastest here: 66 ms for 128 tokens in q8; \
         BERT base (uncased) 130 ms for 128 tokens in q8."
    );
}

#[test]
fn a_limit_of_time_is_held_against_what_was_measured() {
    let question = "a model that classifies reviews in under 50 ms on this machine";
    let of = |advisor: &Advisor| {
        let answer = advisor.ask(question, None).unwrap();
        let found = answer.models.iter().find(|m| m.id == DISTILBERT);
        found.map(|m| {
            m.why
                .iter()
                .find(|c| c.name == "speed")
                .unwrap()
                .note
                .clone()
        })
    };
    let fast = of(&measured(&[(DISTILBERT, 10.0, 30.0)])).unwrap();
    assert_eq!(fast, "measured 18 ms for 60 tokens here");
    assert_eq!(of(&measured(&[(DISTILBERT, 80.0, 400.0)])), None);
}

#[test]
fn a_question_about_speed_is_answered_with_what_was_measured() {
    let advisor = measured(&[(DISTILBERT, 10.0, 66.0)]);
    let answer = advisor.ask("How fast is DistilBERT?", None).unwrap();
    let claims = answer.claims();
    let told = claims.iter().find(|c| c.source == Source::Measured);
    let told = told.map(|c| c.text.as_str()).unwrap_or_default();
    assert!(
        told.contains("66 ms for 128 tokens in q8, here 2026-11-24"),
        "{claims:#?}"
    );
}
