//! Which weights of a model learn.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::lora::LoraConfig;
use crate::model::tape::Param;
use crate::text;

/// Which weights of a model learn; the others stay as they are and cost no gradient.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Learning {
    /// None: for inference.
    #[default]
    Nothing,
    /// All: `full`.
    Everything,
    /// The head alone: `head`.
    Heads,
    /// Adapters on some linear layers, and the head: `lora`.
    Lora(Arc<LoraConfig>),
}

impl Learning {
    /// Whether the parameter `name` of the body learns as a whole.
    pub(super) fn whole(&self, name: &str) -> bool {
        match self {
            Self::Nothing | Self::Heads => false,
            Self::Everything => true,
            Self::Lora(config) => config.learns_bias(name),
        }
    }

    /// The settings of the adapter of the linear layer `module`, if it has one.
    pub(super) fn adapter(&self, module: &str) -> Option<&LoraConfig> {
        match self {
            Self::Lora(config) if config.targets(module) => Some(config),
            _ => None,
        }
    }

    /// What the head learns by: as a whole, if anything learns.
    pub(super) fn of_heads(&self) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            _ => Self::Everything,
        }
    }

    /// Whether something of a model's parameters learns, and adapters are where they were asked for.
    ///
    /// # Errors
    /// When nothing does, or no layer has a name that adapters were asked for.
    pub fn check(&self, params: &[Param]) -> Result<()> {
        match self {
            Self::Lora(config) if !params.iter().any(is_adapter) => {
                let names = text::line(&config.target_modules.to_string()).into_owned();
                let mut known: Vec<&str> = params.iter().filter_map(layer).collect();
                known.sort_unstable();
                known.dedup();
                Err(Error::usage(format!("no layer is called {names}"))
                    .at("--target-modules")
                    .hint(format!("these are: {}; or all-linear", known.join(", "))))
            }
            Self::Heads if !params.iter().any(Param::trainable) => {
                Err(Error::usage("this model has no head apart from its body")
                    .at("--method")
                    .hint("use full or lora"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a parameter is the first matrix of an adapter.
fn is_adapter(param: &Param) -> bool {
    param.name().ends_with(".lora_A.weight")
}

/// The last part of the name of the layer whose matrix a parameter is.
fn layer(param: &Param) -> Option<&str> {
    let module = param.name().strip_suffix(".weight")?;
    let last = module.rsplit('.').next()?;
    (param.shape().len() == 2 && !last.contains("embed") && !last.contains("bias")).then_some(last)
}
