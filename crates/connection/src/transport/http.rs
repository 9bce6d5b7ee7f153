//! A capability called over HTTP.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Once;
use std::time::Duration;

use lumos_connector_types::secret::Secret;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Certificate, Client, ClientBuilder, Response, StatusCode, Url, redirect};
use tokio::time::timeout_at;

use crate::error::CallError;
use crate::receiver::{ReceiveError, Received, Receiver};
use crate::rows::RowSink;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// How long a connection to a server on this machine is kept for the next call: less than the five seconds after which
/// the reference's server closes it.
const IDLE: Duration = Duration::from_secs(3);

/// How many bytes of the body of another status are shown.
const DETAIL: usize = 200;

/// A client that follows no redirects: its requests carry credentials.
fn builder() -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error says that a provider is there, which is all that is needed.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("lumos-connection/", env!("CARGO_PKG_VERSION")))
}

/// A client for a server at an address.
pub(crate) fn remote_client(authorities: Vec<Certificate>) -> Result<Client, reqwest::Error> {
    let builder = builder();
    if authorities.is_empty() { builder } else { builder.tls_certs_merge(authorities) }.build()
}

/// A client for a server on this machine, past any proxy.
pub(crate) fn local_client() -> Result<Client, reqwest::Error> {
    builder().no_proxy().pool_idle_timeout(IDLE).build()
}

/// Where a server is and how it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) client: Client,
    pub(crate) base: Url,
    pub(crate) token: Option<Secret>,
}

impl Endpoint {
    /// The address of a path below the base.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// One call: the request is the body of a POST, the answer that of its response.
    pub(crate) async fn call<S: RowSink>(
        &self,
        capability: &str,
        body: &Secret,
        mut receiver: Receiver<'_, S>,
    ) -> Result<Received, CallError> {
        receiver.begin();
        let mut request = self
            .client
            .post(self.address(capability))
            .header(CONTENT_TYPE, "application/json")
            .body(body.expose().to_owned());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let timed_out = |after: Duration| move |_| CallError::TimedOut { after, stderr: Vec::new() };
        let after = receiver.timeout();
        let mut response = timeout_at(receiver.deadline(), request.send())
            .await
            .map_err(timed_out(after))?
            .map_err(|error| unreachable(&error))?;
        if response.status() != StatusCode::OK {
            return Err(timeout_at(receiver.deadline(), refusal(response, capability))
                .await
                .unwrap_or_else(timed_out(after)));
        }
        while let Some(piece) = timeout_at(receiver.deadline(), response.chunk())
            .await
            .map_err(timed_out(after))?
            .map_err(|error| unreachable(&error))?
        {
            receiver.buffer().extend_from_slice(&piece);
            if let Err(refused) = receiver.take().await {
                return Err(CallError::from_receive_error(refused, receiver.first(), Vec::new()));
            }
        }
        let first = receiver.first();
        receiver.finish().map_err(|problem| {
            CallError::from_receive_error(ReceiveError::Problem(problem), first, Vec::new())
        })
    }
}

/// What a status other than 200 means.
async fn refusal(mut response: Response, capability: &str) -> CallError {
    let status = response.status();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut detail = Vec::new();
    while detail.len() < DETAIL
        && let Ok(Some(piece)) = response.chunk().await
    {
        detail.extend_from_slice(&piece);
    }
    if status == StatusCode::NOT_FOUND {
        return CallError::NoCapability { capability: capability.to_owned() };
    }
    detail.truncate(DETAIL);
    let text = String::from_utf8_lossy(&detail).into_owned();
    let said = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|answer| answer["detail"].as_str().map(str::to_owned));
    CallError::Status {
        status: status.as_u16(),
        detail: said.unwrap_or(text),
        retry_after: seconds.map(Duration::from_secs),
    }
}

/// An error of the client with its causes: the outermost says little.
pub(crate) fn unreachable(error: &reqwest::Error) -> CallError {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        // Writing to a string cannot fail.
        let _ = write!(reason, ": {inner}");
        cause = inner.source();
    }
    CallError::Unreachable { reason }
}
