//! The models on this disk, in the cache that Python's `huggingface_hub` keeps, and the way there
//! from a hub; the only code that knows hf-hub.
//!
//! [`Cache`] looks at what is there and deletes it. [`Hub`] makes an [`Offer`] out of what a hub
//! says of a model, and a fetch out of an offer. A fetch trusts nobody: names, hashes and commits
//! are checked before they become paths (`names`), bodies while they arrive (`verify`), and a file
//! has its name only once it is whole.
//!
//! Looking opens no connection, writes no file, and follows no link out of the folder of the model
//! that it belongs to.

mod body;
mod cache;
mod choice;
mod client;
mod delete;
mod environment;
mod fault;
mod fetch;
pub mod layout;
mod listing;
mod lock;
mod names;
mod offer;
mod partial;
mod place;
mod repository;
mod verify;

pub use cache::{Cache, Cached, Format};
pub use delete::Kept;
pub use environment::{Hub, Patience};
pub use fetch::{Fetched, Observer, Progress};
pub use names::{Commit, Digest, FileName, Revision};
pub use offer::{Offer, Offered};
