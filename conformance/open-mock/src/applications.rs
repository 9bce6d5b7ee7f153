//! Applications that the app manages.

use lumos_connector::prelude::*;

const EXAMPLE_ID: &str = "app-1";

fn example(id: String) -> Application {
    Application {
        id,
        name: "example".to_owned(),
        display_name: Some("Example".to_owned()),
        description: None,
        status: ApplicationStatus::Active,
        logo: None,
        sign_on_mode: SignOnMode::Saml,
        sso_login_url: None,
        assignment_modes: vec![AssignmentMode::Account, AssignmentMode::Entitlement],
    }
}

pub(crate) async fn list(_: (), _: ListApplications) -> Result<Vec<Application>> {
    Ok(vec![example(EXAMPLE_ID.to_owned())])
}

pub(crate) async fn get(_: (), request: GetApplication) -> Result<Application> {
    Ok(example(request.application_instance_id))
}

pub(crate) async fn list_accounts(_: (), _: ListApplicationsAccounts) -> Result<Vec<ApplicationAccount>> {
    Ok(vec![ApplicationAccount {
        account_id: "acct-0000".to_owned(),
        application_instance_id: EXAMPLE_ID.to_owned(),
        status: AccountStatus::Pending,
    }])
}

pub(crate) async fn get_account(_: (), request: GetApplicationAccount) -> Result<ApplicationAccount> {
    Ok(ApplicationAccount {
        account_id: request.account_id,
        application_instance_id: request.application_instance_id,
        status: AccountStatus::Pending,
    })
}

pub(crate) async fn list_activity_records(
    _: (),
    request: ListApplicationsActivityRecords,
) -> Result<Vec<ApplicationActivityRecord>> {
    let records = request.actors.into_iter().map(|actor| ApplicationActivityRecord {
        application_instance_id: EXAMPLE_ID.to_owned(),
        id: format!("rec-{}", actor.account_id),
        activity_type: ActivityType::AccountLogin.into(),
        timestamp: request.since_date.clone(),
        actor,
        targets: vec![],
        metadata: None,
    });
    Ok(records.collect())
}

pub(crate) async fn list_entitlements(
    _: (),
    _: ListApplicationsEntitlements,
) -> Result<Vec<ApplicationEntitlementData>> {
    let outer = JsonObject::from_iter([("inner", json!(1))]);
    Ok(vec![ApplicationEntitlementData {
        application_instance_id: EXAMPLE_ID.to_owned(),
        entitlement_type: "opener".to_owned(),
        extra_data: Some(IndexMap::from([("outer".to_owned(), outer)])),
        integration_specific_id: "open".to_owned(),
        label: "Open".to_owned(),
        ..Default::default()
    }])
}

pub(crate) async fn list_resources(
    _: (),
    _: ListApplicationsResources,
) -> Result<Vec<ApplicationResourceData>> {
    Ok(vec![ApplicationResourceData {
        application_instance_id: EXAMPLE_ID.to_owned(),
        integration_specific_id: "vault-1".to_owned(),
        label: "Vault".to_owned(),
        resource_type: "vault".to_owned(),
        ..Default::default()
    }])
}

pub(crate) async fn list_associations(
    _: (),
    _: ListApplicationsEntitlementAssociations,
) -> Result<Vec<ApplicationEntitlementAssociation>> {
    Ok(vec![ApplicationEntitlementAssociation {
        application_instance_id: EXAMPLE_ID.to_owned(),
        account_id: "acct-0000".to_owned(),
        integration_specific_entitlement_id: "open".to_owned(),
        integration_specific_resource_id: String::new(),
    }])
}

pub(crate) async fn assign(_: (), _: AssignApplication) -> Result<AssignedApplication> {
    Ok(AssignedApplication { assigned: true, provisioned: false })
}

pub(crate) async fn unassign(_: (), _: UnassignApplication) -> Result<UnassignedApplication> {
    Ok(UnassignedApplication { unassigned: true, deprovisioned: true, status: AccountStatus::Deprovisioned })
}

pub(crate) async fn assign_entitlement(
    _: (),
    _: AssignApplicationEntitlement,
) -> Result<AssignedApplicationEntitlement> {
    Ok(AssignedApplicationEntitlement { assigned: true })
}

pub(crate) async fn unassign_entitlement(
    _: (),
    _: UnassignApplicationEntitlement,
) -> Result<UnassignedApplicationEntitlement> {
    Ok(UnassignedApplicationEntitlement { unassigned: true })
}
