//! How a probe calls the connector's listings.

use std::sync::{Arc, Mutex};

use lumos_connector_core::Call;
use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::host::Host;
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use crate::connector::{Connector, account};

/// A connector whose only listing writes down what a call brings.
fn witness() -> (Connector, Arc<Mutex<Vec<Value>>>) {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let notes = Arc::clone(&seen);
    let connector = Connector::new().with(|builder| {
        builder.capability(marker::ListAccounts, move |call: Call, _: ListAccounts| {
            notes.lock().unwrap().push(json!({
                "auth": call.raw_auth(),
                "credentials": call.credentials(),
                "settings": call.raw_settings(),
                "token": call.page().token,
                "size": call.page().size,
                "include_raw_data": call.include_raw_data(),
                "rate_limit": call.raw_rate_limit(),
                "mode": call.rate_limit().mode,
            }));
            async { Ok(vec![account("a0")]) }
        })
    });
    (connector, seen)
}

#[tokio::test]
async fn page_raw_data_and_rate_limit_are_the_probes_own() {
    let (connector, seen) = witness();
    let auth = json!({"id": "x", "basic": {"username": "u", "password": "p"}, "token": {"token": "t"}});
    let probed = connector
        .answer(json!({
            "auth": auth,
            "request": {"checks": ["accounts"]},
            "settings": {"tenant": "é", "limit": 1.0},
            "page": {"token": "x", "size": 3},
            "include_raw_data": true,
            "rate_limit": {"caller_override_mode": "bypass", "max_execution_time": 30},
        }))
        .await;
    assert_eq!(probed.status(), "passed");
    assert_eq!((&probed.answer["page"], &probed.answer["raw_data"]), (&json!(null), &json!(null)));
    let seen = seen.lock().unwrap();
    let [call] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(call["auth"]["id"], "x");
    assert_eq!(call["auth"]["basic"], json!({"username": "u", "password": "p"}));
    assert_eq!(call["auth"]["token"], json!({"token": "t"}));
    assert_eq!(call["settings"], json!({"tenant": "é", "limit": 1.0}));
    assert_eq!((&call["token"], &call["size"]), (&json!(null), &json!(10)));
    assert_eq!((&call["include_raw_data"], &call["rate_limit"]), (&json!(false), &json!(null)));
    assert_eq!(call["mode"], "enforce");
}

#[tokio::test]
async fn absent_settings_stay_absent() {
    let (connector, seen) = witness();
    let auth = json!({"basic": {"username": "u", "password": "p"}});
    connector.answer(json!({"auth": auth, "request": {"checks": ["accounts"]}})).await;
    assert_eq!(seen.lock().unwrap()[0]["settings"], json!(null));
}

#[tokio::test]
async fn several_credentials_are_passed_on() {
    let acme = lumos_connector_core::Integration::builder("acme", "1.0.0")
        .credential(CredentialConfig::<TokenCredential>::new("key", "The key."))
        .capability(marker::ListAccounts, async |call: Call, _: ListAccounts| {
            let token: TokenCredential = call.credential("key")?;
            Ok(vec![account(token.token.expose())])
        })
        .build()
        .unwrap();
    let request =
        json!({"credentials": [{"id": "key", "token": {"token": "t"}}], "request": {"checks": ["accounts"]}});
    let answer = acme
        .dispatch(&Host::default(), "probe_integration", &request.to_string())
        .await
        .into_bytes()
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["response"]["checks"][0]["samples"][0]["integration_specific_id"], "t");
}

#[tokio::test]
async fn a_panic_of_a_listing_fails_its_check_only() {
    let connector = Connector::new()
        .accounts(|_, _| panic!("oh"))
        .entitlements(|_, _| crate::connector::last(vec![crate::connector::entitlement("e", "role")]));
    let probed = connector.probe(json!({"checks": ["accounts", "entitlements"]})).await;
    assert_eq!(probed.check("accounts")["error"]["error_code"], "internal_error");
    assert_eq!(probed.check("entitlements")["status"], "passed");
}
