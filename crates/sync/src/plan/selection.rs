//! Which listings are wanted: `--only` and `--without`.

use super::listing::{LISTINGS, ListingKind, Walk};

/// Which listings are wanted. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// When not empty, only these, by label or capability.
    pub only: Vec<String>,
    /// Not these.
    pub without: Vec<String>,
}

/// Why a selection makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectionError {
    /// There is no such listing.
    #[error("{name}: is not a listing; expected one of {}", known())]
    Unknown {
        /// What was given.
        name: String,
    },
    /// The connector has none of the listings that are selected.
    #[error("the connector has none of the listings that are selected")]
    Nothing,
}

fn known() -> String {
    LISTINGS.iter().map(|listing| listing.label).collect::<Vec<_>>().join(", ")
}

impl Selection {
    pub(super) fn check(&self) -> Result<(), SelectionError> {
        match self
            .only
            .iter()
            .chain(&self.without)
            .find(|name| !LISTINGS.iter().any(|kind| kind.is_named(name)))
        {
            Some(name) => Err(SelectionError::Unknown { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Whether `--only` names the listing.
    pub(super) fn names(&self, kind: &ListingKind) -> bool {
        self.only.iter().any(|name| kind.is_named(name))
    }

    /// Accounts are read, too, where a chosen listing goes through them.
    pub(super) fn selects(&self, kind: &ListingKind) -> bool {
        let goes_through_accounts =
            |other: &&ListingKind| matches!(other.walk, Walk::Accounts { .. }) && self.names(other);
        let is_wanted = self.only.is_empty()
            || self.names(kind)
            || (kind.label == "accounts" && LISTINGS.iter().any(|other| goes_through_accounts(&other)));
        is_wanted && !self.without.iter().any(|name| kind.is_named(name))
    }
}
