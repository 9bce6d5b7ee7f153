//! The file of a store: its version, its mode, and the lock against a second sync.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{StoreError, Trouble};
use super::{SCHEMA, VERSION};

/// "LSYN": what SQLite's header says the file is for.
const APPLICATION: i64 = 0x4c53_594e;
/// Pages in memory, in KiB when negative.
const CACHE_KIB: i64 = -8 * 1024;
/// Bytes of a page of a new file. Rows are appended and indexes are written in order, so larger pages than SQLite's 4,096
/// cost less; the largest would make the store of a small tenant, some fifty tables and indexes, large.
const PAGE: i64 = 8192;
/// Bytes of the log after which it is copied into the file, and to which it shrinks.
const LOG: i64 = 16 * 1024 * 1024;

/// Opens a file for writing, and makes it when it is missing. The lock is held for as long as its file is open.
pub(super) fn open(path: &Path) -> Result<(Connection, File), StoreError> {
    let lock = lock(path)?;
    owned_file(path).map_err(|error| StoreError::file(path, error))?;
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|error| StoreError::sqlite(path, error))?;
    set_up(path, &mut connection)?;
    Ok((connection, lock))
}

/// Opens a file for reading.
pub(super) fn read(path: &Path) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let flags = |access| access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))
        .or_else(|_| Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY)))
        .map_err(|error| StoreError::sqlite(path, error))?;
    let limit = || {
        prepare(&connection)?;
        connection.pragma_update(None, "query_only", true)
    };
    limit().map_err(|error| StoreError::sqlite(path, error))?;
    check(path, &connection, false)?;
    Ok(connection)
}

/// Limits the file to so many KiB.
pub(super) fn limit_size(connection: &Connection, kib: i64) -> Result<(), Trouble> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    connection.pragma_update_and_check(None, "max_page_count", (kib * 1024 / page).max(1), |_| Ok(()))?;
    Ok(())
}

fn set_up(path: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    let sqlite = |error| StoreError::sqlite(path, error);
    prepare(connection)
        .and_then(|()| connection.pragma_update(None, "foreign_keys", true))
        .map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(64);
    if check(path, connection, true)? {
        return journal(connection).map_err(sqlite);
    }
    let mut make = || {
        connection.pragma_update(None, "page_size", PAGE)?;
        journal(connection)?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    };
    make().map_err(sqlite)
}

/// Sets what holds for every connection to a file.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    // Statements are planned once, not again for each value that is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)
}

/// Whether the file is a store of this version; an empty file is not, and may become one.
fn check(path: &Path, connection: &Connection, may_be_empty: bool) -> Result<bool, StoreError> {
    let read = || -> rusqlite::Result<(i64, i64, i64)> {
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((number("application_id")?, number("user_version")?, tables))
    };
    let (application, version, tables) = read().map_err(|error| StoreError::sqlite(path, error))?;
    match (application, version) {
        (APPLICATION, VERSION) => Ok(true),
        (APPLICATION, found) => {
            Err(StoreError::OtherVersion { path: path.to_owned(), found, known: VERSION })
        }
        (0, 0) if tables == 0 && may_be_empty => Ok(false),
        _ => Err(StoreError::NotAStore { path: path.to_owned() }),
    }
}

/// In WAL mode readers do not block the sync. A commit that was lost with the power of the machine is read again.
fn journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "normal")?;
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG / page, |_| Ok(()))?;
    // The log shrinks again after an index was written through it.
    connection.pragma_update_and_check(None, "journal_size_limit", LOG, |_| Ok(()))
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
