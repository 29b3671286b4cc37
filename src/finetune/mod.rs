//! Fine-tuning: from a file of rows to a model that has learned from them.
//!
//! - [`dataset`]: files of any usual form as rows of one, checked, and split into parts
//! - [`features`]: rows as what a model learns from, written once and read by position
//! - [`metrics`]: how good what a model gave is, as the references of each kind of task compute it
//! - [`evaluate`]: a model and rows to metrics
//! - [`preview`]: rows as the model sees them, with what is learned marked

pub mod dataset;
pub mod evaluate;
pub mod features;
pub mod metrics;
pub mod preview;
