//! Checks that take too long.

use std::time::Duration;

use lumos_connector_core::error::Result;
use lumos_connector_core::probe::{ProbeCheckSpec, ProbeSettings};
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::*;
use serde_json::json;

use crate::connector::{Connector, account, association, last};

async fn slow_accounts(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    tokio::time::sleep(Duration::from_secs(179)).await;
    Ok(vec![account("a0")])
}

async fn too_slow_accounts(_: (), _: ListAccounts) -> Result<Vec<FoundAccountData>> {
    tokio::time::sleep(Duration::from_secs(181)).await;
    Ok(vec![account("a0")])
}

#[tokio::test(start_paused = true)]
async fn each_check_has_three_minutes() {
    let connector = Connector::new()
        .associations(|_, _| last(vec![association("a0", "e")]))
        .with(|builder| builder.capability(marker::ListAccounts, slow_accounts));
    let probed = connector.probe(json!({})).await;
    assert_eq!(
        probed.summary("status"),
        json!([
            ["accounts", "passed"],
            ["entitlements", "unsupported"],
            ["entitlement_associations", "passed"]
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn after_its_time_a_check_fails() {
    let connector =
        Connector::new().with(|builder| builder.capability(marker::ListAccounts, too_slow_accounts));
    let probed = connector.probe(json!({"checks": ["accounts"]})).await;
    let check = probed.check("accounts");
    assert_eq!((probed.status(), &check["status"]), (&json!("failed"), &json!("failed")));
    assert_eq!((&check["source"], &check["capability"]), (&json!("default"), &json!(null)));
    assert_eq!(check["error"]["error_code"], "request_timeout");
    assert_eq!(check["error"]["raised_by"], "RequestTimeoutError");
    assert_eq!(check["error"]["error_metadata"]["retryable"], true);
    assert!(check["message"].is_string());
    assert!(check["duration_ms"].is_u64());
}

#[tokio::test(start_paused = true)]
async fn the_settings_say_how_long_a_check_may_take() {
    let slow = ProbeCheckSpec::own(ProbeCheckName::CapabilityConfig, async |_, _| {
        tokio::time::sleep(Duration::from_secs(2)).await;
        unreachable!("stopped before")
    });
    let settings = ProbeSettings::default()
        .check(slow.capability("people").optional())
        .check(ProbeCheckSpec::sdk(ProbeCheckName::Accounts))
        .per_check_timeout(Duration::from_secs(1));
    let connector = Connector::new().accounts(|_, _| last(vec![account("a0")])).probing(settings);
    let probed = connector.probe(json!({})).await;
    assert_eq!(probed.status(), "partial");
    let check = probed.check("capability_config");
    assert_eq!((&check["source"], &check["capability"]), (&json!("native"), &json!("people")));
    assert_eq!(check["error"]["error_code"], "request_timeout");
    assert_eq!(probed.check("accounts")["status"], "passed");
}
