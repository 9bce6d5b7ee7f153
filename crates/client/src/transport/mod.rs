//! How requests leave the process.
//!
//! They go straight to the app unless the [host](lumos_connector_core::host::Host) has a [`Route`]: through the proxy, or
//! to the fake app of a test.

pub(crate) mod environment;
pub(crate) mod pool;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod recording;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::host::{self, HostBuilder};
use lumos_connector_core::recording::HttpMode;

use crate::failure::transport_error;
use crate::token_exchange::HttpTokenExchange;

/// The answer to one request, some time.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = Result<reqwest::Response>> + Send + 'a>>;

/// Carries one request, finished and signed, to where it is answered.
pub trait Transport: Send + Sync {
    /// Sends the request, with the client that would send it straight to the app.
    ///
    /// A [`TransportError`](lumos_connector_core::error::TransportError) inside the error says that there was no whole
    /// answer; it may be retried.
    fn send<'a>(&'a self, client: &'a reqwest::Client, request: reqwest::Request) -> Exchange<'a>;
}

/// The way that the requests of a connector take.
#[derive(Clone, Default)]
pub struct Route {
    transport: Option<Arc<dyn Transport>>,
    mode: Option<HttpMode>,
}

impl Route {
    /// Straight to the app.
    #[must_use]
    pub fn direct() -> Self {
        Self::default()
    }

    /// Whether requests go straight to the app, by the process's own connections.
    pub(crate) fn is_direct(&self) -> bool {
        self.transport.is_none() && !matches!(self.mode, Some(HttpMode::Replay(_)))
    }

    /// Through a transport.
    pub fn through(transport: impl Transport + 'static) -> Self {
        Self { transport: Some(Arc::new(transport)), mode: None }
    }

    /// The same way, with requests that are kept, or are not sent but answered from a recording.
    #[must_use]
    pub fn in_mode(self, mode: HttpMode) -> Self {
        Self { mode: Some(mode), ..self }
    }

    /// A host whose requests take this way, those for tokens included.
    pub fn carry(self, host: HostBuilder) -> HostBuilder {
        host.token_exchange(HttpTokenExchange::on(self.clone())).transport(self)
    }

    /// Sends a request this way, with the client that would send it straight to the app.
    ///
    /// # Errors
    /// As [`Transport::send`].
    pub async fn send(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
    ) -> Result<reqwest::Response> {
        match &self.mode {
            None => self.send_unrecorded(client, request).await,
            Some(mode) => recording::send(mode, self, client, request).await,
        }
    }

    async fn send_unrecorded(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
    ) -> Result<reqwest::Response> {
        match &self.transport {
            None => {
                client.execute(request).await.map_err(|error| ConnectorError::from(transport_error(error)))
            }
            Some(transport) => transport.send(client, request).await,
        }
    }
}

impl host::Transport for Route {}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.transport.is_some() { "Route(through a transport)" } else { "Route(direct)" })
    }
}
