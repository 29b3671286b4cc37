//! Training: what is learned, that it goes on where it was, and what it ends in.

mod adapters;
mod cases;
mod differences;
mod learning;
mod resume;
mod training;
