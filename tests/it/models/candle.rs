//! Hidden states, logits and greedy outputs, against `candle_transformers` on the same weights.
//!
//! What it makes otherwise than transformers is evened out here, and nothing else:
//!
//! - its masked BERT wants the output layer in the file, where ours and transformers' is tied;
//! - its DistilBERT computes `gelu` by the approximation, which transformers calls `gelu_new`;
//! - its T5 multiplies by the root of the width before a tied output layer, where transformers
//!   divides by it;
//! - its T5 writes with the distances of a reader: from a quarter of the buckets on they are others
//!   than transformers', so the weights here have one bias from there on;
//! - its T5 has no mask: inputs are read one at a time.
//!
//! It reads names with a prefix only where `config.json` says a `model_type`, has no head for BERT
//! and DistilBERT but the one that fills masks, and has no GPT-2.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{bert, distilbert, t5};
use modeldesk::model::config::Config;
use modeldesk::model::generate::Options;
use modeldesk::model::heads::{Body, MaskedLm};
use modeldesk::model::kernels::activation::Activation;
use modeldesk::model::layers::{Precision, Sight, Source};
use modeldesk::model::t5::{Encoded, Seq2SeqDecoder, T5};
use modeldesk::model::tape::Tape;
use modeldesk::model::weights::{Checkpoint, Stored, write};
use serde::de::DeserializeOwned;

use super::fixture::{Fixture, assert_close, ids};
use super::generation::run;

const TOLERANCE: f32 = 1e-4;

/// The tensors of a checkpoint in f32, and some of them under another name too.
fn weights(checkpoint: &Checkpoint, tied: &[(&str, &str)]) -> VarBuilder<'static> {
    let read = |from: &str| {
        let values = checkpoint.read(from).expect("values").to_vec();
        Tensor::from_vec(
            values,
            checkpoint.shape(from).expect("a shape"),
            &Device::Cpu,
        )
        .expect("a tensor")
    };
    let own = checkpoint
        .names()
        .filter(|name| !name.ends_with("position_ids"));
    let also = tied
        .iter()
        .map(|(name, from)| ((*name).to_owned(), read(from)));
    let tensors = own.map(|name| (name.to_owned(), read(name))).chain(also);
    VarBuilder::from_tensors(tensors.collect(), DType::F32, &Device::Cpu)
}

/// The settings as `candle_transformers` reads them.
fn settings<C: DeserializeOwned>(fixture: &Fixture) -> C {
    let text = std::fs::read(fixture.folder.join("config.json")).expect("a config");
    serde_json::from_slice(&text).expect("settings")
}

/// A padded matrix of whole numbers.
fn padded(fixture: &Fixture, name: &str) -> Tensor {
    let rows: Vec<Vec<u32>> = fixture.rows(name).iter().map(|row| ids(row)).collect();
    Tensor::new(rows, &Device::Cpu).expect("a tensor")
}

/// One sequence.
fn row(ids: &[u32]) -> Tensor {
    Tensor::new(ids, &Device::Cpu)
        .and_then(|ids| ids.unsqueeze(0))
        .expect("a tensor")
}

/// The rows that are no padding.
fn unpadded(states: &Tensor, lengths: &[usize]) -> Vec<f32> {
    let states = states.to_vec3::<f32>().expect("states");
    let sequences = states.into_iter().zip(lengths);
    sequences
        .flat_map(|(rows, n)| rows[..*n].concat())
        .collect()
}

/// Our last hidden states, or our logits of a model that fills masks.
fn ours(fixture: &Fixture, config: &Config, fills_masks: bool) -> Vec<f32> {
    let source = Source::of(&fixture.checkpoint, config, Precision::F32);
    let (batch, tape) = (fixture.batch(), &mut Tape::off());
    if !fills_masks {
        let body = Body::load(&source, config).expect("a body");
        return body.forward(tape, &batch, |_| ()).values().to_vec();
    }
    let model = MaskedLm::load(&source, config).expect("a model");
    let rows: Vec<u32> = (0..batch.ids.len() as u32).collect();
    model.logits(tape, &batch, &rows).values().to_vec()
}

#[test]
fn bert_agrees() {
    for name in [
        "bert",
        "bert-no-prefix",
        "bert-f16",
        "bert-bf16",
        "bert-sharded",
        "bert-old-names",
        "bert-token-classification",
        "bert-masked-lm",
    ] {
        let fixture = Fixture::open(name);
        let fills_masks = name.ends_with("masked-lm");
        let (ids, types) = (
            padded(&fixture, "input_ids"),
            padded(&fixture, "token_type_ids"),
        );
        let mask = padded(&fixture, "attention_mask");
        let states = if fills_masks {
            let tied = [
                (
                    "cls.predictions.decoder.weight",
                    "bert.embeddings.word_embeddings.weight",
                ),
                ("cls.predictions.decoder.bias", "cls.predictions.bias"),
            ];
            let weights = weights(&fixture.checkpoint, &tied);
            let model = bert::BertForMaskedLM::load(weights, &settings(&fixture));
            model.expect("a model").forward(&ids, &types, Some(&mask))
        } else {
            let model =
                bert::BertModel::load(weights(&fixture.checkpoint, &[]), &settings(&fixture));
            model.expect("a model").forward(&ids, &types, Some(&mask))
        };
        let theirs = unpadded(&states.expect("states"), &fixture.lengths());
        assert_close(
            &ours(&fixture, &fixture.config, fills_masks),
            &theirs,
            TOLERANCE,
            name,
        );
    }
}

#[test]
fn distilbert_agrees() {
    for name in ["distilbert", "distilbert-masked-lm"] {
        let fixture = Fixture::open(name);
        let fills_masks = name.ends_with("masked-lm");
        let mut config = fixture.config.clone();
        let Config::DistilBert(settings_of) = &mut config else {
            panic!("no DistilBERT")
        };
        settings_of.activation = Activation::GeluTanh;
        let ids = padded(&fixture, "input_ids");
        let masked = padded(&fixture, "attention_mask").eq(0u32).expect("a mask");
        let masked = masked
            .unsqueeze(1)
            .and_then(|mask| mask.unsqueeze(1))
            .expect("a mask");
        let weights = weights(&fixture.checkpoint, &[]);
        let states = if fills_masks {
            let model = distilbert::DistilBertForMaskedLM::load(weights, &settings(&fixture));
            model.expect("a model").forward(&ids, &masked)
        } else {
            let model = distilbert::DistilBertModel::load(weights, &settings(&fixture));
            model.expect("a model").forward(&ids, &masked)
        };
        let theirs = unpadded(&states.expect("states"), &fixture.lengths());
        assert_close(
            &ours(&fixture, &config, fills_masks),
            &theirs,
            TOLERANCE,
            name,
        );
    }
}

/// The weights of a T5 whose decoder has one bias from a quarter of its buckets on.
fn with_short_sight(fixture: &Fixture) -> (tempfile::TempDir, Checkpoint) {
    const BIAS: &str = "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
    let checkpoint = &fixture.checkpoint;
    let mut tensors: Vec<(&str, Vec<f32>)> = checkpoint
        .names()
        .map(|name| (name, checkpoint.read(name).expect("values").to_vec()))
        .collect();
    let (_, bias) = tensors
        .iter_mut()
        .find(|(name, _)| *name == BIAS)
        .expect("a bias");
    let [buckets, heads] = checkpoint.shape(BIAS).expect("a shape") else {
        panic!("no matrix")
    };
    for bucket in buckets / 4 + 1..*buckets {
        bias.copy_within(
            buckets / 4 * heads..(buckets / 4 + 1) * heads,
            bucket * heads,
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let stored: Vec<Stored> = tensors
        .iter()
        .map(|(name, values)| Stored {
            name,
            shape: checkpoint.shape(name).expect("a shape"),
            values,
        })
        .collect();
    write(&folder.path().join("model.safetensors"), &stored).expect("written");
    let checkpoint = Checkpoint::open(folder.path()).expect("a checkpoint");
    (folder, checkpoint)
}

#[test]
fn t5_agrees() {
    for name in ["t5-gated-untied", "t5-relu-tied", "t5-old-names"] {
        let fixture = Fixture::open(name);
        let Config::T5(config) = &fixture.config else {
            panic!("no T5")
        };
        let (_folder, checkpoint) = with_short_sight(&fixture);
        let source = Source::of(&checkpoint, &fixture.config, Precision::F32);
        let model = T5::load(&source, config).expect("a model");
        let candle =
            t5::T5ForConditionalGeneration::load(weights(&checkpoint, &[]), &settings(&fixture));
        let mut candle = candle.expect("a model");
        let scale = if config.scale_decoder_outputs {
            1.0 / config.d_model as f64
        } else {
            1.0
        };
        let mut seen = std::collections::BTreeSet::new();
        let inputs = fixture.batch();
        for ends in inputs.starts.windows(2) {
            let input = &inputs.ids[ends[0]..ends[1]];
            let theirs = candle.encode(&row(input));
            let theirs = theirs.expect("states");
            let batch = modeldesk::model::batch::Batch::new([input]);
            let tape = &mut Tape::off();
            let states = model.encode(tape, &batch, |_| ());
            let what = format!("{name}: {} tokens", input.len());
            assert_close(
                states.values(),
                &unpadded(&theirs, &[input.len()]),
                TOLERANCE,
                &what,
            );

            let (texts, logits) = greedy(&mut candle, &theirs, scale);
            seen.extend(texts.iter().copied());
            let mut encoded = Encoded::new(states, &batch);
            let fed = &texts[..texts.len() - 1];
            let decoded = model.decode(
                tape,
                fed,
                &mut Sight::Whole(&[0, fed.len()]),
                &mut encoded,
                |_| (),
            );
            assert_close(
                model.logits(tape, &decoded).values(),
                &logits,
                TOLERANCE,
                &what,
            );
            let options = Options {
                max_new_tokens: LENGTH,
                eos_token_id: Vec::new(),
                ..Options::default()
            };
            let written = run(
                &mut Seq2SeqDecoder::new(&model, input, 1 + LENGTH),
                &texts[..1],
                &options,
            );
            assert_eq!(written[0].ids, texts[1..], "{what}");
        }
        assert!(seen.len() > 5, "{name}: only {seen:?}");
    }
}

/// How many tokens are written.
const LENGTH: usize = 20;

/// What candle's T5 writes after the start of a text, with it, and the logits of every step.
fn greedy(
    candle: &mut t5::T5ForConditionalGeneration,
    states: &Tensor,
    scale: f64,
) -> (Vec<u32>, Vec<f32>) {
    candle.clear_kv_cache();
    let (mut text, mut all) = (vec![0u32], Vec::new());
    for _ in 0..LENGTH {
        let last = &text[text.len() - 1..];
        let logits = candle
            .decode(&row(last), states)
            .and_then(|logits| logits * scale);
        let logits = logits
            .and_then(|logits| logits.flatten_all()?.to_vec1::<f32>())
            .expect("logits");
        let best = logits
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .expect("a token");
        text.push(best.0 as u32);
        all.extend(logits);
    }
    (text, all)
}
