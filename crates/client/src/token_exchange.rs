//! The requests that OAuth sends to token endpoints.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lumos_connector_core::error::{Result, TransportError, TransportFailure};
use lumos_connector_core::oauth::{
    MAX_ANSWER_BYTES, TIMEOUT_SECONDS, TokenAnswer, TokenExchange, TokenMethod, TokenRequest,
};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use crate::failure::transport_error;
use crate::transport::Route;
use crate::transport::pool::{self, Connecting};

/// Sends token requests over HTTP: no redirects, bounded in time and size, nothing logged.
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
    if !names_a_host(request.url.expose()) {
        return Err(TransportError::new(TransportFailure::Request, "the token URL names no host").into());
    }
    let client = pool::client(&Connecting::default())?;
    let method = match request.method {
        TokenMethod::Get => reqwest::Method::GET,
        _ => reqwest::Method::POST,
    };
    let mut outgoing = client
        .request(method, request.url.expose())
        .timeout(Duration::from_secs(TIMEOUT_SECONDS))
        .header(ACCEPT, "application/json");
    if let Some(authorization) = &request.authorization {
        outgoing = outgoing.header(AUTHORIZATION, sensitive(authorization.expose())?);
    }
    if let Some((content_type, body)) = &request.body {
        outgoing = outgoing.header(CONTENT_TYPE, *content_type).body(body.expose().to_owned());
    }
    let outgoing = outgoing.build().map_err(transport_error)?;
    let mut answer = route.send(&client, outgoing).await?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            let problem = format!("the token endpoint answered more than {MAX_ANSWER_BYTES} bytes");
            return Err(TransportError::new(TransportFailure::TooLarge, problem).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(TokenAnswer::new(status, String::from_utf8_lossy(&body).into_owned()))
}

/// The parser of URLs would take the first segment of the path for a missing host.
fn names_a_host(url: &str) -> bool {
    url.split_once("://").is_some_and(|(_, rest)| !rest.starts_with(['/', '?', '#']) && !rest.is_empty())
}

/// The value of a header that is never shown.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::from_str(value).map_err(|error| {
        TransportError::new(TransportFailure::Request, "a secret does not fit a header").caused_by(error)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
