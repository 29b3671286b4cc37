//! What a card's front matter states, typed, each fact with the line it stands on.

/// A value and where the card states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<T> {
    /// What is stated.
    pub value: T,
    /// The 1-based line of the README.md.
    pub line: usize,
    /// Who says so, where the card tells.
    pub source: Option<String>,
    /// The card marks it as not checked.
    pub unverified: bool,
}

/// Whether a card describes a model or a word of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A model.
    #[default]
    Model,
    /// A metric, step, tool or word.
    Guide,
}

/// How far a figure can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rank {
    /// Published and checked.
    Card,
    /// The authors' own, on their own split.
    Author,
    /// Computed from other facts.
    Derived,
    /// No source could be checked. Cards that do not say are this.
    Unverified,
}

/// One measured value of `model-index`.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The hub's task name.
    pub task: Option<String>,
    /// `dataset.type`.
    pub dataset: Option<String>,
    /// `dataset.name`.
    pub dataset_name: Option<String>,
    /// `dataset.config`.
    pub config: Option<String>,
    /// `dataset.split`.
    pub split: Option<String>,
    /// The metric's name, or its type where it has no name.
    pub metric: String,
    /// The value in the card's own digits.
    pub digits: String,
    /// The value as a number, where it is one.
    pub number: Option<f64>,
    /// How far it can be relied on.
    pub rank: Rank,
    /// The result's `source.name`.
    pub source: Option<String>,
    /// The 1-based line of the value.
    pub line: usize,
}

/// What the card says of the network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Architecture {
    /// config.json's `model_type`.
    pub model_type: String,
    /// `encoder`, `decoder` or `encoder-decoder`.
    pub kind: Option<String>,
    /// Layers in all, encoder and decoder together.
    pub layers: Option<u64>,
    /// Width of the residual stream.
    pub hidden_size: Option<u64>,
    /// Attention heads.
    pub heads: Option<u64>,
    /// Heads of keys and values, where they are fewer.
    pub kv_heads: Option<u64>,
    /// Width of one head, where it is not the width divided by the heads.
    pub head_dim: Option<u64>,
    /// Entries of the vocabulary.
    pub vocab_size: Option<u64>,
}

/// The size of the weights file on the hub.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Bytes (1 MB = 1,000,000).
    pub bytes: u64,
    /// The card's own digits and unit: `990 MB`.
    pub digits: String,
    /// `f32`, `f16`, `bf16`, ...
    pub precision: Option<String>,
}

/// A speed that somebody published.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// The claim as the card words it.
    pub claim: String,
    /// The model it is compared with.
    pub against: Option<String>,
    /// How many times as fast as `against`.
    pub times: Option<f64>,
    /// What it was measured on.
    pub hardware: Option<String>,
}

/// Recommended hyperparameters, under the names of transformers and PEFT.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recipe {
    /// `full`, `lora` or `head`.
    pub method: String,
    /// The tasks that it was made for; empty where the card does not say.
    pub tasks: Vec<String>,
    /// `learning_rate`.
    pub learning_rate: Option<Fact<f64>>,
    /// `learning_rate` in the card's own digits: `2e-5`.
    pub learning_rate_digits: Option<String>,
    /// `lr_scheduler_type`.
    pub lr_scheduler_type: Option<Fact<String>>,
    /// `warmup_ratio`.
    pub warmup_ratio: Option<Fact<f64>>,
    /// `warmup_steps`.
    pub warmup_steps: Option<Fact<u64>>,
    /// `per_device_train_batch_size`.
    pub batch_size: Option<Fact<u64>>,
    /// `num_train_epochs`.
    pub epochs: Option<Fact<u64>>,
    /// Tokens a row is cut at.
    pub max_length: Option<Fact<u64>>,
    /// Rank of the adapter's matrices.
    pub lora_r: Option<Fact<u64>>,
    /// Scale of the adapter, before it is divided by the rank.
    pub lora_alpha: Option<Fact<u64>>,
    /// The layers that get an adapter.
    pub target_modules: Vec<String>,
}

/// The tasks of a model: done as it is, and after fine-tuning.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskFit {
    /// Done by the weights as they are.
    pub ready: Vec<Fact<String>>,
    /// Done after fine-tuning.
    pub tuned: Vec<Fact<String>>,
}

/// All that the front matter states. What a card leaves out is absent here, never guessed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Model or guide.
    pub kind: Kind,
    /// Lower-case hub licence id (`apache-2.0`).
    pub license: Option<Fact<String>>,
    /// ISO codes, lower case.
    pub languages: Vec<Fact<String>>,
    /// `library_name`.
    pub library_name: Option<Fact<String>>,
    /// `pipeline_tag`.
    pub pipeline_tag: Option<Fact<String>>,
    /// `tags`.
    pub tags: Vec<Fact<String>>,
    /// `datasets`.
    pub datasets: Vec<Fact<String>>,
    /// `metrics`.
    pub metrics: Vec<Fact<String>>,
    /// `base_model`.
    pub base_model: Vec<Fact<String>>,
    /// `model-index`, one entry a value.
    pub figures: Vec<Figure>,
    /// Short name.
    pub name: Option<Fact<String>>,
    /// What people type for it, lower case.
    pub aliases: Vec<String>,
    /// Family in lower case: `bert`, `flan-t5`.
    pub family: Option<Fact<String>>,
    /// Who made it.
    pub author: Option<Fact<String>>,
    /// Ready and tuned tasks; from `pipeline_tag` where the extension is absent.
    pub tasks: TaskFit,
    /// Domains: `legal`, `finance`, ...
    pub domains: Vec<Fact<String>>,
    /// Directions of translation, as `en-de`; empty means any between its languages.
    pub translates: Vec<Fact<String>>,
    /// Number of parameters.
    pub parameters: Option<Fact<u64>>,
    /// The network.
    pub architecture: Option<Fact<Architecture>>,
    /// Tokens.
    pub context_length: Option<Fact<u64>>,
    /// Size of the weights.
    pub size: Option<Fact<Quantity>>,
    /// Published speeds.
    pub speed: Vec<Fact<Speed>>,
    /// Recommended hyperparameters, by method.
    pub fine_tuning: Vec<Fact<Recipe>>,
    /// Tasks that this program serves with it.
    pub desk_tasks: Vec<Fact<String>>,
    /// Methods that this program tunes it with.
    pub desk_tuning: Vec<Fact<String>>,
    /// Related guide cards, by slug.
    pub see: Vec<Fact<String>>,
}
