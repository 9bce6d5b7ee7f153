//! One request.

use std::fmt;
use std::sync::Arc;

use lumos_connector_core::error::{ConnectorError, Result};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::HttpAnswer;
use super::builder::header;
use super::client::HttpClient;
use super::exchange::{self, IsRefusal, Outgoing};
use super::path::EmptySegment;

/// Builds one request. No step fails; sending reports the first mistake.
///
/// | it ends with | which gives | and fails |
/// | --- | --- | --- |
/// | [`read`](Self::read) | the answer's JSON, as a type | on error statuses, and JSON of another shape |
/// | [`read_optional`](Self::read_optional) | the same, and `None` for a 404 | on other error statuses, and JSON of another shape |
/// | [`expect_status`](Self::expect_status) | the answer, when it has one of these statuses | on other statuses |
/// | [`send`](Self::send) | the answer | on error statuses |
/// | [`send_any`](Self::send_any) | the answer, whatever its status | when there is none |
#[must_use = "a request does nothing until it is sent"]
pub struct HttpRequest {
    client: HttpClient,
    request: Result<Request>,
    idempotent: bool,
    is_refusal: Option<IsRefusal>,
    once: bool,
}

impl HttpRequest {
    pub(super) fn new(client: HttpClient, method: Method, url: Result<Url>) -> Self {
        let request = url.map(|url| {
            let mut request = Request::new(method, url);
            request.headers_mut().clone_from(&client.inner().headers);
            request
        });
        Self { client, request, idempotent: false, is_refusal: None, once: false }
    }

    fn with(mut self, change: impl FnOnce(&mut Request) -> Result<()>) -> Self {
        if let Ok(request) = &mut self.request
            && let Err(error) = change(request)
        {
            self.request = Err(error);
        }
        self
    }

    /// Adds query parameters: a struct, a map, pairs as in `&[("limit", "50")]`, or a tuple of pairs where their values are
    /// of several types. A `None` is left out.
    ///
    /// ```
    /// # use lumos_connector_client::{HttpClient, HttpRequest};
    /// # fn page(http: &HttpClient, team: Option<&str>) -> HttpRequest {
    /// http.get("users").query(&(("limit", 50), ("active", true), ("team", team)))
    /// # }
    /// ```
    pub fn query<T: Serialize + ?Sized>(self, parameters: &T) -> Self {
        self.with(|request| {
            let parameters = serde_urlencoded::to_string(parameters).map_err(|error| {
                ConnectorError::internal(format!(
                    "The query parameters of the request cannot be serialised: {error}"
                ))
            })?;
            if !parameters.is_empty() {
                let url = request.url_mut();
                let query = match url.query() {
                    Some(query) if !query.is_empty() => format!("{query}&{parameters}"),
                    _ => parameters,
                };
                url.set_query(Some(&query));
            }
            Ok(())
        })
    }

    /// Sets a header, in place of the client's with that name.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| {
            let (name, value) = header(name, value)?;
            request.headers_mut().insert(name, value);
            Ok(())
        })
    }

    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.with(|request| {
            let body = serde_json::to_vec(body).map_err(|error| {
                ConnectorError::internal(format!("The body of the request cannot be serialised: {error}"))
            })?;
            set_body(request, HeaderValue::from_static("application/json"), body);
            Ok(())
        })
    }

    /// Sets a body of form fields: a struct, a map, or pairs.
    pub fn form<T: Serialize + ?Sized>(self, fields: &T) -> Self {
        self.with(|request| {
            let body = serde_urlencoded::to_string(fields).map_err(|error| {
                ConnectorError::internal(format!("The form of the request cannot be serialised: {error}"))
            })?;
            set_body(
                request,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
                body.into_bytes(),
            );
            Ok(())
        })
    }

    /// Sets a body of any other kind.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.with(|request| {
            let (_, content_type) = header(CONTENT_TYPE.as_str(), content_type)?;
            set_body(request, content_type, body.into());
            Ok(())
        })
    }

    /// Repeats this request like a `GET`: sending it twice does no harm.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sends this request once, whatever the client's retries are. The rate limit counts it.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Takes answers for refusals for now, beside those that HTTP and the
    /// [client](super::HttpBuilder::refused_when) know: they are waited for and repeated, and after the last retry they are
    /// `rate_limit`, even with a status of 2xx.
    pub fn refused_when(mut self, is_refusal: impl Fn(&HttpAnswer) -> bool + Send + Sync + 'static) -> Self {
        self.is_refusal = Some(Arc::new(is_refusal));
        self
    }

    /// Sends the request and reads the JSON of its answer.
    ///
    /// # Errors
    /// As [`send`](Self::send); `invalid_response` when the answer is not the JSON of a `T`.
    pub async fn read<T: DeserializeOwned>(self) -> Result<T> {
        self.send().await?.json()
    }

    /// Sends the request and reads the JSON of its answer; `None` when the app says that what is asked for
    /// [does not exist](HttpAnswer::optional), and when a segment of the path is empty, since nothing has an empty id: then
    /// nothing is sent, and the log says so.
    ///
    /// # Errors
    /// As [`read`](Self::read), but for a 404.
    pub async fn read_optional<T: DeserializeOwned>(self) -> Result<Option<T>> {
        if self.request.as_ref().is_err_and(|error| error.source_as::<EmptySegment>().is_some()) {
            tracing::warn!("a request with an empty id was not sent: nothing in the app has one");
            return Ok(None);
        }
        self.send_any().await?.optional()?.map(|answer| answer.json()).transpose()
    }

    /// Sends the request and hands back its answer, when its status is [one of these](HttpAnswer::expect_status):
    /// `.expect_status([204])`.
    ///
    /// # Errors
    /// What another error status means; `invalid_response` for another status that is none; else as
    /// [`send_any`](Self::send_any).
    pub async fn expect_status<const N: usize>(self, statuses: [u16; N]) -> Result<HttpAnswer> {
        self.send_any().await?.expect_status(statuses)
    }

    /// Sends the request.
    ///
    /// # Errors
    /// An [`HttpStatusError`](lumos_connector_core::error::HttpStatusError) when the answer's status is not 2xx; else
    /// as [`send_any`](Self::send_any).
    pub async fn send(self) -> Result<HttpAnswer> {
        self.send_any().await?.success()
    }

    /// Sends the request and hands back its answer, whatever the status.
    ///
    /// # Errors
    /// A [`TransportError`](lumos_connector_core::error::TransportError) when there is no whole answer;
    /// `budget_exhausted` when the caller's time is over; mistakes of the request.
    pub async fn send_any(self) -> Result<HttpAnswer> {
        let Self { client, request, idempotent, is_refusal, once } = self;
        exchange::send(client, Outgoing { request: request?, idempotent, is_refusal, once }).await
    }
}

fn set_body(request: &mut Request, content_type: HeaderValue, body: Vec<u8>) {
    request.headers_mut().entry(CONTENT_TYPE).or_insert(content_type);
    *request.body_mut() = Some(body.into());
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Ok(request) => write!(f, "HttpRequest({} {})", request.method(), request.url().path()),
            Err(error) => write!(f, "HttpRequest({error})"),
        }
    }
}
