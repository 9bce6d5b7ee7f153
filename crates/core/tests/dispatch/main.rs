//! What a connector built on this crate answers: declaration, dispatch, errors, tokens and fingerprints, held against
//! the contract.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod acme;
mod answers;
mod authentication;
mod calls;
mod combinations;
mod compile_errors;
mod credential_config;
mod customized;
mod declaration;
mod echoed_secrets;
mod error_classes;
mod error_mapping;
mod fingerprints;
mod fuzz;
mod large_requests;
mod oauth;
mod observation;
mod order;
mod panics;
mod statuses;
mod streamed;
mod tokens;
