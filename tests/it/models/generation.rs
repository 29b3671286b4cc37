//! Greedy texts and beams, token for token against transformers.

use std::ops::ControlFlow;

use modeldesk::jobs::Cancel;
use modeldesk::model::config::Config;
use modeldesk::model::generate::{Decoder, Options, Request, Sequence, generate};
use modeldesk::model::heads::{CausalDecoder, CausalLm};
use modeldesk::model::layers::{Precision, Source};
use modeldesk::model::t5::{Seq2SeqDecoder, T5};
use serde_json::Value;

use super::fixture::Fixture;

/// One case of expected.json.
struct Case {
    name: String,
    input: Vec<u32>,
    options: Options,
    sequences: Vec<Vec<u32>>,
    scores: Option<Vec<f64>>,
}

fn cases(fixture: &Fixture) -> Vec<Case> {
    let text = std::fs::read_to_string(fixture.folder.join("expected.json")).expect("cases");
    let all: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let ids = |value: &Value| -> Vec<u32> {
        let list = value.as_array().expect("ids").iter();
        list.map(|id| u32::try_from(id.as_u64().expect("an id")).expect("an id"))
            .collect()
    };
    all.iter()
        .map(|case| {
            let mut options = Options::default();
            options.update(&case["options"]).expect("options");
            Case {
                name: case["name"].as_str().expect("a name").to_owned(),
                input: ids(&case["input_ids"]),
                options,
                sequences: case["sequences"]
                    .as_array()
                    .expect("sequences")
                    .iter()
                    .map(ids)
                    .collect(),
                scores: case["sequences_scores"].as_array().map(|scores| {
                    scores
                        .iter()
                        .map(|score| score.as_f64().expect("a score"))
                        .collect()
                }),
            }
        })
        .collect()
}

pub(super) fn run(decoder: &mut dyn Decoder, prompt: &[u32], options: &Options) -> Vec<Sequence> {
    let request = Request {
        prompt,
        options,
        tokenizer: None,
        cancel: &Cancel::new(),
    };
    let made = generate(decoder, &request, &mut |_| ControlFlow::Continue(())).expect("texts");
    made.sequences
}

/// `prompt` is what every expected sequence begins with; it is filled up after its end of text.
fn agrees(case: &Case, prompt: usize, ours: &[Sequence], of: &str) {
    let what = format!("{of}: {} from {:?}", case.name, case.input);
    assert_eq!(ours.len(), case.sequences.len(), "{what}: sequences");
    for (ours, theirs) in ours.iter().zip(&case.sequences) {
        let new = &theirs[prompt..];
        let end = new
            .iter()
            .position(|id| case.options.eos_token_id.contains(id));
        assert_eq!(
            ours.ids,
            new[..end.map_or(new.len(), |end| end + 1)],
            "{what}"
        );
    }
    for (ours, theirs) in ours.iter().zip(case.scores.iter().flatten()) {
        let score = f64::from(ours.score.expect("a score of a beam"));
        assert!(
            (score - theirs).abs() < 1e-4 * theirs.abs().max(1.0),
            "{what}: {score} {theirs}"
        );
    }
}

#[test]
fn gpt2_writes_what_transformers_writes() {
    let fixture = Fixture::open("gpt2-lm");
    let source = Source::of(&fixture.checkpoint, &fixture.config, Precision::F32);
    let model = CausalLm::load(&source, &fixture.config).expect("a model");
    let all = cases(&fixture);
    assert!(all.len() >= 40, "{} cases", all.len());
    for case in &all {
        let capacity = case.input.len() + case.options.max_new_tokens;
        let ours = run(
            &mut CausalDecoder::new(&model, capacity),
            &case.input,
            &case.options,
        );
        agrees(case, case.input.len(), &ours, "gpt2");
    }
}

#[test]
fn t5_writes_what_transformers_writes() {
    for name in ["t5-gated-untied", "t5-relu-tied"] {
        let fixture = Fixture::open(name);
        let source = Source::of(&fixture.checkpoint, &fixture.config, Precision::F32);
        let Config::T5(config) = &fixture.config else {
            panic!("no T5")
        };
        let model = T5::load(&source, config).expect("a model");
        let all = cases(&fixture);
        assert!(all.len() >= 40, "{} cases", all.len());
        for case in &all {
            let capacity = 1 + case.options.max_new_tokens;
            let mut decoder = Seq2SeqDecoder::new(&model, &case.input, capacity);
            let ours = run(
                &mut decoder,
                &[config.decoder_start_token_id],
                &case.options,
            );
            agrees(case, 1, &ours, name);
        }
    }
}
