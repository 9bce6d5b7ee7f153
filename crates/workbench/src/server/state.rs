//! The connections and stores that the pages are about.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::Options;
use crate::connection::Consents;
use crate::connection::entry::Entry;
use crate::tenant::store::TenantStore;

/// What the pages are about.
#[derive(Debug)]
pub(crate) struct State {
    base: String,
    origin: String,
    folder: PathBuf,
    connections: RwLock<Vec<Arc<Entry>>>,
    stores: RwLock<Vec<Arc<TenantStore>>>,
    consents: Consents,
    stopping: watch::Sender<bool>,
}

impl State {
    /// Opens what was named on the command line, and the stores beside the connections.
    pub(crate) fn open(options: &Options, base: &str, origin: &str) -> Result<Self, String> {
        let state = Self {
            base: base.to_owned(),
            origin: origin.to_owned(),
            folder: std::path::absolute(".").unwrap_or_default(),
            connections: RwLock::default(),
            stores: RwLock::default(),
            consents: Consents::default(),
            stopping: watch::Sender::new(false),
        };
        for path in &options.connections {
            let entry =
                Entry::read(path, options.allow_literal_secrets).map_err(|error| error.to_string())?;
            state.add_connection(entry);
            let beside = path.with_extension("db");
            if beside.is_file() {
                state.add_store(&beside)?;
            }
        }
        for path in &options.stores {
            state.add_store(path)?;
        }
        Ok(state)
    }

    /// Where all pages are, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The scheme, host and port of the server.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Where the workbench was started.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn consents(&self) -> &Consents {
        &self.consents
    }

    /// Adds a connection; its number.
    pub(crate) fn add_connection(&self, entry: Entry) -> usize {
        let mut connections = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        connections.push(Arc::new(entry));
        connections.len() - 1
    }

    /// All connections.
    pub(crate) fn connections(&self) -> Vec<Arc<Entry>> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection with that number.
    pub(crate) fn connection(&self, number: usize) -> Option<Arc<Entry>> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner).get(number).cloned()
    }

    /// Adds a store, unless it is there already; its number.
    pub(crate) fn add_store(&self, path: &Path) -> Result<usize, String> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut stores = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = stores.iter().position(|store| store.path() == absolute) {
            return Ok(known);
        }
        stores.push(Arc::new(TenantStore::open(&absolute).map_err(|error| error.to_string())?));
        Ok(stores.len() - 1)
    }

    /// All stores.
    pub(crate) fn stores(&self) -> Vec<Arc<TenantStore>> {
        self.stores.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The store with that number.
    pub(crate) fn store(&self, number: usize) -> Option<Arc<TenantStore>> {
        self.stores.read().unwrap_or_else(PoisonError::into_inner).get(number).cloned()
    }

    /// Turns true when the server ends.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Ends what would keep the server from ending, such as streams of events.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends what was started.
    pub(crate) async fn close(&self) {
        for entry in self.connections() {
            entry.close().await;
        }
    }
}
