//! What caller and connector tell each other about the app's rate limits. The SDK's HTTP client reads and
//! fills it; an author rarely touches anything but [`RateLimitMode`].

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire_enum;

wire_enum! {
    /// How requests to the app are held back and repeated. The capability's choice wins over the connector's,
    /// and that over the caller's.
    pub enum RateLimitMode {
        /// Waits for room in the window, and repeats requests the app refused for now.
        Enforce = "enforce",
        /// Never waits for the window, but repeats requests the app refused for now.
        RetryOnly = "retry_only",
        /// No limiter at all.
        Bypass = "bypass",
        /// Waits for room in the window, makes one attempt and hands its response back.
        EnforceNoRetry = "enforce_no_retry",
    }
}

wire_enum! {
    /// Where the figures of a snapshot come from.
    pub enum RateLimitStateSnapshotSource {
        /// The app's response headers.
        ApiHeaders = "api_headers",
        /// The SDK's own count of requests.
        SdkCounter = "sdk_counter",
    }
}

/// State of one rate limit at a moment, which the caller keeps from an answer and returns with the next
/// request.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RateLimitStateSnapshot {
    /// Requests still allowed in the current window; null when not known.
    pub remaining: Option<i64>,
    /// Requests allowed per window; null when not known.
    pub limit: Option<i64>,
    /// Time the window ends, in seconds since the Unix epoch; null when not known.
    pub reset: Option<i64>,
    /// Length of the window, in seconds; null when not known.
    pub window_seconds: Option<i64>,
    /// Delay currently kept between attempts, in whole seconds; null when not known.
    pub current_delay: Option<i64>,
    /// Where the figures come from; null when not known.
    pub source: Option<RateLimitStateSnapshotSource>,
}

/// What the caller says about rate limits in the `rate_limit` of any request.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RateLimitRequestInfo {
    /// How often the caller has tried this request before; null when it does not say.
    pub caller_retry_attempt: Option<i64>,
    /// Latest snapshots, by the identifier of the rate limit configuration; unknown identifiers are ignored.
    pub last_known_state: Option<IndexMap<String, RateLimitStateSnapshot>>,
    /// Mode to use where neither capability nor connector sets one; null for the default.
    pub caller_override_mode: Option<RateLimitMode>,
    /// Seconds the call may take, of which the SDK keeps 10 in reserve; null for 1800.
    pub max_execution_time: Option<i64>,
}

/// What the connector says about rate limits in the `rate_limit` of a successful answer.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RateLimitResponseInfo {
    /// Snapshots to send with the next request, by the identifier of the rate limit configuration.
    pub current_state: Option<IndexMap<String, RateLimitStateSnapshot>>,
}
