//! Tests of a connector: a fake app on loopback, cases in tables, ready assertions.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Suite`] | all cases of a connector, each run as a test of its own |
//! | [`Case`] | a request, the calls to the app that it causes, the answer that is expected |
//! | [`Exchange`], [`Upstream`] | the fake app: what it expects, what it answers, how it fails |
//! | [`recorded`], [`recordings`] | cases from calls of a connector that were recorded with `--record` |
//! | [`app_failures`], [`waits_when_throttled`] | cases that every connector should pass |
//!
//! Requests pass through what they pass through in production: dispatch the real HTTP client, and a real socket. In
//! every case, the secrets of the request must appear neither in the answer nor in the log.

mod case;
mod clock;
mod destination;
mod difference;
mod failures;
mod log;
mod placeholder;
mod recorded;
mod secrets;
mod suite;
mod upstream;

pub use case::{
    Case, Expected, ExpectedError, ExpectedListing, ExpectedResponse, case, error, listing, response,
};
pub use failures::{AppFailures, app_failures, waits_when_throttled};
pub use recorded::{recorded, recordings};
pub use suite::{Failures, Suite};
pub use upstream::{
    Answer, Exchange, Fault, Received, UnexpectedCalls, Upstream, answer, anything, call, delete, get, patch,
    post, put,
};

/// What tests of a connector import: `use lumos_connector_testing::prelude::*;`.
pub mod prelude {
    pub use std::time::Duration;

    #[doc(no_inline)]
    pub use crate::{
        Answer, Case, Exchange, Fault, Received, Suite, Upstream, answer, anything, app_failures, call, case,
        delete, error, get, listing, patch, post, put, recorded, recordings, response, waits_when_throttled,
    };
    pub use lumos_connector_types::error::ConnectorErrorCode;
    #[doc(hidden)]
    pub use serde_json::{Value, json};
}
