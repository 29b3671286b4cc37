//! Each form of file, packed and not, read as the same rows; and how parts are split off.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use modeldesk::finetune::dataset::{
    Columns, Example, Format, Label, Opened, Options, Part, Role, Share, Sources, Split,
};
use modeldesk::model::config::ProblemType;
use modeldesk::model::pipeline::Task;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use pretty_assertions::assert_eq;

use super::{Files, all, lines, read, repeated, understood};

const TEXTS: [(&str, &str); 4] = [
    ("Are you there, or not?", "ham"),
    ("WIN \"cash\" now; call", "spam"),
    ("Über naïve\ttabs 模型", "ham"),
    ("See you at nine.", "ham"),
];

/// The rows of `TEXTS` as they are read.
fn expected() -> Vec<Example> {
    let each = TEXTS.iter().map(|(text, label)| Example::Classified {
        text: (*text).to_owned(),
        pair: None,
        label: Label::One(u32::from(*label == "spam")),
    });
    each.collect()
}

fn examples(path: &Path) -> Vec<Example> {
    // Rows of one line have no order but that of their part.
    let split = Split {
        check: Share(0.0),
        test: Share(0.0),
        ..Split::default()
    };
    let options = Options {
        split,
        ..Options::default()
    };
    let dataset = read(path, &options).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(dataset.task(), Task::TextClassification);
    assert_eq!(dataset.names(), ["ham", "spam"]);
    all(&dataset)
        .into_iter()
        .map(|(_, example)| example)
        .collect()
}

fn csv(delimiter: char) -> String {
    let row = |(text, label): &(&str, &str)| {
        format!("\"{}\"{delimiter}{label}\r\n", text.replace('"', "\"\""))
    };
    let rows: String = TEXTS.iter().map(row).collect();
    format!("text{delimiter}label\r\n{rows}")
}

fn json_rows() -> Vec<String> {
    let row = |(text, label): &(&str, &str)| {
        serde_json::json!({"text": text, "label": label}).to_string()
    };
    TEXTS.iter().map(row).collect()
}

fn write_parquet(path: &Path) {
    let schema = "message rows { REQUIRED BYTE_ARRAY text (UTF8); REQUIRED BYTE_ARRAY label (UTF8); \
        OPTIONAL INT64 number; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = std::fs::File::create(path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    for rows in TEXTS.chunks(3) {
        let mut group = writer.next_row_group().unwrap();
        let columns: [Vec<&str>; 2] = [
            rows.iter().map(|r| r.0).collect(),
            rows.iter().map(|r| r.1).collect(),
        ];
        for column in columns {
            let values: Vec<ByteArray> = column.into_iter().map(ByteArray::from).collect();
            let mut next = group.next_column().unwrap().unwrap();
            next.typed::<ByteArrayType>()
                .write_batch(&values, None, None)
                .unwrap();
            next.close().unwrap();
        }
        let mut next = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = rows.iter().map(|_| 0).collect();
        next.typed::<Int64Type>()
            .write_batch(&[], Some(&levels), None)
            .unwrap();
        next.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn the_same_rows_come_from_every_form_of_table_and_json() {
    let files = Files::new();
    let object = json_rows()
        .iter()
        .enumerate()
        .map(|(i, row)| format!("\"r{i}\": {row}"))
        .collect::<Vec<_>>();
    let cases = [
        ("comma.csv", csv(',')),
        ("semicolon.csv", csv(';')),
        ("tab.tsv", csv('\t')),
        ("rows.jsonl", json_rows().join("\n")),
        ("blank.jsonl", json_rows().join("\n\n")),
        (
            "array.json",
            format!("[\n  {}\n]\n", json_rows().join(",\n  ")),
        ),
        ("line.json", format!("[{}]", json_rows().join(", "))),
        (
            "data.json",
            format!("{{\"version\": 1, \"data\": [{}]}}", json_rows().join(",")),
        ),
        ("object.json", format!("{{\n{}\n}}", object.join(",\n"))),
    ];
    for (name, content) in cases {
        assert_eq!(examples(&files.add(name, content)), expected(), "{name}");
    }
    let path = files.path().join("rows.parquet");
    write_parquet(&path);
    assert_eq!(examples(&path), expected());
    assert_eq!(lines(&understood(&path)), [1, 2, 3, 4]);
}

#[test]
fn packed_files_are_read_as_what_is_in_them() {
    let files = Files::new();
    for (name, content) in [
        ("rows.csv", csv(',')),
        ("rows.jsonl", json_rows().join("\n")),
    ] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(content.as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        assert_eq!(
            examples(&files.add(&format!("{name}.gz"), &packed)),
            expected()
        );
        let error = read(
            &files.add("cut.csv.gz", &packed[..packed.len() - 9]),
            &Options::default(),
        );
        assert!(error.is_err(), "a file that is cut off is no shorter file");
        let packed = zstd::encode_all(content.as_bytes(), 1).unwrap();
        let path = files.add(&format!("{name}.zst"), packed);
        assert_eq!(examples(&path), expected());
        assert_eq!(understood(&path).report().files[0].packed, Some("zstd"));
    }
}

#[test]
fn a_file_of_label_and_text_without_a_header_is_understood() {
    let rows: String = repeated(20, |i| {
        format!(
            "{}\tmessage number {i}, \"quoted or not\r\n",
            if i % 5 == 0 { "spam" } else { "ham" }
        )
    });
    let (_files, path) = Files::with("SMSSpamCollection", rows);
    let dataset = understood(&path);
    let report = dataset.report();
    assert_eq!(
        (report.files[0].format, report.files[0].header),
        (Format::Tsv, Some(false))
    );
    assert_eq!(report.columns, Columns::parse("text=2,label=1").unwrap());
    assert_eq!(dataset.names(), ["ham", "spam"]);
    assert_eq!(lines(&dataset), (1..=20).collect::<Vec<_>>());
    assert!(
        matches!(&all(&dataset)[0].1, Example::Classified { text, .. } if text == "message number 0, \"quoted or not")
    );
}

#[test]
fn words_with_tags_are_read_from_columns_and_from_lists() {
    let conll = "-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n\n\n. . O\n";
    let (_files, path) = Files::with("dev.txt", conll);
    let dataset = understood(&path);
    assert_eq!(dataset.task(), Task::TokenClassification);
    assert_eq!(dataset.names(), ["B-ORG", "B-PER", "O"]);
    let tagged = |words: &[&str], tags: &[u32]| Example::Tagged {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        tags: tags.to_vec(),
    };
    let expected = [
        (3, tagged(&["EU", "rejects"], &[0, 2])),
        (6, tagged(&["Peter"], &[1])),
        (9, tagged(&["."], &[2])),
    ];
    assert_eq!(all(&dataset), expected);
    let rows = "{\"tokens\": [\"EU\", \"rejects\"], \"ner_tags\": [3, 0]}\n{\"tokens\": [\"a\"], \"ner_tags\": [10]}\n";
    let (_files, path) = Files::with("rows.jsonl", rows);
    let names: Vec<String> = (0..11).map(|i| format!("T{i}")).collect();
    let dataset = read(
        &path,
        &Options {
            labels: Some(names.clone()),
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(dataset.names(), names);
    assert_eq!(all(&dataset)[0].1, tagged(&["EU", "rejects"], &[3, 0]));
    assert_eq!(understood(&path).names(), ["0", "3", "10"]);
}

#[test]
fn questions_have_their_answers_in_bytes_and_the_lines_that_they_stand_in() {
    let squad = r#"{"version": "v2.0", "data": [
 {"title": "t", "paragraphs": [
  {"context": "Él vive en Viena. Viena!", "qas": [
   {"id": "a", "question": "Where?", "is_impossible": false,
    "answers": [{"text": "Viena", "answer_start": 11}]},
   {"id": "b", "question": "Why?", "is_impossible": true, "answers": []}]},
  {"context": "None.", "qas": [{"id": "c", "question": "Who?", "answers": [{"text": "Nobody", "answer_start": 0}]}]}
 ]}]}"#;
    let (_files, path) = Files::with("dev.json", squad);
    let dataset = understood(&path);
    assert_eq!(dataset.report().files[0].format, Format::Squad);
    let rows = all(&dataset);
    assert_eq!(
        rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        [4, 6]
    );
    let Example::Question {
        id,
        context,
        answers,
        ..
    } = &rows[0].1
    else {
        panic!("{rows:?}")
    };
    assert_eq!(
        (id.as_str(), &context[answers[0].bytes.clone()]),
        ("a", "Viena")
    );
    assert_eq!(answers[0].bytes, 12..17);
    assert!(matches!(&rows[1].1, Example::Question { answers, .. } if answers.is_empty()));
    assert_eq!(
        dataset
            .report()
            .problems
            .iter()
            .find(|p| p.what.contains("answer"))
            .unwrap()
            .places[0]
            .line,
        7
    );
    // As the hub has it.
    let flat = r#"{"id": "a", "question": "Where?", "context": "He lives in Vienna.", "answers": {"text": ["Vienna"], "answer_start": [12]}}"#;
    let (_files, path) = Files::with("rows.jsonl", format!("{flat}\n"));
    assert!(
        matches!(&all(&understood(&path))[0].1, Example::Question { answers, .. } if answers[0].bytes == (12..18))
    );
}

#[test]
fn conversations_and_instructions_become_turns() {
    let chat = r#"{"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Bye"}]}
{"conversations": null, "messages": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}"#;
    let (_files, path) = Files::with("chat.jsonl", chat);
    let dataset = understood(&path);
    assert!(dataset.is_dialogue());
    let roles = |example: &Example| match example {
        Example::Dialogue { turns } => turns.iter().map(|turn| turn.role).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let rows = all(&dataset);
    assert_eq!(
        roles(&rows[0].1),
        [Role::System, Role::User, Role::Assistant]
    );
    assert_eq!(roles(&rows[1].1), [Role::User, Role::Assistant]);
    let alpaca = r#"[{"instruction": "Add.", "input": "1 2", "output": "3"},
        {"instruction": "Greet.", "input": "", "output": "Hello"}]"#;
    let (_files, path) = Files::with("alpaca.json", alpaca);
    let rows = all(&understood(&path));
    assert_eq!(roles(&rows[0].1), [Role::User, Role::User, Role::Assistant]);
    assert_eq!(roles(&rows[1].1), [Role::User, Role::Assistant]);
    // For a model that makes one text of another, the same rows are pairs.
    let options = Options {
        possible: vec![Task::Text2TextGeneration],
        ..Options::default()
    };
    let rows = all(&read(&path, &options).unwrap());
    assert_eq!(
        rows[0].1,
        Example::Pair {
            source: "Add.\n1 2".to_owned(),
            target: "3".to_owned()
        }
    );
}

#[test]
fn summaries_translations_and_plain_text_are_told_apart() {
    let files = Files::new();
    let cases = [
        (
            "s.jsonl",
            r#"{"doc": "t", "original_text": "A long text.", "reference_summary": "Short."}"#,
            Task::Summarization,
        ),
        (
            "t.jsonl",
            r#"{"translation": {"en": "One", "de": "Eins"}}"#,
            Task::Translation,
        ),
        ("u.csv", "en,fr\nOne,Un\nTwo,Deux", Task::Translation),
        (
            "v.csv",
            "source,target\na b,b a\nc d,d c",
            Task::Text2TextGeneration,
        ),
        ("w.jsonl", r#"{"text": "One."}"#, Task::TextGeneration),
        ("x.txt", "One line.\nAnother.\n", Task::TextGeneration),
    ];
    for (name, content, task) in cases {
        let dataset = understood(&files.add(name, content));
        assert_eq!(dataset.task(), task, "{name}");
        assert!(!all(&dataset).is_empty(), "{name}");
    }
    let text: String = repeated(2000, |i| {
        format!("line {i}\r\n{}", if i % 10 == 9 { "\n" } else { "" })
    });
    let dataset = understood(&files.add("long.txt", &text));
    let rows = all(&dataset);
    let joined: String = rows
        .iter()
        .map(|(_, row)| match row {
            Example::Plain { text, ends: false } => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(joined, text.replace('\r', ""));
    assert!(rows.len() > 5);
}

#[test]
fn labels_may_be_several_or_a_number() {
    let files = Files::new();
    let many = |dataset: &modeldesk::finetune::dataset::Dataset| -> Vec<Label> {
        let rows = all(dataset).into_iter();
        rows.map(|(_, row)| match row {
            Example::Classified { label, .. } => label,
            other => panic!("{other:?}"),
        })
        .collect()
    };
    let path = files.add(
        "flags.csv",
        "comment_text,toxic,rude\nYou there,0,1\nHello you,0,0\nGo away,1,1\n",
    );
    let dataset = understood(&path);
    assert_eq!(dataset.problem(), Some(ProblemType::MultiLabel));
    assert_eq!(dataset.names(), ["toxic", "rude"]);
    let on = |a, b| Label::Many(vec![a, b]);
    assert_eq!(
        many(&dataset),
        [on(false, true), on(false, false), on(true, true)]
    );
    let path = files.add(
        "lists.jsonl",
        "{\"text\": \"a\", \"labels\": [\"y\"]}\n{\"text\": \"b\", \"labels\": [\"x\", \"y\"]}\n",
    );
    assert_eq!(many(&understood(&path)), [on(false, true), on(true, true)]);
    let path = files.add(
        "scores.csv",
        "sentence1,sentence2,score\na b,c d,3.5\ne f,g h,0\n",
    );
    let dataset = understood(&path);
    assert_eq!(dataset.problem(), Some(ProblemType::Regression));
    assert_eq!(many(&dataset), [Label::Number(3.5), Label::Number(0.0)]);
    let columns = Columns::parse("label=toxic").unwrap();
    let path = files.path().join("flags.csv");
    let dataset = read(
        &path,
        &Options {
            columns,
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(
        many(&dataset),
        [Label::One(0), Label::One(0), Label::One(1)]
    );
}

#[test]
fn a_misread_file_can_be_set_right_and_a_wrong_word_is_answered() {
    let (_files, path) = Files::with("rows.txt", "a|1|x\nb|2|y\nc|1|x\n");
    let options = Options {
        format: Some(Format::Csv),
        delimiter: Some('|'),
        header: Some(false),
        columns: Columns::parse("text=1,label=3").unwrap(),
        ..Options::default()
    };
    let dataset = read(&path, &options).unwrap();
    assert_eq!(dataset.names(), ["x", "y"]);
    let options = Options {
        columns: Columns::parse("text=9").unwrap(),
        ..options
    };
    let error = read(&path, &options).unwrap_err();
    assert_eq!(error.to_string(), "--columns: there is no column `9`");
    assert!(
        Columns::parse("txt=1")
            .unwrap_err()
            .hint_text()
            .unwrap()
            .contains("text")
    );
    let error = read(
        &path,
        &Options {
            task: Some(Task::Summarization),
            ..Options::default()
        },
    )
    .unwrap_err();
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("source=NAME,target=NAME"),
        "{error}"
    );
}

#[test]
fn given_files_keep_their_parts_and_others_are_drawn_by_seed() {
    let files = Files::new();
    let rows = |name: &str, count: usize| -> String {
        repeated(count, |i| {
            format!("{{\"text\": \"{name} {i}\", \"label\": {}}}\n", i % 2)
        })
    };
    files.add("train.jsonl", rows("train", 200));
    files.add("dev.jsonl", rows("dev", 30));
    let count = |dataset: &modeldesk::finetune::dataset::Dataset| -> Vec<usize> {
        Part::ALL
            .map(|part| dataset.rows(part).unwrap().count())
            .to_vec()
    };
    let dataset = understood(files.path());
    assert_eq!(count(&dataset), [190, 30, 10]);
    let report = dataset.report().rows;
    assert_eq!([report.train, report.check, report.test], [190, 30, 10]);
    files.add("test.jsonl", rows("test", 40));
    assert_eq!(count(&understood(files.path())), [200, 30, 40]);
    let split = |seed| {
        let split = Split {
            seed,
            check: Share(0.1),
            test: Share(7.0),
        };
        let dataset = read(
            &files.path().join("train.jsonl"),
            &Options {
                split,
                ..Options::default()
            },
        )
        .unwrap();
        assert_eq!(count(&dataset), [173, 20, 7]);
        let rows = dataset.rows(Part::Check).unwrap();
        rows.map(|row| row.unwrap().place.line).collect::<Vec<_>>()
    };
    assert_eq!(split(1), split(1));
    assert_ne!(split(1), split(2));
}

#[test]
fn other_files_without_a_header_or_a_column_are_seen_through() {
    let files = Files::new();
    let train = files.add("a.csv", "text,label\none two,x\nthree,y\nfour,x\nfive,y\n");
    let test = files.add("b.csv", "text,kind\none,x\nthree,y\n");
    let sources = Sources {
        train: train.clone(),
        test: Some(test),
        ..Sources::default()
    };
    let error = Opened::open(&sources, &Options::default()).unwrap_err();
    assert!(
        error.to_string().ends_with("b.csv: has no column `label`"),
        "{error}"
    );
    let test = files.add("c.csv", "six,x\nseven,y\n");
    let sources = Sources {
        train,
        test: Some(test),
        ..Sources::default()
    };
    let dataset = Opened::open(&sources, &Options::default())
        .unwrap()
        .check(None, &mut || false)
        .unwrap();
    assert_eq!(dataset.rows(Part::Test).unwrap().count(), 2);
}

#[test]
fn options_are_kept_in_a_plan_and_read_back() {
    let options = Options {
        format: Some(Format::Csv),
        task: Some(Task::TextClassification),
        problem: Some(ProblemType::MultiLabel),
        columns: Columns::parse("text=body,label=a+b").unwrap(),
        delimiter: Some(';'),
        split: Split {
            seed: 7,
            check: Share(20.0),
            test: Share(0.1),
        },
        ..Options::default()
    };
    let plan = serde_yaml::to_string(&options).unwrap();
    assert_eq!(
        serde_yaml::from_str::<Options>(&plan).unwrap(),
        options,
        "{plan}"
    );
    assert_eq!(
        serde_yaml::from_str::<Options>("{}").unwrap(),
        Options::default()
    );
}

#[test]
fn a_stop_ends_the_reading() {
    let (_files, path) = Files::with("rows.jsonl", json_rows().join("\n"));
    let sources = Sources {
        train: path,
        ..Sources::default()
    };
    let opened = Opened::open(&sources, &Options::default()).unwrap();
    let error = opened.check(None, &mut || true).unwrap_err();
    assert_eq!(error.kind(), modeldesk::error::Kind::Interrupted);
}
