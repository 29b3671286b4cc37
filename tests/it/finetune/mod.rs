//! What fine-tuning stands on, against its references.

mod metrics;
