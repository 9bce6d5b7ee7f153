//! The plan of a sync: which listings are read, in which order, with which requests.

mod fields;
mod listing;
mod request;
mod selection;

pub use fields::{Field, FieldType, fields};
pub use listing::{IdentityField, LISTINGS, ListingKind, Member, Reference, RequestForm, Walk};
pub use request::RequestValues;
pub use selection::{Selection, SelectionError};

use lumos_connector_types::capability::StandardCapability;

/// A listing that a sync reads.
#[derive(Clone, Copy, Debug)]
pub struct PlannedListing {
    /// Which.
    pub kind: &'static ListingKind,
    /// 1, or 2 for the second reading that is compared with the first.
    pub reading: u8,
}

/// What a sync reads.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The listings in the order in which they start.
    pub listings: Vec<PlannedListing>,
}

impl Plan {
    /// Plans the listings that a connector has and that are selected.
    ///
    /// Associations by account are read only where the connector cannot list all of them at once, or when they are
    /// named.
    ///
    /// # Errors
    /// When a name is not that of a listing, or nothing is left to read.
    pub fn new(capabilities: &[String], selection: &Selection, verify: bool) -> Result<Self, SelectionError> {
        selection.check()?;
        let has =
            |capability: StandardCapability| capabilities.iter().any(|name| name == capability.as_str());
        let mut listings = Vec::new();
        for kind in LISTINGS {
            let is_spare = kind.capability == StandardCapability::GetAccountEntitlementAssociations
                && has(StandardCapability::FindEntitlementAssociations)
                && !selection.names(kind);
            if !has(kind.capability) || !selection.selects(kind) || is_spare {
                continue;
            }
            listings.push(PlannedListing { kind, reading: 1 });
            if verify {
                listings.push(PlannedListing { kind, reading: 2 });
            }
        }
        if listings.is_empty() {
            return Err(SelectionError::Nothing);
        }
        Ok(Self { listings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(
        capabilities: &[&str],
        only: &[&str],
        without: &[&str],
    ) -> Result<Vec<&'static str>, SelectionError> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let selection = Selection { only: owned(only), without: owned(without) };
        let plan = Plan::new(&owned(capabilities), &selection, false)?;
        Ok(plan.listings.iter().map(|listing| listing.kind.label).collect())
    }

    const ALL: &[&str] = &[
        "find_entitlement_associations",
        "get_account_entitlement_associations",
        "list_accounts",
        "list_entitlements",
        "validate_credentials",
    ];

    #[test]
    fn listings_come_in_their_order_and_associations_once() {
        assert_eq!(labels(ALL, &[], &[]).unwrap(), ["accounts", "entitlements", "associations"]);
        let by_account = ["get_account_entitlement_associations", "list_accounts"];
        assert_eq!(labels(&by_account, &[], &[]).unwrap(), ["accounts", "account_associations"]);
    }

    #[test]
    fn what_is_chosen_by_label_or_capability_is_read() {
        assert_eq!(labels(ALL, &["list-entitlements"], &[]).unwrap(), ["entitlements"]);
        assert_eq!(labels(ALL, &[], &["associations", "accounts"]).unwrap(), ["entitlements"]);
    }

    #[test]
    fn an_unknown_name_and_an_empty_plan_are_refused() {
        assert!(matches!(labels(ALL, &["people"], &[]), Err(SelectionError::Unknown { .. })));
        assert!(matches!(labels(ALL, &["resources"], &[]), Err(SelectionError::Nothing)));
    }

    #[test]
    fn by_account_listings_bring_the_accounts_that_they_need() {
        assert_eq!(
            labels(&["get_last_activity", "list_accounts"], &["last_activity"], &[]).unwrap(),
            ["accounts", "last_activity"]
        );
    }

    #[test]
    fn verify_reads_each_listing_twice() {
        let capabilities = ["list_accounts".to_owned()];
        let plan = Plan::new(&capabilities, &Selection::default(), true).unwrap();
        assert_eq!(plan.listings.iter().map(|listing| listing.reading).collect::<Vec<_>>(), [1, 2]);
    }
}
