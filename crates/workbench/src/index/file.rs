//! The file of an index, beside its store.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lumos_sync::store::SyncRecord;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

/// "LWBI": what SQLite's header says the file is for.
const APPLICATION: i64 = 0x4c57_4249;
/// Another version is thrown away and made anew.
const VERSION: i64 = 1;
/// How many syncs have an index at a time.
const KEPT: usize = 3;
/// Pages in memory, in KiB when negative.
const CACHE_KIB: i64 = -8 * 1024;

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    #[error("{0}: is not an index of the workbench; move it away")]
    Foreign(PathBuf),
    #[error("the index {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error("the index cannot be made: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Where the index of a store is.
#[derive(Debug, Clone)]
pub(crate) struct IndexFile {
    path: PathBuf,
    store: PathBuf,
}

/// An index that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Built {
    pub(crate) sync: i64,
    pub(crate) accounts: u64,
    pub(crate) entitlements: u64,
    pub(crate) resources: u64,
    pub(crate) grants: u64,
    /// Associations whose account or entitlement is not there.
    pub(crate) unresolved: u64,
}

impl IndexFile {
    pub(crate) fn beside(store: &Path) -> Self {
        let mut name: OsString = store.as_os_str().to_owned();
        name.push(".index");
        Self { path: name.into(), store: store.to_owned() }
    }

    /// Opens the file for reading, its store beside it as `store`.
    pub(crate) fn read(&self) -> Result<Connection, IndexError> {
        let connection = self.open()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    /// Opens the file for writing, its store beside it as `store`.
    pub(crate) fn write(&self) -> Result<Connection, IndexError> {
        self.open()
    }

    fn open(&self) -> Result<Connection, IndexError> {
        self.make()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update_and_check(None, "journal_size_limit", 16 * 1024 * 1024, |_| Ok(()))?;
        connection.execute("ATTACH ?1 AS store", [self.store.to_string_lossy()])?;
        connection.pragma_update(Some("store"), "cache_size", CACHE_KIB)?;
        Ok(connection)
    }

    /// Makes the file when it is missing, or of another version. Its owner alone may read it.
    fn make(&self) -> Result<(), IndexError> {
        let failed = |error| IndexError::File(self.path.clone(), error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        drop(options.open(&self.path).map_err(failed)?);
        let connection = Connection::open(&self.path)?;
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        match (number("application_id")?, number("user_version")?) {
            (APPLICATION, VERSION) => return Ok(()),
            (0, 0) if tables == 0 => {}
            (APPLICATION, _) => {
                drop(connection);
                std::fs::remove_file(&self.path).map_err(failed)?;
                return self.make();
            }
            _ => return Err(IndexError::Foreign(self.path.clone())),
        }
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = wal;
             BEGIN;
             CREATE TABLE indexes (sync INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, built TEXT NOT NULL) STRICT;
             CREATE TABLE counts (sync INTEGER NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
                                  PRIMARY KEY (sync, name)) STRICT, WITHOUT ROWID;
             PRAGMA application_id = {APPLICATION};
             PRAGMA user_version = {VERSION};
             COMMIT;"
        ))?;
        Ok(())
    }
}

/// The index of a sync, when there is one and it is of this very sync.
pub(crate) fn built(connection: &Connection, sync: &SyncRecord) -> rusqlite::Result<Option<Built>> {
    let query = "SELECT built FROM indexes WHERE sync = ?1 AND started_at = ?2";
    let found: Option<String> =
        connection.query_row(query, params![sync.id, sync.started_at], |row| row.get(0)).optional()?;
    Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Notes that the index of a sync is there, and throws away those of other syncs that were made first.
pub(crate) fn note(connection: &Connection, sync: &SyncRecord, built: &Built) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO indexes (sync, started_at, built) VALUES (?1, ?2, ?3)",
        params![sync.id, sync.started_at, serde_json::to_string(built).unwrap_or_default()],
    )?;
    let others: Vec<i64> = connection
        .prepare("SELECT sync FROM indexes WHERE sync <> ?1 ORDER BY sync DESC")?
        .query_map([sync.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    others.iter().skip(KEPT - 1).try_for_each(|&other| forget(connection, other))
}

/// Throws the index of a sync away.
pub(crate) fn forget(connection: &Connection, sync: i64) -> rusqlite::Result<()> {
    for table in [
        "accounts",
        "entitlements",
        "resources",
        "grants",
        "find_accounts",
        "find_entitlements",
        "find_resources",
    ] {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS main.{table}_{sync}"))?;
    }
    connection.execute("DELETE FROM indexes WHERE sync = ?1", [sync])?;
    connection.execute("DELETE FROM counts WHERE sync = ?1", [sync])?;
    Ok(())
}
