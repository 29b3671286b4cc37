//! Tokenizers in their folders.

use std::path::PathBuf;

use serde_json::Value;

use super::{Kind, Tokenizer, fixtures};
use crate::files;

fn folders() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/parity/pipelines"
    ))
}

#[test]
fn the_tokenizers_of_the_parity_models_run() {
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(folders()).expect("the parity models") {
        let folder = entry.expect("a folder").path();
        let config = std::fs::read(folder.join("config.json")).expect("config.json");
        let config: Value = serde_json::from_slice(&config).expect("JSON");
        let rows = config["vocab_size"].as_u64().expect("a number") as usize;
        let tokenizer = Tokenizer::read(&folder, Some(rows)).expect("a tokenizer");
        let text = "The train to Paris leaves at nine.";
        let encoding = tokenizer.encode(text).expect("encoded");
        let decoded = tokenizer.decode(&encoding.ids, true).expect("decoded");
        assert!(
            decoded.eq_ignore_ascii_case(text),
            "{}: {decoded}",
            folder.display()
        );
        assert_eq!(encoding.unknown, 0);
        assert!(tokenizer.settings().model_max_length.is_some());
        assert!(!tokenizer.is_empty() && tokenizer.len() <= rows);
        if !kinds.contains(&tokenizer.kind()) {
            kinds.push(tokenizer.kind());
        }
        let error = Tokenizer::read(&folder, Some(50)).expect_err("of another model");
        assert!(
            error
                .to_string()
                .contains("tokenizer.json: a token has the id"),
            "{error}"
        );
        assert!(
            error
                .hint_text()
                .is_some_and(|hint| hint.contains("another model"))
        );
    }
    assert!(
        [Kind::Bpe, Kind::WordPiece, Kind::Unigram]
            .iter()
            .all(|kind| kinds.contains(kind))
    );
}

#[test]
fn a_folder_without_a_tokenizer_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Tokenizer::read(folder.path(), None).expect_err("nothing there");
    assert!(
        error.to_string().ends_with("there is no tokenizer.json"),
        "{error}"
    );
    assert!(error.hint_text().is_some());
}

#[test]
fn tokens_named_beside_the_tokenizer_are_special() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = fixtures::word_piece_json().to_string();
    files::write(&folder.path().join("tokenizer.json"), json.as_bytes()).expect("written");
    let named =
        br#"{"eos_token": "[SEP]", "pad_token": {"content": "here"}, "bos_token": "<none>"}"#;
    files::write(&folder.path().join("special_tokens_map.json"), named).expect("written");
    files::write(&folder.path().join("chat_template.jinja"), b"{{ x }}").expect("written");
    let tokenizer = Tokenizer::read(folder.path(), None).expect("a tokenizer");
    let special = tokenizer.special();
    assert_eq!(special.eos, tokenizer.id("[SEP]"));
    assert_eq!(special.pad, tokenizer.id("here"));
    assert_eq!(special.bos, None);
    assert_eq!(
        tokenizer.settings().chat_template.as_deref(),
        Some("{{ x }}")
    );
    let ids = tokenizer.ids("a here b").expect("encoded");
    assert_eq!(tokenizer.decode(&ids, true).expect("decoded"), "a b");
    assert_eq!(tokenizer.decode(&ids, false).expect("decoded"), "a here b");
    assert_eq!(
        tokenizer.token(special.pad.expect("an id")).as_deref(),
        Some("here")
    );
}

#[test]
fn what_the_file_says_of_padding_and_truncation_does_not_count() {
    let encoding = fixtures::word_piece()
        .encode("a b c d e f g h i j")
        .expect("encoded");
    assert_eq!(encoding.len(), 12);
    assert!(encoding.special[0] && encoding.special[11] && !encoding.is_empty());
}
