//! The options of a run, under the names of `TrainingArguments` and `LoraConfig`.

use crate::error::{Error, Result};
use crate::finetune::training::{ClassWeights, Optim, Scheduler, Training};
use crate::model::lora::{Biases, LoraConfig, Targets};

/// How a run learns; what is not given is the card's or the program's own.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Training")]
pub(super) struct TrainingArguments {
    /// The highest learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// How often all rows are learned from
    #[arg(long, value_name = "N")]
    num_train_epochs: Option<f64>,
    /// Steps in all, whatever the epochs say
    #[arg(long, value_name = "N")]
    max_steps: Option<u64>,
    /// Rows that a step reads at a time
    #[arg(long, value_name = "N")]
    per_device_train_batch_size: Option<usize>,
    /// Rows that are judged at a time
    #[arg(long, value_name = "N")]
    per_device_eval_batch_size: Option<usize>,
    /// How often a step reads rows before it changes weights
    #[arg(long, value_name = "N")]
    gradient_accumulation_steps: Option<usize>,
    /// linear, cosine, constant or `constant_with_warmup`
    #[arg(long, value_name = "TYPE", value_parser = scheduler)]
    lr_scheduler_type: Option<Scheduler>,
    /// Steps until the rate is the highest; below 1 a share of all steps
    #[arg(long, value_name = "N")]
    warmup_steps: Option<f64>,
    /// `adamw_torch`, or adafactor, which takes less memory
    #[arg(long, value_name = "NAME", value_parser = optim)]
    optim: Option<Optim>,
    /// Decay of weights, but not of biases and norms
    #[arg(long, value_name = "X")]
    weight_decay: Option<f64>,
    /// Gradients are scaled down to this norm; 0 lets them be
    #[arg(long, value_name = "X")]
    max_grad_norm: Option<f64>,
    /// The share of a target that is spread over all classes
    #[arg(long, value_name = "X")]
    label_smoothing_factor: Option<f32>,
    /// `balanced`, or a number for each class: 1,2.5
    #[arg(long, value_name = "WEIGHTS", value_parser = class_weights)]
    class_weights: Option<ClassWeights>,
    /// Compute activations again instead of keeping them: less memory, a third more time
    #[arg(long)]
    gradient_checkpointing: bool,
    /// The share of activations that is dropped, if not as the model has it
    #[arg(long, value_name = "X")]
    dropout: Option<f32>,
    /// The share of tokens that a masked model has to fill in
    #[arg(long, value_name = "X")]
    mlm_probability: Option<f32>,
    /// Judge the check rows every so many steps
    #[arg(long, value_name = "N")]
    eval_steps: Option<u64>,
    /// Keep a checkpoint every so many steps, beside those of the checks
    #[arg(long, value_name = "N")]
    save_steps: Option<u64>,
    /// Write the loss down every so many steps
    #[arg(long, value_name = "N")]
    logging_steps: Option<u64>,
    /// Checkpoints that stay, beside the best
    #[arg(long, value_name = "N")]
    save_total_limit: Option<usize>,
    /// End after so many checks without a better one
    #[arg(long, value_name = "N")]
    early_stopping_patience: Option<u32>,
    /// What chooses the checkpoint: loss, or a metric of the task
    #[arg(long, value_name = "NAME")]
    metric_for_best_model: Option<String>,
    /// Decides the order of rows, what is dropped, and what new weights start from
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl TrainingArguments {
    /// Puts what is given in place of what `training` says.
    pub(super) fn apply(&self, training: &mut Training) {
        fn set<T: Clone>(to: &mut T, from: Option<&T>) {
            if let Some(from) = from {
                to.clone_from(from);
            }
        }
        fn some<T: Clone>(to: &mut Option<T>, from: Option<&T>) {
            if from.is_some() {
                *to = from.cloned();
            }
        }
        set(&mut training.learning_rate, self.learning_rate.as_ref());
        set(
            &mut training.num_train_epochs,
            self.num_train_epochs.as_ref(),
        );
        some(&mut training.max_steps, self.max_steps.as_ref());
        let t = &mut *training;
        set(
            &mut t.per_device_train_batch_size,
            self.per_device_train_batch_size.as_ref(),
        );
        set(
            &mut t.per_device_eval_batch_size,
            self.per_device_eval_batch_size.as_ref(),
        );
        set(
            &mut t.gradient_accumulation_steps,
            self.gradient_accumulation_steps.as_ref(),
        );
        set(&mut t.lr_scheduler_type, self.lr_scheduler_type.as_ref());
        set(&mut t.warmup_steps, self.warmup_steps.as_ref());
        set(&mut t.optim, self.optim.as_ref());
        set(&mut t.weight_decay, self.weight_decay.as_ref());
        set(&mut t.max_grad_norm, self.max_grad_norm.as_ref());
        set(
            &mut t.label_smoothing_factor,
            self.label_smoothing_factor.as_ref(),
        );
        some(&mut t.class_weights, self.class_weights.as_ref());
        t.gradient_checkpointing |= self.gradient_checkpointing;
        some(&mut t.dropout, self.dropout.as_ref());
        set(&mut t.mlm_probability, self.mlm_probability.as_ref());
        some(&mut t.eval_steps, self.eval_steps.as_ref());
        some(&mut t.save_steps, self.save_steps.as_ref());
        set(&mut t.logging_steps, self.logging_steps.as_ref());
        set(&mut t.save_total_limit, self.save_total_limit.as_ref());
        some(
            &mut t.early_stopping_patience,
            self.early_stopping_patience.as_ref(),
        );
        set(
            &mut t.metric_for_best_model,
            self.metric_for_best_model.as_ref(),
        );
        set(&mut t.seed, self.seed.as_ref());
    }
}

/// Adapters; for `--method lora`.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "LoRA")]
pub(super) struct LoraArguments {
    /// The rank
    #[arg(long, value_name = "N")]
    lora_r: Option<usize>,
    /// The numerator of the scale: alpha by rank
    #[arg(long, value_name = "X")]
    lora_alpha: Option<f32>,
    /// The share of an adapter's inputs that is dropped
    #[arg(long, value_name = "X")]
    lora_dropout: Option<f32>,
    /// Modules by the end of their names, with commas; or all-linear
    #[arg(long, value_name = "NAMES")]
    target_modules: Option<String>,
    /// Divide by the square root of the rank
    #[arg(long)]
    use_rslora: bool,
    /// Which biases learn: none, all or `lora_only`
    #[arg(long, value_name = "WHICH", value_parser = biases)]
    lora_bias: Option<Biases>,
}

impl LoraArguments {
    /// Whether any is given.
    pub(super) fn given(&self) -> bool {
        let Self {
            lora_r,
            lora_alpha,
            lora_dropout,
            target_modules,
            use_rslora,
            lora_bias,
        } = self;
        let numbers = lora_r.is_some() || lora_alpha.is_some() || lora_dropout.is_some();
        numbers || target_modules.is_some() || *use_rslora || lora_bias.is_some()
    }

    /// Puts what is given in place of what `lora` says. Alpha stays twice the rank unless it is
    /// given.
    pub(super) fn apply(&self, lora: &mut LoraConfig) {
        if let Some(r) = self.lora_r {
            lora.lora_alpha *= r as f32 / lora.r as f32;
            lora.r = r;
        }
        if let Some(alpha) = self.lora_alpha {
            lora.lora_alpha = alpha;
        }
        if let Some(dropout) = self.lora_dropout {
            lora.lora_dropout = dropout;
        }
        if let Some(names) = &self.target_modules {
            lora.target_modules = Targets::parse(names);
        }
        lora.use_rslora |= self.use_rslora;
        if let Some(bias) = self.lora_bias {
            lora.bias = bias;
        }
    }

    /// Whether they go with the method.
    ///
    /// # Errors
    /// When they are given for another.
    pub(super) fn only_for_lora(&self, lora: bool) -> Result<()> {
        if self.given() && !lora {
            return Err(Error::usage("adapters are for the method lora")
                .at("--lora-r")
                .hint("add --method lora"));
        }
        Ok(())
    }
}

/// The value of that name, of a type that is written in lower case.
fn named<T: serde::de::DeserializeOwned>(name: &str, all: &str) -> Result<T, String> {
    serde_json::from_value(name.into()).map_err(|_| format!("use {all}"))
}

fn scheduler(name: &str) -> Result<Scheduler, String> {
    named(name, "linear, cosine, constant or constant_with_warmup")
}

fn optim(name: &str) -> Result<Optim, String> {
    named(name, "adamw_torch or adafactor")
}

fn biases(name: &str) -> Result<Biases, String> {
    named(name, "none, all or lora_only")
}

fn class_weights(text: &str) -> Result<ClassWeights, String> {
    if text == "balanced" {
        return Ok(ClassWeights::Named(text.to_owned()));
    }
    let weights = text.split(',').map(|weight| weight.trim().parse());
    let weights: Result<Vec<f32>, _> = weights.collect();
    match weights {
        Ok(weights) if weights.iter().all(|w| w.is_finite() && *w >= 0.0) => {
            Ok(ClassWeights::Given(weights))
        }
        _ => Err("use balanced, or numbers with commas".to_owned()),
    }
}
