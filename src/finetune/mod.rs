//! Fine-tuning: what a model is tuned on, how, and how good it is.

pub mod metrics;
