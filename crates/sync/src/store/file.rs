//! The file of a store: its version, its mode, and the lock against a second sync.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{StoreError, Trouble};

/// The version of the schema that this tool writes.
const VERSION: i64 = 1;
/// "LSYN": what SQLite's header says the file is for.
const APPLICATION: i64 = 0x4c53_594e;

/// An open store. Only one process may write to it; any number may read, with any SQLite client too.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Held for as long as the store is open for writing.
    _lock: Option<File>,
}

impl Store {
    /// Opens a store for writing, and makes it when it is missing.
    ///
    /// The file and what SQLite keeps beside it may be read by their owner alone.
    ///
    /// # Errors
    /// [`StoreError`]: in use, of another version, not a store, or not writable.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        owned_file(path).map_err(|error| StoreError::file(path, error))?;
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|error| StoreError::sqlite(path, error))?;
        let store = Self { path: path.to_owned(), connection: Mutex::new(connection), _lock: Some(lock) };
        store.set_up()?;
        Ok(store)
    }

    /// Opens a store for reading.
    ///
    /// # Errors
    /// [`StoreError`]: missing, of another version, or not a store.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .or_else(|_| {
            Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )
        })
        .map_err(|error| StoreError::sqlite(path, error))?;
        let store = Self { path: path.to_owned(), connection: Mutex::new(connection), _lock: None };
        store.with(|connection| {
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "query_only", true)?;
            connection.pragma_update(None, "cache_size", CACHE_KIB)?;
            Ok(())
        })?;
        store.check(false)?;
        Ok(store)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Limits the file to so many KiB: a commit beyond that fails like one on a full disk.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn limit_size(&self, kib: i64) -> Result<(), StoreError> {
        self.with(|connection| {
            let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            connection
                .pragma_update_and_check(None, "max_page_count", (kib * 1024 / page).max(1), |_| Ok(()))?;
            Ok(())
        })
    }

    fn set_up(&self) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "cache_size", CACHE_KIB)?;
            connection.set_prepared_statement_cache_capacity(64);
            Ok(())
        })?;
        if self.check(true)? {
            return self.with(|connection| journal(connection).map_err(Trouble::from));
        }
        self.with(|connection| {
            journal(connection)?;
            let transaction = connection.transaction()?;
            transaction.execute_batch(include_str!("schema.sql"))?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Whether the file is a store of this version; an empty file is not, and may become one.
    fn check(&self, may_be_empty: bool) -> Result<bool, StoreError> {
        let (application, version, tables) = self.with(|connection| {
            let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let tables: i64 =
                connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            Ok((number("application_id")?, number("user_version")?, tables))
        })?;
        match (application, version) {
            (APPLICATION, VERSION) => Ok(true),
            (APPLICATION, found) => {
                Err(StoreError::OtherVersion { path: self.path.clone(), found, known: VERSION })
            }
            (0, 0) if tables == 0 && may_be_empty => Ok(false),
            _ => Err(StoreError::NotAStore { path: self.path.clone() }),
        }
    }

    /// Does something with the connection to SQLite.
    pub(crate) fn with<T>(
        &self,
        action: impl FnOnce(&mut Connection) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        action(&mut self.connection()).map_err(|trouble| trouble.at(&self.path))
    }

    /// A statement that failed in another thread leaves nothing behind: its transaction was rolled back.
    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pages in memory, in KiB when negative.
const CACHE_KIB: i64 = -8 * 1024;

/// In WAL mode readers do not block the sync. A commit that was lost with the power of the machine is read again.
fn journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // The log shrinks again after an index was written through it.
    connection.pragma_update_and_check(None, "journal_size_limit", 16 * 1024 * 1024, |_| Ok(()))
}

/// The lock is a file of its own: SQLite's locks on the store itself would be lost when another handle to it closes.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = owned_file(&name).map_err(|error| StoreError::file(path, error))?;
    // A program that was just started may hold a copy of the lock for a moment, until it has become itself.
    for _ in 0..50 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(StoreError::file(path, error)),
        }
    }
    Err(StoreError::InUse { path: path.to_owned() })
}

/// Opens or makes a file that its owner alone may read and write.
fn owned_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
