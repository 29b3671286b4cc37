//! Models, rows and numbers that tests/parity/training.py wrote.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use modeldesk::finetune::features::{Features, Prepared, Target, Writer};
use modeldesk::finetune::learner::Learner;
use modeldesk::finetune::trainer::Trainer;
use modeldesk::finetune::training::Training;
use modeldesk::model::config::Config;
use modeldesk::model::layers::{Learning, Precision, Source};
use modeldesk::model::lora::LoraConfig;
use modeldesk::model::pipeline::Task;
use modeldesk::model::weights::Checkpoint;
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};

/// The fields of configurations that say what is dropped.
const DROPOUTS: [&str; 10] = [
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "dropout",
    "attention_dropout",
    "qa_dropout",
    "seq_classif_dropout",
    "resid_pdrop",
    "embd_pdrop",
    "attn_pdrop",
    "dropout_rate",
];

/// A folder of tests/parity.
pub(super) fn parity(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity")
        .join(below)
}

/// One model that `PyTorch` trained.
pub(super) struct Case {
    pub name: String,
    pub json: Value,
    tensors: Vec<u8>,
}

impl Case {
    /// All of them, in the order of their names.
    pub(super) fn all() -> Vec<Self> {
        let entries = parity("training").read_dir().expect("the folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut names: Vec<String> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        assert!(names.len() > 30, "{names:?}");
        names.iter().map(|name| Self::named(name)).collect()
    }

    pub(super) fn named(name: &str) -> Self {
        let path = |end: &str| parity("training").join(format!("{name}.{end}"));
        let text = std::fs::read(path("json")).expect("a case");
        Self {
            name: name.to_owned(),
            json: serde_json::from_slice(&text).expect("JSON"),
            tensors: std::fs::read(path("safetensors")).expect("numbers"),
        }
    }

    /// The values of the tensors whose names begin with `prefix`, without it.
    pub(super) fn values(&self, prefix: &str) -> Vec<(String, Vec<f32>)> {
        let tensors = SafeTensors::deserialize(&self.tensors).expect("safetensors");
        let mut found: Vec<_> = tensors
            .iter()
            .filter_map(|(name, tensor)| {
                let (values, _) = tensor.data().as_chunks::<4>();
                let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes));
                Some((name.strip_prefix(prefix)?.to_owned(), values.collect()))
            })
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    pub(super) fn task(&self) -> Task {
        Task::named(self.json["task"].as_str().unwrap()).expect("a task")
    }

    /// The model's folder.
    pub(super) fn folder(&self) -> PathBuf {
        parity("models").join(self.json["model"].as_str().unwrap())
    }

    /// The model's configuration, which drops so much.
    pub(super) fn config(&self, dropout: f32) -> (Map<String, Value>, Config) {
        let path = self.folder().join("config.json");
        let text = std::fs::read(&path).expect("a config");
        let mut object: Map<String, Value> = serde_json::from_slice(&text).expect("JSON");
        let changes = self.json["config"].as_object().unwrap();
        if !changes.is_empty() {
            object.remove("id2label");
            object.remove("label2id");
        }
        object.extend(changes.clone());
        object.extend(DROPOUTS.map(|name| (name.to_owned(), json!(dropout))));
        let config = Config::of(&object, &path).expect("a config");
        (object, config)
    }

    /// How the case learns.
    pub(super) fn learning(&self) -> Learning {
        match self.json["method"].as_str().unwrap() {
            "full" => Learning::Everything,
            "head" => Learning::Heads,
            _ => Learning::Lora(Arc::new(self.lora())),
        }
    }

    fn lora(&self) -> LoraConfig {
        serde_json::from_value(self.json["lora"].clone()).expect("settings of an adapter")
    }

    /// The options of the case, by their names.
    pub(super) fn training(&self) -> Training {
        let mut options = self.json["options"].clone();
        options["max_steps"] = json!(self.steps().len());
        options["per_device_train_batch_size"] = self.json["batch"].clone();
        serde_json::from_value(options).expect("options")
    }

    /// The model as the case starts it, which drops so much.
    pub(super) fn learner(&self, learning: &Learning, dropout: f32) -> Learner {
        let (_, config) = self.config(dropout);
        let checkpoint = Checkpoint::open(&self.folder()).expect("a checkpoint");
        let new_heads = !self.json["config"].as_object().unwrap().is_empty();
        let source = Source::of(&checkpoint, &config, Precision::F32)
            .learning(learning.clone())
            .making(1, 0.02, new_heads);
        let learner = Learner::load(&source, &config, self.task()).expect("a model");
        for (name, values) in self.values("start.") {
            let param = learner.params.iter().find(|param| param.name() == name);
            if let Some(param) = param {
                param.write().copy_from_slice(&values);
            } else {
                assert_ne!(*learning, self.learning(), "{}: {name}", self.name);
            }
        }
        let training = self.training();
        let weights = self.json["options"].get("class_weights");
        let weights = weights.map(|weights| serde_json::from_value(weights.clone()).unwrap());
        learner.weighing(training.label_smoothing_factor, weights.unwrap_or_default())
    }

    /// All rows.
    pub(super) fn rows(&self) -> Vec<Features> {
        let rows = self.json["rows"].as_array().unwrap();
        rows.iter().map(features).collect()
    }

    /// The rows of each batch of each step.
    pub(super) fn steps(&self) -> Vec<Vec<Vec<Features>>> {
        let steps: Vec<Vec<Vec<usize>>> =
            serde_json::from_value(self.json["steps"].clone()).expect("places");
        let rows = self.rows();
        let batch = |places: Vec<usize>| places.iter().map(|at| rows[*at].clone()).collect();
        let step = |batches: Vec<Vec<usize>>| batches.into_iter().map(batch).collect();
        steps.into_iter().map(step).collect()
    }

    /// Loss, norm of the gradient, and learning rate of each step.
    pub(super) fn done(&self) -> Vec<[f64; 3]> {
        serde_json::from_value(self.json["done"].clone()).expect("numbers")
    }

    /// Which of the values of a weight have a gradient: adding to all keys, or to all places of a
    /// softmax, changes nothing, and what is learned there is rounding. Adafactor scales the whole
    /// of a vector by that.
    pub(super) fn has_gradient(&self, name: &str, len: usize, at: usize) -> bool {
        let ends = |end: &str| name.ends_with(end);
        if ends("c_attn.bias") {
            let width = len / 3;
            let is_key = (width..2 * width).contains(&at);
            return !is_key && self.json["options"]["optim"] != "adafactor";
        }
        let keys = ["self.key.bias", "k_lin.bias"];
        let last = [
            "qa_outputs.bias",
            "layer.0.output.LayerNorm.bias",
            "layer.0.output_layer_norm.bias",
        ];
        let answers = self.task() == Task::QuestionAnswering;
        !(keys.into_iter().any(ends) || (answers && last.into_iter().any(ends)))
    }

    /// What trains `learner` on the rows of the case.
    pub(super) fn trainer(&self, learner: Learner, training: &Training) -> Trainer {
        let folder = tempfile::tempdir().expect("a folder");
        Trainer::new(
            learner,
            training,
            prepared(folder.path(), &self.rows()),
            None,
        )
    }
}

/// `rows` in a file below `folder`.
pub(super) fn prepared(folder: &Path, rows: &[Features]) -> Prepared {
    let path = folder.join("rows.features");
    Writer::create(&path, |writer| {
        rows.iter()
            .zip(0..)
            .try_for_each(|(row, at)| writer.add(row, at))
    })
    .expect("written");
    Prepared::open(&path).expect("whole")
}

/// The bits of all weights, in their order.
pub(super) fn bits(learner: &Learner) -> Vec<Vec<u32>> {
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect();
    learner
        .params
        .iter()
        .map(|param| bits(&param.read()))
        .collect()
}

fn features(row: &Value) -> Features {
    fn list<T: serde::de::DeserializeOwned>(value: &Value) -> T {
        serde_json::from_value(value.clone()).expect("a list")
    }
    let object = row.as_object().unwrap();
    let (kind, value) = object
        .iter()
        .find(|(name, _)| *name != "ids" && *name != "types")
        .expect("a target");
    Features {
        ids: list(&row["ids"]),
        type_ids: row.get("types").map(list).unwrap_or_default(),
        target: match kind.as_str() {
            "class" => Target::Class(list(value)),
            "classes" => Target::Classes(list(value)),
            "number" => Target::Number(list(value)),
            "tokens" => Target::Tokens(list(value)),
            "span" => {
                let [start, end] = list(value);
                Target::Span { start, end }
            }
            "text" => Target::Text(list(value)),
            other => panic!("{other}"),
        },
    }
}
