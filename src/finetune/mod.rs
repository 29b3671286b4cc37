//! Fine-tuning: from a file of rows to a model that has learned from them.
//!
//! - [`dataset`]: files of any usual form as rows of one, checked, and split into parts
//! - [`features`]: rows as what a model learns from, written once and read by position
//! - [`preview`]: rows as the model sees them, with what is learned marked

pub mod dataset;
pub mod features;
pub mod preview;
