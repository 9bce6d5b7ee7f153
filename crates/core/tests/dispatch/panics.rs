//! A handler that panics costs its own call only.

use lumos_connector_core::error::Result;
use lumos_connector_core::{Call, FromCall};
use lumos_connector_types::capability::marker;
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use crate::acme::{answer, builder, error, validate};

struct Panicking;

impl FromCall for Panicking {
    async fn from_call(_: &Call) -> Result<Self> {
        panic!("hunter2 before the handler")
    }
}

async fn in_the_handler(_: (), _: GetAccount) -> Result<FoundAccountData> {
    let accounts: Vec<FoundAccountData> = Vec::new();
    Ok(accounts[7].clone())
}

async fn before_the_handler(_: Panicking, _: GetDataRecency) -> Result<DataRecency> {
    Ok(DataRecency::default())
}

fn before_the_future(_: (), request: GetLastActivity) -> impl Future<Output = Result<Vec<LastActivityData>>> {
    assert!(request.account_ids.is_empty(), "hunter2");
    async { Ok(Vec::new()) }
}

#[test]
fn a_panic_anywhere_in_a_handler_is_an_internal_error() {
    let acme = builder()
        .requires_authentication(false)
        .capability(marker::GetAccount, in_the_handler)
        .capability(marker::GetDataRecency, before_the_handler)
        .capability(marker::GetLastActivity, before_the_future)
        .capability(marker::ValidateCredentials, validate)
        .build()
        .unwrap();
    for (capability, request) in [
        ("get_account", json!({"account_id": "a"})),
        ("get_data_recency", json!({})),
        ("get_last_activity", json!({"account_ids": ["a"]})),
    ] {
        let error = error(&acme, capability, &json!({"request": request}).to_string());
        assert_eq!(
            (&error["error_code"], &error["raised_by"]),
            (&json!("internal_error"), &json!("InternalError"))
        );
        assert_eq!(
            (&error["error_metadata"]["retryable"], &error["status_code"]),
            (&json!(true), &Value::Null)
        );
        assert!(!error["message"].as_str().unwrap().contains("hunter2"), "{error}");
        let answer = answer(&acme, "validate_credentials", r#"{"request": {}}"#);
        assert_eq!(answer["response"]["valid"], true, "after {capability}");
    }
}

#[test]
fn an_error_names_the_handler_it_was_raised_in() {
    let acme = builder()
        .requires_authentication(false)
        .capability(marker::GetAccount, in_the_handler)
        .build()
        .unwrap();
    let error = error(&acme, "get_account", r#"{"request": {"account_id": "a"}}"#);
    assert_eq!(error["raised_in"], "dispatch::panics:in_the_handler");
}
