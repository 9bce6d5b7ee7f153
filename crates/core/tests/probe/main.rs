//! `probe_integration`, from the request's text to the answer's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod associations;
mod connector;
mod declaration;
mod entitlements;
mod inner_calls;
mod own_checks;
mod performable;
mod selection;
mod status;
mod timeouts;
