//! Hidden states, logits, losses and gradients, against transformers.

use modeldesk::model::batch::Batch;
use modeldesk::model::bert::Pooler;
use modeldesk::model::config::Config;
use modeldesk::model::heads::{
    Body, CausalLm, MaskedLm, QuestionAnswering, SequenceClassification, TokenClassification,
};
use modeldesk::model::layers::{Learning, Precision, Sight, Source};
use modeldesk::model::t5::{Encoded, T5};
use modeldesk::model::tape::{Gradients, Loss, Tape};

use super::fixture::{Fixture, assert_close, ids, targets};

/// The most that anything may differ by in f32.
const TOLERANCE: f32 = 1e-4;

fn source(fixture: &Fixture) -> Source<'_> {
    Source::of(&fixture.checkpoint, &fixture.config, Precision::F32)
}

/// Every hidden state of a body agrees.
fn hidden_states_agree(name: &str) {
    let fixture = Fixture::open(name);
    let body = Body::load(&source(&fixture), &fixture.config).expect("a body");
    let batch = fixture.batch();
    let mut layer = 0;
    let hidden = body.forward(&mut Tape::off(), &batch, |x| {
        let expected = fixture.unpadded(&format!("hidden_states.{layer}"), &fixture.lengths());
        assert_close(
            x.values(),
            &expected,
            TOLERANCE,
            &format!("{name}: layer {layer}"),
        );
        layer += 1;
    });
    assert!(
        !fixture.has(&format!("hidden_states.{layer}")),
        "{name}: a layer more"
    );
    if let (Config::Bert(config), true) = (&fixture.config, fixture.has("pooler_output")) {
        let pooler = Pooler::load(&source(&fixture), config).expect("a pooler");
        let pooled = pooler.forward(&mut Tape::off(), &hidden, &batch);
        assert_close(
            pooled.values(),
            &fixture.f32("pooler_output"),
            TOLERANCE,
            "pooler",
        );
    }
}

#[test]
fn hidden_states_agree_under_every_name_and_number_format() {
    for name in [
        "bert",
        "bert-old-names",
        "bert-no-prefix",
        "bert-f16",
        "bert-bf16",
        "bert-sharded",
        "distilbert",
        "gpt2-lm",
        "gpt2-no-prefix",
        "gpt2-scaled",
        "gpt2-inner",
    ] {
        hidden_states_agree(name);
    }
}

/// The loss agrees, and so does every gradient; with checkpointing both stay the same.
fn gradients_agree(name: &str, loss: impl Fn(&Source, &Fixture, &mut Tape) -> Loss) {
    let fixture = Fixture::open(name);
    let mut seen = Vec::new();
    for checkpointing in [false, true] {
        let source = source(&fixture).learning(Learning::Everything);
        let mut tape = Tape::recording(Gradients::default()).checkpointing(checkpointing);
        let found = loss(&source, &fixture, &mut tape);
        let value = found.value as f32;
        assert_close(
            &[value],
            &fixture.f32("loss"),
            TOLERANCE,
            &format!("{name}: loss"),
        );
        let gradients = tape.descend(&found);
        let params = source.params();
        let expected = fixture.gradients();
        for (name_of, expected) in &expected {
            let param = params.iter().find(|param| param.name() == name_of);
            let param = param.unwrap_or_else(|| panic!("{name}: {name_of} is no parameter"));
            let ours = gradients
                .of(param)
                .unwrap_or_else(|| panic!("{name}: {name_of} has none"));
            assert_close(ours, expected, TOLERANCE, &format!("{name}: {name_of}"));
        }
        assert_eq!(params.len(), expected.len(), "{name}: parameters");
        seen.push((value, gradients.sum_of_squares()));
    }
    // Gradients that several parts give are added in another order.
    let [(kept, sum), (again, sum_again)] = seen[..] else {
        panic!("two runs")
    };
    assert_eq!(kept, again, "{name}: the loss with checkpointing");
    assert!(
        (sum - sum_again).abs() <= 1e-6 * sum,
        "{name}: {sum} with checkpointing {sum_again}"
    );
}

fn labels(fixture: &Fixture) -> Vec<i64> {
    let lengths = fixture.lengths();
    let rows = fixture.rows("labels");
    rows.iter()
        .zip(lengths)
        .flat_map(|(row, n)| row[..n.min(row.len())].to_vec())
        .collect()
}

/// Labels of causal models are those of the tokens before.
fn next_labels(fixture: &Fixture) -> Vec<i64> {
    let rows = fixture.rows("labels").into_iter().zip(fixture.lengths());
    rows.flat_map(|(row, n)| row[1..n].iter().copied().chain([-100]).collect::<Vec<_>>())
        .collect()
}

#[test]
fn masked_language_models_agree() {
    for name in ["bert-masked-lm", "distilbert-masked-lm"] {
        let fixture = Fixture::open(name);
        let model = MaskedLm::load(&source(&fixture), &fixture.config).expect("a model");
        let batch = fixture.batch();
        let rows: Vec<u32> = (0..batch.ids.len() as u32).collect();
        let logits = model.logits(&mut Tape::off(), &batch, &rows);
        let expected = fixture.unpadded("logits", &fixture.lengths());
        assert_close(logits.values(), &expected, TOLERANCE, name);
    }
    gradients_agree("bert-masked-lm", |source, fixture, tape| {
        let model = MaskedLm::load(source, &fixture.config).expect("a model");
        model.loss(tape, &fixture.batch(), &targets(labels(fixture)), 0.0)
    });
}

#[test]
fn sequence_classifiers_agree() {
    for name in [
        "bert-sequence-classification",
        "bert-sequence-multi-label",
        "distilbert-sequence-classification",
        "gpt2-sequence-classification",
    ] {
        let fixture = Fixture::open(name);
        let model =
            SequenceClassification::load(&source(&fixture), &fixture.config).expect("a model");
        let mut tape = Tape::recording(Gradients::default());
        let logits = model.logits(&mut tape, &fixture.batch());
        assert_close(logits.values(), &fixture.f32("logits"), TOLERANCE, name);
        let loss = if name.ends_with("multi-label") {
            {
                let labels = fixture.f32("labels");
                tape.binary_cross_entropy(&logits, &labels, labels.len() as f64)
            }
        } else {
            tape.cross_entropy(&logits, &targets(fixture.rows("labels").concat()), 0.0)
        };
        assert_close(&[loss.value as f32], &fixture.f32("loss"), TOLERANCE, name);
    }
    for name in [
        "bert-sequence-classification",
        "distilbert-sequence-classification",
    ] {
        gradients_agree(name, |source, fixture, tape| {
            let model = SequenceClassification::load(source, &fixture.config).expect("a model");
            let logits = model.logits(tape, &fixture.batch());
            tape.cross_entropy(&logits, &targets(fixture.rows("labels").concat()), 0.0)
        });
    }
}

#[test]
fn token_classifiers_agree() {
    for name in [
        "bert-token-classification",
        "distilbert-token-classification",
    ] {
        let fixture = Fixture::open(name);
        let model = TokenClassification::load(&source(&fixture), &fixture.config).expect("a model");
        let logits = model.logits(&mut Tape::off(), &fixture.batch());
        let expected = fixture.unpadded("logits", &fixture.lengths());
        assert_close(logits.values(), &expected, TOLERANCE, name);
    }
    gradients_agree("bert-token-classification", |source, fixture, tape| {
        let model = TokenClassification::load(source, &fixture.config).expect("a model");
        let logits = model.logits(tape, &fixture.batch());
        tape.cross_entropy(&logits, &targets(labels(fixture)), 0.0)
    });
}

#[test]
fn question_answering_agrees() {
    for name in ["bert-question-answering", "distilbert-question-answering"] {
        let fixture = Fixture::open(name);
        let model = QuestionAnswering::load(&source(&fixture), &fixture.config).expect("a model");
        let logits = model.logits(&mut Tape::off(), &fixture.batch());
        for (col, side) in ["start_logits", "end_logits"].into_iter().enumerate() {
            let ours: Vec<f32> = logits.values().chunks(2).map(|row| row[col]).collect();
            assert_close(
                &ours,
                &fixture.unpadded(side, &fixture.lengths()),
                TOLERANCE,
                name,
            );
        }
    }
}

#[test]
fn gradients_of_question_answering_agree() {
    gradients_agree("bert-question-answering", |source, fixture, tape| {
        let model = QuestionAnswering::load(source, &fixture.config).expect("a model");
        let batch = fixture.batch();
        let logits = model.logits(tape, &batch);
        let inside = |row: i64, ends: &[usize]| {
            u32::try_from(row)
                .ok()
                .filter(|row| (*row as usize) < ends[1] - ends[0])
        };
        let spans: Vec<_> = fixture
            .rows("start_positions")
            .concat()
            .into_iter()
            .zip(fixture.rows("end_positions").concat())
            .zip(batch.starts.windows(2))
            .map(|((start, end), ends)| [inside(start, ends), inside(end, ends)])
            .collect();
        tape.span_cross_entropy(&logits, &batch.starts, &spans, None)
    });
}

#[test]
fn causal_language_models_agree() {
    for name in ["gpt2-lm", "gpt2-scaled", "gpt2-inner"] {
        let fixture = Fixture::open(name);
        let model = CausalLm::load(&source(&fixture), &fixture.config).expect("a model");
        let batch = fixture.batch();
        let rows: Vec<u32> = (0..batch.ids.len() as u32).collect();
        let sight = &mut Sight::Whole(&batch.starts);
        let logits = model.logits(&mut Tape::off(), &batch.ids, sight, &rows);
        let expected = fixture.unpadded("logits", &fixture.lengths());
        assert_close(logits.values(), &expected, TOLERANCE, name);
    }
    gradients_agree("gpt2-lm", |source, fixture, tape| {
        let model = CausalLm::load(source, &fixture.config).expect("a model");
        let batch = fixture.batch();
        model.loss(
            tape,
            &batch.ids,
            &batch.starts,
            &targets(next_labels(fixture)),
            0.0,
        )
    });
}

/// The decoder's inputs, whose sequences are all of one length.
fn outputs(fixture: &Fixture) -> Batch {
    let rows = fixture.rows("decoder_input_ids");
    let rows: Vec<Vec<u32>> = rows.iter().map(|row| ids(row)).collect();
    Batch::new(rows.iter().map(Vec::as_slice))
}

fn t5(source: &Source, fixture: &Fixture) -> T5 {
    let Config::T5(config) = &fixture.config else {
        panic!("no T5")
    };
    T5::load(source, config).expect("a model")
}

#[test]
fn t5_agrees() {
    for name in [
        "t5-gated-untied",
        "t5-relu-tied",
        "t5-old-names",
        "mt5",
        "mt5-tied",
    ] {
        let fixture = Fixture::open(name);
        let model = t5(&source(&fixture), &fixture);
        let (inputs, outputs) = (fixture.batch(), outputs(&fixture));
        let tape = &mut Tape::off();
        let mut layer = 0;
        let hidden = model.encode(tape, &inputs, |x| {
            let state = format!("encoder_hidden_states.{layer}");
            let expected = fixture.unpadded(&state, &fixture.lengths());
            assert_close(
                x.values(),
                &expected,
                TOLERANCE,
                &format!("{name}: {state}"),
            );
            layer += 1;
        });
        let mut encoded = Encoded::new(hidden, &inputs);
        let sight = &mut Sight::Whole(&outputs.starts);
        let decoded = model.decode(tape, &outputs.ids, sight, &mut encoded, |_| ());
        let logits = model.logits(tape, &decoded);
        assert_close(logits.values(), &fixture.f32("logits"), TOLERANCE, name);
    }
    for name in ["t5-gated-untied", "t5-relu-tied"] {
        gradients_agree(name, |source, fixture, tape| {
            let labels = targets(fixture.rows("labels").concat());
            t5(source, fixture).loss(tape, &fixture.batch(), &outputs(fixture), &labels, 0.0)
        });
    }
}
