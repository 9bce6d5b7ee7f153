//! What a handler answers with.

use lumos_connector_types::execution::{Effect, ExecutionSummary};
use lumos_connector_types::json::Json;
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::fingerprint;
use crate::token;

/// A payload with what stands beside it in the envelope.
///
/// A handler with nothing beside its payload returns the payload itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply<P> {
    /// What was asked for.
    pub payload: P,
    /// Where the listing goes on.
    pub page: Option<Page>,
    /// The app's own answers.
    pub raw_data: Option<Json>,
    /// What the connector learned about the app's rate limit; the SDK fills it in when it is `None`.
    pub rate_limit: Option<RateLimitResponseInfo>,
    /// What a writing capability did.
    pub execution_summary: Option<ExecutionSummary>,
}

impl<P> Reply<P> {
    /// A payload with nothing beside it.
    #[must_use]
    pub fn new(payload: P) -> Self {
        Self { payload, page: None, raw_data: None, rate_limit: None, execution_summary: None }
    }

    /// The same, going on at a cursor; `None` says that the listing ends here.
    ///
    /// # Errors
    /// `internal_error` when the cursor cannot be serialised.
    pub fn next_page<C: Serialize>(self, cursor: Option<C>) -> Result<Self> {
        let token = match cursor {
            Some(cursor) => token::encode(&[cursor])?,
            None => None,
        };
        Ok(self.page(Page { token, size: None }))
    }

    /// The same with a page as it is.
    #[must_use]
    pub fn page(mut self, page: Page) -> Self {
        self.page = Some(page);
        self
    }

    /// The same with the app's own answers, which belong in it only when the request asks for them.
    #[must_use]
    pub fn raw_data(mut self, raw_data: impl Into<Json>) -> Self {
        self.raw_data = Some(raw_data.into());
        self
    }

    /// The same with what the connector learned about the app's rate limit.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimitResponseInfo) -> Self {
        self.rate_limit = Some(rate_limit);
        self
    }

    /// The same with a summary of what was done.
    #[must_use]
    pub fn summary(mut self, summary: ExecutionSummary) -> Self {
        self.execution_summary = Some(summary);
        self
    }

    /// The same with what was done for a request, whose [fingerprint](fingerprint::of) goes with it, and whether doing
    /// it again would do nothing more.
    ///
    /// # Errors
    /// `internal_error` when the request cannot be serialised.
    pub fn did<T: Serialize + JsonSchema>(
        self,
        effect: Effect,
        request: &T,
        is_idempotent: bool,
    ) -> Result<Self> {
        Ok(self.summary(ExecutionSummary::new(effect, fingerprint::of(request)?, is_idempotent)))
    }
}

/// What a handler may return for an answer with the payload `P`: the payload, or a [`Reply`] around it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer of this capability",
    label = "expected `{P}` or `Reply<{P}>`",
    note = "a handler returns `Result` of the capability's payload, or of `Reply::new(payload)` with page, raw data or \
            summary"
)]
pub trait IntoReply<P>: Send {
    /// The payload and what stands beside it.
    fn into_reply(self) -> Reply<P>;
}

impl<P: Send> IntoReply<P> for P {
    fn into_reply(self) -> Reply<P> {
        Reply::new(self)
    }
}

impl<P: Send> IntoReply<P> for Reply<P> {
    fn into_reply(self) -> Reply<P> {
        self
    }
}
