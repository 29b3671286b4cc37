//! The operations, one file a kind; each says its output and keeps what its gradient needs.

mod attention;
mod checkpoint;
mod elementwise;
mod linear;
mod loss;
mod norm;
mod rows;

pub use attention::{Attention, Qkv, RelativeBias};
pub use linear::Layout;
pub use loss::Loss;
pub use norm::Norm;
