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
mod blocking;
mod budget;
pub mod clock;
mod content_coding;
mod failure;
pub mod graphql;
pub mod http;
mod json_text;
pub mod jwt;
pub mod limit;
mod log;
pub mod log_delivery;
mod moment;
pub mod oauth1;
pub mod retry;
pub mod service_account;
mod tls;
pub mod token_exchange;
pub mod transport;

use std::sync::Arc;

use log_delivery::HttpLogDelivery;
use lumos_connector_core::Integration;
use lumos_connector_core::log_delivery::SharedLogDelivery;
use token_exchange::HttpTokenExchange;

pub use blocking::blocking;
pub use http::{HttpAnswer, HttpBuilder, HttpCall, HttpClient, HttpRequest};
/// The HTTP library beneath, for what this crate does not cover.
pub use reqwest;

/// Gives a connector what only this crate has: ways to ask for OAuth tokens and to deliver critical log lines, and
/// proxy mode when it is built with the feature `proxy`.
pub fn install(integration: &Integration) {
    integration.exchange_tokens_with(HttpTokenExchange::default());
    integration.provide::<SharedLogDelivery>(Arc::new(HttpLogDelivery::default()));
    #[cfg(feature = "proxy")]
    integration.provide(lumos_connector_core::proxy::ProxySwitch::new(|integration| {
        if let Some(proxy) = transport::proxy::Proxy::lumos() {
            let route = transport::Route::from(proxy);
            integration.exchange_tokens_with(HttpTokenExchange::on(route.clone()));
            integration.provide(route);
        }
    }));
}
