//! The models against references.

mod decoding;
mod fixture;
mod generation;
mod parity;
mod pipelines;
