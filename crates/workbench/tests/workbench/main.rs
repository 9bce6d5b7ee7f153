//! The workbench over HTTP: what it shows, and whom it refuses.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attacks;
mod browser;
#[cfg(unix)]
mod connection;
mod fixture;
mod tenant;
