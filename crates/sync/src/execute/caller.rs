//! What a sync needs of a connector.

use std::time::Duration;

use lumos_connection::{CallError, CallRequest, Connection, RowBatch, RowSink, SinkError};
use lumos_connector_types::error::ConnectorErrorCode;
use lumos_connector_types::info::Info;
use lumos_connector_types::json::{Json, JsonObject};
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::{RateLimitRequestInfo, RateLimitResponseInfo};

use super::page::PageRows;

/// A call for one page.
#[derive(Clone, Debug, Default)]
pub struct PageCall {
    /// The capability.
    pub capability: String,
    /// The payload of the request, as JSON.
    pub request: String,
    /// The token of the page; `None` for the first.
    pub token: Option<String>,
    /// Rows asked for; `None` leaves it to the connection file and the connector.
    pub size: Option<u32>,
    /// What the connector is told about the app's limits.
    pub rate_limit: Option<RateLimitRequestInfo>,
}

/// What an answer holds besides its rows.
#[derive(Clone, Debug, Default)]
pub struct PageAnswer {
    /// The token of the next page; `None` at the end.
    pub next: Option<String>,
    /// What the connector learned about the app's limits.
    pub rate_limit: Option<RateLimitResponseInfo>,
    /// Members of a payload that is an object, without its lists.
    pub members: JsonObject,
    /// Time that the connector took.
    pub elapsed: Duration,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    /// A name of the kind of failure that stays the same between releases.
    pub kind: String,
    /// What happened, without secrets.
    pub message: String,
    /// Whether the same call may succeed later.
    pub may_pass: bool,
    /// Whether it is no failure but asks for patience: the app's limit, or the call's budget of time.
    pub asks_to_wait: bool,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    /// Whether the credentials were refused.
    pub is_unauthorized: bool,
}

/// What a sync needs of a connector. [`Connection`] has it; tests bring a connector of their own.
pub trait Caller: Send + Sync {
    /// What must be the same when a stopped sync goes on.
    fn fingerprint(&self) -> String;

    /// What the connector offers.
    fn info(&self) -> impl Future<Output = Result<Info, CallFailure>> + Send;

    /// Reads a page, its rows while they arrive.
    fn page(
        &self,
        call: PageCall,
        rows: &mut PageRows,
    ) -> impl Future<Output = Result<PageAnswer, CallFailure>> + Send;

    /// Reads the secrets of the connection again, after its credentials were refused.
    fn reload_secrets(&self) -> impl Future<Output = ()> + Send;
}

impl Caller for Connection {
    fn fingerprint(&self) -> String {
        Self::fingerprint(self)
    }

    async fn info(&self) -> Result<Info, CallFailure> {
        let info = Box::pin(Self::info(self)).await;
        info.map(|info| info.info.clone()).map_err(|error| CallFailure::new("info", error.to_string()))
    }

    async fn page(&self, call: PageCall, rows: &mut PageRows) -> Result<PageAnswer, CallFailure> {
        let payload =
            Json::from_text(call.request).map_err(|error| CallFailure::new("request", error.to_string()))?;
        let mut request = CallRequest::new(payload);
        let size = call.size.or_else(|| self.limits().page_size_of(&call.capability));
        if call.token.is_some() || size.is_some() {
            request = request.page(Page { token: call.token, size: size.map(i64::from) });
        }
        if let Some(rate_limit) = call.rate_limit {
            request = request.rate_limit(rate_limit);
        }
        let mut sink = Sink(rows);
        // Large futures of a connection live on the heap.
        let end = Box::pin(self.call_rows(&call.capability, request, &mut sink)).await?;
        Ok(PageAnswer {
            next: end.next_token().map(str::to_owned),
            rate_limit: end.rate_limit,
            members: end.members,
            elapsed: end.elapsed,
        })
    }

    async fn reload_secrets(&self) {
        // Where they cannot be read, those that were there stay, and the next call says what is wrong with them.
        let _ = Self::reload_secrets(self).await;
    }
}

struct Sink<'a>(&'a mut PageRows);

impl RowSink for Sink<'_> {
    async fn rows(&mut self, batch: RowBatch) -> Result<(), SinkError> {
        for row in batch.iter() {
            self.0.push(batch.member(), row)?;
        }
        Ok(())
    }
}

impl CallFailure {
    /// A failure that does not pass.
    #[must_use]
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
            may_pass: false,
            asks_to_wait: false,
            retry_after: None,
            is_unauthorized: false,
        }
    }

    /// Makes it a failure that may pass.
    #[must_use]
    pub fn passing(mut self) -> Self {
        self.may_pass = true;
        self
    }

    /// Makes it a request to wait for so long.
    #[must_use]
    pub fn wait(mut self, retry_after: Duration) -> Self {
        self.may_pass = true;
        self.asks_to_wait = true;
        self.retry_after = Some(retry_after);
        self
    }
}

impl From<CallError> for CallFailure {
    fn from(error: CallError) -> Self {
        let code = error.code();
        let is_throttled =
            matches!(code, Some(ConnectorErrorCode::RateLimit | ConnectorErrorCode::BudgetExhausted))
                || matches!(error, CallError::Status { status: 429, .. });
        // What cannot be read may be a page that was cut on its way. Reading it again does no harm.
        let may_pass = is_throttled || error.is_retryable() || matches!(error, CallError::Garbage { .. });
        Self {
            kind: error.kind().to_owned(),
            may_pass,
            asks_to_wait: is_throttled,
            retry_after: error.retry_after(),
            is_unauthorized: matches!(
                code,
                Some(ConnectorErrorCode::Unauthorized | ConnectorErrorCode::AuthenticationExpired)
            ),
            message: error.to_string(),
        }
    }
}
