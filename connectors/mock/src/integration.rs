//! The declaration: what the connector is, and which function answers which capability.

use lumos_connector::error;
use lumos_connector::prelude::*;

use crate::account_changes::{self, MockCreateAccount, MockUpdateAccount};
use crate::badges::{self, BadgeRotation};
use crate::echo::{self, TypesEcho};
use crate::settings::MockSettings;
use crate::{accounts, activity, associations, credentials, custom_attributes, entitlement_changes};
use crate::{entitlements, expenses, resources};

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("mock-connector", "1.0.0")
        .about("Mock Connector", [AppCategory::Developers, AppCategory::ItAndSecurity])
        .description("A small deterministic connector.")
        .logo_url("https://example.com/mock.png")
        .vendor_domain("example.com")
        .resource_types(resources::types())
        .entitlement_types(entitlements::types())
        .auth::<BasicCredential>()
        .settings::<MockSettings>()
        .on_error(error::http_status)
        // Reading
        .capability(
            capability::ValidateCredentials.description("Checks the login."),
            credentials::validate_credentials,
        )
        .capability(capability::ListAccounts.display_name("List all people"), accounts::list_accounts)
        .capability(capability::GetAccount, accounts::get_account)
        .capability(capability::ListResources, resources::list_resources)
        .capability(capability::ListEntitlements, entitlements::list_entitlements)
        .capability(capability::FindEntitlementAssociations, associations::find_entitlement_associations)
        .capability(capability::ListCustomAttributesSchema, custom_attributes::list_custom_attributes_schema)
        .capability(capability::GetLastActivity, activity::get_last_activity)
        .capability(capability::ListActivityRecords, activity::list_activity_records)
        .capability(capability::ListExpenses, expenses::list_expenses)
        // Changing accounts
        .capability(
            capability::CreateAccount::of::<MockCreateAccount>()
                .display_name("Add a person")
                .description("Makes one."),
            account_changes::create_account,
        )
        .capability(
            capability::UpdateAccount::of::<MockUpdateAccount, MockUpdateAccount>(),
            account_changes::update_account,
        )
        .capability(capability::ActivateAccount, account_changes::activate_account)
        .capability(capability::DeactivateAccount, account_changes::deactivate_account)
        .capability(capability::DeleteAccount, account_changes::delete_account)
        .capability(capability::TransferData, account_changes::transfer_data)
        .capability(capability::ReleaseResources, account_changes::release_resources)
        // Changing entitlements
        .capability(
            capability::AssignEntitlement.rate_limit_mode(RateLimitMode::Enforce),
            entitlement_changes::assign_entitlement,
        )
        .capability(capability::UnassignEntitlement, entitlement_changes::unassign_entitlement)
        .capability(capability::DowngradeLicense, entitlement_changes::downgrade_license)
        // Of this connector alone
        .capability(
            BadgeRotation
                .display_name("Rotate a badge")
                .description("Issues fresh badges.")
                .rate_limit_mode(RateLimitMode::Enforce)
                .traffic_class(TrafficClass::Agent),
            badges::rotate_badge,
        )
        .capability(TypesEcho, echo::echo_types)
        .build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_declaration_has_no_mistakes() {
        assert!(super::integration().is_ok());
    }
}
