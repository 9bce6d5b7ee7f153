//! The connections and stores that the pages are about.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::Options;
use crate::tenant::store::TenantStore;

/// What the pages are about.
#[derive(Debug)]
pub(crate) struct State {
    base: String,
    stores: RwLock<Vec<Arc<TenantStore>>>,
    stopping: watch::Sender<bool>,
}

impl State {
    /// Opens what was named on the command line.
    pub(crate) fn open(options: &Options, base: &str) -> Result<Self, String> {
        let state =
            Self { base: base.to_owned(), stores: RwLock::default(), stopping: watch::Sender::new(false) };
        for path in &options.stores {
            state.add_store(path)?;
        }
        Ok(state)
    }

    /// Where all pages are, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
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

    /// Ends what would keep the server from ending, such as streams of events.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends what was started.
    pub(crate) async fn close(&self) {}
}
