//! End-to-end tests, in one binary: every suite is a module.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test may fail it as the test itself may"
)]

mod ask;
mod cache;
mod cards;
mod catalogue;
mod chat;
mod checkpoint;
mod compare;
mod counts;
mod desk;
mod finetune;
mod hub;
mod index;
mod judged;
mod models;
mod plain;
mod settings;
mod text;
mod try_model;
