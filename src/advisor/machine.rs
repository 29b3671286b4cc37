//! What this machine has.

/// What this machine has, read once.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in all, bytes.
    pub memory: u64,
    /// Memory that is free or can be freed, bytes.
    pub free_memory: u64,
}
