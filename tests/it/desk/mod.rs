//! The desk: screens as a reader sees them, keys, hostile text, and a real terminal.

mod cards;
mod chatting;
mod comparing;
mod double;
mod every_key;
mod hostile;
mod keys;
mod models;
#[cfg(unix)]
mod pty;
mod screens;
mod sizes;
mod trying;
mod tuning;
mod working;
