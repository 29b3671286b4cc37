//! Low-rank adapters (Hu et al., 2021) as PEFT has them: their settings, and what they add to.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::json;
use crate::text;

/// An adapter's settings in its folder.
pub const CONFIG: &str = "adapter_config.json";

/// An adapter's weights in its folder.
pub const WEIGHTS: &str = "adapter_model.safetensors";

/// What PEFT puts before the name of every module.
pub const PREFIX: &str = "base_model.model.";

/// What PEFT puts between the name of a module that has an adapter and its own weights.
pub const BASE_LAYER: &str = ".base_layer.";

/// The largest `adapter_config.json` that is read.
const MOST_BYTES: u64 = 1 << 20;

/// The rank that is refused: no layer here is as wide.
const MOST_RANK: usize = 1 << 14;

/// PEFT's `LoraConfig`, as far as it decides a computation here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoraConfig {
    /// The rank of what is added.
    pub r: usize,
    /// The numerator of [`LoraConfig::scale`].
    pub lora_alpha: f32,
    /// The share of an adapter's inputs that is dropped in training.
    #[serde(default)]
    pub lora_dropout: f32,
    /// Modules by the end of their names, or `all-linear`.
    pub target_modules: Targets,
    /// Divides by the square root of the rank instead of the rank (Kalajdzievski, 2023).
    #[serde(default)]
    pub use_rslora: bool,
    /// Which biases learn as well.
    #[serde(default)]
    pub bias: Biases,
}

/// What adapters are put on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Targets {
    /// `all-linear`: every linear layer but heads and output layers; or one name.
    One(String),
    /// Modules that are called this, or end with it after a dot.
    Named(Vec<String>),
}

/// Which biases of the base learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Biases {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those of layers that have an adapter.
    LoraOnly,
}

impl LoraConfig {
    /// PEFT's defaults, for an architecture: rank 8, alpha 8 and no dropout would be its own; the
    /// alpha of twice the rank is what the paper's experiments on GPT-2 and most recipes use.
    pub fn for_model(config: &Config) -> Self {
        Self {
            r: 8,
            lora_alpha: 16.0,
            lora_dropout: 0.0,
            target_modules: Targets::usual(config),
            use_rslora: false,
            bias: Biases::None,
        }
    }

    /// The factor of what an adapter adds.
    pub fn scale(&self) -> f32 {
        let rank = self.r as f32;
        self.lora_alpha / if self.use_rslora { rank.sqrt() } else { rank }
    }

    /// Whether the linear layer `module` gets an adapter.
    pub fn targets(&self, module: &str) -> bool {
        let ends = |name: &str| {
            module == name
                || module
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.ends_with('.'))
        };
        match &self.target_modules {
            Targets::One(name) if name == "all-linear" => true,
            Targets::One(name) => ends(name),
            Targets::Named(names) => names.iter().any(|name| ends(name)),
        }
    }

    /// Whether the bias `name`, with its module, learns.
    pub fn learns_bias(&self, name: &str) -> bool {
        match self.bias {
            Biases::None => false,
            // T5's `relative_attention_bias.weight` is none of them.
            Biases::All => name.strip_suffix(".bias").is_some(),
            Biases::LoraOnly => name
                .strip_suffix(".bias")
                .is_some_and(|module| self.targets(module) && is_linear(module)),
        }
    }

    /// Whether these settings can be.
    ///
    /// # Errors
    /// With the option that is wrong, under its name in PEFT.
    pub fn check(&self) -> Result<()> {
        let wrong = |name: &str, what: String| Err(Error::usage(what).at(name));
        if !(1..=MOST_RANK).contains(&self.r) {
            return wrong("--lora-r", format!("{} is no rank: use 4 to 64", self.r));
        }
        if !(self.lora_alpha.is_finite() && self.lora_alpha > 0.0) {
            return wrong(
                "--lora-alpha",
                format!("{} is not above 0", self.lora_alpha),
            );
        }
        if !(0.0..1.0).contains(&self.lora_dropout) {
            return wrong(
                "--lora-dropout",
                format!("{} is no share: use 0 to 0.5", self.lora_dropout),
            );
        }
        Ok(())
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(name) => f.write_str(name),
            Self::Named(names) => f.write_str(&names.join(",")),
        }
    }
}

/// Whether a module that has a bias is a linear layer of the body: neither a norm nor the output
/// layer of a masked model, which no adapter is put on.
fn is_linear(module: &str) -> bool {
    let last = module.rsplit('.').next().unwrap_or(module);
    let is_norm = last.starts_with("ln_") || last.to_lowercase().contains("norm");
    !is_norm && !matches!(last, "predictions" | "vocab_projector")
}

impl Targets {
    /// The modules that PEFT adapts in an architecture if none are named.
    pub fn usual(config: &Config) -> Self {
        let names: &[&str] = match config {
            Config::Bert(_) => &["query", "value"],
            Config::DistilBert(_) => &["q_lin", "v_lin"],
            Config::Gpt2(_) => &["c_attn"],
            Config::T5(_) => &["q", "v"],
            // What candle runs has no adapters.
            Config::Candle(_) => &[],
        };
        Self::Named(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The modules of a list with commas.
    pub fn parse(names: &str) -> Self {
        let mut names: Vec<String> = names
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        match names.len() {
            1 if names[0] == "all-linear" => Self::One(names.remove(0)),
            _ => Self::Named(names),
        }
    }
}

/// `adapter_config.json`, as far as it is read here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AdapterConfig {
    /// Which kind of adapter it is: `LORA`.
    pub peft_type: String,
    /// The model that it was trained on: a hub id, or a folder.
    pub base_model_name_or_path: String,
    /// The commit of that model, where it is pinned.
    #[serde(default)]
    pub revision: Option<String>,
    /// What the model with the adapter is for, by PEFT's name: `SEQ_CLS`.
    #[serde(default)]
    pub task_type: Option<String>,
    /// Weights are stored `[in, out]`, as GPT-2's are.
    #[serde(default)]
    pub fan_in_fan_out: bool,
    /// The settings.
    #[serde(flatten)]
    pub lora: LoraConfig,
    /// Ranks of single modules, which are not read.
    #[serde(default)]
    pub rank_pattern: serde_json::Map<String, serde_json::Value>,
    /// Factors of single modules, which are not read.
    #[serde(default)]
    pub alpha_pattern: serde_json::Map<String, serde_json::Value>,
    /// Magnitudes beside directions (Liu et al., 2024), which are not computed here.
    #[serde(default)]
    pub use_dora: bool,
}

impl AdapterConfig {
    /// Reads the settings in an adapter's folder.
    ///
    /// # Errors
    /// When they are missing, are no JSON, or ask for what is not computed here; with the field.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(CONFIG);
        let config: Self = json::decode(&path, &json::load(&path, MOST_BYTES)?)?;
        let not = |what: &str| {
            Err(Error::new(format!("{what} does not run here"))
                .at_path(&path)
                .hint("merge it into its base with PEFT's `merge_and_unload`, and use that folder"))
        };
        if config.peft_type != "LORA" {
            let kind = text::ident(&text::line(&config.peft_type)).into_owned();
            return not(&format!("an adapter of type `{kind}`"));
        }
        if config.use_dora {
            return not("an adapter with `use_dora`");
        }
        if !config.rank_pattern.is_empty() || !config.alpha_pattern.is_empty() {
            return not("an adapter with `rank_pattern` or `alpha_pattern`");
        }
        config.lora.check().map_err(|error| {
            Error::new("has settings that no adapter can have")
                .at_path(&path)
                .caused_by(error)
        })?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(target_modules: Targets) -> LoraConfig {
        LoraConfig {
            r: 4,
            lora_alpha: 16.0,
            lora_dropout: 0.0,
            target_modules,
            use_rslora: false,
            bias: Biases::None,
        }
    }

    #[test]
    fn a_target_is_a_whole_name_or_its_last_parts() {
        let lora = config(Targets::parse("q, attn.c_proj"));
        assert!(lora.targets("encoder.block.0.layer.0.SelfAttention.q"));
        assert!(lora.targets("q"));
        assert!(!lora.targets("encoder.seq"));
        assert!(lora.targets("transformer.h.0.attn.c_proj"));
        assert!(!lora.targets("transformer.h.0.mlp.c_proj"));
        assert!(config(Targets::parse("all-linear")).targets("anything"));
    }

    #[test]
    fn the_scale_is_alpha_by_rank_or_by_its_root() {
        let mut lora = config(Targets::parse("q"));
        assert_eq!(lora.scale(), 4.0);
        lora.use_rslora = true;
        assert_eq!(lora.scale(), 8.0);
    }

    #[test]
    fn biases_learn_as_they_are_named() {
        let mut lora = config(Targets::parse("c_attn"));
        let (adapted, other) = ("h.0.c_attn.bias", "h.0.ln_1.bias");
        assert!(!lora.learns_bias(adapted));
        lora.bias = Biases::LoraOnly;
        assert!(lora.learns_bias(adapted) && !lora.learns_bias(other));
        lora.bias = Biases::All;
        assert!(lora.learns_bias(adapted) && lora.learns_bias(other));
    }
}
