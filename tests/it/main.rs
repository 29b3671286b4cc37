//! The one integration binary: every suite is a module.

mod cards;
mod text;
