//! A whole sync of a tenant that lives in this process: what is read, what is said about it, and what is left after it
//! was stopped.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod differences;
mod fence;
mod kill;
mod limits;
mod resume;
mod store;
mod tenant;
mod verdicts;
mod whole;
