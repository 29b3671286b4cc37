//! Every model learns what it is shown, the same way each time.

use std::sync::Arc;

use modeldesk::finetune::learner::Learner;
use modeldesk::finetune::training::{Optim, Scheduler, Training};
use modeldesk::model::layers::{Learning, Precision, Source};
use modeldesk::model::lora::{Biases, LoraConfig, Targets};
use modeldesk::model::weights::Checkpoint;

use super::cases::{Case, bits};

fn everywhere(dropout: f32) -> Learning {
    Learning::Lora(Arc::new(LoraConfig {
        r: 4,
        lora_alpha: 8.0,
        lora_dropout: dropout,
        target_modules: Targets::parse("all-linear"),
        use_rslora: false,
        bias: Biases::None,
    }))
}

/// One case for each task, and its architectures.
const EACH: [&str; 11] = [
    "bert-sequence",
    "bert-multi-label",
    "bert-regression",
    "bert-token",
    "bert-question",
    "bert-masked",
    "distilbert-sequence",
    "gpt2-packed",
    "gpt2-sequence",
    "t5-tied",
    "t5-gated",
];

/// `learner` after some steps in the trainer's own order.
fn trained(case: &Case, learning: &Learning, dropout: f32, training: &Training) -> Learner {
    let mut trainer = case.trainer(case.learner(learning, dropout), training);
    for _ in 0..5 {
        trainer.step().expect("a step");
    }
    trainer.learner
}

#[test]
fn every_weight_that_learns_moves() {
    for name in EACH {
        let case = Case::named(name);
        for learning in [Learning::Everything, everywhere(0.0)] {
            let learner = case.learner(&learning, 0.0);
            for param in learner
                .trainable()
                .filter(|p| p.name().ends_with("lora_B.weight"))
            {
                param
                    .write()
                    .iter_mut()
                    .zip(1u8..)
                    .for_each(|(x, i)| *x = f32::from(i) * 1e-3);
            }
            let before = bits(&learner);
            let training = Training {
                learning_rate: 1e-3,
                lr_scheduler_type: Scheduler::Constant,
                ..Training::default()
            };
            let mut trainer = case.trainer(learner, &training);
            let step = trainer.step_on(&[case.rows()]).expect("a step");
            assert!(step.grad_norm > 0.0 && !step.skipped);
            let after = bits(&trainer.learner);
            for (i, param) in trainer.learner.params.iter().enumerate() {
                let moved = before[i] != after[i];
                assert_eq!(moved, param.trainable(), "{name}: {}", param.name());
            }
        }
    }
}

#[test]
fn one_batch_is_learned_by_heart() {
    for name in EACH {
        let case = Case::named(name);
        let rows = case.rows();
        let batch = vec![rows[rows.len() - 3..].to_vec()];
        // At three times that rate Adafactor does not get there in PyTorch either.
        for optim in [Optim::AdamwTorch, Optim::Adafactor] {
            let training = Training {
                learning_rate: 1e-2,
                optim,
                lr_scheduler_type: Scheduler::Constant,
                ..Training::default()
            };
            let learner = case
                .learner(&Learning::Everything, 0.0)
                .weighing(0.0, Vec::new());
            let mut trainer = case.trainer(learner, &training);
            let first = trainer.step_on(&batch).expect("a step").loss;
            let mut last = first;
            for _ in 0..300 {
                last = trainer.step_on(&batch).expect("a step").loss;
                if last < 0.1 * first {
                    break;
                }
            }
            assert!(last < 0.1 * first, "{name}, {optim:?}: {first} to {last}");
        }
    }
}

#[test]
fn a_run_repeats_to_the_bit_with_any_threads_and_with_checkpointing() {
    for name in EACH {
        let case = Case::named(name);
        let training = Training {
            per_device_train_batch_size: 3,
            gradient_accumulation_steps: 2,
            learning_rate: 1e-2,
            max_steps: Some(9),
            ..Training::default()
        };
        let frugal = Training {
            gradient_checkpointing: true,
            ..training.clone()
        };
        for learning in [Learning::Everything, everywhere(0.1)] {
            let run = |training| bits(&trained(&case, &learning, 0.1, training));
            let first = run(&training);
            assert!(first == run(&training), "{name}: again");
            assert!(first == run(&frugal), "{name}: with checkpointing");
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let again = pool.expect("a pool").install(|| run(&training));
                assert!(first == again, "{name}: with {threads} threads");
            }
            let other = Training {
                seed: 43,
                ..training.clone()
            };
            assert!(first != run(&other), "{name}: with another seed");
        }
    }
}

#[test]
fn a_run_in_which_nothing_learns_is_refused() {
    let load = |name: &str, learning: &Learning| {
        let case = Case::named(name);
        let (_, config) = case.config(0.0);
        let checkpoint = Checkpoint::open(&case.folder()).unwrap();
        let source = Source::of(&checkpoint, &config, Precision::F32).learning(learning.clone());
        let error = Learner::load(&source, &config, case.task()).err()?;
        Some(format!("{error} {}", error.hint_text().unwrap_or_default()))
    };
    let lora = |targets: &str| {
        let Learning::Lora(config) = everywhere(0.0) else {
            unreachable!()
        };
        let mut config = (*config).clone();
        config.target_modules = Targets::parse(targets);
        Learning::Lora(Arc::new(config))
    };
    let said = load("gpt2-packed", &lora("q_proj,v_proj")).expect("refused");
    assert!(said.contains("q_proj,v_proj"), "{said}");
    assert!(said.contains("c_attn, c_fc, c_proj"), "{said}");
    assert!(load("gpt2-packed", &lora("q_proj,c_attn")).is_none());
    for name in ["gpt2-packed", "t5-tied"] {
        assert!(
            load(name, &Learning::Heads)
                .expect("refused")
                .contains("full or lora")
        );
    }
    assert!(load("bert-sequence", &Learning::Heads).is_none());
}

#[test]
fn new_heads_are_drawn_apart() {
    let case = Case::named("distilbert-multi-label");
    let (_, config) = case.config(0.0);
    let checkpoint = Checkpoint::open(&case.folder()).unwrap();
    let source = Source::of(&checkpoint, &config, Precision::F32).making(7, 0.02, true);
    Learner::load(&source, &config, case.task()).expect("a model");
    let params = source.params();
    let values = |name: &str| {
        let param = params.iter().find(|param| param.name() == name).unwrap();
        param.read().to_vec()
    };
    let (before, last) = (values("pre_classifier.weight"), values("classifier.weight"));
    assert!(before.iter().zip(&last).all(|(a, b)| a != b));
    let made = [
        "pre_classifier.weight",
        "pre_classifier.bias",
        "classifier.weight",
        "classifier.bias",
    ];
    assert_eq!(source.made(), made);
}
