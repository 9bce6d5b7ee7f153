//! The connections of the process: one reqwest client for each way of connecting, shared by all calls.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, Result};
use reqwest::redirect::Policy;
use tokio::runtime::{Handle, Id};

use crate::failure::transport_error;
use crate::tls;

/// Ways of connecting that are kept; a connector has one or two.
const KEPT: usize = 16;

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

/// Connections belong to the runtime that drives them.
type Key = (Option<Id>, Connecting);

static CLIENTS: Mutex<Option<HashMap<Key, reqwest::Client>>> = Mutex::new(None);

/// The client for a way of connecting: the same one every time.
pub(crate) fn client(connecting: &Connecting) -> Result<reqwest::Client> {
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

fn make(connecting: &Connecting) -> Result<reqwest::Client> {
    tls::install_provider();
    let mut builder =
        reqwest::Client::builder().redirect(Policy::none()).connect_timeout(connecting.timeout).gzip(true);
    for path in &connecting.extra_authorities {
        let refused = |problem: String| {
            ConnectorError::invalid_configuration(format!(
                "The certificates in {} cannot be used: {problem}",
                path.display()
            ))
        };
        let pem = fs::read(path).map_err(|error| refused(error.to_string()))?;
        let certificates =
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| refused(error.to_string()))?;
        if certificates.is_empty() {
            return Err(refused("there is none in PEM format".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| ConnectorError::from(transport_error(error)))
}
