//! Credentials that exist in the app, and accounts that no person uses.

use lumos_connector::prelude::*;

pub(crate) async fn list_credentials(_: (), request: ListCredentials) -> Result<Vec<Credential>> {
    let wanted = request.custom_attributes.filter(|names| !names.is_empty());
    Ok(vec![
        Credential {
            resource_id: "cred:1".to_owned(),
            external_id: "1".to_owned(),
            label: "Key one".to_owned(),
            credential_type: "api_key".to_owned(),
            status: Some(CredentialStatus::Stale),
            grants_access_to_account_id: Some("acct-0000".to_owned()),
            created_at: Some("2024-01-01T00:00:00Z".to_owned()),
            custom_attributes: wanted
                .map(|names| names.iter().map(|name| (name.as_str(), name.to_uppercase())).collect()),
            ..Default::default()
        },
        Credential {
            resource_id: "cred:2".to_owned(),
            external_id: "2".to_owned(),
            credential_type: "password".to_owned(),
            ..Default::default()
        },
    ])
}

pub(crate) async fn get_credential_last_activity(
    _: (),
    _: GetCredentialLastActivity,
) -> Result<Vec<CredentialLastActivity>> {
    Ok(vec![CredentialLastActivity {
        credential_id: "1".to_owned(),
        event_type: ActivityEventType::LastLogin,
        happened_at: "2024-02-02T00:00:00Z".to_owned(),
    }])
}

pub(crate) async fn list_accounts(_: (), _: ListNonHumanAccounts) -> Result<Vec<NonHumanAccount>> {
    Ok(vec![NonHumanAccount {
        resource_id: "nha:1".to_owned(),
        id: "1".to_owned(),
        label: "Robot".to_owned(),
        workload_name: "builder".to_owned(),
        workload_id: "w-1".to_owned(),
        r#type: "bot".to_owned(),
        status: AccountStatus::Active,
        created_at: None,
        updated_at: None,
        last_login: None,
        last_activity: None,
        custom_attributes: None,
        extra_data: Some(JsonObject::from_iter([("nested", json!({"list": [1, "two", null]}))])),
    }])
}

pub(crate) async fn get_account_last_activity(
    _: (),
    _: GetNonHumanAccountLastActivity,
) -> Result<Vec<NonHumanAccountLastActivity>> {
    Ok(vec![NonHumanAccountLastActivity {
        non_human_account_id: "1".to_owned(),
        event_type: ActivityEventType::LastActivity,
        happened_at: "2024-02-01T00:00:00Z".to_owned(),
    }])
}
