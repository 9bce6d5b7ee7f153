//! A connector with a fault of choice: `FAULT` names it, and without it the connector is healthy.
//!
//! Faults that an SDK lets one make are made in the handlers ([`listings`], [`changes`]); those that none does are made in
//! place of the connector ([`by_hand`], for `connector sync`) or between it and its caller ([`wire`], for
//! `connector check`). `FAULT_STATE` names a file in which faults count that do not happen every time, `FAULT_STORE` one
//! that holds what was changed. With `FAULT_LOGIN=several` it has several credentials with ids, one of them for OAuth.

mod by_hand;
mod changes;
mod fault;
mod listings;
mod login;
mod tenant;
mod wire;

use lumos_connector::prelude::*;

use changes::{ChangedAccount, NewAccount};
use fault::{Fault, is};
use login::Login;

/// What every call brings, with the settings.
type LoginAndSettings = (Login, Settings<FaultySettings>);

/// Where the app is.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct FaultySettings {
    /// Where the app lives, such as acme.test.
    #[schemars(title = "Host")]
    #[expect(dead_code, reason = "it is there to be asked for")]
    host: String,
    /// The key of the tenant, from its settings page.
    #[schemars(title = "API key", extend("x-secret" = true))]
    #[expect(dead_code, reason = "it is there to be asked for")]
    api_key: Option<String>,
}

fn main() -> ExitCode {
    if std::env::var_os(wire::INNER).is_none() {
        if let Some(status) = by_hand::answer(Fault::chosen()) {
            return status;
        }
        if fault::is_of_the_wire() {
            return wire::run();
        }
    }
    lumos_connector::run(integration())
}

fn integration() -> Result<Integration, IntegrationError> {
    let version = if is("version-in-words") { "one" } else { "1.0.0" };
    let mut types = vec![EntitlementType {
        type_id: "ROLE".to_owned(),
        type_label: "Role".to_owned(),
        resource_type_id: "SPACE".to_owned(),
        min: 0,
        max: None,
        requirements: None,
    }];
    if is("type-unused") {
        types.push(EntitlementType { type_id: "LICENCE".to_owned(), ..types[0].clone() });
    }
    let builder = Integration::builder("faulty-connector", version)
        .about("Faulty Connector", [AppCategory::Developers])
        .description("A connector with a fault of choice.")
        .logo_url("https://example.com/faulty.png")
        .entitlement_types(types)
        .resource_types([ResourceType { type_id: "SPACE".to_owned(), type_label: "Space".to_owned() }])
        .settings::<FaultySettings>()
        .capability(capability::ValidateCredentials, listings::validate)
        .capability(capability::ListAccounts, listings::accounts)
        .capability(capability::GetAccount, listings::get_account)
        .capability(capability::ListResources, listings::resources)
        .capability(capability::FindEntitlementAssociations, listings::associations)
        .capability(capability::GetAccountEntitlementAssociations, listings::associations_of_account)
        .capability(capability::ListCustomAttributesSchema, listings::attributes)
        .capability(capability::GetLastActivity, listings::last_activity)
        .capability(capability::CreateAccount::of::<NewAccount>(), changes::create)
        .capability(capability::UpdateAccount::of::<ChangedAccount, ChangedAccount>(), changes::update)
        .capability(capability::ActivateAccount, changes::activate)
        .capability(capability::DeactivateAccount, changes::deactivate)
        .capability(capability::DeleteAccount, changes::delete)
        .capability(capability::AssignEntitlement, changes::assign)
        .capability(capability::UnassignEntitlement, changes::unassign);
    let builder = if is("listing-missing") {
        builder
    } else {
        builder.capability(capability::ListEntitlements, listings::entitlements)
    };
    login::declared(builder).build()
}
