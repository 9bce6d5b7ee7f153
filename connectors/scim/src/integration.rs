//! The declaration: what the connector is, and which function answers which capability.

use lumos_connector::prelude::*;

use crate::account_changes::{CreateScimAccount, UpdateScimAccount};
use crate::settings::ScimSettings;
use crate::{account_changes, accounts, assignments, associations, credentials, custom_attributes};
use crate::{entitlement, entitlements, resources};

/// The connector.
///
/// # Errors
/// None: a test says so.
pub fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("scim", env!("CARGO_PKG_VERSION"))
        .about("SCIM 2.0", [AppCategory::ItAndSecurity])
        .description("Users, groups, roles and entitlements of any app with a SCIM 2.0 service.")
        .resource_types(resources::types())
        .entitlement_types(entitlement::types())
        .credential(credentials::token())
        .credential(credentials::basic())
        .credential(credentials::oauth())
        .allow_credentials([credentials::TOKEN])
        .allow_credentials([credentials::BASIC])
        .allow_credentials([credentials::OAUTH])
        .settings::<ScimSettings>()
        .capability(capability::ValidateCredentials, credentials::validate_credentials)
        // Reading
        .capability(capability::ListAccounts, accounts::list_accounts)
        .capability(capability::GetAccount, accounts::get_account)
        .capability(capability::ListResources, resources::list_resources)
        .capability(capability::ListEntitlements, entitlements::list_entitlements)
        .capability(capability::FindEntitlementAssociations, associations::find_entitlement_associations)
        .capability(
            capability::GetAccountEntitlementAssociations,
            associations::get_account_entitlement_associations,
        )
        .capability(capability::ListCustomAttributesSchema, custom_attributes::list_custom_attributes_schema)
        .capability(capability::GetLastActivity, accounts::get_last_activity)
        // Changing accounts
        .capability(capability::CreateAccount::of::<CreateScimAccount>(), account_changes::create_account)
        .capability(
            capability::UpdateAccount::of::<UpdateScimAccount, UpdateableAccount>(),
            account_changes::update_account,
        )
        .capability(capability::ActivateAccount, account_changes::activate_account)
        .capability(capability::DeactivateAccount, account_changes::deactivate_account)
        .capability(capability::DeleteAccount, account_changes::delete_account)
        // Changing entitlements
        .capability(capability::AssignEntitlement, assignments::assign_entitlement)
        .capability(capability::UnassignEntitlement, assignments::unassign_entitlement)
        .build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_declaration_has_no_mistakes() {
        assert!(super::integration().is_ok());
    }

    #[test]
    fn forms_show_the_defaults_of_settings() {
        let info: serde_json::Value = serde_json::from_str(&super::integration().unwrap().info()).unwrap();
        let settings = &info["response"]["request_settings_schema"]["properties"];
        assert_eq!(settings["email_attribute"]["default"], "emails");
        assert_eq!(settings["given_name_attribute"]["default"], "name.givenName");
        assert_eq!(settings["group_endpoint"]["default"], "Groups");
    }
}
