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

impl Machine {
    /// Reads what this machine has now.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn read() -> crate::error::Result<Self> {
        let mut system = sysinfo::System::new().map_err(|e| {
            crate::error::Error::new("cannot read this machine's memory")
                .hint("`modeldesk doctor` says what can be read")
                .caused_by(e)
        })?;
        system.refresh_memory();
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: system.total_memory(),
            free_memory: system.available_memory(),
        })
    }
}
