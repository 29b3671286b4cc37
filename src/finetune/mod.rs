//! Fine-tuning: from a file of rows to a model that has learned from them.
//!
//! - [`dataset`]: files of any usual form as rows of one, checked, and split into parts
//! - [`features`]: rows as what a model learns from, written once and read by position

pub mod dataset;
pub mod features;
