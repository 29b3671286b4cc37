//! What weights are kept in.

use crate::model::config::{self, Config};
use crate::model::kernels::quant::Format;

/// What the weights of products are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// As 32-bit numbers: exact, and needed for training.
    #[default]
    F32,
    /// As 8-bit integers with a scale for each group.
    Q8,
    /// As 4-bit integers with a scale for each group.
    Q4,
}

impl Precision {
    /// `f32`, `q8` or `q4`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        }
    }

    /// The precision of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::F32, Self::Q8, Self::Q4]
            .into_iter()
            .find(|p| p.name() == name)
    }

    /// The precision that models of this architecture run in where this one is wanted.
    #[must_use]
    pub fn of(self, config: &Config) -> Self {
        if config::is_f32_only(config.common().model_type) {
            Self::F32
        } else {
            self
        }
    }

    /// The format of packed weights; none if they are not packed.
    pub(super) fn format(self) -> Option<Format> {
        match self {
            Self::F32 => None,
            Self::Q8 => Some(Format::Q8),
            Self::Q4 => Some(Format::Q4),
        }
    }
}
