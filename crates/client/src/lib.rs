//! How a connector talks to its app.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`http`] | the HTTP client of a call: logins, requests, answers |
//! | [`graphql`] | queries, typed data, errors in the terms of the contract |
//! | [`lenient`] | JSON of apps that write names, numbers and lists in their own way |
//! | [`limit`], [`retry`] | the app's rate limits, and which requests are repeated |
//! | [`arbitrary_endpoint`] | any endpoint of the app, within a policy |
//! | [`transport`] | how requests leave the process |
//! | [`clock`] | the time by which the client waits |
//! | [`log_delivery`] | the requests that carry critical log lines to Lumos |
//! | [`oauth1`] | requests signed with OAuth 1.0 |
//! | [`jwt`], [`service_account`] | tokens that the connector signs itself |
//! | [`token_exchange`] | the requests that OAuth sends to token endpoints |
//! | [`tls`] | with the feature `tls`: TLS for protocols other than HTTP |

pub mod arbitrary_endpoint;
mod blocking;
mod budget;
pub mod clock;
mod content_coding;
mod failure;
pub mod graphql;
pub mod http;
mod json_text;
pub mod jwt;
pub mod lenient;
pub mod limit;
mod log;
pub mod log_delivery;
mod moment;
pub mod oauth1;
pub mod retry;
pub mod service_account;
pub mod tls;
pub mod token_exchange;
pub mod transport;

use log_delivery::HttpLogDelivery;
use lumos_connector_core::host::{Host, HostBuilder};
use lumos_connector_core::recording::HttpMode;
use token_exchange::HttpTokenExchange;

pub use blocking::blocking;
pub use http::{HttpAnswer, HttpBuilder, HttpCall, HttpClient, HttpRequest};
/// The HTTP library beneath, for what this crate does not cover.
pub use reqwest;

/// Begins a host that can send requests: for OAuth tokens, with critical log lines, and in proxy mode when this crate is
/// built with the feature `proxy`. It can record requests and replay them.
pub fn host() -> HostBuilder {
    let host = Host::builder()
        .token_exchange(HttpTokenExchange::default())
        .log_delivery(HttpLogDelivery::default())
        .http_mode(|host, mode| {
            let route = host.current_transport::<transport::Route>().cloned().unwrap_or_default();
            // What is not sent need not be waited for.
            let host = match &mode {
                HttpMode::Replay(_) => host.clock(clock::VirtualClock::default()),
                HttpMode::Record(_) => host,
            };
            route.in_mode(mode).carry(host)
        });
    #[cfg(feature = "proxy")]
    let host = host.proxy_mode(|host| match transport::proxy::Proxy::lumos() {
        Some(proxy) => transport::Route::from(proxy).carry(host),
        None => host,
    });
    host
}
