//! What the connector declares.

use lumos_connector::prelude::*;

use crate::{access_graph, accounts, applications, arbitrary_endpoint, connection, non_human};

pub(crate) fn integration() -> Result<Integration, IntegrationError> {
    Integration::builder("open-mock", "1.0.0")
        .about("Open Mock", [AppCategory::EarlyAccess])
        .requires_authentication(false)
        .without_probe()
        .capability(capability::ValidateCredentials, connection::validate_credentials)
        .capability(capability::GetDataRecency, connection::get_data_recency)
        .capability(capability::ListUpdatedAccounts, accounts::list_updated)
        .capability(capability::GetAccountEntitlementAssociations, accounts::get_entitlement_associations)
        .capability(capability::ListCredentials, non_human::list_credentials)
        .capability(capability::GetCredentialLastActivity, non_human::get_credential_last_activity)
        .capability(capability::ListNonHumanAccounts, non_human::list_accounts)
        .capability(capability::GetNonHumanAccountLastActivity, non_human::get_account_last_activity)
        .capability(capability::FindResourceGraph, access_graph::find_resources)
        .capability(capability::FindEntitlementGraph, access_graph::find_entitlements)
        .capability(capability::FindEntitlementAssignments, access_graph::find_assignments)
        .capability(capability::ListApplications, applications::list)
        .capability(capability::GetApplication, applications::get)
        .capability(capability::ListApplicationsAccounts, applications::list_accounts)
        .capability(capability::GetApplicationAccount, applications::get_account)
        .capability(capability::ListApplicationsActivityRecords, applications::list_activity_records)
        .capability(capability::ListApplicationsEntitlements, applications::list_entitlements)
        .capability(capability::ListApplicationsResources, applications::list_resources)
        .capability(capability::ListApplicationsEntitlementAssociations, applications::list_associations)
        .capability(capability::AssignApplication, applications::assign)
        .capability(capability::UnassignApplication, applications::unassign)
        .capability(capability::AssignApplicationEntitlement, applications::assign_entitlement)
        .capability(capability::UnassignApplicationEntitlement, applications::unassign_entitlement)
        .capability(capability::FulfillArbitraryEndpoint, arbitrary_endpoint::fulfill)
        .build()
}
