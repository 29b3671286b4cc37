//! Models side by side.

/// A comparison.
#[derive(Debug, Clone)]
pub struct Comparison {}
