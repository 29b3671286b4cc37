//! The models on this disk: a read-only look at the cache that Python's `huggingface_hub` keeps.
//!
//! Nothing here opens a connection, writes a file, or follows a link out of the folder of the
//! model that it belongs to.

mod cache;
pub mod layout;
mod repository;

pub use cache::{Cache, Cached, Format};
