//! The models: BERT, DistilBERT, GPT-2 and T5, one definition each for inference and training.
//!
//! - `kernels`: fused operations on slices, chosen at run time by what the processor has
//! - `tape`: matrices, parameters, and gradients of what was computed with them
//! - `weights`: the tensors of a checkpoint, read from its folder and written to one
//! - `config`: what config.json and generation_config.json say, checked
//! - `json`, `diagnosis`: a model's files, and what stands in their place
//! - one file an architecture, made of layers that they share

pub mod config;
pub mod diagnosis;
pub mod json;
pub mod kernels;
pub mod tape;
pub mod weights;
