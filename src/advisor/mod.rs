//! Question -> constraints -> ranked models -> claims; comparison; plan; this machine.

pub mod answer;
pub mod compare;
pub mod machine;
pub mod plan;
pub mod present;
pub mod question;

use std::sync::Arc;

pub use answer::Answer;
pub use question::{Intent, Reading};

use crate::error::Result;
use crate::index::Library;
use machine::Machine;

/// Answers questions from the library's cards, on this machine. Deterministic; never uses a network.
pub struct Advisor {
    library: Arc<Library>,
    machine: Machine,
}

impl Advisor {
    /// An advisor over `library` for `machine`.
    pub fn new(library: Arc<Library>, machine: Machine) -> Self {
        Self { library, machine }
    }

    /// Answers `question`; `before` is the reading that a follow-up carries on from.
    ///
    /// # Errors
    /// When the index cannot be searched.
    pub fn ask(&self, question: &str, before: Option<&Reading>) -> Result<Answer> {
        let _ = (question, before);
        todo!()
    }

    /// Answers a reading, as it is after the user has edited it.
    ///
    /// # Errors
    /// When the index cannot be searched.
    pub fn answer(&self, reading: Reading) -> Result<Answer> {
        let _ = reading;
        todo!()
    }

    /// The library.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// This machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
}
