//! What a handler answers with.

use futures_util::stream::{self, Stream, StreamExt};
use lumos_connector_types::execution::{Effect, ExecutionSummary};
use lumos_connector_types::json::Json;
use lumos_connector_types::page::Page;
use lumos_connector_types::rate_limit::RateLimitResponseInfo;
use schemars::JsonSchema;
use serde::Serialize;

use super::Call;
pub use super::body::Rows;
use super::body::{self, Body};
use super::fingerprint;
use crate::declaration::error::Result;

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

    /// Sets the page, which says where the listing goes on: that of a [`Listing`](crate::listing::Listing).
    #[must_use]
    pub fn page(mut self, page: Page) -> Self {
        self.page = Some(page);
        self
    }

    /// Sets the app's own answers. Set them only when the request asks for raw data.
    #[must_use]
    pub fn raw_data(mut self, raw_data: impl Into<Json>) -> Self {
        self.raw_data = Some(raw_data.into());
        self
    }

    /// Sets what the connector learned about the app's rate limit.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimitResponseInfo) -> Self {
        self.rate_limit = Some(rate_limit);
        self
    }

    /// Sets the summary of what was done.
    #[must_use]
    pub fn summary(mut self, summary: ExecutionSummary) -> Self {
        self.execution_summary = Some(summary);
        self
    }

    /// Sets the summary of what was done for a request: its effect, the [fingerprint](fingerprint::of) of the request, and
    /// whether a second such request would change nothing more.
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

    /// Sets what was done in a sentence for people, as the description of the summary that is there; `None` takes it
    /// away.
    ///
    /// ```
    /// use lumos_connector_core::Reply;
    /// use lumos_connector_types::payload::{ActivateAccount, ActivatedAccount, Effect};
    ///
    /// # fn main() -> lumos_connector_core::error::Result<()> {
    /// let request = ActivateAccount::default();
    /// let reply = Reply::new(ActivatedAccount::active()).did(Effect::updated(), &request, true)?;
    /// let has_expired = true;
    /// let reply = reply.described(has_expired.then(|| "Its password has expired".to_owned()));
    /// assert!(reply.execution_summary.unwrap().description.is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn described(mut self, description: Option<String>) -> Self {
        if let Some(summary) = &mut self.execution_summary {
            summary.description = description;
        }
        self
    }
}

impl<T: Send + 'static> Reply<Rows<T>> {
    /// Rows that are fetched while they are written, for listings too long to be held in memory.
    ///
    /// A page of a thousand rows is best returned as a `Vec`: it is as fast, and whatever goes wrong is an error
    /// envelope. Stream when one answer carries everything that the app has, over many pages of its own: memory then
    /// stays the same however long the listing is, and the first rows leave before the last are fetched.
    ///
    /// The price is paid by errors. One in the first 64 KiB of the answer is an error envelope as usual. After that the
    /// answer has begun: it breaks off, and what was sent does not parse. The command line then exits with status 1
    /// (a result file does not appear at all), the server breaks the connection off, and the log says why.
    ///
    /// ```
    /// use futures_util::{TryStreamExt, stream};
    /// use lumos_connector_core::{Reply, Rows, error::Result};
    /// use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
    ///
    /// # #[derive(Clone)] struct Acme;
    /// # impl Acme { async fn users(&self, page: u32) -> Result<Vec<String>> { Ok(Vec::new()) } }
    /// # impl lumos_connector_core::FromCall for Acme {
    /// #     async fn from_call(_: &lumos_connector_core::Call) -> Result<Self> { Ok(Self) }
    /// # }
    /// async fn list_accounts(acme: Acme, _: ListAccounts) -> Result<Reply<Rows<FoundAccountData>>> {
    ///     let pages = stream::try_unfold((acme, 1), async |(acme, number): (Acme, u32)| -> Result<_> {
    ///         let users = acme.users(number).await?;
    ///         let next = (acme, number + 1);
    ///         Ok(if users.is_empty() { None } else { Some((users, next)) })
    ///     });
    ///     let users = pages.map_ok(|users| stream::iter(users.into_iter().map(Ok))).try_flatten();
    ///     Ok(Reply::stream(users.map_ok(FoundAccountData::new)))
    /// }
    /// ```
    pub fn stream(rows: impl Stream<Item = Result<T>> + Send + 'static) -> Self {
        Self::new(Rows(rows.boxed()))
    }

    /// Answers with the rows of an iterator, one after the other: those of a file, or of a cursor that blocks briefly.
    ///
    /// ```
    /// use lumos_connector_core::{Reply, Rows, error::Result};
    /// use lumos_connector_types::payload::{FoundAccountData, ListAccounts};
    ///
    /// async fn list_accounts(_: (), _: ListAccounts) -> Result<Reply<Rows<FoundAccountData>>> {
    ///     let accounts = (0..1_000_000).map(|number| FoundAccountData::new(format!("acct-{number}")));
    ///     Ok(Reply::iter(accounts.map(Ok)))
    /// }
    /// ```
    pub fn iter<I>(rows: I) -> Self
    where
        I: IntoIterator<Item = Result<T>>,
        I::IntoIter: Send + 'static,
    {
        Self::stream(stream::iter(rows))
    }
}

/// What a handler may return for an answer with the payload `P`: the payload, or a [`Reply`] around it. Where the
/// payload is a list, its rows may also be [streamed](Reply::stream).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer of this capability",
    label = "expected `{P}` or `Reply<{P}>`",
    note = "a handler returns `Result` of the capability's payload, or of `Reply::new(payload)` with page, raw data or \
            summary"
)]
pub trait IntoReply<P>: Send {
    /// The payload, or how its rows are made.
    type Payload: Payload;

    /// The payload and what stands beside it.
    fn into_reply(self) -> Reply<Self::Payload>;
}

impl<P: Serialize + Send + 'static> IntoReply<P> for P {
    type Payload = P;

    fn into_reply(self) -> Reply<P> {
        Reply::new(self)
    }
}

impl<P: Serialize + Send + 'static> IntoReply<P> for Reply<P> {
    type Payload = P;

    fn into_reply(self) -> Self {
        self
    }
}

impl<T: Serialize + Send + 'static> IntoReply<Vec<T>> for Reply<Rows<T>> {
    type Payload = Rows<T>;

    fn into_reply(self) -> Self {
        self
    }
}

/// What can be written as the `response` of an envelope: values that serialise, and [`Rows`].
pub trait Payload: sealed::IntoBody {}

impl<P: sealed::IntoBody> Payload for P {}

pub(crate) mod sealed {
    use super::{Body, Call, Reply, Result, Rows, Serialize, body};

    pub trait IntoBody: Send + Sized + 'static {
        fn into_body(
            reply: Reply<Self>,
            call: Call,
            custom: bool,
        ) -> impl Future<Output = Result<Body>> + Send;
    }

    impl<P: Serialize + Send + 'static> IntoBody for P {
        async fn into_body(reply: Reply<P>, call: Call, custom: bool) -> Result<Body> {
            Ok(Body::Payload(body::envelope(reply, call.rate_limit_report().take(), custom)))
        }
    }

    impl<T: Serialize + Send + 'static> IntoBody for Rows<T> {
        async fn into_body(reply: Reply<Self>, call: Call, custom: bool) -> Result<Body> {
            body::streamed(reply, call, custom).await
        }
    }
}
