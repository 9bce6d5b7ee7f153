//! The connector that `cargo xtask bench` measures. `conformance/bench/reference` is the same on the reference.
//!
//! It does no I/O of its own, so whatever differs between the two is the SDK.

mod accounts;
mod associations;
mod connection;
mod echo;
mod integration;
mod settings;

pub use integration::integration;
