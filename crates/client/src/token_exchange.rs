//! The requests that OAuth sends to token endpoints.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use lumos_connector_core::error::{TransportError, TransportFailure};
use lumos_connector_core::oauth::{
    MAX_ANSWER_BYTES, TIMEOUT_SECONDS, TokenAnswer, TokenExchange, TokenMethod, TokenRequest,
};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;

use crate::failure::transport_error;
use crate::tls;

/// Sends token requests over HTTP: no redirects, bounded in time and size, nothing logged.
///
/// Its client is made with the first request and kept.
#[derive(Debug, Clone, Default)]
pub struct HttpTokenExchange(LazyClient);

/// A client for requests of the SDK's own, made when it is first asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct LazyClient(std::sync::Arc<OnceLock<reqwest::Client>>);

impl LazyClient {
    pub(crate) fn get(&self) -> Result<reqwest::Client, TransportError> {
        if let Some(client) = self.0.get() {
            return Ok(client.clone());
        }
        tls::install_provider();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(TIMEOUT_SECONDS))
            .build()
            .map_err(transport_error)?;
        Ok(self.0.get_or_init(|| client).clone())
    }
}

impl TokenExchange for HttpTokenExchange {
    fn send(
        &self,
        request: TokenRequest,
    ) -> Pin<Box<dyn Future<Output = Result<TokenAnswer, TransportError>> + Send>> {
        let client = self.0.get();
        Box::pin(async move { send(&client?, &request).await })
    }
}

async fn send(client: &reqwest::Client, request: &TokenRequest) -> Result<TokenAnswer, TransportError> {
    if !names_a_host(request.url.expose()) {
        return Err(TransportError::new(TransportFailure::Request, "the token URL names no host"));
    }
    let method = match request.method {
        TokenMethod::Get => reqwest::Method::GET,
        _ => reqwest::Method::POST,
    };
    let mut outgoing = client.request(method, request.url.expose()).header(ACCEPT, "application/json");
    if let Some(authorization) = &request.authorization {
        outgoing = outgoing.header(AUTHORIZATION, sensitive(authorization.expose())?);
    }
    if let Some((content_type, body)) = &request.body {
        outgoing = outgoing.header(CONTENT_TYPE, *content_type).body(body.expose().to_owned());
    }
    let mut answer = outgoing.send().await.map_err(transport_error)?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            let problem = format!("the token endpoint answered more than {MAX_ANSWER_BYTES} bytes");
            return Err(TransportError::new(TransportFailure::TooLarge, problem));
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
