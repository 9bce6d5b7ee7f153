//! The declaration: what the connector is, and which function answers which capability.

use lumos_connector::prelude::*;

use crate::account_changes::{self, NewAccount, UpdatedAccount};
use crate::settings::PostgresSettings;
use crate::{accounts, deletion, entitlement, entitlement_changes, failures, listings, server};

/// The connector.
///
/// # Errors
/// When the declaration has mistakes, which a test rules out.
pub fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("postgres", env!("CARGO_PKG_VERSION"))
        .about("PostgreSQL", [AppCategory::Developers, AppCategory::ItAndSecurity])
        .description("Governs the login roles, memberships and privileges of a PostgreSQL server.")
        .vendor_domain("postgresql.org")
        .resource_types(entitlement::resource_types())
        .entitlement_types(entitlement::types())
        .auth::<BasicCredential>()
        .settings::<PostgresSettings>()
        .on_error(failures::mapped)
        // Reading
        .capability(capability::ValidateCredentials, server::validate_credentials)
        .capability(capability::ListAccounts, accounts::list_accounts)
        .capability(capability::GetAccount, accounts::get_account)
        .capability(capability::ListCustomAttributesSchema, accounts::list_custom_attributes_schema)
        .capability(capability::ListResources, listings::list_resources)
        .capability(capability::ListEntitlements, listings::list_entitlements)
        .capability(capability::FindEntitlementAssociations, listings::find_entitlement_associations)
        .capability(
            capability::GetAccountEntitlementAssociations,
            listings::get_account_entitlement_associations,
        )
        .capability(capability::GetLastActivity, accounts::get_last_activity)
        // Changing accounts
        .capability(capability::CreateAccount::of::<NewAccount>(), account_changes::create_account)
        .capability(
            capability::UpdateAccount::of::<UpdatedAccount, UpdateableAccount>(),
            account_changes::update_account,
        )
        .capability(capability::ActivateAccount, account_changes::activate_account)
        .capability(capability::DeactivateAccount, account_changes::deactivate_account)
        .capability(capability::DeleteAccount, deletion::delete_account)
        // Changing entitlements
        .capability(capability::AssignEntitlement, entitlement_changes::assign_entitlement)
        .capability(capability::UnassignEntitlement, entitlement_changes::unassign_entitlement)
        .build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_declaration_has_no_mistakes() {
        assert!(super::integration().is_ok());
    }
}
