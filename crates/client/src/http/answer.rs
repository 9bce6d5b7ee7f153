//! What the app answered.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, HttpStatusError, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LINK};
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::client::HttpClient;
use super::link;
use crate::limit::whole_seconds;
use crate::retry::{self, Retryable};

/// A whole answer of the app.
#[derive(Clone)]
pub struct HttpAnswer {
    pub(super) client: HttpClient,
    pub(super) method: Method,
    /// The address without the login.
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) given_up: Option<GivenUp>,
}

/// That the answer was refused or failed to the last retry.
#[derive(Debug, Clone, Copy)]
pub(super) struct GivenUp {
    pub(super) retryable: Retryable,
    /// When another attempt makes sense.
    pub(super) retry_after: Duration,
    /// Whether the client has a rate limit.
    pub(super) limited: bool,
}

impl HttpAnswer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header as text; `None` when it is not there or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address that was asked, without a login in it.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body, without the rest.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// The body as text, in the character set that the answer names, else UTF-8. What is not text becomes `�`.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        let charset = self.content_type().and_then(|kind| {
            let parameters = kind.split(';').skip(1);
            let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
            named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value)
        });
        let encoding = charset
            .and_then(|charset| encoding_rs::Encoding::for_label(charset.trim().trim_matches('"').as_bytes()))
            .unwrap_or(encoding_rs::UTF_8);
        encoding.decode(&self.body).0
    }

    /// The body as JSON of a type.
    ///
    /// # Errors
    /// `invalid_response` when it is not; the message says where and what was expected, not what was found.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let problem = error.to_string();
            // serde_json repeats the value that it found: it may be personal.
            let problem = match problem.split_once(", expected ") {
                Some((_, expected)) => format!("expected {expected}"),
                None => problem,
            };
            ConnectorError::invalid_response(format!(
                "[{}][{} {}] the answer is not the JSON that it should be: {problem}",
                self.status.as_u16(),
                self.method,
                self.place()
            ))
        })
    }

    /// The same answer when its status is 2xx.
    ///
    /// # Errors
    /// Otherwise an [`HttpStatusError`], with the code that [`on_status`](super::HttpBuilder::on_status) gives it.
    pub fn success(self) -> Result<Self> {
        if self.is_success() { Ok(self) } else { Err(self.error()) }
    }

    /// The error that the answer is, whatever its status.
    ///
    /// A client with a rate limit says `rate_limit` or `bad_gateway` of an answer that did not get better to the last
    /// retry. [`map_error`](super::HttpBuilder::map_error) has the last word, and must not ask for it.
    #[must_use]
    pub fn error(&self) -> ConnectorError {
        let status = self.status();
        let error = HttpStatusError::new(status, &self.place(), self.content_type(), &self.text());
        let meaning = self.client.inner().meanings.iter().rev().find(|(of, _)| *of == status);
        let error = match (meaning, self.given_up) {
            (Some((_, code)), _) => ConnectorError::from(error).code(*code),
            (None, Some(given_up)) if given_up.limited => {
                given_up.error(error.to_string()).status_code(status).caused_by(error)
            }
            (None, _) => error.into(),
        };
        let error = self.with_retry_after(error);
        match &self.client.inner().explain {
            Some(explain) => explain(self, error),
            None => error,
        }
    }

    /// The error of an answer that refuses the request for now, though its status does not say so.
    pub(crate) fn refusal(&self, message: String) -> ConnectorError {
        self.with_retry_after(ConnectorError::rate_limit(message))
    }

    /// The error with the time after which another attempt makes sense, when it is known.
    fn with_retry_after(&self, error: ConnectorError) -> ConnectorError {
        let seconds = self.given_up.map(GivenUp::seconds);
        match seconds.or_else(|| i64::try_from(whole_seconds(self.retry_after()?)).ok()) {
            Some(seconds) => error.retry_after_seconds(seconds),
            None => error,
        }
    }

    /// Where a `Link` header points (RFC 8288): `link("next")` is the next page of a listing, for
    /// [`follow`](HttpClient::follow).
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<String> {
        let headers = self.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        headers.filter_map(|header| link::target(header, relation)).next().map(str::to_owned)
    }

    /// What `Retry-After` says, in seconds or as a date.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry::retry_after(&self.headers, self.client.inner().budget.clock.unix())
    }

    fn content_type(&self) -> Option<&str> {
        self.header(CONTENT_TYPE.as_str())
    }

    /// The address without its parameters.
    fn place(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.into()
    }
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpAnswer({} to {} {})", self.status, self.method, self.place())
    }
}
