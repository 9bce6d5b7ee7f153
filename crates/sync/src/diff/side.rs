//! One side of a comparison: a store and a sync in it.

use std::path::PathBuf;
use std::str::FromStr;

use crate::store::{ListingRecord, Store, StoreError, SyncRecord, SyncState};

/// What a person writes: `FILE` for the latest sync of a store, `FILE#NUMBER` for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideName {
    /// The store.
    pub path: PathBuf,
    /// The sync; the latest that has ended when `None`.
    pub sync: Option<i64>,
}

/// The number after `#` is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected FILE or FILE#NUMBER, such as tenant.db#3")]
pub struct NotASide;

impl FromStr for SideName {
    type Err = NotASide;

    fn from_str(text: &str) -> Result<Self, NotASide> {
        match text.rsplit_once('#') {
            Some((path, number)) if !path.is_empty() => {
                let sync = number.parse().map_err(|_| NotASide)?;
                Ok(Self { path: path.into(), sync: Some(sync) })
            }
            _ if text.is_empty() => Err(NotASide),
            _ => Ok(Self { path: text.into(), sync: None }),
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
        let sync = match name.sync {
            Some(number) => store.sync(number)?,
            None => {
                let ended = store.syncs()?.into_iter().rfind(|sync| sync.state == SyncState::Ended);
                ended.ok_or_else(|| SideError::NoSync { path: name.path.clone() })?
            }
        };
        if sync.state != SyncState::Ended {
            return Err(SideError::NotEnded { path: name.path.clone(), sync: sync.id });
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
    fn a_side_is_a_file_and_maybe_a_number() {
        let name = |text: &str| text.parse::<SideName>();
        assert_eq!(name("a.db").unwrap(), SideName { path: "a.db".into(), sync: None });
        assert_eq!(name("a#b.db#12").unwrap(), SideName { path: "a#b.db".into(), sync: Some(12) });
        assert_eq!(name("a.db#last"), Err(NotASide));
        assert_eq!(name(""), Err(NotASide));
    }
}
