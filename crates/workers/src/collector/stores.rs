//! Where pages are stored: one database for all connections, or a folder with a file for each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lumos_sync::store::{Store, StoreError};

/// Where pages are stored.
#[derive(Debug)]
pub struct Stores {
    place: PathBuf,
    /// One for all, or by connection.
    open: Mutex<HashMap<String, Arc<Store>>>,
    is_folder: bool,
}

impl Stores {
    /// `postgres://…`, or a folder, which is made. The store of the connection `acme` is `acme.db` there.
    ///
    /// # Errors
    /// When the server or the folder cannot be used.
    pub fn open(place: &Path) -> Result<Self, StoreError> {
        let text = place.to_string_lossy();
        let is_folder = !(text.starts_with("postgres://") || text.starts_with("postgresql://"));
        let mut open = HashMap::new();
        if is_folder {
            std::fs::create_dir_all(place)
                .map_err(|source| StoreError::File { path: place.to_owned(), source })?;
        } else {
            open.insert(String::new(), Arc::new(Store::open(place)?));
        }
        Ok(Self { place: place.to_owned(), open: Mutex::new(open), is_folder })
    }

    /// The store of a connection. Whoever asks for one connection does so one after the other.
    pub(crate) async fn of(&self, connection: &str) -> Result<Arc<Store>, StoreError> {
        let key = if self.is_folder { connection } else { "" };
        if let Some(store) = self.opened().get(key) {
            return Ok(Arc::clone(store));
        }
        // A name comes from the broker; it is a file's name and nothing else.
        let is_name =
            !connection.is_empty() && !connection.starts_with('.') && !connection.contains(['/', '\\', '\0']);
        let error = |what: std::io::Error| StoreError::File { path: self.place.clone(), source: what };
        if !is_name {
            return Err(error(std::io::Error::other("the name of a connection is not that of a file")));
        }
        let path = self.place.join(format!("{connection}.db"));
        let opening = tokio::task::spawn_blocking(move || Store::open(&path).map(Arc::new));
        let store = opening.await.map_err(|failure| error(std::io::Error::other(failure)))??;
        self.opened().insert(key.to_owned(), Arc::clone(&store));
        Ok(store)
    }

    /// Closes the file of a connection of which nothing is under way.
    pub(crate) fn close(&self, connection: &str) {
        if self.is_folder {
            self.opened().remove(connection);
        }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<String, Arc<Store>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
