//! How a connector talks to its app.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`http`] | the HTTP client of a call: logins, requests, answers |
//! | [`limit`], [`retry`] | the app's rate limits, and which requests are repeated |
//! | [`transport`] | how requests leave the process |
//! | [`clock`] | the time by which the client waits |
//! | [`token_exchange`] | the requests that OAuth sends to token endpoints |

mod budget;
pub mod clock;
mod failure;
pub mod http;
pub mod limit;
mod log;
pub mod retry;
mod tls;
pub mod token_exchange;
pub mod transport;

pub use http::{HttpAnswer, HttpBuilder, HttpCall, HttpClient, HttpRequest};
/// The HTTP library beneath, for what this crate does not cover.
pub use reqwest;
