//! The app's rate limits: how requests are held back (contract §12).
//!
//! | | |
//! | --- | --- |
//! | [`RateLimit`] | what the app allows, for [`HttpBuilder::rate_limit`](crate::HttpBuilder::rate_limit) |
//! | [`extractor`] | what the app says about its limit in headers |
//!
//! | mode of the call | waits for the window | repeats refused requests | keeps state |
//! | --- | --- | --- | --- |
//! | `enforce` | yes | yes | yes |
//! | `retry_only` | no | yes | yes |
//! | `enforce_no_retry` | yes | no | yes |
//! | `bypass` | no | no | no |
//!
//! The mode comes from the capability, the connector, the caller or the capability's level, in that order; see
//! [`RateLimitContext`](lumos_connector_core::rate_limit::RateLimitContext). State is shared by the clones of a client
//! and by the clients of a call with the same configuration id. From call to call it goes through the caller.

mod config;
pub mod extractor;
mod limiter;
mod window;

pub use config::RateLimit;
pub(crate) use limiter::{Limiter, whole_seconds};
