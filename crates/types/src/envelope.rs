//! Envelopes: what stands around the payload of every request and answer (contract §3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::AuthCredential;
use crate::execution::ExecutionSummary;
use crate::json::{Json, JsonObject};
use crate::page::Page;
use crate::rate_limit::{RateLimitRequestInfo, RateLimitResponseInfo};

/// A payload without fields: what `info` shows in place of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub struct Empty {}

/// A request of a capability that takes credentials.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RequestEnvelope<P> {
    /// The credential of a connector with a single one.
    pub auth: Option<AuthCredential>,
    /// The credentials of a connector with several, each with its `id`.
    pub credentials: Option<Vec<AuthCredential>>,
    /// What is asked.
    pub request: P,
    /// Whether the answer may carry the app's own answers in `raw_data`.
    pub include_raw_data: Option<bool>,
    /// Which page of a listing is asked for.
    pub page: Option<Page>,
    /// The connector's settings, in the form it declares in `info`.
    pub settings: Option<JsonObject>,
    /// How the caller wants calls to the app limited.
    pub rate_limit: Option<RateLimitRequestInfo>,
}

/// A request of a capability that takes no credentials: the steps of OAuth and the check of a credential's form.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct OpenRequestEnvelope<P> {
    /// What is asked.
    pub request: P,
    /// Whether the answer may carry the app's own answers in `raw_data`.
    pub include_raw_data: Option<bool>,
    /// Which page of a listing is asked for.
    pub page: Option<Page>,
    /// The connector's settings, in the form it declares in `info`.
    pub settings: Option<JsonObject>,
    /// How the caller wants calls to the app limited.
    pub rate_limit: Option<RateLimitRequestInfo>,
}

/// The answer of a standard capability.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ResponseEnvelope<P> {
    /// What was asked for.
    pub response: P,
    /// The app's own answers, by call.
    pub raw_data: Option<Json>,
    /// Where the listing goes on; its token is null at the end.
    pub page: Option<Page>,
    /// What the connector learned about the app's rate limit.
    pub rate_limit: Option<RateLimitResponseInfo>,
    /// What a writing capability did.
    pub execution_summary: Option<ExecutionSummary>,
}

/// The answer of a custom capability: the same fields in another order.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CustomResponseEnvelope<P> {
    /// Where the listing goes on; its token is null at the end.
    pub page: Option<Page>,
    /// The app's own answers, by call.
    pub raw_data: Option<Json>,
    /// What a writing capability did.
    pub execution_summary: Option<ExecutionSummary>,
    /// What the connector learned about the app's rate limit.
    pub rate_limit: Option<RateLimitResponseInfo>,
    /// What was asked for.
    pub response: P,
}
