//! Which weights of a model learn.

use std::sync::Arc;

use crate::model::lora::LoraConfig;

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
}
