//! The models against references.

mod candle;
mod decoding;
mod fixture;
mod generation;
mod parity;
mod pipelines;
