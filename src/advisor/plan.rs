//! What a fine-tune would take.

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {}
