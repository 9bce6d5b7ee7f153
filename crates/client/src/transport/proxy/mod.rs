//! Proxy mode: every request goes to Lumos's proxy, which knows the way to the app (contract §11).

mod aws;
mod token;

use lumos_connector_core::error::{ConnectorError, HttpStatusError, Result};
use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response, Url};

use super::{Exchange, Route, Transport};
use crate::content_coding::{self, Problem};
use crate::failure::transport_error;
pub use aws::{AwsKeys, TokenService};
pub use token::{TokenFile, Tokens};

/// The app error code of everything that the proxy, or the app behind it, answers but a success.
const APP_ERROR_CODE: &str = "proxy_mode_error_debug_hint";

const FORWARD_TO: HeaderName = HeaderName::from_static("x-forward-to");
const PROXY_AUTH: HeaderName = HeaderName::from_static("x-lumos-proxy-auth");
const PROXY_STATUS: HeaderName = HeaderName::from_static("x-lumos-sip-status-code");
const APP_STATUS: HeaderName = HeaderName::from_static("x-lumos-target-hostname-status-code");

/// Sends every request to the proxy, with its own address in a header.
#[derive(Debug, Clone)]
pub struct Proxy {
    url: Url,
    tokens: Tokens,
}

impl Proxy {
    /// The proxy at an address, with the tokens that it accepts.
    #[must_use]
    pub fn new(url: Url, tokens: Tokens) -> Self {
        Self { url, tokens }
    }

    /// Lumos's proxy, with tokens of its token service for the AWS keys of the environment.
    #[must_use]
    pub fn lumos() -> Option<Self> {
        let url = Url::parse("https://secure-integration-proxy.lumos.com/forward").ok()?;
        Some(Self::new(url, Tokens::of_service(TokenService::lumos()?, TokenFile::shared())))
    }

    fn redirect(&self, request: &mut Request, token: &str) -> Result<()> {
        let mut forward_to = HeaderValue::from_str(request.url().as_str()).map_err(|_| {
            ConnectorError::internal("The address contains characters that a header cannot carry")
        })?;
        // It may hold a login.
        forward_to.set_sensitive(true);
        let mut token = HeaderValue::from_str(token).map_err(|_| {
            ConnectorError::invalid_response(
                "The token of the proxy's token service contains characters that a header cannot carry",
            )
        })?;
        token.set_sensitive(true);
        *request.url_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.remove(HOST);
        headers.insert(FORWARD_TO, forward_to);
        headers.insert(PROXY_AUTH, token);
        Ok(())
    }
}

impl Transport for Proxy {
    fn send<'a>(&'a self, client: &'a reqwest::Client, mut request: Request) -> Exchange<'a> {
        Box::pin(async move {
            let token = self.tokens.get(client).await?;
            let app = request.url().clone();
            self.redirect(&mut request, token.expose())?;
            checked(client.execute(request).await.map_err(transport_error)?, &app).await
        })
    }
}

impl From<Proxy> for Route {
    fn from(proxy: Proxy) -> Self {
        Self::through(proxy)
    }
}

/// The answer, when both the proxy and the app behind it say that it is one.
async fn checked(mut response: Response, app: &Url) -> Result<Response> {
    /// Bytes of an error that are of interest.
    const SHOWN: usize = 16 * 1024;
    let proxy = told(response.headers(), &PROXY_STATUS).unwrap_or(response.status().as_u16());
    let status = if is_success(proxy) {
        match told(response.headers(), &APP_STATUS) {
            Some(app) if !is_success(app) => app,
            _ => return Ok(response),
        }
    } else {
        proxy
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        body.extend_from_slice(&chunk);
        if body.len() > SHOWN {
            body.truncate(SHOWN);
            break;
        }
    }
    let codings = content_coding::codings(response.headers()).unwrap_or_default();
    let body = match content_coding::unpack(body, &codings, SHOWN) {
        Ok(body) | Err(Problem::Damaged(_, body)) => body,
        Err(_) => Vec::new(),
    };
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let said = HttpStatusError::new(status, app.as_str(), kind, &String::from_utf8_lossy(&body));
    Err(ConnectorError::invalid_response(format!("The proxy answered for the app: {said}"))
        .with_status_code(status)
        .with_app_error_code(APP_ERROR_CODE))
}

/// A status that a header tells; one that is no number is no success.
fn told(headers: &HeaderMap, name: &HeaderName) -> Option<u16> {
    let value = headers.get(name)?;
    Some(value.to_str().ok().and_then(|status| status.trim().parse().ok()).unwrap_or(0))
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}
