//! Where pages are stored: one database for all connections, or a folder with a file for each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lumos_sync::store::{Store, StoreError};

/// Where pages are stored.
#[derive(Debug)]
pub struct Stores {
    place: PathBuf,
    /// One for all, or by connection.
    open: HashMap<String, Arc<Store>>,
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
        let mut stores = Self { place: place.to_owned(), open: HashMap::new(), is_folder };
        if is_folder {
            std::fs::create_dir_all(place)
                .map_err(|source| StoreError::File { path: place.to_owned(), source })?;
        } else {
            stores.of("")?;
        }
        Ok(stores)
    }

    /// The store of a connection.
    pub(crate) fn of(&mut self, connection: &str) -> Result<Arc<Store>, StoreError> {
        let key = if self.is_folder { connection } else { "" };
        if let Some(store) = self.open.get(key) {
            return Ok(Arc::clone(store));
        }
        let path = if self.is_folder {
            // A name comes from the broker; it is a file's name and nothing else.
            let is_name = !connection.is_empty()
                && !connection.starts_with('.')
                && !connection.contains(['/', '\\', '\0']);
            if !is_name {
                return Err(StoreError::File {
                    path: self.place.clone(),
                    source: std::io::Error::other("the name of a connection is not that of a file"),
                });
            }
            self.place.join(format!("{connection}.db"))
        } else {
            self.place.clone()
        };
        let store = Arc::new(Store::open(&path)?);
        self.open.insert(key.to_owned(), Arc::clone(&store));
        Ok(store)
    }

    /// Closes the file of a connection of which nothing is under way.
    pub(crate) fn close(&mut self, connection: &str) {
        if self.is_folder {
            self.open.remove(connection);
        }
    }
}
