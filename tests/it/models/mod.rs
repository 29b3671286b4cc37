//! The models against references.

mod candle;
mod decoding;
mod fixture;
mod generation;
mod other_architectures;
mod parity;
mod pipelines;
