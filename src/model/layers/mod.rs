//! Layers that the architectures share.

mod block;
mod cache;
mod encoder;
mod learning;
mod linear;
mod precision;
mod source;

pub use block::PostNormBlock;
pub use cache::{Cache, Sight, attend_to};
pub use encoder::{Encoder, EncoderNames};
pub use learning::Learning;
pub use linear::{Embedding, Linear, Lora, Weight};
pub use precision::Precision;
pub use source::Source;
