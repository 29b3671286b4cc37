//! A run: a folder that says everything about it, and the work in it.
//!
//! - [`Run`]: the folder, its lock, and the others beside it
//! - [`State`], [`Phase`]: where it stands
//! - [`Ask`]: what is asked of the process that works on it
//! - [`Event`], [`Log`], [`Tail`]: what happened, appended and read
//! - [`Story`]: what happened so far, kept short
//! - [`work`]: from a plan to a result, from wherever it stands; [`probe`]: what that would take

mod control;
mod events;
mod folder;
mod judge;
mod memory;
mod probe;
mod rows;
mod samples;
mod state;
pub mod story;
mod work;

pub use control::Ask;
pub use events::{End, Event, Figures, Log, Tail, settled};
pub use folder::{Lock, Run, size};
pub use judge::better;
pub use probe::{Probe, probe};
pub(super) use rows::fingerprint;
pub use state::{Phase, State};
pub use story::Story;
pub use work::{Going, work};
