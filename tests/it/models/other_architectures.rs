//! The architectures that candle runs, against transformers.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use modeldesk::jobs::Cancel;
use modeldesk::model::batch::Batch;
use modeldesk::model::config::Config;
use modeldesk::model::generate::{Decoder, Options, Request, generate};
use modeldesk::model::heads::{MaskedLm, SequenceClassification, TokenClassification};
use modeldesk::model::layers::{Precision, Source};
use modeldesk::model::tape::{Tape, Tensor};
use modeldesk::model::weights::Checkpoint;
use modeldesk::model::writer::Writer;
use serde_json::Value;

use super::fixture::assert_close;

/// The most that logits and hidden states may differ by.
const TOLERANCE: f32 = 1e-4;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/candle")
        .join(name)
}

/// A model of tests/parity/candle and what transformers made of it.
struct Reference {
    config: Config,
    checkpoint: Checkpoint,
    expected: Value,
}

impl Reference {
    fn open(name: &str) -> Self {
        let folder = folder(name);
        let json = std::fs::read_to_string(folder.join("expected.json")).expect("a file");
        Self {
            config: Config::read(&folder).expect("a configuration"),
            checkpoint: Checkpoint::open(&folder).expect("weights"),
            expected: serde_json::from_str(&json).expect("JSON"),
        }
    }

    fn source(&self) -> Source<'_> {
        Source::of(&self.checkpoint, &self.config, Precision::F32)
    }

    fn inputs(&self) -> Vec<Vec<u32>> {
        serde_json::from_value(self.expected["ids"].clone()).expect("ids")
    }

    /// The rows of one kind, of all inputs one after another.
    fn rows(&self, kind: &str) -> Vec<f32> {
        fn flat(value: &Value, out: &mut Vec<f32>) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| flat(value, out)),
                number => out.push(number.as_f64().expect("a number") as f32),
            }
        }
        let mut out = Vec::new();
        flat(&self.expected[kind], &mut out);
        out
    }
}

/// The batch of all inputs gives transformers' logits, and the body its hidden states.
fn encoder_agrees(name: &str, logits: impl Fn(&Reference, &mut Tape, &Batch) -> (Tensor, Tensor)) {
    let reference = Reference::open(name);
    let inputs = reference.inputs();
    let batch = Batch::new(inputs.iter().map(Vec::as_slice));
    let (logits, hidden) = logits(&reference, &mut Tape::off(), &batch);
    let said = |kind: &str| format!("{name}: {kind}");
    assert_close(
        hidden.values(),
        &reference.rows("hidden"),
        TOLERANCE,
        &said("hidden states"),
    );
    assert_close(
        logits.values(),
        &reference.rows("logits"),
        TOLERANCE,
        &said("logits"),
    );
}

#[test]
fn modern_bert_fills_masks_and_classifies_as_transformers_has_it() {
    encoder_agrees("modernbert-masked-lm", |reference, tape, batch| {
        let model = MaskedLm::load(&reference.source(), &reference.config).expect("a model");
        let rows: Vec<u32> = (0..batch.ids.len() as u32).collect();
        let logits = model.logits(tape, batch, &rows);
        (logits, model.body.forward(tape, batch, |_| ()))
    });
    for name in ["modernbert-sequence", "modernbert-sequence-mean"] {
        encoder_agrees(name, |reference, tape, batch| {
            let model = SequenceClassification::load(&reference.source(), &reference.config);
            let model = model.expect("a model");
            (
                model.logits(tape, batch),
                model.body.forward(tape, batch, |_| ()),
            )
        });
    }
    encoder_agrees("modernbert-token", |reference, tape, batch| {
        let model = TokenClassification::load(&reference.source(), &reference.config);
        let model = model.expect("a model");
        (
            model.logits(tape, batch),
            model.body.forward(tape, batch, |_| ()),
        )
    });
}

#[test]
fn decoders_write_what_transformers_writes() {
    for name in ["llama", "llama-untied-scaled", "qwen2", "qwen3"] {
        let reference = Reference::open(name);
        let source = reference.source();
        let model = Writer::load(&source, &reference.config).expect("a model");
        assert!(source.bytes() > 0);
        let width = reference.config.vocab_size();
        let next = reference.rows("next");
        for (i, ids) in reference.inputs().iter().enumerate() {
            let mut decoder = model.decoder(ids, 12);
            let logits = decoder.feed(&[ids]).expect("logits");
            let said = format!("{name}: logits after input {i}");
            assert_close(&logits, &next[i * width..][..width], TOLERANCE, &said);
            for (kind, beams) in [("greedy", 1), ("beams", 4)] {
                let written = write(&mut *model.decoder(ids, 12), ids, beams);
                let expected = &reference.expected[kind][i];
                let expected: Vec<u32> = serde_json::from_value(expected.clone()).expect("ids");
                assert_eq!(written, expected, "{name}: {kind} after input {i}");
            }
        }
    }
}

fn write(decoder: &mut dyn Decoder, prompt: &[u32], num_beams: usize) -> Vec<u32> {
    let options = Options {
        max_new_tokens: 12,
        num_beams,
        eos_token_id: vec![2],
        pad_token_id: Some(0),
        ..Options::default()
    };
    let request = Request {
        prompt,
        options: &options,
        tokenizer: None,
        cancel: &Cancel::new(),
    };
    let made = generate(decoder, &request, &mut |_| ControlFlow::Continue(())).expect("a text");
    made.sequences[0].ids.clone()
}

#[test]
fn a_text_in_parts_is_the_text() {
    let reference = Reference::open("llama");
    let model = Writer::load(&reference.source(), &reference.config).expect("a model");
    let ids = reference.inputs().swap_remove(0);
    let whole = model.decoder(&ids, 1).feed(&[&ids]).expect("logits");
    let mut decoder = model.decoder(&ids, 1);
    decoder.feed(&[&ids[..5]]).expect("logits");
    decoder.reorder(&[0, 0]);
    let both = decoder.feed(&[&ids[5..], &ids[5..9]]).expect("logits");
    assert_close(&both[..whole.len()], &whole, TOLERANCE, "the first of two");
}

#[test]
fn a_tensor_of_another_shape_is_named_before_candle_sees_it() {
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["config.json", "model.safetensors"] {
        std::fs::copy(folder("llama").join(name), copy.path().join(name)).expect("a copy");
    }
    let path = copy.path().join("config.json");
    let json = std::fs::read_to_string(&path).expect("a file");
    for (from, to, named) in [
        (
            "\"intermediate_size\": 40",
            "\"intermediate_size\": 41",
            "mlp.gate_proj.weight",
        ),
        (
            "\"num_hidden_layers\": 2",
            "\"num_hidden_layers\": 3",
            "model.layers.2",
        ),
        (
            "\"vocab_size\": 101",
            "\"vocab_size\": 102",
            "model.embed_tokens.weight",
        ),
    ] {
        modeldesk::files::write(&path, json.replace(from, to).as_bytes()).expect("written");
        let config = Config::read(copy.path()).expect("a configuration");
        let checkpoint = Checkpoint::open(copy.path()).expect("weights");
        let source = Source::of(&checkpoint, &config, Precision::F32);
        let error = Writer::load(&source, &config).err().expect("no model");
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn what_candle_would_not_compute_is_refused_by_its_field() {
    let of = |name: &str, from: &str, to: &str| {
        let json = std::fs::read_to_string(folder(name).join("config.json")).expect("a file");
        assert!(json.contains(from), "{from}");
        let object: Value = serde_json::from_str(&json.replace(from, to)).expect("JSON");
        let object = object.as_object().expect("an object");
        Config::of(object, Path::new("config.json"))
            .expect_err("refused")
            .to_string()
    };
    for (name, from, to, field) in [
        ("llama", "\"silu\"", "\"gelu\"", "hidden_act"),
        (
            "llama",
            "\"attention_bias\": false",
            "\"attention_bias\": true",
            "attention_bias",
        ),
        ("llama", "\"head_dim\": 6", "\"head_dim\": 8", "head_dim"),
        (
            "llama",
            "\"num_key_value_heads\": 2",
            "\"num_key_value_heads\": 3",
            "num_key_value_heads",
        ),
        ("llama-untied-scaled", "\"llama3\"", "\"yarn\"", "rope_type"),
        (
            "qwen2",
            "\"use_sliding_window\": false",
            "\"use_sliding_window\": true",
            "use_sliding_window",
        ),
        (
            "modernbert-token",
            "\"norm_bias\": false",
            "\"norm_bias\": true",
            "norm_bias",
        ),
        (
            "modernbert-token",
            "\"full_attention\",",
            "\"sliding_attention\",",
            "layer_types",
        ),
        (
            "modernbert-token",
            "\"hidden_activation\": \"gelu\"",
            "\"hidden_activation\": \"relu\"",
            "hidden_activation",
        ),
    ] {
        let error = of(name, from, to);
        assert!(error.contains(field), "{error}");
    }
}
