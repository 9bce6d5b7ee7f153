//! What the crate promises about the wire, held against the contract's own data.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod capabilities;
mod coercion;
mod comparison;
mod data;
mod either;
mod enums;
mod nesting;
mod numbers;
mod reader;
mod refusals;
mod samples;
mod schemas;
mod secrets;
mod strictness;
mod texts;
mod times;
mod values;
