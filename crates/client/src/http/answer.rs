//! What the app answered.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, HttpStatusError, Result};
use lumos_connector_core::listing::PagingError;
use lumos_connector_types::error::ConnectorErrorCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LINK};
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::client::HttpClient;
use super::link;
use super::request::HttpRequest;
use crate::json_text;
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
    /// Whether `refused_when` takes it for a refusal.
    pub(super) refused: bool,
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
        let encoding = self
            .charset()
            .and_then(|charset| encoding_rs::Encoding::for_label(charset.as_bytes()))
            .unwrap_or(encoding_rs::UTF_8);
        encoding.decode(&self.body).0
    }

    /// The body as JSON of a type.
    ///
    /// A byte-order mark is skipped, UTF-16, UTF-32 and a character set that the answer names are read, and of a name that
    /// an object has twice the last value counts, as in the reference. `NaN` and `Infinity` are refused.
    ///
    /// # Errors
    /// `invalid_response` when it is not; the message says where and what was expected, not what was found, or that the
    /// answer is empty or a web page.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let unreadable = |problem: &str| {
            ConnectorError::invalid_response(format!(
                "{} the answer is not the expected JSON: {problem}",
                self.summary()
            ))
        };
        let text =
            json_text::decode(&self.body, self.charset()).ok_or_else(|| unreadable("it is not UTF-8"))?;
        json_text::read(&text).map_err(|error| {
            let problem = error.to_string();
            match text.trim_start().chars().next() {
                None => unreadable("it is empty"),
                Some('<') => unreadable("it is a web page").with_hint(
                    "Check the address of the app, and that the login does not lead to a sign-in page.",
                ),
                // serde_json repeats the value that it found: it may be personal.
                Some(_) => match problem.split_once(", expected ") {
                    Some((_, expected)) => unreadable(&format!("expected {expected}")),
                    None => unreadable(&problem),
                },
            }
        })
    }

    /// The same answer when its status is 2xx and it does not refuse the request for now.
    ///
    /// # Errors
    /// Otherwise [what it means](Self::error).
    pub fn success(self) -> Result<Self> {
        if self.is_success() && !self.refused { Ok(self) } else { Err(self.error()) }
    }

    /// The same answer when its status is 2xx, and `None` when it says that what was asked for does not exist: a 404, or
    /// another status that means `not_found` by [`on_status`](super::HttpBuilder::on_status) or
    /// [`map_error`](super::HttpBuilder::map_error). A 404 to which these give another code is an error.
    ///
    /// # Errors
    /// As [`success`](Self::success).
    pub fn optional(self) -> Result<Option<Self>> {
        if self.is_success() && !self.refused {
            return Ok(Some(self));
        }
        let error = self.error();
        let unchanged = || {
            let status = ConnectorError::from(HttpStatusError::new(404, "", None, ""));
            self.status() == 404 && error.code() == status.code()
        };
        if !self.refused && (error.code() == ConnectorErrorCode::NotFound || unchanged()) {
            return Ok(None);
        }
        Err(error)
    }

    /// The same answer when its status is one of these. An error status that is among them is no error: `[204, 404]`
    /// takes both for a deletion.
    ///
    /// # Errors
    /// For another error status, [what it means](Self::error); for another status that is none, `invalid_response`.
    pub fn expect_status<const N: usize>(self, statuses: [u16; N]) -> Result<Self> {
        if self.refused {
            return Err(self.error());
        }
        if statuses.contains(&self.status()) {
            return Ok(self);
        }
        if !self.is_success() {
            return Err(self.error());
        }
        let expected = statuses.map(|status| status.to_string()).join(" or ");
        Err(ConnectorError::invalid_response(format!("{} expected the status {expected}", self.summary()))
            .with_status_code(self.status()))
    }

    /// The error that the answer is, whatever its status.
    ///
    /// | the answer | the error |
    /// | --- | --- |
    /// | [`refused_when`](super::HttpBuilder::refused_when) takes it for a refusal | `rate_limit` |
    /// | its status has a meaning of its own by [`on_status`](super::HttpBuilder::on_status) | that code |
    /// | it refused to the last retry | `rate_limit` |
    /// | it failed to the last retry, and the client has a rate limit | `bad_gateway` |
    /// | anything else | [`HttpStatusError`], whose code the connector's handlers choose |
    ///
    /// [`map_error`](super::HttpBuilder::map_error) has the last word, and must not ask for it.
    #[must_use]
    pub fn error(&self) -> ConnectorError {
        self.mapped(self.unmapped_error())
    }

    /// The error before `map_error` has seen it.
    pub(crate) fn unmapped_error(&self) -> ConnectorError {
        let status = self.status();
        let error = HttpStatusError::new(status, &self.place(), self.content_type(), &self.text());
        let meaning = self.client.inner().meanings.iter().rev().find(|(of, _)| *of == status);
        let error = match (meaning, self.given_up) {
            _ if self.refused => {
                ConnectorError::rate_limit(error.to_string()).with_status_code(status).with_source(error)
            }
            (Some((_, code)), _) => ConnectorError::from(error).with_code(*code),
            (None, Some(given_up)) if given_up.limited || given_up.is_refusal() && status != 429 => {
                given_up.error(error.to_string()).with_status_code(status).with_source(error)
            }
            (None, _) => error.into(),
        };
        self.with_retry_after(error)
    }

    /// The error as `map_error` makes it.
    pub(crate) fn mapped(&self, error: ConnectorError) -> ConnectorError {
        self.client.inner().error_maps.iter().fold(error, |error, map| map(self, error))
    }

    /// Whether the client or the request takes the answer for a refusal, whatever its status.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused
    }

    /// The error of an answer that refuses the request for now, though its status does not say so.
    pub(crate) fn refusal(&self, message: String) -> ConnectorError {
        self.with_retry_after(ConnectorError::rate_limit(message))
    }

    /// The error with the time after which another attempt makes sense, when it is known.
    fn with_retry_after(&self, error: ConnectorError) -> ConnectorError {
        let seconds = self.given_up.map(GivenUp::seconds);
        match seconds.or_else(|| i64::try_from(whole_seconds(self.retry_after()?)).ok()) {
            Some(seconds) => error.with_retry_after_seconds(seconds),
            None => error,
        }
    }

    /// The absolute address of the first link with a relation, in any case of letters, from all `Link` headers (RFC 8288).
    /// `link("next")` is the next page of a listing, for [`follow`](HttpClient::follow) and for page tokens.
    ///
    /// Relative links are resolved against the address of this answer.
    ///
    /// # Errors
    /// `invalid_response` when a header speaks of the relation and cannot be read: an overlooked link looks like the end of
    /// a listing. [`PagingError::Repeated`] when the next page would be this one.
    pub fn link(&self, relation: &str) -> Result<Option<String>> {
        let unreadable = || {
            ConnectorError::invalid_response(format!(
                "{} the header Link has no readable link with the relation {relation:?}",
                self.summary()
            ))
        };
        let mut outcome = Ok(None);
        for header in self.headers.get_all(LINK) {
            let header = String::from_utf8_lossy(header.as_bytes());
            match link::target(&header, relation) {
                Ok(Some(target)) => {
                    let url = link::resolve(&self.url, target).ok_or_else(unreadable)?;
                    // The pages of a search may all have one address; a `GET` gives the same page again.
                    if relation.eq_ignore_ascii_case("next") && self.method == Method::GET && self.is_at(&url)
                    {
                        return Err(PagingError::Repeated.into());
                    }
                    return Ok(Some(url.into()));
                }
                Ok(None) => {}
                Err(link::Unreadable) => outcome = Err(unreadable()),
            }
        }
        outcome
    }

    /// The absolute address that a reference in this answer names, such as the `next` of a JSON body (RFC 3986 §5). It is
    /// resolved against the address of this answer, and may go into a page token.
    ///
    /// # Errors
    /// `invalid_response` when it is not a reference.
    pub fn resolve(&self, reference: &str) -> Result<String> {
        self.resolved(reference).map(Into::into)
    }

    /// A `GET` of an address that this answer gives, relative to its own; see [`resolve`](Self::resolve) and
    /// [`HttpClient::follow`].
    pub fn follow(&self, reference: &str) -> HttpRequest {
        self.client.request_within(self.resolved(reference))
    }

    /// A `GET` of the address that a redirect leads to, when it is the app's; `None` for other answers, and for a redirect
    /// elsewhere, where the login must not go. Parameters are kept when the `Location` has none: apps redirect from `/users`
    /// to `/users/` without them.
    ///
    /// ```
    /// # use lumos_connector_client::{HttpAnswer, HttpClient};
    /// # use lumos_connector_core::error::Result;
    /// async fn users(http: &HttpClient) -> Result<HttpAnswer> {
    ///     let answer = http.get("users").send_any().await?;
    ///     match answer.redirect() {
    ///         Some(moved) => moved.send().await,
    ///         None => answer.success(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn redirect(&self) -> Option<HttpRequest> {
        if !matches!(self.status(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let mut target = link::resolve(&self.url, self.header("location")?)?;
        if target.query().is_none() {
            target.set_query(self.url.query());
        }
        let is_own = link::foreign(&self.client.inner().base, &target).is_none();
        is_own.then(|| self.client.request_within(Ok(target)))
    }

    fn resolved(&self, reference: &str) -> Result<Url> {
        link::resolve(&self.url, reference).ok_or_else(|| {
            ConnectorError::invalid_response(format!(
                "{} the answer gives an address that is not a URL",
                self.summary()
            ))
        })
    }

    fn is_at(&self, url: &Url) -> bool {
        let mut own = self.url.clone();
        own.set_fragment(None);
        own == *url
    }

    /// What `Retry-After` says: seconds, or a date, which is compared with the answer's own `Date`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry::retry_after(&self.headers, self.client.inner().budget.clock.unix())
    }

    fn content_type(&self) -> Option<&str> {
        self.header(CONTENT_TYPE.as_str())
    }

    /// The character set that the content type names.
    fn charset(&self) -> Option<&str> {
        let parameters = self.content_type()?.split(';').skip(1);
        let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
        let (_, charset) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
        Some(charset.trim().trim_matches('"'))
    }

    /// The status and the request, for messages.
    pub(super) fn summary(&self) -> String {
        format!("[{}][{} {}]", self.status.as_u16(), self.method, self.place())
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
