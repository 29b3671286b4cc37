//! Layers that the architectures share.

mod block;
mod cache;
mod encoder;
mod linear;
mod source;

pub use block::PostNormBlock;
pub use cache::{Cache, Sight, attend_to};
pub use encoder::{Encoder, EncoderNames};
pub use linear::{Embedding, Linear, Lora, Weight};
pub use source::{Precision, Source};
