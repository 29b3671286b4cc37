//! Imports: every form, what is wrong with records, stopping, and what is not replaced.

use std::io::Write;
use std::path::{Path, PathBuf};

use modeldesk::card::Origin;
use modeldesk::index::{Library, Observer, Progress, Report};
use modeldesk::jobs::Cancel;

use super::{Home, add, card, found, id, jsonl, word};

struct Silent;

impl Observer for Silent {}

fn import(library: &Library, path: &Path) -> Report {
    library.import(path, &Cancel::new(), &mut Silent).unwrap()
}

fn file(home: &Home, name: &str, bytes: &[u8]) -> PathBuf {
    let path = home.path().join(name);
    modeldesk::files::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_form_gives_the_same_cards() {
    let home = Home::new();
    let lines = jsonl(0..30);
    let array = format!("\u{feff} [{}]", lines.trim_end().replace('\n', ",\n"));
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(lines.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let folder = home.path().join("folder");
    for number in 0..30 {
        let path = folder.join("deep").join(id(number)).join("README.md");
        modeldesk::files::write(&path, card(number).as_bytes()).unwrap();
    }
    modeldesk::files::write(&folder.join("README.md"), b"# Not a card\n").unwrap();
    modeldesk::files::write(&folder.join("deep/org1/model-1/notes.md"), b"# Nor this\n").unwrap();
    let forms = [
        file(&home, "lines.jsonl", lines.as_bytes()),
        file(&home, "array.json", array.as_bytes()),
        file(&home, "lines.gz", &gzip),
        file(
            &home,
            "array.zst",
            &zstd::encode_all(array.as_bytes(), 1).unwrap(),
        ),
        folder,
    ];
    for form in forms {
        let home = Home::new();
        let library = home.open();
        let report = import(&library, &form);
        assert_eq!(
            (report.added, report.bad.count),
            (30, 0),
            "{}",
            form.display()
        );
        assert_eq!(found(&library, &word(17)), [id(17)]);
        assert_eq!(&*library.card(&id(17)).unwrap().unwrap().text, card(17));
        assert!(library.counts().contains(&(Origin::Imported, 30)));
    }
}

#[test]
fn bad_records_are_counted_and_named_and_the_rest_is_read() {
    let home = Home::new();
    let library = home.open();
    let mut lines = String::new();
    for number in 0..30 {
        lines.push_str(&jsonl([number]));
        lines.push_str("{\"id\": \"broken\n");
    }
    lines.push_str(
        "\n7\n{}\n{\"id\":\"../up\",\"card\":\"\"}\n{\"id\":\"a/b\",\"card\":[]}\n\u{1b}[2J\n",
    );
    lines.push_str(&jsonl([99]));
    let report = import(&library, &file(&home, "x.jsonl", lines.as_bytes()));
    assert_eq!((report.added, report.bad.count), (31, 35));
    assert_eq!(report.bad.first.len(), 20);
    assert!(
        report.bad.first[0].starts_with("line 2: not JSON"),
        "{}",
        report.bad.first[0]
    );
    assert_eq!(found(&library, &word(99)), [id(99)]);

    // A packed file that breaks off, and an array that does: what came before stays.
    let packed = zstd::encode_all(jsonl(200..900).as_bytes(), 1).unwrap();
    let report = import(
        &library,
        &file(&home, "cut.zst", &packed[..packed.len() / 2]),
    );
    assert_eq!(report.bad.count, 1);
    let array = format!("[{},{{\"id\":", jsonl([100]).trim_end());
    let report = import(&library, &file(&home, "cut.json", array.as_bytes()));
    assert_eq!((report.added, report.bad.count), (1, 1));
    assert!(
        report.bad.first[0].contains("record 2"),
        "{}",
        report.bad.first[0]
    );
}

#[test]
fn later_records_replace_and_cards_of_other_origins_stay() {
    let home = Home::new();
    let library = home.open();
    add(&library, [5]);
    let mut lines = jsonl(0..10);
    for (id, word) in [("openai-community/gpt2", "zqstolen"), (&id(1), "zqsecond")] {
        let record = serde_json::json!({"id": id, "card": format!("# x\n\n{word}\n")});
        lines.push_str(&record.to_string());
        lines.push('\n');
    }
    let path = file(&home, "x.jsonl", lines.as_bytes());
    let report = import(&library, &path);
    assert_eq!(
        (report.added, report.replaced, report.kept.count),
        (9, 1, 2)
    );
    assert_eq!(found(&library, "zqsecond"), [id(1)]);
    assert!(!found(&library, &word(1)).contains(&id(1)));
    assert!(found(&library, "zqstolen").is_empty());
    assert_eq!(library.card(&id(5)).unwrap().unwrap().origin, Origin::User);
    assert!(
        report
            .kept
            .first
            .contains(&"openai-community/gpt2 is built in".to_owned())
    );
    let again = import(&library, &path);
    assert_eq!((again.added, again.replaced), (0, 10));
    assert!(library.counts().contains(&(Origin::Imported, 9)));
}

#[test]
fn the_hubs_listing_is_imported_without_cards() {
    let home = Home::new();
    let library = home.open();
    let listing = r#"[
        {"_id": "1", "id": "acme/zqdog", "modelId": "acme/zqdog", "pipeline_tag": "summarization",
         "tags": ["pytorch", "license:apache-2.0"], "downloads": 7,
         "cardData": {"language": ["de"], "model-index": [{"name": "x"}]}},
        {"modelId": "zqcat", "tags": null}
    ]"#;
    let report = import(&library, &file(&home, "models.json", listing.as_bytes()));
    assert_eq!((report.added, report.bad.count), (2, 0), "{report:?}");
    let card = library.card("acme/zqdog").unwrap().unwrap();
    assert_eq!(card.facts.license.as_ref().unwrap().value, "apache-2.0");
    assert_eq!(
        card.facts.pipeline_tag.as_ref().unwrap().value,
        "summarization"
    );
    assert_eq!(found(&library, "zqcat"), ["zqcat"]);
}

#[test]
fn a_long_card_is_cut_and_hostile_ones_are_kept_harmless() {
    let home = Home::new();
    let library = home.open();
    let long = format!("# Long\n\nzqlong {}", "ä ".repeat(700_000));
    let hostile = format!(
        "---\na: &a [x]\nb: [{}]\n---\n{}",
        "*a,".repeat(20_000),
        "[".repeat(50_000)
    );
    let lines = [
        ("a/long", long),
        ("a/hostile", hostile),
        ("a/empty", String::new()),
    ]
    .map(|(id, card)| format!("{}\n", serde_json::json!({"id": id, "card": card})));
    let report = import(&library, &file(&home, "x.jsonl", lines.concat().as_bytes()));
    assert_eq!((report.added, report.cut.count), (3, 1));
    let kept = library.card("a/long").unwrap().unwrap();
    assert!(kept.text.len() <= 1 << 20 && kept.text.len() > 1_000_000);
    assert_eq!(found(&library, "zqlong"), ["a/long"]);
}

#[test]
fn a_stopped_import_keeps_what_it_read() {
    struct Stopper(Cancel, u64);
    impl Observer for Stopper {
        fn progress(&mut self, progress: &Progress) {
            self.1 += 1;
            assert!(progress.bytes <= progress.total_bytes);
            self.0.cancel();
        }
    }
    let home = Home::new();
    let library = home.open();
    let path = file(&home, "x.jsonl", jsonl(0..500).as_bytes());
    let cancel = Cancel::new();
    let report = library
        .import(&path, &cancel, &mut Stopper(cancel.clone(), 0))
        .unwrap();
    assert!(report.stopped);
    assert!(report.added > 0 && report.added < 500, "{}", report.added);
    assert!(
        library
            .counts()
            .contains(&(Origin::Imported, report.added as usize))
    );
    let report = import(&library, &path);
    assert_eq!(report.added + report.replaced, 500);
    assert!(!report.stopped);
}

#[test]
fn what_cannot_be_read_is_an_error_and_an_empty_file_is_not() {
    let home = Home::new();
    let library = home.open();
    let missing = library.import(&home.path().join("none"), &Cancel::new(), &mut Silent);
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("none: cannot read")
    );
    assert_eq!(
        import(&library, &file(&home, "empty", b" \n\n"))
            .progress
            .records,
        0
    );
}
