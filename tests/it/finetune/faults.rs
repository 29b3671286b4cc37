//! Bad training data: each fault is said with its file and line, and costs no more than its row.

use modeldesk::finetune::dataset::{Dataset, Kind, Opened, Options, Problem, Severity, Sources};
use pretty_assertions::assert_eq;

use super::{Files, lines, read, repeated, understood};
use crate::counts;

/// Twenty good rows, with a bad one in place of row 7 of the file (line 8).
fn csv_with(bad: &[u8]) -> Vec<u8> {
    let mut csv = b"text,label\n".to_vec();
    for row in 1..=20 {
        if row == 7 {
            csv.extend(bad);
            csv.push(b'\n');
        } else {
            csv.extend(
                format!(
                    "good text number {row},{}\n",
                    if row % 2 == 0 { "x" } else { "y" }
                )
                .bytes(),
            );
        }
    }
    csv
}

fn problem(dataset: &Dataset, kind: Kind) -> &Problem {
    let problems = &dataset.report().problems;
    problems
        .iter()
        .find(|problem| problem.kind == kind)
        .unwrap_or_else(|| panic!("no {kind:?}: {problems:?}"))
}

/// Reads a file in which one row is bad, on that line: the others are read, and strict refuses.
fn costs_one_row(name: &str, content: &[u8], kind: Kind, line: u64) {
    let (_files, path) = Files::with(name, content);
    let dataset = understood(&path);
    let found = problem(&dataset, kind);
    assert_eq!(
        (found.count, found.places[0].line, found.severity),
        (1, line, Severity::Skipped),
        "{name} {kind:?}"
    );
    assert_eq!(
        (dataset.report().skipped, dataset.report().all_rows()),
        (1, 19),
        "{name} {kind:?}"
    );
    assert!(!lines(&dataset).contains(&line));
    let strict = read(
        &path,
        &Options {
            strict: true,
            ..Options::default()
        },
    )
    .unwrap_err();
    assert!(
        strict.to_string().contains(&format!("{name}:{line}: ")),
        "{strict}"
    );
}

#[test]
fn bad_rows_of_a_table_cost_a_row_each() {
    let soaked = counts::row("R7");
    let long = vec![b'x'; 10 << 20];
    let cases: [(&[u8], Kind); 9] = [
        (b"caf\xe9,x", Kind::NotUtf8),
        (b"a\0b,x", Kind::Nul),
        (b"only one field", Kind::FieldCount),
        (b"a,x,more", Kind::FieldCount),
        (b"  ,x", Kind::Empty),
        (b"text,", Kind::Empty),
        (b"text,-1", Kind::Empty),
        (&long, Kind::TooLong),
        (b"\"open,x", Kind::OpenQuote),
    ];
    let count = cases.len();
    for (bad, kind) in cases {
        costs_one_row("rows.csv", &csv_with(bad), kind, 8);
    }
    soaked.held(count);
}

#[test]
fn bad_rows_of_json_lines_cost_a_row_each() {
    let soaked = counts::row("R7");
    let with = |bad: &[u8]| {
        let mut text = Vec::new();
        for row in 1..=20 {
            if row == 7 {
                text.extend(bad);
            } else {
                text.extend(
                    format!(
                        "{{\"text\": \"good text {row}\", \"label\": {}.5}}",
                        row % 3
                    )
                    .bytes(),
                );
            }
            text.push(b'\n');
        }
        text
    };
    let long = format!("{{\"text\": \"{}\", \"label\": 1.5}}", "x".repeat(10 << 20));
    let cases: [(&[u8], Kind); 9] = [
        (b"{\"text\": \"caf\xe9\", \"label\": 1.5}", Kind::NotUtf8),
        (b"{\"text\": \"a\\u0000b\", \"label\": 1.5}", Kind::Nul),
        (b"{\"text\": \"no label\"}", Kind::MissingColumn),
        (b"{\"text\": null, \"label\": 1.5}", Kind::Empty),
        (b"{\"text\": [\"a\"], \"label\": 1.5}", Kind::WrongType),
        (b"{\"text\": \"a\", \"label\": \"NaN\"}", Kind::NotANumber),
        (b"{\"text\": \"a\", \"label\": 1e39}", Kind::NotANumber),
        (b"{\"text\": \"a\", ", Kind::NotJson),
        (long.as_bytes(), Kind::TooLong),
    ];
    let count = cases.len();
    for (bad, kind) in cases {
        costs_one_row("rows.jsonl", &with(bad), kind, 7);
    }
    soaked.held(count);
}

#[test]
fn bad_sentences_and_turns_cost_a_row_each() {
    let soaked = counts::row("R7");
    let conll = |bad: &str| {
        let sentence = |row: usize| {
            if row == 7 {
                bad.to_owned()
            } else {
                format!("Anna{row} B-PER\nsleeps O\n\n")
            }
        };
        (1..=20).map(sentence).collect::<String>()
    };
    costs_one_row(
        "rows.conll",
        conll("Anna B-PER\nalone\nmore O\n\n").as_bytes(),
        Kind::MissingColumn,
        20,
    );
    costs_one_row(
        "rows.conll",
        conll("Anna B-PER\none two O\nmore O\n\n").as_bytes(),
        Kind::FieldCount,
        20,
    );
    let chat = |bad: &str| {
        let row = |row: usize| {
            if row == 7 {
                return format!("{bad}\n");
            }
            format!(
                "{{\"messages\": [{{\"role\": \"user\", \"content\": \"{row}\"}}, {{\"role\": \"assistant\", \"content\": \"a\"}}]}}\n"
            )
        };
        (1..=20).map(row).collect::<String>()
    };
    for (bad, kind) in [
        (
            r#"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": " "}]}"#,
            Kind::Empty,
        ),
        (
            r#"{"messages": [{"role": "tool", "content": "q"}]}"#,
            Kind::BadTurns,
        ),
        (
            r#"{"messages": [{"role": "user", "content": "q"}]}"#,
            Kind::BadTurns,
        ),
        (r#"{"messages": "none"}"#, Kind::WrongType),
    ] {
        costs_one_row("chat.jsonl", chat(bad).as_bytes(), kind, 7);
    }
    let tags = |bad: &str| {
        let row = |row: usize| {
            if row == 7 {
                format!("{bad}\n")
            } else {
                format!(
                    "{{\"tokens\": [\"w{row}\", \"a\"], \"tags\": [0, {}]}}\n",
                    row % 2
                )
            }
        };
        (1..=20).map(row).collect::<String>()
    };
    costs_one_row(
        "rows.jsonl",
        tags(r#"{"tokens": ["a"], "tags": [0, 1]}"#).as_bytes(),
        Kind::TagCount,
        7,
    );
    soaked.held(1);
}

#[test]
fn marks_and_line_ends_of_windows_change_nothing() {
    let soaked = counts::row("R7");
    let plain = csv_with(b"seventh text,x");
    let mut windows = b"\xef\xbb\xbf".to_vec();
    for line in plain.split_inclusive(|byte| *byte == b'\n') {
        windows.extend(&line[..line.len() - 1]);
        windows.extend(b"\r\n");
    }
    let (_files, path) = Files::with("rows.csv", &plain);
    let (_others, other) = Files::with("rows.csv", &windows);
    let (ours, theirs) = (understood(&path), understood(&other));
    assert_eq!(super::all(&ours), super::all(&theirs));
    assert_eq!(
        ours.report()
            .problems
            .iter()
            .filter(|p| p.severity != Severity::Warning)
            .count(),
        0
    );
    assert_eq!(problem(&theirs, Kind::Bom).severity, Severity::Note);
    assert_eq!(problem(&theirs, Kind::CrLf).count, 21);
    soaked.held(1);
}

#[test]
fn an_empty_set_and_one_class_are_refused() {
    let soaked = counts::row("R7");
    let files = Files::new();
    let open = |name: &str, content: &str| read(&files.add(name, content), &Options::default());
    assert!(
        open("a.csv", "")
            .unwrap_err()
            .to_string()
            .ends_with("a.csv: is empty")
    );
    assert!(open("a.csv", "text,label\n").is_err());
    assert!(
        open("a.jsonl", "{\"text\": \"a\"\n{\"text\"\n")
            .unwrap_err()
            .to_string()
            .contains("a.jsonl:1: ")
    );
    let rows: String = repeated(30, |i| format!("text {i},x\n"));
    let dataset = open("b.csv", &format!("text,label\n{rows}")).unwrap();
    assert_eq!(problem(&dataset, Kind::OneClass).severity, Severity::Fatal);
    let error = dataset.report().check(false).unwrap_err();
    assert!(
        error.to_string().contains("every row has the label `x`"),
        "{error}"
    );
    let dataset = open("c.csv", "text,label\n ,x\n ,y\n").unwrap();
    assert_eq!(problem(&dataset, Kind::NoRows).severity, Severity::Fatal);
    assert_eq!(problem(&dataset, Kind::Empty).count, 2);
    soaked.held(1);
}

#[test]
fn rare_and_unknown_labels_and_one_that_nearly_all_have_are_said() {
    let soaked = counts::row("R7");
    let files = Files::new();
    let rows = |range: std::ops::Range<usize>, of: &dyn Fn(usize) -> &'static str| -> String {
        let each = range.map(|i| format!("{{\"text\": \"row {i}\", \"label\": \"{}\"}}\n", of(i)));
        each.collect()
    };
    files.add(
        "train.jsonl",
        rows(0..100, &|i| match i {
            3 => "rare",
            10 | 20 | 30 => "some",
            _ => "usual",
        }),
    );
    files.add(
        "test.jsonl",
        rows(100..110, &|i| if i == 104 { "new" } else { "usual" }),
    );
    let dataset = understood(files.path());
    assert_eq!(problem(&dataset, Kind::SingleRow).places[0].line, 4);
    assert!(
        problem(&dataset, Kind::Imbalance)
            .what
            .starts_with("96 of 100 training rows are `usual`")
    );
    let unknown = problem(&dataset, Kind::UnknownLabel);
    assert_eq!((unknown.count, unknown.places[0].line), (1, 5));
    assert!(unknown.places[0].to_string().ends_with("test.jsonl:5"));
    assert_eq!(dataset.names(), ["rare", "some", "usual"]);
    let labels = Some(vec!["usual".to_owned(), "some".to_owned()]);
    let dataset = read(
        files.path(),
        &Options {
            labels,
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(dataset.report().skipped, 2);
    assert_eq!(dataset.names(), ["usual", "some"]);
    soaked.held(1);
}

#[test]
fn rows_that_are_there_again_are_counted_within_a_file_and_between_files() {
    let soaked = counts::row("R7");
    let files = Files::new();
    let row =
        |text: &str, label: &str| format!("{{\"text\": \"{text}\", \"label\": \"{label}\"}}\n");
    let mut train: String = repeated(40, |i| {
        row(&format!("row {i}"), if i % 2 == 0 { "x" } else { "y" })
    });
    train.push_str(&row("row 1", "y"));
    train.push_str(&row("row 2", "y"));
    files.add("train.jsonl", &train);
    files.add(
        "test.jsonl",
        row("new", "x") + &row("row 5", "y") + &row("row 6", "x"),
    );
    let dataset = understood(files.path());
    assert_eq!(problem(&dataset, Kind::Duplicates).places[0].line, 41);
    assert_eq!(problem(&dataset, Kind::Contradictions).places[0].line, 42);
    let shared = problem(&dataset, Kind::Shared);
    assert_eq!((shared.count, shared.places[0].line), (2, 2));
    assert!(shared.what.contains("test rows that are also train rows"));
    assert_eq!(shared.severity, Severity::Warning);
    soaked.held(1);
}

#[test]
fn a_json_document_that_is_cut_off_is_no_shorter_one() {
    let soaked = counts::row("R7");
    let (_files, path) = Files::with(
        "rows.json",
        "[{\"text\": \"a\", \"label\": \"x\"},\n{\"text\": \"b\", \"la",
    );
    let error = read(&path, &Options::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("rows.json:2: ends in the middle"),
        "{error}"
    );
    soaked.held(1);
}

#[test]
fn names_and_values_of_a_file_never_reach_the_terminal_as_they_are() {
    let soaked = counts::row("R7");
    let escape = "\u{1b}[2J\u{202e}";
    let files = Files::new();
    let train: String = repeated(20, |i| {
        format!("{{\"text\": \"row {i}\", \"label\": \"a{}\"}}\n", i % 2)
    });
    files.add("train.jsonl", train);
    files.add(
        "test.jsonl",
        format!(
            "{{\"text\": \"x\", \"label\": {}}}\n",
            serde_json::json!(escape)
        ),
    );
    let dataset = understood(files.path());
    let what = &problem(&dataset, Kind::UnknownLabel).what;
    assert!(
        !what.chars().any(|c| c.is_control() || c == '\u{202e}'),
        "{what:?}"
    );
    soaked.held(1);
}

#[test]
fn more_rows_than_memory_should_hold_are_read_one_by_one() {
    let soaked = counts::row("R7");
    // 80,000 rows in 12 MB, twice: what is kept of them is far less.
    let row = |i: usize| {
        format!(
            "{{\"text\": \"row {i} {}\", \"label\": {}}}\n",
            "word ".repeat(25),
            i % 3
        )
    };
    let content: String = (0..80_000).map(row).collect();
    let (_files, path) = Files::with("rows.jsonl", content);
    let sources = Sources {
        train: path,
        ..Sources::default()
    };
    let dataset = Opened::open(&sources, &Options::default())
        .unwrap()
        .check(None, &mut || false)
        .unwrap();
    let rows = dataset.report().rows;
    assert_eq!((rows.train, rows.check, rows.test), (76_000, 2000, 2000));
    assert_eq!(dataset.report().lengths.as_ref().unwrap().median, 27);
    soaked.held(1);
}
