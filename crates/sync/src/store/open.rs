//! An open store, on either engine.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::error::{StoreError, Trouble};
use super::postgres::{Address, Server};
use super::session::Session;
use super::value::values;
use super::{SCHEMA, VERSION, sqlite};

/// An open store: a file, or a database on a PostgreSQL server.
///
/// Only one process may write to a file; any number may read it, with any SQLite client too. On a server, any number of
/// processes may read and write.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Sqlite {
        connection: Mutex<Connection>,
        /// Held for as long as the store is open for writing.
        _lock: Option<File>,
    },
    Postgres(Box<Mutex<Server>>),
}

impl Store {
    /// Opens a store for writing, and makes it when it is missing. `path` is a file, or `postgres://…`.
    ///
    /// A file and what SQLite keeps beside it may be read by their owner alone. On a server, the tables are made in the
    /// first schema of the search path. The password may also be in the environment variable `PGPASSWORD`.
    ///
    /// # Errors
    /// [`StoreError`]: in use, of another version, not a store, or not writable.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if Address::is_one(path) {
            return Self::connect(path, true);
        }
        let (connection, lock) = sqlite::open(path)?;
        let engine = Engine::Sqlite { connection: Mutex::new(connection), _lock: Some(lock) };
        Ok(Self { path: path.to_owned(), engine })
    }

    /// Opens a store for reading.
    ///
    /// # Errors
    /// [`StoreError`]: missing, of another version, or not a store.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        if Address::is_one(path) {
            return Self::connect(path, false);
        }
        let engine = Engine::Sqlite { connection: Mutex::new(sqlite::read(path)?), _lock: None };
        Ok(Self { path: path.to_owned(), engine })
    }

    fn connect(path: &Path, may_make: bool) -> Result<Self, StoreError> {
        let address = Address::read(path)
            .map_err(|error| StoreError::Server { path: PathBuf::from("postgres://…"), source: error })?;
        let path = PathBuf::from(address.shown());
        let store = Self { path, engine: Engine::Postgres(Box::new(Mutex::new(Server::new(address)))) };
        let found: Option<i64> = store.transaction(|session| {
            // Two that begin at the same time make the tables once.
            session.query("SELECT CAST(pg_advisory_xact_lock(5500697) AS TEXT)", values![])?;
            let has_table = "SELECT to_regclass('lumos_store') IS NOT NULL";
            let mut version = None;
            if session.query_row(has_table, values![])?.take(0)? {
                version = Some(session.query_row("SELECT version FROM lumos_store", values![])?.take(0)?);
            } else if may_make {
                session.batch(&postgres_schema())?;
                version = Some(VERSION);
            }
            Ok(version)
        })?;
        match found {
            Some(VERSION) => Ok(store),
            Some(found) => Err(StoreError::OtherVersion { path: store.path, found, known: VERSION }),
            None => Err(StoreError::Missing { path: store.path }),
        }
    }

    /// The file, or the address of the server without what nobody may see.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the store is on a PostgreSQL server.
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Limits a file to so many KiB: a commit beyond that fails like one on a full disk. A server is not limited.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn limit_size(&self, kib: i64) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite { connection, .. } => {
                sqlite::limit_size(&locked(connection), kib).map_err(|trouble| trouble.at(&self.path))
            }
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Does something with the engine, each statement for itself.
    pub(crate) fn with<T>(
        &self,
        action: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        let done = match &self.engine {
            Engine::Sqlite { connection, .. } => action(&mut Session::Sqlite(&locked(connection))),
            Engine::Postgres(server) => action(&mut Session::Postgres(&mut locked(server))),
        };
        done.map_err(|trouble| trouble.at(&self.path))
    }

    /// Does something in one step, or nothing of it.
    pub(crate) fn transaction<T>(
        &self,
        action: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        let done = match &self.engine {
            Engine::Sqlite { connection, .. } => in_file(&locked(connection), action),
            Engine::Postgres(server) => on_server(&mut locked(server), action),
        };
        done.map_err(|trouble| trouble.at(&self.path))
    }
}

/// A statement that failed in another thread leaves nothing behind: its transaction was rolled back.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_file<T>(
    connection: &Connection,
    action: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    // It is rolled back when it is dropped.
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
    let done = action(&mut Session::Sqlite(&transaction))?;
    transaction.commit()?;
    Ok(done)
}

fn on_server<T>(
    server: &mut Server,
    action: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    server.begin()?;
    match action(&mut Session::Postgres(server)) {
        Ok(done) => {
            server.end(true)?;
            Ok(done)
        }
        Err(trouble) => {
            // What went wrong is worth more than that the session has gone, too.
            let _ = server.end(false);
            Err(trouble)
        }
    }
}

/// The tables as PostgreSQL writes them. Text is ordered by its bytes, as SQLite does.
fn postgres_schema() -> String {
    let tables = SCHEMA
        .replace("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        .replace(") STRICT, WITHOUT ROWID;", ");")
        .replace(") STRICT;", ");")
        .replace("INTEGER", "BIGINT")
        .replace(" TEXT", " TEXT COLLATE \"C\"");
    format!(
        "{tables}
        ALTER TABLE heads ADD COLUMN leased_until BIGINT; -- milliseconds by the server's clock
        CREATE INDEX listings_sync ON listings (sync);
        CREATE TABLE lumos_store (version BIGINT NOT NULL);
        INSERT INTO lumos_store VALUES ({VERSION});"
    )
}
