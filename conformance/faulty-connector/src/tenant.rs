//! The tenant: 40 accounts, 3 entitlements, and two associations for each account.

use lumos_connector::prelude::*;

pub(crate) const ACCOUNTS: usize = 40;

pub(crate) fn account(number: usize) -> FoundAccountData {
    FoundAccountData {
        email: Some(format!("user{number}@acme.test")),
        user_status: Some(AccountStatus::Active),
        ..FoundAccountData::new(account_id(number))
    }
}

fn account_id(number: usize) -> String {
    format!("acct-{number:04}")
}

pub(crate) fn entitlement(number: usize) -> FoundEntitlementData {
    FoundEntitlementData {
        entitlement_type: "ROLE".to_owned(),
        integration_specific_id: format!("role-{number}"),
        label: format!("Role {number}"),
        ..FoundEntitlementData::default()
    }
}

pub(crate) fn association(account: usize, entitlement: usize) -> FoundEntitlementAssociation {
    FoundEntitlementAssociation {
        account_id: account_id(account),
        integration_specific_entitlement_id: format!("role-{entitlement}"),
        integration_specific_resource_id: String::new(),
    }
}
