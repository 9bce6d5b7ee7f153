//! The HTTP client of a call.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::error::ConnectorErrorCode;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;

use super::answer::HttpAnswer;
use super::exchange::IsRefusal;
use super::link;
use super::login::Authorize;
use super::path::IntoPath;
use super::request::HttpRequest;
use crate::budget::Budget;
use crate::limit::Limiter;
use crate::retry::Retries;
use crate::transport::Route;

/// Requests of a batch that are under way at once, unless a rate limit allows fewer.
const BATCH: usize = 15;

/// Makes requests to one app, with its login. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) reqwest: reqwest::Client,
    pub(super) route: Route,
    pub(super) budget: Budget,
    pub(super) limiter: Option<Arc<Limiter>>,
    pub(super) retries: Retries,
    pub(super) base: Url,
    pub(super) login: Option<Arc<dyn Authorize>>,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    pub(super) max_answer_bytes: usize,
    pub(super) meanings: Vec<(u16, ConnectorErrorCode)>,
    /// In the order in which they were given; each sees what the one before made.
    pub(super) error_maps: Vec<Arc<ErrorMap>>,
    pub(super) refusals: Vec<IsRefusal>,
    /// Whether a connection that cannot be made is tried again.
    pub(super) retries_connecting: bool,
}

/// Makes the error of an answer a better one.
pub(super) type ErrorMap = dyn Fn(&HttpAnswer, ConnectorError) -> ConnectorError + Send + Sync;

macro_rules! methods {
    ($($name:ident => $method:ident, $doc:literal;)+) => {
        $(
            #[doc = $doc]
            pub fn $name(&self, path: impl IntoPath) -> HttpRequest {
                self.request(Method::$method, path)
            }
        )+
    };
}

impl HttpClient {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    methods! {
        get => GET, "A `GET` of a path.";
        post => POST, "A `POST` to a path.";
        put => PUT, "A `PUT` to a path.";
        patch => PATCH, "A `PATCH` of a path.";
        delete => DELETE, "A `DELETE` of a path; it may have a body.";
    }

    /// A request of any method.
    pub fn request(&self, method: Method, path: impl IntoPath) -> HttpRequest {
        HttpRequest::new(self.clone(), method, path.below(&self.0.base))
    }

    /// A request to an address that was checked already.
    pub(crate) fn request_to(&self, method: Method, url: Url) -> HttpRequest {
        HttpRequest::new(self.clone(), method, Ok(url))
    }

    /// A `GET` of an address that the app gave: a `Link` header, a `nextLink` in a body.
    ///
    /// Absolute addresses and absolute paths are taken as they are. A relative path stands below the base address, as the
    /// path of any request does. Where the app gives references that are relative to the page they stand on, such as
    /// `?page=2`, use [`HttpAnswer::link`], [`HttpAnswer::resolve`] or [`HttpAnswer::follow`], which know that page. A
    /// fragment is dropped.
    ///
    /// An address with another scheme, host or port is refused with `invalid_response` when the request is sent: the login
    /// goes nowhere but to the app.
    pub fn follow(&self, address: &str) -> HttpRequest {
        let refused =
            |problem: &str| Err(ConnectorError::invalid_response(format!("The app gave {problem}")));
        if address.trim_start().is_empty() || address.trim_start().starts_with(['?', '#']) {
            return self.request_within(refused(
                "an address that is relative to the page it stands on; `HttpAnswer::follow` knows that page",
            ));
        }
        let mut base = self.0.base.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let url = link::resolve(&base, address);
        self.request_within(url.map_or_else(|| refused("an address that is not a URL"), Ok))
    }

    /// A `GET` of an address, when it is the app's.
    pub(super) fn request_within(&self, url: Result<Url>) -> HttpRequest {
        let url = url.and_then(|url| match link::foreign(&self.0.base, &url) {
            None => Ok(url),
            Some(difference) => Err(ConnectorError::invalid_response(format!(
                "The app gave an address outside of its own: {difference}"
            ))),
        });
        HttpRequest::new(self.clone(), Method::GET, url)
    }

    /// Sends many requests, as many at once as the client's [`RateLimit`](crate::limit::RateLimit) allows, else
    /// fifteen. The answers come in the order of the requests; each is what [`HttpRequest::send`] gives, so an error status
    /// is an `Err`, and one that fails costs no other.
    pub async fn batch(&self, requests: impl IntoIterator<Item = HttpRequest>) -> Vec<Result<HttpAnswer>> {
        self.batch_with(requests, HttpRequest::send).await
    }

    /// Sends many requests as [`batch`](Self::batch) does, and gives what [`HttpRequest::read`] gives for each.
    pub async fn batch_read<T: DeserializeOwned + Send>(
        &self,
        requests: impl IntoIterator<Item = HttpRequest>,
    ) -> Vec<Result<T>> {
        self.batch_with(requests, HttpRequest::read).await
    }

    /// Sends many requests as [`batch`](Self::batch) does, and gives what [`HttpRequest::read_optional`] gives for each:
    /// `None` for what the app does not know, and for an empty id.
    ///
    /// ```
    /// # use lumos_connector_client::HttpClient;
    /// # use lumos_connector_core::error::Result;
    /// # #[derive(serde::Deserialize)] struct User { id: String }
    /// /// The users among these that there are.
    /// async fn users(http: &HttpClient, ids: &[String]) -> Result<Vec<User>> {
    ///     let requests = ids.iter().map(|id| http.get(["users", id]));
    ///     let found: Result<Vec<Option<User>>> = http.batch_read_optional(requests).await.into_iter().collect();
    ///     Ok(found?.into_iter().flatten().collect())
    /// }
    /// ```
    pub async fn batch_read_optional<T: DeserializeOwned + Send>(
        &self,
        requests: impl IntoIterator<Item = HttpRequest>,
    ) -> Vec<Result<Option<T>>> {
        self.batch_with(requests, HttpRequest::read_optional).await
    }

    async fn batch_with<T, F: Future<Output = Result<T>>>(
        &self,
        requests: impl IntoIterator<Item = HttpRequest>,
        send: impl Fn(HttpRequest) -> F,
    ) -> Vec<Result<T>> {
        let requests: Vec<_> = requests.into_iter().map(send).collect();
        stream::iter(requests).buffered(BATCH).collect().await
    }

    /// The address that paths stand below.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.0.base
    }

    /// The client beneath, for requests that this one cannot make. They carry no login and know no limits.
    #[must_use]
    pub fn reqwest(&self) -> &reqwest::Client {
        &self.0.reqwest
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("base", &self.0.base.as_str()).finish_non_exhaustive()
    }
}
