//! What a run ends in, and adapters that PEFT made.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use modeldesk::finetune::base::{Base, Named, Outputs};
use modeldesk::finetune::features::Features;
use modeldesk::finetune::learner::{Learner, batch};
use modeldesk::finetune::result::{merge, write_model};
use modeldesk::finetune::trainer::Trainer;
use modeldesk::finetune::training::{Scheduler, Training};
use modeldesk::hub::Cache;
use modeldesk::model::batch::Batch;
use modeldesk::model::config::{Config, ProblemType};
use modeldesk::model::heads::{CausalLm, SequenceClassification};
use modeldesk::model::layers::{Learning, Precision, Sight, Source};
use modeldesk::model::lora::{AdapterConfig, Biases, LoraConfig, Targets};
use modeldesk::model::pipeline::{Parts, Task};
use modeldesk::model::tape::Tape;
use modeldesk::model::weights::Checkpoint;
use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::cases::{Case, parity, prepared};

/// The most that an output may differ by.
const TOLERANCE: f32 = 1e-4;

#[track_caller]
fn assert_close(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let off = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| (a - b).abs() / b.abs().max(1.0));
    let worst = off.fold(0.0, f32::max);
    assert!(worst <= TOLERANCE, "{what}: off by {worst:e}");
}

/// The logits of sequences, or of every token of them.
fn logits(source: &Source, config: &Config, task: Task, batch: &Batch) -> Vec<f32> {
    let tape = &mut Tape::off();
    if task == Task::TextGeneration {
        let model = CausalLm::load(source, config).expect("a model");
        let rows: Vec<u32> = (0..batch.ids.len() as u32).collect();
        let sight = &mut Sight::Whole(&batch.starts);
        return model
            .logits(tape, &batch.ids, sight, &rows)
            .values()
            .to_vec();
    }
    let model = SequenceClassification::load(source, config).expect("a model");
    model.logits(tape, batch).values().to_vec()
}

/// The rows of a matrix of whole numbers.
fn rows(tensors: &SafeTensors<'_>, name: &str) -> Vec<Vec<u32>> {
    let tensor = tensors.tensor(name).expect(name);
    let (whole, _) = tensor.data().as_chunks::<8>();
    let ids: Vec<u32> = whole
        .iter()
        .map(|bytes| i64::from_le_bytes(*bytes) as u32)
        .collect();
    ids.chunks(tensor.shape()[1]).map(<[u32]>::to_vec).collect()
}

#[test]
fn adapters_of_peft_give_its_outputs() {
    for (name, base, task) in [
        (
            "adapter-bert",
            "bert-sequence-classification",
            Task::TextClassification,
        ),
        ("adapter-gpt2", "gpt2-lm", Task::TextGeneration),
    ] {
        let (folder, base) = (parity("training").join(name), parity("models").join(base));
        let config = Config::read(&base).expect("a config");
        let adapter = AdapterConfig::read(&folder).expect("settings");
        let checkpoint = Checkpoint::open(&base).expect("the base");
        let plain = Source::of(&checkpoint, &config, Precision::F32);
        let bytes = std::fs::read(folder.join("expected.safetensors")).expect("numbers");
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        let (mask, types) = (
            rows(&tensors, "attention_mask"),
            tensors.tensor("token_type_ids"),
        );
        let types = types.is_ok().then(|| rows(&tensors, "token_type_ids"));
        let mut batch = Batch::default();
        for (i, ids) in rows(&tensors, "input_ids").iter().enumerate() {
            let count = mask[i].iter().sum::<u32>() as usize;
            batch.push(
                &ids[..count],
                types.as_ref().map(|types| &types[i][..count]),
            );
        }
        let (expected, _) = tensors
            .tensor("logits")
            .expect("logits")
            .data()
            .as_chunks::<4>();
        let expected: Vec<f32> = expected
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        let alone = logits(&plain, &config, task, &batch);
        assert!(
            alone
                .iter()
                .zip(&expected)
                .any(|(a, b)| (a - b).abs() > 0.05),
            "{name}"
        );
        let adapted = Checkpoint::open(&base)
            .expect("the base")
            .adapted(&folder, &adapter, config.prefix())
            .expect("an adapter for it");
        let source = Source::of(&adapted, &config, Precision::F32);
        assert_close(&logits(&source, &config, task, &batch), &expected, name);
    }
}

/// A run that has ended, and what it learned.
struct Ended {
    folder: PathBuf,
    learner: Learner,
    rows: Vec<Features>,
}

impl Ended {
    fn logits(&self) -> Vec<f32> {
        use modeldesk::finetune::learner::Model;
        let (tape, batch) = (&mut Tape::off(), batch(&self.rows));
        match &self.learner.model {
            Model::Sequence(model, _) => model.logits(tape, &batch).values().to_vec(),
            Model::Token(model) => model.logits(tape, &batch).values().to_vec(),
            Model::Question(model) => model.logits(tape, &batch).values().to_vec(),
            Model::Causal(model) => {
                let all: Vec<u32> = (0..batch.ids.len() as u32).collect();
                let sight = &mut Sight::Whole(&batch.starts);
                model
                    .logits(tape, &batch.ids, sight, &all)
                    .values()
                    .to_vec()
            }
            Model::Masked(model) => {
                let all: Vec<u32> = (0..batch.ids.len() as u32).collect();
                model.logits(tape, &batch, &all).values().to_vec()
            }
            Model::Seq2Seq(model, start) => {
                let mut encoded =
                    modeldesk::model::t5::Encoded::new(model.encode(tape, &batch, |_| ()), &batch);
                let outputs = Batch::new(self.rows.iter().map(|_| std::slice::from_ref(start)));
                let sight = &mut Sight::Whole(&outputs.starts);
                let x = model.decode(tape, &outputs.ids, sight, &mut encoded, |_| ());
                model.logits(tape, &x).values().to_vec()
            }
        }
    }
}

/// Trains the model in `base`, which has a tokenizer, on a case's rows, and writes it to `folder`.
fn run(folder: &Path, base: &Path, case: &str, labels: &[&str], learning: &Learning) -> Ended {
    let case = Case::named(case);
    let named = Named {
        name: base.to_str().unwrap().to_owned(),
        folder: base.to_owned(),
        commit: None,
        from_config: false,
    };
    let base = Base::read(named).expect("a base");
    let labels: Vec<String> = labels.iter().map(|name| (*name).to_owned()).collect();
    let outputs = Outputs {
        task: case.task(),
        labels: &labels,
        problem: None,
        dropout: Some(0.0),
    };
    let (json, config) = base.tuned(outputs).expect("a config");
    let source = Source::of(base.checkpoint.as_ref().unwrap(), &config, Precision::F32)
        .learning(learning.clone())
        .making(3, 0.02, !base.has_head_for(outputs));
    let learner = Learner::load(&source, &config, case.task()).expect("a model");
    let training = Training {
        learning_rate: 5e-3,
        lr_scheduler_type: Scheduler::Constant,
        ..Training::default()
    };
    let rows = case.rows();
    let scratch = tempfile::tempdir().expect("a folder");
    let mut trainer = Trainer::new(learner, &training, prepared(scratch.path(), &rows), None);
    for _ in 0..6 {
        trainer.step().expect("a step");
    }
    write_model(folder, &base, &trainer.learner, &json, learning).expect("written");
    Ended {
        folder: folder.to_owned(),
        learner: trainer.learner,
        rows: rows[..4].to_vec(),
    }
}

fn lora(targets: &str, bias: Biases) -> Learning {
    Learning::Lora(Arc::new(LoraConfig {
        r: 4,
        lora_alpha: 8.0,
        lora_dropout: 0.0,
        target_modules: Targets::parse(targets),
        use_rslora: false,
        bias,
    }))
}

/// Each case, the base with a tokenizer, the labels, and what is adapted.
const RUNS: [(&str, &str, &[&str], &str); 7] = [
    (
        "bert-sequence",
        "text-classification",
        &["low", "even", "high"],
        "query,value",
    ),
    (
        "bert-sequence",
        "fill-mask",
        &["low", "even", "high"],
        "all-linear",
    ),
    (
        "bert-token",
        "token-classification",
        &["a", "b", "c", "d", "e"],
        "attention.self.key,dense",
    ),
    ("bert-question", "question-answering", &[], "all-linear"),
    ("bert-masked", "fill-mask", &[], "query"),
    ("gpt2-packed", "text-generation", &[], "c_attn"),
    ("t5-gated", "text2text-generation", &[], "all-linear"),
];

/// Writes what each run ends in below `folder`: whole, as adapters, and merged.
fn all(folder: &Path) -> Vec<(String, Ended)> {
    let mut ended = Vec::new();
    for (at, (case, base, labels, targets)) in RUNS.into_iter().enumerate() {
        let base = parity("pipelines").join(base);
        for (method, learning) in [
            ("full", Learning::Everything),
            ("lora", lora(targets, Biases::None)),
            ("lora-biases", lora(targets, Biases::All)),
            ("lora-own-biases", lora(targets, Biases::LoraOnly)),
        ] {
            let name = format!("{at}-{case}-{method}");
            let one = run(&folder.join(&name), &base, case, labels, &learning);
            ended.push((name, one));
        }
    }
    ended
}

/// What a folder's model gives for some rows.
fn reopened(folder: &Path, rows: &[Features], task: Task) -> Vec<f32> {
    let parts = Parts::read(folder).expect("a model");
    let source = Source::of(&parts.checkpoint, &parts.config, Precision::F32);
    let learner = Learner::load(&source, &parts.config, task).expect("a model");
    assert_eq!(source.made(), [""; 0]);
    Ended {
        folder: folder.to_owned(),
        learner,
        rows: rows.to_vec(),
    }
    .logits()
}

#[test]
fn what_a_run_ends_in_opens_and_gives_its_outputs() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, ended) in all(folder.path()) {
        let case = name.split_once('-').unwrap().1;
        let case = case
            .split("-full")
            .next()
            .unwrap()
            .split("-lora")
            .next()
            .unwrap();
        let task = Case::named(case).task();
        let expected = ended.logits();
        let has = |file: &str| ended.folder.join(file).is_file();
        assert!(has("config.json") && has("tokenizer.json"));
        assert_eq!(has("model.safetensors"), name.ends_with("-full"));
        assert_eq!(has("adapter_config.json"), !name.ends_with("-full"));
        assert_close(
            &reopened(&ended.folder, &ended.rows, task),
            &expected,
            &name,
        );
        let parts = Parts::read(&ended.folder).expect("a model");
        assert!(parts.tasks().contains(&task), "{name}");
        let merged = folder.path().join("merged");
        merge(&merged, &parts, task).expect("merged");
        assert_close(&reopened(&merged, &ended.rows, task), &expected, &name);
    }
}

/// A copy of PEFT's adapter whose base is called `base`.
fn copied(to: &Path, base: &str, revision: Option<&str>) {
    let from = parity("training/adapter-bert");
    std::fs::create_dir_all(to).unwrap();
    let weights = "adapter_model.safetensors";
    std::fs::copy(from.join(weights), to.join(weights)).unwrap();
    let text = std::fs::read(from.join("adapter_config.json")).unwrap();
    let mut settings: Value = serde_json::from_slice(&text).unwrap();
    settings["base_model_name_or_path"] = json!(base);
    settings["revision"] = json!(revision);
    modeldesk::files::write(
        &to.join("adapter_config.json"),
        &serde_json::to_vec(&settings).unwrap(),
    )
    .unwrap();
}

/// A base with a tokenizer, for PEFT's adapter.
fn base_in(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let from = parity("models/bert-sequence-classification");
    for name in ["model.safetensors", "config.json"] {
        std::fs::copy(from.join(name), folder.join(name)).unwrap();
    }
    // The model has fewer words than the tokenizer.
    let text = std::fs::read(parity("tokenizers/wordpiece.json")).unwrap();
    let mut tokenizer: Value = serde_json::from_slice(&text).unwrap();
    let words = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    words.retain(|_, id| id.as_u64().unwrap() < 101);
    modeldesk::files::write(
        &folder.join("tokenizer.json"),
        &serde_json::to_vec(&tokenizer).unwrap(),
    )
    .unwrap();
}

#[test]
fn the_base_of_an_adapter_is_found_in_a_folder_and_in_the_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let (adapter, base) = (folder.path().join("adapter"), folder.path().join("base"));
    let cache = Cache::at(folder.path().join("cache"));
    let commit = "0123456789012345678901234567890123456789";
    let kept = folder.path().join("cache/models--someone--small-bert");
    base_in(&base);
    base_in(&kept.join("snapshots").join(commit));
    modeldesk::files::write(&kept.join("refs/main"), commit.as_bytes()).unwrap();
    let path = base.to_str().unwrap();
    for (name, revision) in [
        (path, None),
        ("someone/small-bert", None),
        ("someone/small-bert", Some(commit)),
    ] {
        copied(&adapter, name, revision);
        match Parts::read_with(&adapter, &cache) {
            Ok(parts) => {
                assert_eq!(parts.tasks()[0], Task::TextClassification);
                assert_eq!(parts.config.common().labels.len(), 3);
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
    for (name, revision, hint) in [
        (
            "someone/other",
            None,
            "fetch it with `modeldesk pull someone/other`",
        ),
        (
            "../../etc",
            None,
            "fetch it with `modeldesk pull ../../etc`",
        ),
        (
            "someone/small-bert",
            Some("1123456789012345678901234567890123456789"),
            "fetch it with `modeldesk pull someone/small-bert --revision 1123456789012345678901234567890123456789`",
        ),
    ] {
        copied(&adapter, name, revision);
        let Err(error) = Parts::read_with(&adapter, &cache) else {
            panic!("{name} was found");
        };
        assert_eq!(error.hint_text(), Some(hint));
    }
}

#[test]
fn what_does_not_run_here_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let base = folder.path().join("base");
    base_in(&base);
    for (field, value) in [
        ("peft_type", json!("IA3")),
        ("use_dora", json!(true)),
        ("rank_pattern", json!({"query": 2})),
        ("r", json!(8)),
        ("r", json!(0)),
    ] {
        let adapter = folder.path().join("adapter");
        copied(&adapter, base.to_str().unwrap(), None);
        let path = adapter.join("adapter_config.json");
        let mut settings: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        settings[field] = value;
        modeldesk::files::write(&path, &serde_json::to_vec(&settings).unwrap()).unwrap();
        assert!(Parts::read(&adapter).is_err(), "{field}");
    }
}

/// Writes folders for tests/parity/opens.py, which opens them with transformers and PEFT.
#[test]
#[ignore = "for tests/parity/opens.py, which needs Python"]
fn folders_for_opens_py() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("opens");
    let _ = std::fs::remove_dir_all(&folder);
    for (name, ended) in all(&folder) {
        write_expected(&ended.folder, &ended);
        if ended.folder.join("adapter_config.json").is_file() {
            let merged = folder.join(format!("{name}-merged"));
            let parts = Parts::read(&ended.folder).expect("a model");
            merge(&merged, &parts, parts.task(None).expect("a task")).expect("merged");
            write_expected(&merged, &ended);
        }
    }
    let script = parity("opens.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python".to_owned());
    let status = Command::new(python).arg(script).arg(&folder).status();
    assert!(status.expect("Python").success());
}

/// What opens.py is to find in a folder.
fn write_expected(folder: &Path, ended: &Ended) {
    let text = std::fs::read(folder.join("config.json")).unwrap();
    let config: Value = serde_json::from_slice(&text).unwrap();
    let rows: Vec<Value> = ended
        .rows
        .iter()
        .map(|row| json!({"ids": row.ids, "types": row.type_ids}))
        .collect();
    let expected = json!({
        "architecture": config["architectures"][0],
        "rows": rows,
        "logits": ended.logits(),
    });
    modeldesk::files::write(
        &folder.join("expected.json"),
        &serde_json::to_vec(&expected).unwrap(),
    )
    .unwrap();
}

#[test]
fn a_head_is_kept_where_it_gives_what_is_asked_for() {
    let base = |name: &str| {
        let folder = parity("pipelines").join(name);
        Base::read(Named {
            name: folder.to_str().unwrap().to_owned(),
            folder,
            commit: None,
            from_config: false,
        })
        .expect("a base")
    };
    let outputs = |task, labels, problem| Outputs {
        task,
        labels,
        problem,
        dropout: None,
    };
    let answers = base("question-answering");
    assert!(answers.has_head_for(outputs(Task::QuestionAnswering, &[], None)));
    assert!(!answers.has_head_for(outputs(Task::TokenClassification, &[], None)));
    let classes = base("text-classification");
    let labels = classes.config.common().labels.names().to_vec();
    let task = Task::TextClassification;
    assert!(classes.has_head_for(outputs(task, &labels, None)));
    assert!(!classes.has_head_for(outputs(task, &labels[1..], None)));
    let number = outputs(task, &[], Some(ProblemType::Regression));
    assert!(!classes.has_head_for(number));
    let (_, config) = classes.tuned(number).expect("a config");
    assert_eq!(config.common().labels.len(), 1);
}
