//! What fine-tuning stands on, against its references, and from the command line.

mod evaluate;
mod metrics;
