//! The models: BERT, DistilBERT, GPT-2 and T5, one definition each for inference and training.
//!
//! - [`kernels`]: fused operations on slices, chosen at run time by what the processor has
//! - [`tape`]: matrices, parameters, and gradients of what was computed with them
//! - [`weights`], [`config`]: checkpoints and their settings, checked before anything is allocated;
//!   [`json`], [`diagnosis`]: a model's files, and what stands in their place
//! - [`layers`]: what the architectures share, and where its weights come from
//! - [`bert`], [`distilbert`], [`gpt2`], [`t5`]: the architectures
//! - [`candle`]: architectures that `candle_transformers` runs
//! - [`heads`]: what stands on them for a task; [`lora`]: adapters; [`writer`]: the models that
//!   write, as one
//! - [`tokenizer`], [`generate`]: texts to tokens, and on from a prompt
//! - [`template`]: conversations as texts
//! - [`pipeline`]: one a task, with what transformers' pipelines give; [`mod@bench`]: how fast
//!   it is here
//!
//! Activations are matrices `[tokens, width]` with the tokens of all sequences one after another:
//! there is no padding, and only attention knows where a sequence ends.

pub mod batch;
pub mod bench;
pub mod bert;
pub mod candle;
pub mod config;
pub mod diagnosis;
pub mod distilbert;
pub mod generate;
pub mod gpt2;
pub mod heads;
pub mod json;
pub mod kernels;
pub mod layers;
pub mod lora;
pub mod pipeline;
pub mod t5;
pub mod tape;
pub mod template;
pub mod tokenizer;
pub mod weights;
pub mod writer;
