//! One raw call to the app's API through the connector: request and answer of `fulfill_arbitrary_endpoint`.
//! An author who offers that capability decides which hosts, paths and headers may be used.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Seconds;
use crate::wire_enum;

wire_enum! {
    /// HTTP method of the call made by `fulfill_arbitrary_endpoint`.
    pub enum ArbitraryRequestMethod {
        /// Reads; sends no body.
        Get = "GET",
        /// Sends a body, to allow-listed paths only.
        Post = "POST",
    }
}

/// Request of `fulfill_arbitrary_endpoint`: one HTTP call that the connector makes with its own credentials.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-capability-level" = "read"))]
pub struct FulfillArbitraryEndpoint {
    /// Path relative to the API's base address, or an absolute URL with the same scheme, host and port as the
    /// base.
    pub url: String,
    /// HTTP method; null means `GET`.
    pub method: Option<ArbitraryRequestMethod>,
    /// Body to send as is with `POST`; it is refused with `GET`. Its content type comes from the allow-list.
    pub body: Option<String>,
    /// Query parameters, each with one or more values, added to a relative `url`; ignored when `url` is
    /// absolute.
    pub query: Option<IndexMap<String, Vec<String>>>,
    /// Request headers by name. Only allow-listed ones pass, and never `authorization`, `host` or `cookie`.
    pub headers: Option<IndexMap<String, String>>,
}

/// Answer of `fulfill_arbitrary_endpoint`: what the app returned, or why there is no answer.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ArbitraryResponse {
    /// True when the app answered with a 2xx status.
    pub ok: bool,
    /// HTTP status that the app returned; null when the call was refused or got no answer.
    pub status_code: Option<i64>,
    /// Response headers by name; empty when no answer came.
    pub headers: IndexMap<String, String>,
    /// Response body as text; null when no answer came.
    pub body: Option<String>,
    /// Content type of the response body; null when the app gave none or no answer came.
    pub content_type: Option<String>,
    /// Why the call was refused or got no answer; null when the app answered.
    pub error: Option<String>,
    /// Seconds to wait before the next try, from the response headers; null when `ok` or unknown.
    pub retry_after_seconds: Option<Seconds>,
    /// Full URL that was called, or that would have been called had it not been refused.
    pub resolved_url: String,
}
