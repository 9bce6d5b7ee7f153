//! Which checks `app_info` says a probe can make.

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::host::Host;
use lumos_connector_core::integration::Builder;
use lumos_connector_core::probe::{ProbeCheckSpec, ProbeSettings};
use lumos_connector_core::{Call, Integration};
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::{self, FoundAccountData, FoundEntitlementAssociation, ProbeCheck};
use lumos_connector_types::probe::ProbeCheckName::{self, Accounts, CapabilityConfig, Entitlements};
use serde_json::{Value, json};

fn acme() -> Builder {
    Integration::builder("acme", "1.0.0")
}

async fn performable(builder: Builder) -> Value {
    let acme = builder.build().unwrap();
    let answer = acme.dispatch(&Host::default(), "app_info", r#"{"request":{}}"#).await;
    let mut answer: Value = serde_json::from_slice(&answer.into_bytes().await.unwrap()).unwrap();
    answer["response"]["app_schema"]["info"]["x-probe-checks"].take()
}

async fn accounts(_: (), _: payload::ListAccounts) -> Result<Vec<FoundAccountData>> {
    Ok(Vec::new())
}

async fn associations(
    _: (),
    _: payload::GetAccountEntitlementAssociations,
) -> Result<Vec<FoundEntitlementAssociation>> {
    Ok(Vec::new())
}

async fn own(_: Call, _: payload::ProbeIntegration) -> Result<ProbeCheck> {
    Err(ConnectorError::new("never called"))
}

async fn own_probe(_: (), _: payload::ProbeIntegration) -> Result<payload::ProbeResults> {
    Err(ConnectorError::new("never called"))
}

#[tokio::test]
async fn the_sdk_makes_the_checks_whose_listings_there_are() {
    assert_eq!(performable(acme()).await, json!([]));
    let listing = || acme().capability(marker::ListAccounts, accounts);
    assert_eq!(performable(listing()).await, json!(["accounts"]));
    let of_one =
        |builder: Builder| builder.capability(marker::GetAccountEntitlementAssociations, associations);
    assert_eq!(performable(of_one(acme())).await, json!([]));
    assert_eq!(performable(of_one(listing())).await, json!(["accounts", "entitlement_associations"]));
}

#[tokio::test]
async fn own_checks_are_always_made() {
    let settings = ProbeSettings::default()
        .check(ProbeCheckSpec::own(CapabilityConfig, own))
        .check(ProbeCheckSpec::sdk(Accounts))
        .check(ProbeCheckSpec::own(Entitlements, own));
    let names: [ProbeCheckName; 2] = [CapabilityConfig, Entitlements];
    assert_eq!(performable(acme().probe(settings)).await, json!(names));
}

#[tokio::test]
async fn without_a_probe_there_are_no_checks() {
    assert_eq!(performable(acme().without_probe()).await, json!(null));
    let none_declared = acme().without_probe().capability(marker::ProbeIntegration, own_probe);
    assert_eq!(performable(none_declared).await, json!(null));
    let declared = ProbeSettings::default().check(ProbeCheckSpec::own(Accounts, own));
    let declared = acme().probe(declared).capability(marker::ProbeIntegration, own_probe);
    assert_eq!(performable(declared).await, json!(["accounts"]));
}
