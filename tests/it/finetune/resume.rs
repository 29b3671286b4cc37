//! A run that was interrupted ends in the same bytes, and broken checkpoints are passed over.

use std::path::Path;

use modeldesk::finetune::checkpoint::{Progress, Saved};
use modeldesk::finetune::features::Masking;
use modeldesk::finetune::features::Target;
use modeldesk::finetune::trainer::Trainer;
use modeldesk::finetune::training::{Optim, Training};
use modeldesk::model::layers::Learning;
use modeldesk::model::tokenizer::Tokenizer;

use super::cases::{Case, bits, parity, prepared};
use crate::counts;

fn training(optim: Optim) -> Training {
    Training {
        optim,
        per_device_train_batch_size: 2,
        gradient_accumulation_steps: 2,
        learning_rate: 1e-2,
        weight_decay: 0.1,
        max_steps: Some(12),
        warmup_steps: 3.0,
        ..Training::default()
    }
}

/// A trainer that drops, and hides tokens anew in each epoch if the model fills in words.
fn trainer(folder: &Path, case: &Case, learning: &Learning, optim: Optim) -> Trainer {
    let mut rows = case.rows();
    let mut masking = None;
    if case.name == "bert-masked" {
        rows.iter_mut().for_each(|row| row.target = Target::Masked);
        let tokenizer = Tokenizer::read(&parity("pipelines/fill-mask"), None).expect("a tokenizer");
        masking = Some(Masking::new(&tokenizer, 0.3).expect("a mask"));
    }
    let learner = case.learner(learning, 0.1);
    Trainer::new(learner, &training(optim), prepared(folder, &rows), masking)
}

fn go(trainer: &mut Trainer, until: u64) {
    while trainer.done() < until {
        trainer.step().expect("a step");
    }
}

fn save(folder: &Path, trainer: &Trainer) {
    let progress = Progress {
        step: trainer.done(),
        skipped: trainer.skipped(),
        ..Progress::default()
    };
    Saved::write(folder, trainer, &progress).expect("written");
}

#[test]
fn a_run_goes_on_to_the_same_bytes() {
    let row = counts::row("R1");
    let mut cases = 0;
    for name in [
        "distilbert-token",
        "gpt2-prompted",
        "t5-gated",
        "bert-masked",
        "lora-bert",
        "lora-t5",
    ] {
        let mut case = Case::named(name);
        if name == "bert-masked" {
            case.json["model"] = "../pipelines/fill-mask".into();
        }
        let learning = match case.learning() {
            Learning::Lora(config) => {
                let mut config = (*config).clone();
                config.lora_dropout = 0.1;
                Learning::Lora(config.into())
            }
            other => other,
        };
        for optim in [Optim::AdamwTorch, Optim::Adafactor] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut whole = trainer(folder.path(), &case, &learning, optim);
            go(&mut whole, 12);
            for step in [1, 4, 11] {
                let folder = tempfile::tempdir().expect("a folder");
                let mut first = trainer(folder.path(), &case, &learning, optim);
                go(&mut first, step);
                let checkpoints = folder.path().join("checkpoints");
                save(&checkpoints, &first);
                drop(first);
                let mut second = trainer(folder.path(), &case, &learning, optim);
                let (saved, broken) = Saved::newest(&checkpoints);
                assert!(broken.is_empty());
                second
                    .restore(&saved.expect("a checkpoint"))
                    .expect("restored");
                assert_eq!(second.done(), step);
                go(&mut second, 12);
                let same = bits(&second.learner) == bits(&whole.learner);
                assert!(same, "{name}, {optim:?}, from step {step}");
                cases += 1;
            }
        }
    }
    row.held(cases);
}

/// What happens to a file, by how it is called.
type Fault = fn(&Path);
const FAULTS: [(&str, Fault); 5] = [
    ("truncated", |path| {
        let bytes = std::fs::read(path).unwrap();
        modeldesk::files::write(path, &bytes[..bytes.len() * 2 / 3]).unwrap();
    }),
    ("flipped", |path| {
        let mut bytes = std::fs::read(path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 0x10;
        modeldesk::files::write(path, &bytes).unwrap();
    }),
    ("deleted", |path| std::fs::remove_file(path).unwrap()),
    ("emptied", |path| {
        modeldesk::files::write(path, &[]).unwrap();
    }),
    ("of another step", |path| {
        let below = path.strip_prefix(path.ancestors().find(|up| up.ends_with("4")).unwrap());
        let older = path
            .ancestors()
            .find(|up| up.ends_with("checkpoints"))
            .unwrap();
        std::fs::copy(older.join("2").join(below.unwrap()), path).unwrap();
    }),
];

#[test]
fn a_broken_checkpoint_is_passed_over() {
    let row = counts::row("R2");
    let case = Case::named("distilbert-sequence");
    let start = tempfile::tempdir().expect("a folder");
    let files = [
        "weights/model.safetensors",
        "optimizer/model.safetensors",
        "progress.json",
        "manifest.json",
    ];
    for file in files {
        for (fault, make) in FAULTS {
            let folder = tempfile::tempdir().expect("a folder");
            let checkpoints = folder.path().join("checkpoints");
            let mut trainer = trainer(
                start.path(),
                &case,
                &Learning::Everything,
                Optim::AdamwTorch,
            );
            for step in [2, 4] {
                go(&mut trainer, step);
                save(&checkpoints, &trainer);
            }
            make(&checkpoints.join("4").join(file));
            let (saved, broken) = Saved::newest(&checkpoints);
            assert_eq!(saved.expect("the older").progress.step, 2, "{file} {fault}");
            assert_eq!(broken.len(), 1, "{file} {fault}");
            assert_eq!(broken[0].step, 4);
        }
    }
    let nothing = tempfile::tempdir().expect("a folder");
    let (saved, broken) = Saved::newest(nothing.path());
    assert!(saved.is_none() && broken.is_empty());
    row.held(files.len() * FAULTS.len());
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let learning = Learning::Everything;
    let mut first = trainer(
        folder.path(),
        &Case::named("distilbert-token"),
        &learning,
        Optim::AdamwTorch,
    );
    go(&mut first, 1);
    save(folder.path(), &first);
    let saved = Saved::newest(folder.path()).0.expect("a checkpoint");
    let mut other = trainer(
        folder.path(),
        &Case::named("gpt2-prompted"),
        &learning,
        Optim::AdamwTorch,
    );
    assert!(other.restore(&saved).is_err());
    let mut other = trainer(
        folder.path(),
        &Case::named("distilbert-token"),
        &learning,
        Optim::Adafactor,
    );
    assert!(other.restore(&saved).is_err());
}
