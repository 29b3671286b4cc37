//! The models against references.

mod decoding;
mod fixture;
mod parity;
