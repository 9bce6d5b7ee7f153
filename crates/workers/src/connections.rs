//! The connections that a worker knows: a folder of connection files, by name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use lumos_connection::{Connection, ConnectionFile, OpenOptions};
use lumos_sync::execute::Caller;

/// Connections that nobody has used for so long are closed: their connector's own server is stopped with them.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// Where a worker finds the connections that jobs name. Tests bring connectors of their own.
pub trait Connections: Send + Sync {
    /// What calls the connector.
    type Caller: Caller;

    /// The connection with that name; `None` when it is not known here. The error says why it cannot be opened, without
    /// secrets.
    fn open(&self, name: &str) -> impl Future<Output = Result<Option<Arc<Self::Caller>>, String>> + Send;
}

/// A folder of connection files: the connection `acme` is in `acme.toml`.
#[derive(Debug)]
pub struct ConnectionFolder {
    folder: PathBuf,
    options: OpenOptions,
    open: Mutex<HashMap<String, Open>>,
}

#[derive(Debug)]
struct Open {
    connection: Arc<Connection>,
    /// When the file was written that it was opened from.
    written: SystemTime,
    used: Instant,
}

impl ConnectionFolder {
    /// The connections of a folder.
    #[must_use]
    pub fn new(folder: &Path, options: OpenOptions) -> Self {
        Self { folder: folder.to_owned(), options, open: Mutex::default() }
    }

    /// The names of the connections in the folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        let open: Vec<Open> = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.drain().map(|(_, open)| open).collect()
        };
        for open in open {
            open.connection.close().await;
        }
    }

    /// The one that is open, if its file has not changed since.
    fn find(&self, name: &str, written: SystemTime) -> Option<Arc<Connection>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        open.retain(|other, open| other == name || now.duration_since(open.used) < IDLE);
        let found = open.get_mut(name).filter(|open| open.written == written)?;
        found.used = now;
        Some(Arc::clone(&found.connection))
    }
}

impl Connections for ConnectionFolder {
    type Caller = Connection;

    async fn open(&self, name: &str) -> Result<Option<Arc<Connection>>, String> {
        // A name comes from the broker; it is a file's name and nothing else.
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            return Ok(None);
        }
        let path = self.folder.join(format!("{name}.toml"));
        let written = match std::fs::metadata(&path).and_then(|metadata| metadata.modified()) {
            Ok(written) => written,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        if let Some(connection) = self.find(name, written) {
            return Ok(Some(connection));
        }
        let file = ConnectionFile::read(&path).map_err(|error| error.to_string())?;
        let opened = Connection::open(file, self.options.clone()).await;
        let connection = Arc::new(opened.map_err(|error| error.to_string())?);
        let entry = Open { connection: Arc::clone(&connection), written, used: Instant::now() };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Two slots may have opened it at the same time; one of the two stays.
        match open.get(name).filter(|open| open.written == written) {
            Some(first) => Ok(Some(Arc::clone(&first.connection))),
            None => {
                open.insert(name.to_owned(), entry);
                Ok(Some(connection))
            }
        }
    }
}
