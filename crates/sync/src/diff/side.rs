//! One side of a comparison: a store and a sync in it.

use std::path::PathBuf;
use std::str::FromStr;

use crate::store::{ListingRecord, Store, StoreError, SyncRecord, SyncState};

/// What a person writes: `STORE` for the latest sync of a store that has ended, `STORE#NAME` for the latest of a
/// connection, `STORE#NUMBER` for any one. The store is a file, or `postgres://…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideName {
    /// The store.
    pub path: PathBuf,
    /// Which sync of it.
    pub sync: Chosen,
}

/// Which sync of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The latest that has ended; the store must hold syncs of one connection only.
    Latest,
    /// The latest that has ended of the connection of that name.
    LatestOf(String),
    /// The one with that number.
    Number(i64),
}

/// The text does not name a sync.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected STORE, STORE#CONNECTION or STORE#NUMBER, such as tenant.db, tenant.db#acme or tenant.db#3")]
pub struct NotASide;

impl FromStr for SideName {
    type Err = NotASide;

    fn from_str(text: &str) -> Result<Self, NotASide> {
        match text.rsplit_once('#') {
            Some((path, name)) if !path.is_empty() && !name.is_empty() => {
                let sync = name.parse().map_or_else(|_| Chosen::LatestOf(name.to_owned()), Chosen::Number);
                Ok(Self { path: path.into(), sync })
            }
            None if !text.is_empty() => Ok(Self { path: text.into(), sync: Chosen::Latest }),
            _ => Err(NotASide),
        }
    }
}

/// Why a side cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SideError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store holds no sync that has ended.
    #[error("{path}: holds no sync that has ended")]
    NoSync {
        /// The store.
        path: PathBuf,
    },
    /// The store holds no sync of that connection that has ended.
    #[error("{path}: holds no sync of the connection {connection} that has ended")]
    NoSyncOf {
        /// The store.
        path: PathBuf,
        /// The connection.
        connection: String,
    },
    /// The store holds syncs of several connections, and none was named.
    #[error("{path}: holds syncs of several connections; name one, as in {path}#{connection}")]
    SeveralConnections {
        /// The store.
        path: PathBuf,
        /// One of them.
        connection: String,
    },
    /// The sync was not read to its end.
    #[error("{path}: sync {sync} has not ended; `connector sync` goes on with it")]
    NotEnded {
        /// The store.
        path: PathBuf,
        /// The sync.
        sync: i64,
    },
    /// A file cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
}

/// An open side.
#[derive(Debug)]
pub struct Side {
    /// The store.
    pub store: Store,
    /// The sync.
    pub sync: SyncRecord,
    /// Its listings, first readings only.
    pub listings: Vec<ListingRecord>,
}

impl Side {
    /// Opens a side.
    ///
    /// # Errors
    /// When there is no such store or no such sync in it, or the sync has not ended.
    pub fn open(name: &SideName) -> Result<Self, SideError> {
        let store = Store::read(&name.path)?;
        let path = || store.path().to_owned();
        let sync = match &name.sync {
            Chosen::Number(number) => store.sync(*number)?,
            Chosen::LatestOf(connection) => store
                .latest_ended(connection)?
                .ok_or_else(|| SideError::NoSyncOf { path: path(), connection: connection.clone() })?,
            Chosen::Latest => match store.connections_ended()?.as_slice() {
                [] => None,
                [connection] => store.latest_ended(connection)?,
                [connection, ..] => {
                    let connection = connection.clone();
                    return Err(SideError::SeveralConnections { path: path(), connection });
                }
            }
            .ok_or_else(|| SideError::NoSync { path: path() })?,
        };
        if sync.state != SyncState::Ended {
            return Err(SideError::NotEnded { path: store.path().to_owned(), sync: sync.id });
        }
        let mut listings = store.listings(sync.id)?;
        listings.retain(|listing| listing.reading == 1);
        Ok(Self { store, sync, listings })
    }

    /// The listing of a capability.
    #[must_use]
    pub fn listing(&self, capability: &str) -> Option<&ListingRecord> {
        self.listings.iter().find(|listing| listing.capability == capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_a_store_and_maybe_a_connection_or_a_number() {
        let name = |text: &str| text.parse::<SideName>();
        let side = |path: &str, sync| Ok(SideName { path: path.into(), sync });
        assert_eq!(name("a.db"), side("a.db", Chosen::Latest));
        assert_eq!(name("a#b.db#12"), side("a#b.db", Chosen::Number(12)));
        assert_eq!(name("a.db#acme"), side("a.db", Chosen::LatestOf("acme".to_owned())));
        let server = "postgres://sync@db.test/tenants?sslmode=require";
        assert_eq!(name(&format!("{server}#acme")), side(server, Chosen::LatestOf("acme".to_owned())));
        for wrong in ["", "#3", "a.db#"] {
            assert_eq!(name(wrong), Err(NotASide), "{wrong}");
        }
    }
}
