//! The integration tests, one binary: see each file for what it holds the program to.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod index;
