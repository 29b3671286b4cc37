//! The options of a plan, under the names of `TrainingArguments` and `LoraConfig`.

use serde::Serialize;
use serde_json::Value;

use crate::finetune::plan::Plan;

/// One option.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tui::tune) struct Knob {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is, in a few words.
    pub(super) note: &'static str,
    /// Of which part of a plan it is.
    of: Of,
    /// Whether it is always in sight.
    pub(super) usual: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Training,
    Lora,
    Data,
}

const fn knob(name: &'static str, note: &'static str, of: Of, usual: bool) -> Knob {
    Knob {
        name,
        note,
        of,
        usual,
    }
}

/// All options, the usual ones first.
#[rustfmt::skip]
pub(super) static KNOBS: [Knob; 28] = [
    knob("learning_rate", "the highest", Of::Training, true),
    knob("num_train_epochs", "how often all rows are learned from", Of::Training, true),
    knob("per_device_train_batch_size", "rows a step", Of::Training, true),
    knob("lr_scheduler_type", "linear, cosine, constant, constant_with_warmup", Of::Training, true),
    knob("warmup_steps", "below 1 a share of all steps", Of::Training, true),
    knob("r", "the rank of adapters", Of::Lora, true),
    knob("max_length", "tokens that a row is cut at", Of::Data, true),
    knob("lora_alpha", "the numerator of the scale", Of::Lora, false),
    knob("lora_dropout", "of an adapter's inputs", Of::Lora, false),
    knob("target_modules", "names with commas, or all-linear", Of::Lora, false),
    knob("use_rslora", "true or false", Of::Lora, false),
    knob("bias", "none, all or lora_only", Of::Lora, false),
    knob("max_steps", "steps in all, whatever the epochs say", Of::Training, false),
    knob("gradient_accumulation_steps", "reads before weights change", Of::Training, false),
    knob("optim", "adamw_torch or adafactor", Of::Training, false),
    knob("weight_decay", "not of biases and norms", Of::Training, false),
    knob("max_grad_norm", "0 lets gradients be", Of::Training, false),
    knob("label_smoothing_factor", "a share of each target", Of::Training, false),
    knob("class_weights", "balanced, or one a class with commas", Of::Training, false),
    knob("gradient_checkpointing", "true: less memory, more time", Of::Training, false),
    knob("dropout", "if not as the model has it", Of::Training, false),
    knob("eval_steps", "steps from check to check", Of::Training, false),
    knob("save_steps", "steps from checkpoint to checkpoint", Of::Training, false),
    knob("early_stopping_patience", "checks without a better one", Of::Training, false),
    knob("seed", "order of rows, dropout, new weights", Of::Training, false),
    knob("check_size", "rows that choose the result: a share or a number", Of::Data, false),
    knob("test_size", "rows that judge it: a share or a number", Of::Data, false),
    knob("threads", "cores that compute", Of::Data, false),
];

impl Knob {
    /// What the plan says; none where it says nothing.
    pub(super) fn value(&self, plan: &Plan) -> Option<String> {
        match self.of {
            Of::Training => field(&plan.training, self.name),
            Of::Lora => field(&plan.lora, self.name),
            Of::Data => match self.name {
                "max_length" => Some(plan.data.recipe.max_length.to_string()),
                "threads" => Some(plan.threads.to_string()),
                "check_size" => Some(plan.data.rows.check.to_string()),
                _ => Some(plan.data.rows.test.to_string()),
            },
        }
    }

    /// Whether it means something for that plan.
    pub(super) fn is_for(&self, plan: Option<&Plan>) -> bool {
        self.of != Of::Lora || plan.is_some_and(|plan| plan.lora.is_some())
    }
}

/// A field of a part of a plan, as a person types it.
fn field(part: &impl Serialize, name: &str) -> Option<String> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match serde_json::to_value(part).ok()?.get(name)? {
        Value::Null => None,
        Value::Array(all) => Some(all.iter().map(plain).collect::<Vec<_>>().join(",")),
        one => Some(plain(one)),
    }
}
