//! How fast the models run: `cargo bench --bench models [-- --json] [-- --in DIR]`.
//!
//! The models have the real shapes and random weights, made in a temporary folder, or are those in
//! DIR, in folders `gpt2`, `flan-t5-base`, `distilbert-base-uncased` and `bert-base-uncased`. Texts
//! are ids: no tokenizer has a part. With `--json` one object a line, which `cargo xtask peers`
//! holds against other programs.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modeldesk::files;
use modeldesk::jobs::Cancel;
use modeldesk::model::batch::Batch;
use modeldesk::model::config::Config;
use modeldesk::model::generate::{Options, Request, Timing, generate};
use modeldesk::model::heads::Body;
use modeldesk::model::kernels::pooled;
use modeldesk::model::layers::{Precision, Source};
use modeldesk::model::tape::{Tape, buffer};
use modeldesk::model::weights::{Checkpoint, Stored, write};
use modeldesk::model::writer::Writer;
use serde_json::{Value, json};

/// How often each figure is taken, after a first time that does not count.
const RUNS: usize = 3;

/// Texts and tokens of each that an encoder reads.
const SHAPES: [(usize, usize); 3] = [(1, 16), (1, 128), (8, 128)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().skip_while(|a| *a != name).nth(1);
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let models = after("--in").map_or_else(|| scratch.path().join("models"), PathBuf::from);
    let bench = Bench {
        models,
        packed: scratch.path().join("packed"),
        as_json: arguments.iter().any(|a| a == "--json"),
    };
    for (name, config) in shapes() {
        if after("--in").is_none() {
            make(&bench.models.join(name), &config);
            buffer::release();
        }
    }
    if !bench.as_json {
        println!(
            "{:24} | {:9} | {:16} | median of {RUNS}",
            "model", "precision", "what"
        );
    }
    bench.gpt2();
    bench.flan_t5();
    for (name, precisions) in [
        (
            "distilbert-base-uncased",
            &[Precision::Q8, Precision::F32][..],
        ),
        ("bert-base-uncased", &[Precision::F32]),
    ] {
        for precision in precisions {
            bench.encoder(name, *precision);
        }
    }
}

/// The models' configurations, by the names of their folders.
fn shapes() -> [(&'static str, Value); 4] {
    [
        (
            "gpt2",
            json!({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}),
        ),
        (
            "flan-t5-base",
            json!({
                "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 768, "d_kv": 64,
                "d_ff": 2048, "num_layers": 12, "num_heads": 12, "vocab_size": 32_128,
                "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false,
            }),
        ),
        (
            "distilbert-base-uncased",
            json!({"model_type": "distilbert", "architectures": ["DistilBertModel"]}),
        ),
        (
            "bert-base-uncased",
            json!({"model_type": "bert", "architectures": ["BertModel"]}),
        ),
    ]
}

/// Writes a model of that shape with random weights.
fn make(folder: &Path, config: &Value) {
    files::write(&folder.join("config.json"), config.to_string().as_bytes()).expect("written");
    let config = Config::read(folder).expect("a configuration");
    let source = Source::random(config.prefix(), 1, 0.02);
    if Writer::is_for(&config) {
        drop(Writer::load(&source, &config).expect("a model"));
    } else {
        drop(Body::load(&source, &config).expect("a model"));
    }
    let params = source.params();
    let values: Vec<_> = params.iter().map(|param| param.read()).collect();
    let tensors = params.iter().zip(&values).map(|(param, values)| Stored {
        name: param.name(),
        shape: param.shape(),
        values,
    });
    let tensors: Vec<Stored> = tensors.collect();
    write(&folder.join("model.safetensors"), &tensors).expect("written");
}

/// Where the models are, and how figures are printed.
struct Bench {
    models: PathBuf,
    packed: PathBuf,
    as_json: bool,
}

impl Bench {
    fn gpt2(&self) {
        let name = "gpt2";
        let model = self.writer(name, Precision::Q8);
        let text = ids(32);
        let rate = median(|| Timing::decode_tok_s(&once(&model, &text, &text, 128, 1)));
        self.row(name, Precision::Q8, "greedy", rate, "tok/s");
        let long = ids(512);
        let rate = median(|| Timing::prefill_tok_s(&once(&model, &long, &long, 1, 1)));
        self.row(name, Precision::Q8, "prefill 512", rate, "tok/s");
        drop(model);
        let first = || {
            buffer::release();
            let start = Instant::now();
            let model = self.writer(name, Precision::Q8);
            once(&model, &text, &text, 1, 1);
            milliseconds(start.elapsed())
        };
        self.row(name, Precision::Q8, "folder to token", median(first), "ms");
    }

    fn flan_t5(&self) {
        let name = "flan-t5-base";
        let model = self.writer(name, Precision::Q8);
        let text = ids(128);
        for beams in [1, 4] {
            let rate = || {
                let start = Instant::now();
                once(&model, &text, &[0], 64, beams);
                64.0 / start.elapsed().as_secs_f64()
            };
            self.row(
                name,
                Precision::Q8,
                &format!("beams {beams}"),
                median(rate),
                "tok/s",
            );
        }
    }

    fn encoder(&self, name: &str, precision: Precision) {
        let model = self.load(name, precision, Body::load);
        for (texts, tokens) in SHAPES {
            let ids = ids(texts * tokens);
            let batch = Batch::new(ids.chunks(tokens));
            let pass = || {
                let start = Instant::now();
                pooled(|| model.forward(&mut Tape::off(), &batch, |_| ()));
                milliseconds(start.elapsed())
            };
            let what = format!("forward ({texts}, {tokens})");
            self.row(name, precision, &what, median(pass), "ms");
        }
    }

    fn writer(&self, name: &str, precision: Precision) -> Writer {
        self.load(name, precision, Writer::load)
    }

    /// The model in the folder of that name, from packed weights the second time.
    fn load<M>(
        &self,
        name: &str,
        precision: Precision,
        load: impl Fn(&Source, &Config) -> modeldesk::error::Result<M>,
    ) -> M {
        let folder = self.models.join(name);
        let config = Config::read(&folder).expect("a configuration");
        let checkpoint = Checkpoint::open(&folder).expect("weights");
        let source = Source::of(&checkpoint, &config, precision).kept_in(Some(&self.packed));
        let model = load(&source, &config).expect("a model");
        source.keep().expect("room for packed weights");
        model
    }

    fn row(&self, model: &str, precision: Precision, what: &str, value: f64, unit: &str) {
        let precision = precision.name();
        if self.as_json {
            let peer = format!("modeldesk {precision}");
            let value = (value * 1e3).round() / 1e3;
            println!(
                "{}",
                json!({"peer": peer, "model": model, "what": what, "value": value, "unit": unit})
            );
        } else {
            println!("{model:24} | {precision:9} | {what:16} | {value:.1} {unit}");
        }
    }
}

/// One text of `new` tokens after `text`, its end ignored.
fn once(model: &Writer, text: &[u32], start: &[u32], new: usize, num_beams: usize) -> Timing {
    let options = Options {
        max_new_tokens: new,
        min_new_tokens: new,
        num_beams,
        eos_token_id: Vec::new(),
        ..Options::default()
    };
    let request = Request {
        prompt: start,
        options: &options,
        tokenizer: None,
        cancel: &Cancel::new(),
    };
    let mut decoder = model.decoder(text, new);
    let made = generate(&mut *decoder, &request, &mut |_| ControlFlow::Continue(()));
    made.expect("a text").timing
}

/// Ids of any kind: what they are does not change how long it takes.
fn ids(count: usize) -> Vec<u32> {
    (0..count)
        .map(|i| 1000 + (i * 7919 % 29_000) as u32)
        .collect()
}

/// The median of what `figure` gives, after a first time that does not count.
fn median(mut figure: impl FnMut() -> f64) -> f64 {
    figure();
    let mut all: Vec<f64> = (0..RUNS).map(|_| figure()).collect();
    all.sort_by(f64::total_cmp);
    all[RUNS / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
