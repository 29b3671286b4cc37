//! Threads with names, and what they report.

mod cancel;

pub use cancel::Cancel;
