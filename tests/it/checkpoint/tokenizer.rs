//! M6: tokenizers that mean harm, or are damaged: an error, or ids that the model has.

use std::fmt::Write;

use modeldesk::error::Result;
use modeldesk::model::kernels::random::Stream;
use modeldesk::model::tokenizer::{Settings, Tokenizer};
use serde_json::{Value, json};

use super::in_time;
use crate::counts;

/// Texts of many shapes, each of at most a few thousand characters.
fn texts() -> Vec<String> {
    let short = [
        "The model runs here: 117 million weights, 0.4 s to the first word.",
        "模型在这台机器上运行，需要半个千兆字节的内存。",
        "يعمل النموذج هنا، وتصل الإجابة كلمة كلمة.",
        "Family 👩‍👩‍👧‍👦, flag 🇩🇪🇫🇷, heart ❤️; e\u{301} is not é.",
        "fn main() {\n\tprintln!(\"{:?}\", [1, 2, 3]);\n}\n",
        "",
    ];
    let mut texts = short.map(str::to_owned).to_vec();
    texts.push("a".repeat(3000) + "b");
    texts.push(" ".repeat(3000) + "x");
    texts.push("1\n".repeat(1500));
    texts
}

/// The description of a whole tokenizer.
fn whole(kind: &str) -> Value {
    let path = format!(
        "{}/tests/parity/tokenizers/{kind}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn word_piece() -> Value {
    whole("wordpiece")
}

fn byte_pairs() -> Value {
    whole("byte-level-bpe")
}

fn unigram() -> Value {
    whole("unigram")
}

fn parse(json: &str, rows: usize) -> Result<Tokenizer> {
    Tokenizer::parse(json.as_bytes(), Settings::default(), Some(rows))
}

/// Refused for what `why` says.
fn refused(json: &str, why: &str) {
    let error = match in_time(why, || parse(json, 50_000)) {
        Ok(_) => panic!("it runs, in spite of: {why}"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains(why), "{error}, not {why}");
    assert!(error.len() < 400, "{error}");
}

/// Runs, and gives only ids below the rows or errors.
fn runs(json: &str, rows: usize) {
    let run = || {
        let tokenizer = parse(json, rows).expect("a tokenizer");
        for text in texts() {
            if let Ok(encoding) = tokenizer.windows(&text, Some("b a"), true, None) {
                let ids = &encoding[0].ids;
                assert!(ids.iter().all(|id| (*id as usize) < rows));
                tokenizer.decode(ids, false).expect("decoded");
            }
        }
    };
    in_time("a tokenizer that runs", run);
}

/// A description with one field changed.
fn changed(mut json: Value, pointer: &str, value: Value) -> String {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = json.pointer_mut(parent).expect("a place");
    match parent {
        Value::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        other => other[name.parse::<usize>().expect("an index")] = value,
    }
    json.to_string()
}

fn split_by(pattern: &str) -> String {
    changed(
        byte_pairs(),
        "/pre_tokenizer",
        json!({"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
        ]}),
    )
}

#[test]
fn patterns_that_take_forever_are_refused() {
    let row = counts::row("M6");
    refused(&split_by("(a+)+$"), "(a+)+$");
    refused(&split_by("(?=(a|a)*b)a"), "may take forever");
    // Of a structure that passes, yet slow on what it names.
    refused(&split_by("(?=q*q*q*(?!z)w)|q"), "splitting");
    let replace = json!({"type": "Replace", "pattern": {"Regex": "(x+x+)+y"}, "content": ""});
    refused(
        &changed(byte_pairs(), "/normalizer", replace),
        "may take forever",
    );
    row.held(4);
}

#[test]
fn patterns_of_known_models_run() {
    let row = counts::row("M6");
    runs(
        &split_by(
            r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
        2000,
    );
    runs(
        &split_by(r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))|\p{L}+"),
        2000,
    );
    row.held(2);
}

#[test]
fn a_word_without_end_is_refused_where_patterns_split() {
    let row = counts::row("M6");
    let tokenizer = parse(&split_by(r"\p{N}+"), 2000).expect("a tokenizer");
    let error = tokenizer.ids(&"a".repeat(70_000)).expect_err("too long");
    assert!(
        error.to_string().contains("a word has 70000 bytes"),
        "{error}"
    );
    row.held(1);
}

#[test]
fn a_million_added_tokens_are_refused() {
    let row = counts::row("M6");
    let mut json = String::from(r#"{"version":"1.0","added_tokens":["#);
    for id in 0..1_000_000 {
        let comma = if id == 0 { "" } else { "," };
        write!(json, "{comma}{{\"id\":{id},\"content\":\"t{id}\"}}").expect("written");
    }
    json.push_str(r#"],"model":{"type":"WordLevel","unk_token":"a","vocab":{"a":0}}}"#);
    refused(&json, "more than 65536 items");
    row.held(1);
}

#[test]
fn ids_are_there_once_and_the_model_has_them() {
    let row = counts::row("M6");
    let level = |vocab: &str| {
        format!(
            r#"{{"version":"1.0","model":{{"type":"WordLevel","unk_token":"a","vocab":{{{vocab}}}}}}}"#
        )
    };
    refused(&level(r#""a":0,"b":0"#), "two tokens have the id 0");
    refused(&level(r#""a":0,"b":-1"#), "`b` has -1 for an id");
    refused(&level(r#""a":0,"b":1.5"#), "`b` has 1.5 for an id");
    refused(
        &level(r#""a":0,"b":4294967296"#),
        "`b` has 4294967296 for an id",
    );
    refused(&level(r#""a":0,"a":1"#), "`a` is there twice");
    refused(
        &level(r#""a":0,"b":50000"#),
        "a token has the id 50000, and the model",
    );
    // Gaps are no harm.
    runs(&level(r#""a":0,"b":49999"#), 50_000);
    row.held(7);
}

#[test]
fn added_tokens_have_ids_of_their_own() {
    let row = counts::row("M6");
    let with = |tokens: Value| changed(word_piece(), "/added_tokens", tokens);
    let token = |id: Value, content: &str| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    refused(
        &with(json!([token(json!(-5), "<x>")])),
        "`<x>` has -5 for an id",
    );
    refused(
        &with(json!([token(json!(1), "[UNK]"), token(json!(1), "[SEP]")])),
        "id 1",
    );
    refused(
        &with(json!([token(json!(7), "<x>"), token(json!(8), "<x>")])),
        "`<x>` is added twice",
    );
    refused(
        &with(json!([token(json!(9999), "<x>")])),
        "does not follow the vocabulary's ids",
    );
    refused(&with(json!([token(json!(50_000), "<x>")])), "the id 50000");
    refused(
        &with(json!([token(json!(9), &"x".repeat(5000))])),
        "a token has 5000 bytes",
    );
    row.held(6);
}

#[test]
fn an_unknown_token_that_is_missing_is_refused() {
    let row = counts::row("M6");
    refused(
        &changed(word_piece(), "/model/unk_token", json!("[WHAT]")),
        "unknown token `[WHAT]` is not in the vocabulary",
    );
    refused(
        &changed(byte_pairs(), "/model/unk_token", json!("<unk>")),
        "unknown token `<unk>`",
    );
    refused(
        &changed(unigram(), "/model/unk_id", json!(100_000)),
        "unk_id is 100000",
    );
    // Unigram can do without, until a text needs it.
    let json = changed(unigram(), "/model/unk_id", Value::Null);
    let tokenizer = parse(&json, 50_000).expect("a tokenizer");
    assert!(tokenizer.ids("ქართული").is_err());
    tokenizer.ids("a").expect("encoded");
    row.held(4);
}

#[test]
fn a_token_of_a_megabyte_is_refused() {
    let row = counts::row("M6");
    let long = "x".repeat(1 << 20);
    let json = json!({"version": "1.0", "model": {"type": "Unigram", "unk_id": 0,
                      "vocab": [["<unk>", 0.0], [long, -1.0]]}});
    refused(&json.to_string(), "a token has 1048576 bytes");
    let json = changed(word_piece(), "/model/vocab/y", json!(1))
        .replace("\"y\":1", &format!("\"{long}\":9999"));
    refused(&json, "a token has 1048576 bytes");
    row.held(2);
}

#[test]
fn merges_are_of_known_pieces() {
    let row = counts::row("M6");
    let merge = |merges: Value| changed(byte_pairs(), "/model/merges", merges);
    refused(
        &merge(json!([["q", "Ā"]])),
        "merge 1 names a piece that is not in the vocabulary",
    );
    refused(&merge(json!([["nowhere", "q"]])), "merge 1 names a piece");
    refused(
        &merge(json!(["#version: 0.2", "a b c"])),
        "merge 2 is not two pieces",
    );
    // A prefix longer than the piece would read past the library's buffer.
    let json = changed(
        byte_pairs(),
        "/model/continuing_subword_prefix",
        json!("####"),
    );
    refused(&json, "merge 1 names a piece");
    row.held(4);
}

#[test]
fn what_surrounds_a_text_is_of_the_model() {
    let row = counts::row("M6");
    let sep = json!({"type": "BertProcessing", "sep": ["[SEP]", 77_777], "cls": ["[CLS]", 2]});
    refused(
        &changed(word_piece(), "/post_processor", sep),
        "the id 77777",
    );
    let many: Vec<Value> = (0..100)
        .map(|_| json!({"Sequence": {"id": "A", "type_id": 0}}))
        .collect();
    let template =
        json!({"type": "TemplateProcessing", "single": many, "pair": [], "special_tokens": {}});
    let json = changed(word_piece(), "/post_processor", template);
    refused(&json, "more than 64 tokens are put around a text");
    row.held(2);
}

#[test]
fn texts_do_not_grow_without_bounds() {
    let row = counts::row("M6");
    let replace =
        |content: &str| json!({"type": "Replace", "pattern": {"String": "a"}, "content": content});
    let growing = json!({"type": "Sequence", "normalizers":
                         [replace("aaaaaaaaa"), replace("aaaaaaaaa"), replace("aaaaaaaaa")]});
    let json = changed(word_piece(), "/normalizer", growing);
    refused(&json, "normalizer: it may make a text 729 times longer");
    let json = changed(
        word_piece(),
        "/model/max_input_chars_per_word",
        json!(1u64 << 40),
    );
    refused(&json, "a long word would take hours");
    row.held(2);
}

#[test]
fn files_that_are_no_tokenizers_are_refused() {
    let row = counts::row("M6");
    for json in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"model": {}}"#,
        r#"{"model": {"vocab": 3}}"#,
        r#"{"version":"1.0","model":{"type":"BPE","vocab":{}}}"#,
        r#"{"version":"9.0","model":{"type":"WordLevel","unk_token":"a","vocab":{"a":0}}}"#,
        r#"{"version":"1.0","model":{"type":"Nothing","vocab":{"a":0}}}"#,
        r#"{"version":"1.0","model":{"type":"Unigram","vocab":{"a":0}}}"#,
        r#"{"version":"1.0","decoder":7,"model":{"type":"WordLevel","unk_token":"a","vocab":{"a":0}}}"#,
        r#"{"version":"1.0","normalizer":{"type":"Precompiled","precompiled_charsmap":"AAECAwQF"},"model":{"type":"WordLevel","unk_token":"a","vocab":{"a":0}}}"#,
    ] {
        assert!(parse(json, 10).is_err(), "{json}");
    }
    let deep = "[".repeat(100_000);
    assert!(parse(&format!(r#"{{"normalizer":{deep}"#), 10).is_err());
    row.held(14);
}

#[test]
fn damaged_files_are_errors_or_run() {
    let row = counts::row("M6");
    let (texts, cases) = (texts(), counts::of(60, 1_000));
    for json in [word_piece(), byte_pairs(), unigram()] {
        let json = json.to_string();
        for case in 0..cases {
            let draw = Stream::new(11, case as u64);
            let mut bytes = json.clone().into_bytes();
            for i in 0..3 {
                let at = draw.below(2 * i, bytes.len());
                bytes[at] = b"{}[]\",:0129a\\-"[draw.below(2 * i + 1, 14)];
            }
            in_time(case, || {
                let tokenizer = Tokenizer::parse(&bytes, Settings::default(), Some(5000));
                let Ok(tokenizer) = tokenizer else { return };
                for text in texts.iter().take(5) {
                    if let Ok(ids) = tokenizer.ids(text) {
                        assert!(ids.iter().all(|id| *id < 5000));
                        tokenizer.decode(&ids, true).expect("decoded");
                    }
                }
            });
        }
    }
    row.held(3 * cases);
}
