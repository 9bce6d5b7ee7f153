//! An open store with its index.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lumos_sync::store::{Finding, ListingRecord, Store, StoreError, SyncRecord, SyncState};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::index::build::{Step, ensure};
use crate::index::{Built, IndexFile, Progress};
use crate::page::PageError;

/// How long a page waits for an index before it shows the first rows as they came.
const INDEX_WAIT: Duration = Duration::from_millis(100);
/// How long it waits where there are so few rows that the index is there at once.
const INDEX_WAIT_FEW_ROWS: Duration = Duration::from_secs(5);
/// Rows of such a sync, at the most.
const FEW: u64 = 20_000;

/// A store, its index, and the indexes that are being made.
pub(crate) struct TenantStore {
    path: PathBuf,
    index: IndexFile,
    making: Mutex<HashMap<i64, Making>>,
    idle: Mutex<Option<Connection>>,
}

/// An index that is being made, or was.
#[derive(Clone)]
struct Making {
    progress: Arc<Progress>,
    end: watch::Receiver<Option<Result<Built, String>>>,
}

/// Whether the index of a sync can be used.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ready {
    Built(Built),
    Making(Step),
}

impl TenantStore {
    /// Opens a store that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        drop(Store::read(path)?);
        Ok(Self {
            path: path.to_owned(),
            index: IndexFile::beside(path),
            making: Mutex::default(),
            idle: Mutex::default(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name for people: that of its file.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The store for what `lumos_sync` reads of it.
    pub(crate) fn sync_store(&self) -> Result<Store, StoreError> {
        Store::read(&self.path)
    }

    pub(crate) fn syncs(&self) -> Result<Vec<SyncRecord>, StoreError> {
        self.sync_store()?.syncs()
    }

    /// The latest sync that has ended.
    pub(crate) fn last_ended(&self) -> Result<Option<SyncRecord>, StoreError> {
        Ok(self.syncs()?.into_iter().rfind(|sync| sync.state == SyncState::Ended))
    }

    /// A sync and the first readings of its listings.
    pub(crate) fn sync(&self, id: i64) -> Result<(SyncRecord, Vec<ListingRecord>), StoreError> {
        let store = self.sync_store()?;
        let mut listings = store.listings(id)?;
        listings.retain(|listing| listing.reading == 1);
        Ok((store.sync(id)?, listings))
    }

    pub(crate) fn findings(&self, listing: i64) -> Result<Vec<Finding>, StoreError> {
        self.sync_store()?.findings(listing)
    }

    /// Reads the index, with the store beside it as `store`.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, PageError>,
    ) -> Result<T, PageError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = match idle {
            Some(connection) => connection,
            None => self.index.read().map_err(PageError::failed)?,
        };
        let result = read(&connection);
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        result
    }

    /// The index of a sync. It is made when it is not there; a small one before this returns.
    pub(crate) async fn ready(
        &self,
        sync: &SyncRecord,
        listings: &[ListingRecord],
    ) -> Result<Ready, PageError> {
        let Making { progress, mut end } = self.make(sync, listings);
        let rows: u64 = listings.iter().map(|listing| listing.rows).sum();
        let wait = if rows <= FEW { INDEX_WAIT_FEW_ROWS } else { INDEX_WAIT };
        let ended = tokio::time::timeout(wait, end.wait_for(Option::is_some)).await;
        let ended = match ended {
            Err(_) => return Ok(Ready::Making(progress.get())),
            Ok(ended) => ended.ok().and_then(|ended| ended.clone()),
        };
        match ended {
            Some(Ok(built)) => Ok(Ready::Built(built)),
            Some(Err(message)) => {
                self.making().remove(&sync.id);
                Err(PageError::failed(message))
            }
            None => {
                self.making().remove(&sync.id);
                Err(PageError::failed("the index could not be made; the log says why"))
            }
        }
    }

    fn make(&self, sync: &SyncRecord, listings: &[ListingRecord]) -> Making {
        let mut making = self.making();
        if let Some(known) = making.get(&sync.id) {
            return known.clone();
        }
        let (sender, end) = watch::channel(None);
        let progress = Arc::new(Progress::default());
        let (index, sync, listings, shared) =
            (self.index.clone(), sync.clone(), listings.to_vec(), Arc::clone(&progress));
        let id = sync.id;
        tokio::task::spawn_blocking(move || {
            let made = ensure(&index, &sync, &listings, &shared).map_err(|error| error.to_string());
            sender.send_replace(Some(made));
        });
        let made = Making { progress, end };
        making.insert(id, made.clone());
        made
    }

    fn making(&self) -> MutexGuard<'_, HashMap<i64, Making>> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TenantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantStore").field("path", &self.path).finish_non_exhaustive()
    }
}
