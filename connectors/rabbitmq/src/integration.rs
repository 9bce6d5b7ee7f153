//! The declaration: what the connector is, and which function answers which capability.

use lumos_connector::error::http_status;
use lumos_connector::prelude::*;

use crate::account_changes::{self, NewAccount};
use crate::settings::RabbitSettings;
use crate::{accounts, credentials, entitlement, entitlement_changes, entitlements, resources};

/// The connector.
///
/// # Errors
/// When the declaration has mistakes, which a test rules out.
pub fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("rabbitmq", env!("CARGO_PKG_VERSION"))
        .about("RabbitMQ", [AppCategory::Developers, AppCategory::ItAndSecurity])
        .description("Governs the users, tags and permissions of a RabbitMQ cluster.")
        .vendor_domain("rabbitmq.com")
        .resource_types(resources::types())
        .entitlement_types(entitlement::types())
        .auth::<BasicCredential>()
        .settings::<RabbitSettings>()
        .on_error(http_status)
        // Reading
        .capability(capability::ValidateCredentials, credentials::validate_credentials)
        .capability(capability::ListAccounts, accounts::list_accounts)
        .capability(capability::GetAccount, accounts::get_account)
        .capability(capability::ListResources, resources::list_resources)
        .capability(capability::ListEntitlements, entitlements::list_entitlements)
        .capability(capability::FindEntitlementAssociations, entitlements::find_entitlement_associations)
        .capability(
            capability::GetAccountEntitlementAssociations,
            entitlements::get_account_entitlement_associations,
        )
        // Changing
        .capability(capability::CreateAccount::of::<NewAccount>(), account_changes::create_account)
        .capability(capability::DeleteAccount, account_changes::delete_account)
        .capability(capability::AssignEntitlement, entitlement_changes::assign_entitlement)
        .capability(capability::UnassignEntitlement, entitlement_changes::unassign_entitlement)
        .build()
}
