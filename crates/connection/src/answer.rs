//! What comes back from a call that succeeded.

use std::time::Duration;

use lumos_connector_types::envelope::ResponseEnvelope;
use lumos_connector_types::execution::ExecutionSummary;
use lumos_connector_types::json::{Json, JsonObject, ReadError};
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use serde::de::DeserializeOwned;

/// A whole answer with its payload as JSON, from [`Connection::call`](crate::Connection::call).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// What was asked for.
    pub response: Json,
    /// Everything around it.
    pub end: PageEnd,
}

impl Answer {
    /// The answer as the envelope of a standard capability (contract §3).
    #[must_use]
    pub fn to_json(&self) -> Json {
        let envelope = ResponseEnvelope {
            response: &self.response,
            raw_data: self.end.raw_data.clone(),
            page: self.end.page.clone(),
            rate_limit: self.end.rate_limit.clone(),
            execution_summary: self.end.execution_summary.clone(),
        };
        // What was read as JSON has a JSON form.
        Json::new(&envelope).unwrap_or_default()
    }

    /// Reads the payload as a type, without coercion.
    ///
    /// # Errors
    /// When the payload is not of that type.
    pub fn read<R: DeserializeOwned>(self) -> Result<TypedAnswer<R>, ReadError> {
        let response = self.response.read().map_err(|error| error.inside("response"))?;
        Ok(TypedAnswer { response, end: self.end })
    }
}

/// A whole answer with its payload as a type, from [`Connection::call_typed`](crate::Connection::call_typed).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TypedAnswer<R> {
    /// What was asked for.
    pub response: R,
    /// Everything around it.
    pub end: PageEnd,
}

/// What an answer holds besides its payload, known when its last byte has arrived.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PageEnd {
    /// Where the listing goes on, as the connector sent it; `None` for null and for an answer without pages.
    pub page: Option<Page>,
    /// What the connector learned about the app's limits, to be sent with the next request.
    pub rate_limit: Option<RateLimitResponseInfo>,
    /// What a writing capability did.
    pub execution_summary: Option<ExecutionSummary>,
    /// The app's own answers, when they were asked for.
    pub raw_data: Option<Json>,
    /// Members of a payload that is an object, without those that were handed out as rows, such as the `cursor` of
    /// `list_updated_accounts`. Empty for [`Connection::call`](crate::Connection::call), which keeps the payload whole.
    pub members: JsonObject,
    /// How many rows were handed out.
    pub rows: u64,
    /// How many bytes the answer had.
    pub bytes: u64,
    /// How long the call took, from the request to the last byte, without the time the row sink took.
    pub elapsed: Duration,
    /// How long the row sink took.
    pub sink: Duration,
}

impl PageEnd {
    /// The token of the next page; `None` at the end of the listing. The empty token is one like any other: the
    /// contract ends a listing with null alone.
    #[must_use]
    pub fn next_token(&self) -> Option<&str> {
        self.page.as_ref().and_then(|page| page.token.as_deref())
    }
}
