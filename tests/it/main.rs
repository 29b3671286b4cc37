//! End-to-end tests, in one binary.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test may fail it as the test itself may"
)]

mod desk;
