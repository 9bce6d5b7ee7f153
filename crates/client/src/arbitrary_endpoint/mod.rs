//! `fulfill_arbitrary_endpoint`: one call to any endpoint of the app, with the connector's login (contract §14).
//!
//! The caller chooses the address, so the rules are strict: only the app's own host, no `..` in any spelling (even encoded
//! twice, or beside `\` and `;`), no login in the address, `POST` and headers only as the [`Policy`] lists them, no redirects. What breaks a rule is an answer with
//! `ok: false` and the reason; nothing is sent then.

mod address;
mod answer;
mod policy;

pub use policy::{Policy, RateLimitReset};

use std::future::Future;

use lumos_connector_core::FromCall;
use lumos_connector_core::error::Result;
use lumos_connector_types::arbitrary_endpoint::{
    ArbitraryRequestMethod, ArbitraryResponse, FulfillArbitraryEndpoint,
};
use reqwest::{Method, Url};

use crate::http::{HttpClient, HttpRequest};

/// Why a call is not made: a sentence for the caller, and the address as far as it is known.
#[derive(Debug)]
struct Refused {
    reason: String,
    resolved_url: String,
}

impl Refused {
    fn new(reason: impl Into<String>, resolved_url: impl Into<String>) -> Self {
        Self { reason: reason.into(), resolved_url: resolved_url.into() }
    }
}

impl Policy {
    /// The handler of `fulfill_arbitrary_endpoint` under this policy. `http` gives the client that sends the calls, from
    /// whatever the connector's handlers take first.
    ///
    /// Each call is made once: a 429 is an answer with `retry_after_seconds`, not a wait.
    ///
    /// ```
    /// use lumos_connector_client::HttpClient;
    /// use lumos_connector_client::arbitrary_endpoint::Policy;
    /// use lumos_connector_client::http::HttpCall;
    /// use lumos_connector_core::{Call, FromCall, Integration, error::Result};
    /// use lumos_connector_types::capability::marker as capability;
    /// use lumos_connector_types::payload::TokenCredential;
    ///
    /// struct AcmeClient { http: HttpClient }
    ///
    /// impl FromCall for AcmeClient {
    ///     async fn from_call(call: &Call) -> Result<Self> {
    ///         let token: TokenCredential = call.auth()?;
    ///         Ok(AcmeClient { http: call.http().bearer(token).base_url("https://api.acme.test/v1")? })
    ///     }
    /// }
    ///
    /// let policy = Policy::new().post("users/search", "application/json").header("accept");
    /// let builder = Integration::builder("acme", "1.0.0").capability(
    ///     capability::FulfillArbitraryEndpoint,
    ///     policy.handler(|acme: AcmeClient| acme.http),
    /// );
    /// # drop(builder);
    /// ```
    pub fn handler<X: FromCall>(
        self,
        http: impl Fn(X) -> HttpClient + Clone + Send + Sync + 'static,
    ) -> impl Fn(X, FulfillArbitraryEndpoint) -> ArbitraryCall + Send + Sync + 'static {
        let policy = std::sync::Arc::new(self);
        move |argument, request| {
            let (policy, http) = (policy.clone(), http(argument));
            Box::pin(async move { policy.fulfill(&http, request).await })
        }
    }

    /// Makes one call, for a handler of the connector's own.
    ///
    /// # Errors
    /// When the app answers 401, or the connector's login does not fit the request. Everything else is an answer.
    pub async fn fulfill(
        &self,
        http: &HttpClient,
        request: FulfillArbitraryEndpoint,
    ) -> Result<ArbitraryResponse> {
        let (request, url) = match self.request(http, request) {
            Ok(allowed) => allowed,
            Err(Refused { reason, resolved_url }) => return Ok(answer::none(reason, resolved_url)),
        };
        match request.once().send_any().await {
            Ok(answered) if answered.status() == 401 => Err(answered.error()),
            Ok(answered) => Ok(answer::of(&answered, url.into(), self.rate_limit_reset)),
            Err(error) => answer::of_failure(error, url.into()),
        }
    }

    /// The request to the app, when the policy allows it.
    fn request(
        &self,
        http: &HttpClient,
        request: FulfillArbitraryEndpoint,
    ) -> Result<(HttpRequest, Url), Refused> {
        let FulfillArbitraryEndpoint { url, method, body, query, headers } = request;
        let url = address::resolve(http.base(), &url, query.as_ref())?;
        let mut outgoing = match (method, body) {
            (Some(ArbitraryRequestMethod::Post), body) => {
                let content_type = self
                    .content_type(http.base(), &url)
                    .ok_or_else(|| Refused::new("POST is not allowed for this path.", url.as_str()))?;
                http.request_to(Method::POST, url.clone()).body(content_type, body.unwrap_or_default())
            }
            (_, Some(_)) => {
                return Err(Refused::new("Only POST takes a body.", url.as_str()));
            }
            (_, None) => http.request_to(Method::GET, url.clone()),
        };
        for (name, value) in headers.iter().flatten() {
            self.check_header(name, value).map_err(|reason| Refused::new(reason, url.as_str()))?;
            outgoing = outgoing.header(name, value);
        }
        Ok((outgoing, url))
    }
}

/// A call on its way.
pub type ArbitraryCall = std::pin::Pin<Box<dyn Future<Output = Result<ArbitraryResponse>> + Send>>;
