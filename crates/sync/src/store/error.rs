//! What can be wrong with a store, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a store could not be opened, read or written. Nothing that was committed is lost by any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file.
    #[error("{path}: there is no such store")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{path}: is not a store of `connector sync`")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The store was written by another version of this tool.
    #[error(
        "{path}: the store has schema version {found}, and this tool knows version {known}; \
         use the tool that wrote it, or name another file with --store"
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The version that this tool writes.
        known: i64,
    },
    /// Another process writes to the store.
    #[error(
        "{path}: another sync is writing to this store; wait for its end, or name another file with --store"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// There is no room left.
    #[error(
        "{path}: the disk is full; every page that was stored before is kept, \
         so make room and run the same command again to go on"
    )]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{path}: the store is damaged ({message}); move it away and read anew")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// There is no such sync in the store.
    #[error("{path}: holds no sync {sync}")]
    NoSuchSync {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        sync: String,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server cannot be reached, or refused.
    #[error("{path}: {source}")]
    Server {
        /// The server.
        path: PathBuf,
        /// Why.
        source: ServerError,
    },
    /// SQLite refused for another reason.
    #[error("{path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Why a server did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address cannot be read.
    #[error("is not an address of PostgreSQL, such as postgres://user@host:5432/database?sslmode=require")]
    Address,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The session was lost.
    #[error("{0}")]
    Lost(String),
    /// The server or the way to it refused.
    #[error("{}", message(.0))]
    Postgres(#[from] tokio_postgres::Error),
}

/// What the server says, else what happened on the way to it.
fn message(error: &tokio_postgres::Error) -> String {
    let mut text = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
    if error.as_db_error().is_none() {
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
    }
    text
}

impl ServerError {
    /// Whether the same may succeed later: the session was lost, the server restarts, or two transactions collided.
    fn may_pass(&self) -> bool {
        match self {
            Self::Address | Self::Tls(_) => false,
            Self::Lost(_) => true,
            Self::Postgres(error) => error.code().is_none_or(|code| {
                let class = code.code().get(..2).unwrap_or_default();
                // Connection, transaction rollback, resources (but for a full disk), operator intervention.
                matches!(class, "08" | "40" | "57") || matches!(code.code(), "53200" | "53300" | "55P03")
            }),
        }
    }
}

impl StoreError {
    /// Whether the same may succeed later, with nothing done about it.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Server { source, .. } => source.may_pass(),
            _ => false,
        }
    }

    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, message: source.to_string() },
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path },
            Some(ErrorCode::DatabaseBusy) => Self::InUse { path },
            _ => Self::Sqlite { path, source },
        }
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull => Self::Full { path },
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::File { path, source },
        }
    }
}

/// What goes wrong inside a transaction, before the path of the store is added.
#[derive(Debug)]
pub(crate) enum Trouble {
    Sqlite(rusqlite::Error),
    File(io::Error),
    Server(ServerError),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error.into())
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl Trouble {
    pub(crate) fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Sqlite(error) => StoreError::sqlite(path, error),
            Self::File(error) => StoreError::file(path, error),
            Self::Server(ServerError::Postgres(error))
                if error.code().is_some_and(|code| code.code() == "53100") =>
            {
                StoreError::Full { path: path.to_owned() }
            }
            Self::Server(source) => StoreError::Server { path: path.to_owned(), source },
        }
    }
}
