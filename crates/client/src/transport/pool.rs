//! The connections of the process: one reqwest client for each way of connecting, shared by all calls.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, Result};
use reqwest::redirect::Policy;
use reqwest::{Proxy, Url};
use tokio::runtime::{Handle, Id};

use super::environment::{self, Proxies};
use crate::failure::transport_error;
use crate::tls;

/// Ways of connecting that are kept; a connector has one or two.
const KEPT: usize = 16;

/// Headers that an answer over HTTP/1 may have.
const MAX_HEADERS: usize = 1024;

/// Bytes that the headers of an answer over HTTP/2 may have together; over HTTP/1 it is what hyper buffers, about as much.
const MAX_HEADER_BYTES: u32 = 400 * 1024;

/// Seconds in which a connection must be made.
const CONNECT_SECONDS: u64 = 30;

/// What distinguishes one way of connecting from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Connecting {
    pub(crate) timeout: Duration,
    /// PEM files of authorities that are trusted beside the system's.
    pub(crate) extra_authorities: Vec<PathBuf>,
}

impl Default for Connecting {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(CONNECT_SECONDS), extra_authorities: Vec::new() }
    }
}

/// A client, and where it can send requests to.
#[derive(Clone)]
pub(crate) struct Pooled {
    pub(crate) client: reqwest::Client,
    environment: Arc<Environment>,
}

/// What the environment said when a client was made.
struct Environment {
    proxies: Proxies,
    /// Why no server can be trusted.
    missing_authorities: Option<String>,
}

impl Pooled {
    /// Whether requests to an address can be sent in this environment.
    ///
    /// # Errors
    /// `invalid_value` when no authority could be loaded that the server of a `https` address could be trusted by, and
    /// when the variable that names the proxy is not usable. The message names the variable.
    pub(crate) fn check(&self, url: &Url) -> Result<()> {
        if let Some(problem) = &self.environment.missing_authorities
            && url.scheme() == "https"
        {
            return Err(ConnectorError::invalid_configuration(format!("https cannot be used: {problem}")));
        }
        self.environment.proxies.of(url).map(drop)
    }
}

/// Connections belong to the runtime that drives them.
type Key = (Option<Id>, Connecting);

static CLIENTS: Mutex<Option<HashMap<Key, Pooled>>> = Mutex::new(None);

/// The client for a way of connecting: the same one every time.
pub(crate) fn client(connecting: &Connecting) -> Result<Pooled> {
    let runtime = Handle::try_current().ok().map(|handle| handle.id());
    let key = (runtime, connecting.clone());
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let clients = clients.get_or_insert_default();
    if let Some(client) = clients.get(&key) {
        return Ok(client.clone());
    }
    if clients.len() >= KEPT {
        clients.clear();
    }
    let client = make(connecting)?;
    clients.insert(key, client.clone());
    Ok(client)
}

fn make(connecting: &Connecting) -> Result<Pooled> {
    tls::install_provider();
    let variable = |name: &str| std::env::var(name).ok();
    let proxies = Proxies::read(variable);
    let authorities = extra_authorities(&connecting.extra_authorities)?;
    let builder = || {
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(connecting.timeout)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            // Bodies are unpacked where their bound is known.
            .no_gzip();
        if !proxies.is_empty() {
            let proxies = proxies.clone();
            // Addresses whose proxy is not usable are refused before they are asked.
            builder = builder.proxy(Proxy::custom(move |url| proxies.of(url).ok().flatten().cloned()));
        }
        builder
    };
    let (client, missing_authorities) = match builder().tls_certs_merge(authorities.clone()).build() {
        Ok(client) => (client, None),
        // Without authorities nobody can be trusted, but those who need no trust can be asked.
        Err(error) if authorities.is_empty() => match builder().tls_certs_only([]).build() {
            Ok(client) => (client, Some(environment::missing_authorities(variable))),
            Err(_) => return Err(transport_error(error).into()),
        },
        Err(error) => return Err(transport_error(error).into()),
    };
    Ok(Pooled { client, environment: Arc::new(Environment { proxies, missing_authorities }) })
}

/// The certificates in files.
fn extra_authorities(files: &[PathBuf]) -> Result<Vec<reqwest::Certificate>> {
    let mut authorities = Vec::new();
    for path in files {
        let refused = |problem: String| {
            ConnectorError::invalid_configuration(format!(
                "The certificates in {} cannot be used: {problem}",
                path.display()
            ))
        };
        let pem = fs::read(path).map_err(|error| refused(error.to_string()))?;
        let pem = pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&pem);
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem).map_err(|error| refused(error.to_string()))?;
        if certificates.is_empty() {
            return Err(refused("it holds no certificate in PEM".to_owned()));
        }
        authorities.extend(certificates);
    }
    Ok(authorities)
}
