//! How a run learns: the options of transformers' `TrainingArguments`, under their names.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The most steps that a run is planned for.
const MOST_STEPS: u64 = 100_000_000;

/// How a run learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// The highest learning rate.
    pub learning_rate: f64,
    /// How often all rows are learned from.
    pub num_train_epochs: f64,
    /// Steps in all, whatever the epochs say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
    /// Rows that a step reads at a time.
    pub per_device_train_batch_size: usize,
    /// Rows that are judged at a time.
    pub per_device_eval_batch_size: usize,
    /// How often a step reads rows before it changes weights.
    pub gradient_accumulation_steps: usize,
    /// How the learning rate goes.
    pub lr_scheduler_type: Scheduler,
    /// Steps until the learning rate is the highest; below 1 a share of all steps.
    pub warmup_steps: f64,
    /// What changes weights.
    pub optim: Optim,
    /// Decoupled decay of weights, but not of biases and norms.
    pub weight_decay: f64,
    /// The decay of the mean of gradients.
    pub adam_beta1: f64,
    /// The decay of the mean of their squares.
    pub adam_beta2: f64,
    /// Keeps quotients finite.
    pub adam_epsilon: f64,
    /// Gradients are scaled down to this norm; 0 lets them be.
    pub max_grad_norm: f64,
    /// The share of a target that is spread over all classes.
    pub label_smoothing_factor: f32,
    /// What each class counts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// Computes activations again instead of keeping them.
    pub gradient_checkpointing: bool,
    /// The share of activations that is dropped, if not as the model's configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f32>,
    /// The share of tokens that a masked model has to fill in.
    pub mlm_probability: f32,
    /// Every so many steps the check rows are judged; three times in a run if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval_steps: Option<u64>,
    /// Every so many steps a checkpoint is kept, beside those of the checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub save_steps: Option<u64>,
    /// Every so many steps the loss is written down.
    pub logging_steps: u64,
    /// Checkpoints that stay, beside the best.
    pub save_total_limit: usize,
    /// Ends the run after so many checks without a better one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping_patience: Option<u32>,
    /// What chooses the checkpoint, on the check rows: `loss`, or a metric of the task.
    pub metric_for_best_model: String,
    /// Decides the order of rows, what is dropped, and what new weights start from.
    pub seed: u64,
}

/// How the learning rate goes from step to step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheduler {
    /// Down to 0 in a line.
    #[default]
    Linear,
    /// Down to 0 in half a cosine.
    Cosine,
    /// Not at all.
    Constant,
    /// Not at all after the first steps.
    ConstantWithWarmup,
}

/// What changes weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optim {
    /// `AdamW` (Loshchilov and Hutter, 2019): two values for each weight.
    #[default]
    AdamwTorch,
    /// Adafactor (Shazeer and Stern, 2018): two values for each row and column.
    Adafactor,
}

/// What each class counts for in the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClassWeights {
    /// `balanced`: rows by classes and by the class's rows, as scikit-learn has it.
    Named(String),
    /// One a class, in the order of the labels.
    Given(Vec<f32>),
}

impl Default for Training {
    fn default() -> Self {
        Self {
            learning_rate: 5e-5,
            num_train_epochs: 3.0,
            max_steps: None,
            per_device_train_batch_size: 8,
            per_device_eval_batch_size: 8,
            gradient_accumulation_steps: 1,
            lr_scheduler_type: Scheduler::Linear,
            warmup_steps: 0.0,
            optim: Optim::AdamwTorch,
            weight_decay: 0.0,
            adam_beta1: 0.9,
            adam_beta2: 0.999,
            adam_epsilon: 1e-8,
            max_grad_norm: 1.0,
            label_smoothing_factor: 0.0,
            class_weights: None,
            gradient_checkpointing: false,
            dropout: None,
            mlm_probability: 0.15,
            eval_steps: None,
            save_steps: None,
            logging_steps: 10,
            save_total_limit: 2,
            early_stopping_patience: None,
            metric_for_best_model: "loss".to_owned(),
            seed: 42,
        }
    }
}

impl Training {
    /// Rows that one step learns from.
    pub fn rows_a_step(&self) -> usize {
        self.per_device_train_batch_size * self.gradient_accumulation_steps
    }

    /// Steps that go once through `rows`; the last may have fewer rows.
    pub fn steps_an_epoch(&self, rows: usize) -> u64 {
        (rows.div_ceil(self.rows_a_step()) as u64).max(1)
    }

    /// Steps in all, for `rows` to learn from.
    pub fn steps(&self, rows: usize) -> u64 {
        let epochs = self.steps_an_epoch(rows) as f64 * self.num_train_epochs;
        self.max_steps
            .unwrap_or_else(|| (epochs.ceil() as u64).clamp(1, MOST_STEPS))
    }

    /// Steps from one check to the next, in a run of `steps`.
    pub fn check_every(&self, steps: u64) -> u64 {
        self.eval_steps.unwrap_or_else(|| steps.div_ceil(3)).max(1)
    }

    /// Whether these options can be.
    ///
    /// # Errors
    /// With the first that cannot, under its flag.
    pub fn check(&self) -> Result<()> {
        let default = Self::default();
        let rate = self.learning_rate;
        if !(rate.is_finite() && rate >= 0.0) || rate > 1.0 {
            let times = rate / default.learning_rate;
            let error = Error::usage(if times.is_finite() && times > 1.0 {
                format!(
                    "{rate} is {times:.0} times the usual {:e}",
                    default.learning_rate
                )
            } else {
                format!("{rate} is no learning rate")
            });
            return Err(error
                .at("--learning-rate")
                .hint("2e-5 to 5e-4 are usual: did you mean 2e-4?"));
        }
        at_least_one(&[
            (
                "--per-device-train-batch-size",
                self.per_device_train_batch_size as u64,
            ),
            (
                "--per-device-eval-batch-size",
                self.per_device_eval_batch_size as u64,
            ),
            (
                "--gradient-accumulation-steps",
                self.gradient_accumulation_steps as u64,
            ),
            ("--logging-steps", self.logging_steps),
            ("--eval-steps", self.eval_steps.unwrap_or(1)),
            ("--save-steps", self.save_steps.unwrap_or(1)),
            ("--max-steps", self.max_steps.unwrap_or(1)),
            ("--save-total-limit", self.save_total_limit as u64),
        ])?;
        let finite = [
            ("--num-train-epochs", self.num_train_epochs, 1e-6, 1e6),
            ("--warmup-steps", self.warmup_steps, 0.0, MOST_STEPS as f64),
            ("--weight-decay", self.weight_decay, 0.0, 10.0),
            ("--adam-beta1", self.adam_beta1, 0.0, 0.999_999_9),
            ("--adam-beta2", self.adam_beta2, 0.0, 0.999_999_9),
            ("--adam-epsilon", self.adam_epsilon, 1e-30, 1.0),
            ("--max-grad-norm", self.max_grad_norm, 0.0, 1e9),
            (
                "--label-smoothing-factor",
                f64::from(self.label_smoothing_factor),
                0.0,
                0.9,
            ),
            (
                "--dropout",
                f64::from(self.dropout.unwrap_or(0.0)),
                0.0,
                0.9,
            ),
            (
                "--mlm-probability",
                f64::from(self.mlm_probability),
                1e-3,
                0.9,
            ),
        ];
        match finite
            .iter()
            .find(|(_, x, low, high)| !(low..=high).contains(&x))
        {
            Some((flag, x, low, high)) => Err(Error::usage(format!("{x} is not allowed"))
                .at(*flag)
                .hint(format!("give a number from {low} to {high}"))),
            None => Ok(()),
        }
    }
}

fn at_least_one(counts: &[(&str, u64)]) -> Result<()> {
    match counts.iter().find(|(_, count)| *count == 0) {
        Some((flag, _)) => Err(Error::usage("0 is too few")
            .at(*flag)
            .hint("give 1 or more")),
        None => Ok(()),
    }
}
