//! Architectures that run through `candle_transformers`, in f32 and only to be used, not trained.
//!
//! - [`tensors`]: a checkpoint as candle asks for it
//! - `modernbert`: the encoder; the heads on it are ours
//! - `llama`, `qwen2`, `qwen3`: decoders, behind one [`Causal`]

mod causal;
mod llama;
mod modernbert;
mod qwen2;
mod qwen3;
mod tensors;

pub use causal::{Causal, CausalDecoder};
pub use modernbert::ModernBert;

use candle_core::Tensor;

use crate::error::Error;
use crate::text;

/// What candle failed with, as an error of ours.
fn failed(error: &candle_core::Error) -> Error {
    let said = error.to_string();
    Error::new(format!("candle: {}", text::line(&said)))
}

/// Ids as candle reads them: one sequence.
fn input(ids: &[u32]) -> candle_core::Result<Tensor> {
    Tensor::from_slice(ids, (1, ids.len()), &candle_core::Device::Cpu)
}
