//! How a connector talks to its app.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`http`] | the HTTP client of a call: logins, requests, answers |
//! | [`graphql`] | queries, typed data, errors in the terms of the contract |
//! | [`limit`], [`retry`] | the app's rate limits, and which requests are repeated |
//! | [`arbitrary_endpoint`] | any endpoint of the app, within a policy |
//! | [`transport`] | how requests leave the process |
//! | [`clock`] | the time by which the client waits |
//! | [`log_delivery`] | the requests that carry critical log lines to Lumos |
//! | [`oauth1`] | requests signed with OAuth 1.0 |
//! | [`jwt`], [`service_account`] | tokens that the connector signs itself |
//! | [`token_exchange`] | the requests that OAuth sends to token endpoints |

pub mod arbitrary_endpoint;
mod budget;
pub mod clock;
mod failure;
pub mod graphql;
pub mod http;
pub mod jwt;
pub mod limit;
mod log;
pub mod log_delivery;
pub mod oauth1;
pub mod retry;
pub mod service_account;
mod tls;
pub mod token_exchange;
pub mod transport;

pub use http::{HttpAnswer, HttpBuilder, HttpCall, HttpClient, HttpRequest};
/// The HTTP library beneath, for what this crate does not cover.
pub use reqwest;
