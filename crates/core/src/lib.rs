//! What a connector is.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`Integration`], [`integration`] | a connector's declaration and its builder |
//! | [`Call`], [`FromCall`] | one call, and what handlers take from it |
//! | [`Reply`], [`Rows`] | what handlers answer with, in memory or row by row |
//! | [`error`] | errors and how they become error envelopes |
//! | [`auth`] | credentials: their models, their declaration |
//! | [`oauth`] | OAuth flows |
//! | [`probe`] | what a connector's probe checks |
//! | [`page`], [`listing`], [`token`] | pages of listings |
//! | [`rate_limit`] | how calls to the app are to be limited |
//! | [`proxy`] | whether requests go through the proxy |
//! | [`redaction`] | what never reaches a log |
//! | [`observation`] | what is known of a call when it has ended |
//! | [`log_delivery`] | sending critical log lines away |
//! | [`fingerprint`] | whether two requests are the same |
//! | [`answer`] | the answer, ready to be written |
//!
//! Nothing here opens a connection: clients and servers stand above.

pub mod answer;
mod app_info;
pub mod auth;
mod body;
mod builtin;
mod by_type;
mod call;
mod capability;
mod credentials;
mod dispatch;
mod envelope;
pub mod error;
pub mod fingerprint;
mod from_call;
mod info;
pub mod integration;
pub mod listing;
pub mod log_delivery;
pub mod oauth;
pub mod observation;
pub mod page;
mod payload_rules;
pub mod probe;
pub mod proxy;
mod python_json;
pub mod rate_limit;
pub mod redaction;
pub mod reply;
mod rows;
mod settings;
pub mod token;

pub use answer::Answer;
pub use call::Call;
pub use from_call::{Auth, FromCall, Settings};
pub use integration::Integration;
pub use reply::{Reply, Rows};
