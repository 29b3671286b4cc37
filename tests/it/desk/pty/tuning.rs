//! A fine-tune from the desk to its result: the program, a tiny classifier and a file of rows.

use std::fmt::Write as _;
use std::path::Path;

use modeldesk::files;

use super::Session;

/// A home with a model in its cache and a file of rows.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let cache = home
        .path()
        .join("XDG_CACHE_HOME/huggingface/hub/models--tiny--mood");
    let commit = "0123456789012345678901234567890123456789";
    let model =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/pipelines/text-classification");
    for entry in model.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let to = cache
            .join("snapshots")
            .join(commit)
            .join(path.file_name().unwrap());
        files::write(&to, &std::fs::read(&path).unwrap()).unwrap();
    }
    files::write(&cache.join("refs/main"), commit.as_bytes()).unwrap();
    let mut rows = "text,label\n".to_owned();
    for n in 0..30 {
        writeln!(
            rows,
            "the good film number {n},glad\nthe bad film number {n},sad"
        )
        .unwrap();
    }
    files::write(&home.path().join("rows.csv"), rows.as_bytes()).unwrap();
    home
}

#[test]
fn a_classifier_is_tuned_from_the_desk_to_its_result() {
    let mut desk = Session::program_in(home());
    desk.until_seen(" cards | ");
    desk.send("\t4");
    desk.until_seen("No fine-tune yet.");
    desk.send("n\r");
    desk.until_seen("tiny/mood");
    desk.send("\r");
    desk.until_seen("Fine-tune mood");
    let rows = desk.home.path().join("rows.csv");
    desk.send(&format!("\r{}\r", rows.display()));
    desk.until_seen(" train, ");
    desk.send(&"j".repeat(9));
    desk.until_seen("> [ Start ]");
    desk.send("\r");
    desk.until_seen("rows-mood   done");
    desk.until_seen("on the 3 test rows: accuracy");
    let run = desk
        .home
        .path()
        .join("XDG_DATA_HOME/modeldesk/runs/rows-mood");
    assert!(run.join("model/model.safetensors").is_file());
    assert!(run.join("model/README.md").is_file());
    desk.send("q");
    assert_eq!(desk.ended().exit_code(), 0);
}
