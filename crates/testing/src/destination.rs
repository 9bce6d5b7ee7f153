//! Leading the calls of a connector to the fake app, whatever address the connector calls.

use lumos_connector_client::reqwest::header::{HOST, HeaderValue};
use lumos_connector_client::reqwest::{Client, Request, Url};
use lumos_connector_client::transport::{Exchange, Route, Transport};
use lumos_connector_core::host::Host;

/// A host whose requests go to the fake app at an address.
pub(crate) fn host(upstream: &str) -> Result<Host, String> {
    let upstream: Url = upstream.parse().map_err(|error| format!("{upstream}: {error}"))?;
    Ok(Route::through(ToFakeApp(upstream)).carry(Host::builder()).build())
}

/// Sends every request to the fake app: only scheme, host and port change, and `Host` still names the connector's own.
struct ToFakeApp(Url);

impl Transport for ToFakeApp {
    fn send<'a>(&'a self, client: &'a Client, mut request: Request) -> Exchange<'a> {
        let meant = request.url().clone();
        *request.url_mut() = moved(&meant, &self.0);
        if let Some(host) = host_header(&meant) {
            request.headers_mut().entry(HOST).or_insert(host);
        }
        Box::pin(async move { Route::direct().send(client, request).await })
    }
}

/// The address with scheme, host and port of the fake app.
fn moved(meant: &Url, upstream: &Url) -> Url {
    let mut url = upstream.clone();
    url.set_path(meant.path());
    url.set_query(meant.query());
    url
}

fn host_header(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::from_str(&host).ok()
}
