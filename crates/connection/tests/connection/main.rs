//! Connections to a program that does what connectors must not (`tests/programs/faulty`).
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod file;
mod folder;
mod program;
mod server;
mod template;
