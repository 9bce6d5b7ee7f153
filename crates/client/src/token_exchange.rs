//! The requests that OAuth sends to token endpoints.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, Result, TransportError, TransportFailure};
use lumos_connector_core::oauth::{
    MAX_ANSWER_BYTES, TIMEOUT_SECONDS, TokenAnswer, TokenExchange, TokenMethod, TokenRequest,
};
use reqwest::Url;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use crate::content_coding::{self, Problem};
use crate::failure::transport_error;
use crate::json_text;
use crate::transport::Route;
use crate::transport::environment::warn_of_plain_http;
use crate::transport::pool::{self, Connecting};

/// Sends token requests over HTTP: no redirects, bounded in time and size, nothing logged. Proxies and authorities are
/// those of all requests.
#[derive(Debug, Clone, Default)]
pub struct HttpTokenExchange(Route);

impl HttpTokenExchange {
    /// Sends them on a route, such as the proxy's; the default is the direct one.
    #[must_use]
    pub fn on(route: Route) -> Self {
        Self(route)
    }
}

impl TokenExchange for HttpTokenExchange {
    fn send(&self, request: TokenRequest) -> Pin<Box<dyn Future<Output = Result<TokenAnswer>> + Send>> {
        let route = self.0.clone();
        Box::pin(async move { send(&route, &request).await })
    }
}

async fn send(route: &Route, request: &TokenRequest) -> Result<TokenAnswer> {
    let url = token_url(request.url.expose()).map_err(|problem| {
        TransportError::new(TransportFailure::Request, format!("the token URL {problem}"))
    })?;
    let pooled = pool::client(&Connecting::default())?;
    if route.is_direct() {
        pooled.check(&url)?;
        warn_of_plain_http(&url);
    }
    let client = &pooled.client;
    let method = match request.method {
        TokenMethod::Get => reqwest::Method::GET,
        _ => reqwest::Method::POST,
    };
    let mut outgoing = client
        .request(method, url)
        .timeout(Duration::from_secs(TIMEOUT_SECONDS))
        .header(ACCEPT, "application/json")
        .header(ACCEPT_ENCODING, content_coding::ACCEPTED);
    if let Some(authorization) = &request.authorization {
        outgoing = outgoing.header(AUTHORIZATION, sensitive(authorization.expose())?);
    }
    if let Some((content_type, body)) = &request.body {
        outgoing = outgoing.header(CONTENT_TYPE, *content_type).body(body.expose().to_owned());
    }
    let outgoing = outgoing.build().map_err(transport_error)?;
    let mut answer = route.send(client, outgoing).await?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let codings = content_coding::codings(answer.headers());
    let body = match codings.and_then(|codings| content_coding::unpack(body, &codings, MAX_ANSWER_BYTES)) {
        Ok(body) => body,
        Err(Problem::TooLarge) => return Err(too_large()),
        // What cannot be read never hides the status; of a success it is not JSON.
        Err(Problem::Damaged(..) | Problem::NotUnderstood(_)) => Vec::new(),
    };
    let text = json_text::decode(&body, None).unwrap_or_else(|| String::from_utf8_lossy(&body));
    Ok(TokenAnswer::new(status, text.into_owned()))
}

fn too_large() -> ConnectorError {
    let problem = format!("the token endpoint answered more than {MAX_ANSWER_BYTES} bytes");
    TransportError::new(TransportFailure::TooLarge, problem).into()
}

/// The address of a token endpoint. What parsers of URLs repair in silence is refused: the client secret goes there.
fn token_url(url: &str) -> Result<Url, &'static str> {
    if url.contains(char::is_control) {
        return Err("contains a line break or another control character");
    }
    // The parser would take the first segment of the path for a missing host.
    let names_a_host =
        url.split_once("://").is_some_and(|(_, rest)| !rest.starts_with(['/', '?', '#']) && !rest.is_empty());
    if !names_a_host {
        return Err("names no host");
    }
    let url = Url::parse(url).map_err(|_| "is not a URL")?;
    if matches!(url.scheme(), "https" | "http") {
        Ok(url)
    } else {
        Err("does not begin with https:// or http://")
    }
}

/// The value of a header that is never shown.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::from_str(value).map_err(|error| {
        TransportError::new(
            TransportFailure::Request,
            "a secret contains characters that a header cannot carry",
        )
        .with_source(error)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
