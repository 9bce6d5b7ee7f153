//! The access graph's types and rules: every vault can be opened, and what it contains with it.

use lumos_connector::prelude::*;

const VAULT: &str = "vault";
const OPENER: &str = "opener";
const OPEN: &str = "open";

pub(crate) fn vault() -> ResourceType {
    ResourceType { type_id: VAULT.to_owned(), type_label: "Vault".to_owned() }
}

pub(crate) fn opener() -> AccessGraphEntitlementType {
    AccessGraphEntitlementType {
        type_id: OPENER.to_owned(),
        type_label: "Opener".to_owned(),
        resource_type_id: VAULT.to_owned(),
    }
}

pub(crate) fn open_on_every_vault() -> AccessGraphEntitlementRule {
    AccessGraphEntitlementRule {
        entitlement_type: OPENER.to_owned(),
        entitlement_id: OPEN.to_owned(),
        resource_type: VAULT.to_owned(),
        label: "Open".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn open_implies_what_is_contained() -> AccessGraphImpliedAccessRule {
    AccessGraphImpliedAccessRule {
        from_entitlement_type: OPENER.to_owned(),
        from_entitlement_id: OPEN.to_owned(),
        from_resource_type: VAULT.to_owned(),
        relationship_label: Some("contains".to_owned()),
        to_entitlement_type: OPENER.to_owned(),
        to_entitlement_id: OPEN.to_owned(),
        to_resource_type: VAULT.to_owned(),
    }
}
