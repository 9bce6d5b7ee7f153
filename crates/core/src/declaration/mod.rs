//! What is known of a connector before any call.

pub mod auth;
pub mod error;
pub(crate) mod mistake;
pub(crate) mod payload_rules;
pub mod redaction;
pub(crate) mod settings;
