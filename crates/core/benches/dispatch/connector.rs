//! The connector whose dispatch is measured.

use indexmap::IndexMap;
use lumos_connector_core::error::Result;
use lumos_connector_core::{Auth, Integration, Settings};
use lumos_connector_types::capability::marker as capability;
use lumos_connector_types::payload::{
    AccountStatus, BasicCredential, FoundAccountData, ListAccounts, ValidateCredentials, ValidatedCredentials,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const REQUEST: &str = r#"{"auth":{"basic":{"username":"foo","password":"bar"}},"request":{},"settings":{"host":"example.test","account_count":1000}}"#;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BenchSettings {
    host: String,
    account_count: usize,
}

async fn validate_credentials(
    _: Auth<BasicCredential>,
    _: ValidateCredentials,
) -> Result<ValidatedCredentials> {
    Ok(validated())
}

async fn list_accounts(settings: Settings<BenchSettings>, _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(accounts(&settings))
}

pub(crate) fn validated() -> ValidatedCredentials {
    ValidatedCredentials { valid: true, unique_tenant_id: "bench-tenant".to_owned() }
}

pub(crate) fn accounts(settings: &BenchSettings) -> Vec<FoundAccountData> {
    let account = |index: usize| FoundAccountData {
        email: Some(format!("user{index:07}@{}", settings.host)),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        user_status: Some(AccountStatus::Active),
        custom_attributes: Some(IndexMap::from([
            ("department".to_owned(), "Engineering".to_owned()),
            ("cost_center".to_owned(), format!("CC-{:03}", index % 97)),
            ("employee_number".to_owned(), (100_000 + index).to_string()),
        ])),
        ..FoundAccountData::new(format!("acct-{index:07}"))
    };
    (0..settings.account_count).map(account).collect()
}

pub(crate) fn connector() -> Integration {
    Integration::builder("bench", "1.0.0")
        .auth::<BasicCredential>()
        .settings::<BenchSettings>()
        .capability(capability::ValidateCredentials, validate_credentials)
        .capability(capability::ListAccounts, list_accounts)
        .build()
        .unwrap()
}
