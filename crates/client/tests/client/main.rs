//! The HTTP client against an app on loopback that answers what a test tells it to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod app;
mod arbitrary_endpoint;
mod blocking;
mod connections;
mod environment;
mod faults;
mod graphql;
mod limits;
mod listings;
mod logins;
mod logs;
mod oauth1;
mod optional;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(feature = "proxy")]
mod proxy_tokens;
mod requests;
mod service_accounts;
mod setup;
mod token_exchange;
mod tokens;
