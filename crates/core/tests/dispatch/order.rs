//! The order of the checks before a handler, and what each answers (contract §3).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lumos_connector_core::Integration;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::capability::{Capability, marker};
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::acme::{answer, builder, dispatch, error, refusal, valid};

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct AcmeSettings {
    #[schemars(title = "Workspace")]
    workspace: String,
    #[schemars(title = "API Secret")]
    api_secret: String,
    batch: Option<i64>,
}

/// A connector that asks for everything, and how often its handler ran.
fn acme() -> (Integration, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let acme = builder()
        .auth::<BasicCredential>()
        .settings::<AcmeSettings>()
        .capability(marker::GetLastActivity, move |_: (), _: GetLastActivity| {
            counter.fetch_add(1, Ordering::Relaxed);
            async { Err::<Vec<LastActivityData>, _>(ConnectorError::not_found("No such account")) }
        })
        .build()
        .unwrap();
    (acme, runs)
}

const AUTH: &str = r#""auth": {"basic": {"username": "u", "password": "p"}}"#;
const SETTINGS: &str = r#""settings": {"workspace": "w", "api_secret": "s"}"#;
const REQUEST: &str = r#""request": {"account_ids": []}"#;

#[test]
fn the_first_failure_is_the_answer_and_nothing_after_it_runs() {
    let (acme, runs) = acme();
    let refusal = |request: &str| refusal(&acme, "get_last_activity", request);
    assert!(refusal("{").starts_with("Invalid request: not valid JSON"));
    assert!(
        refusal(r#"{"request": {}, "auth": {}, "settings": {}}"#)
            .starts_with("Invalid request: request.account_ids")
    );
    assert!(
        refusal(&format!(r#"{{{REQUEST}, "auth": {{}}, "settings": {{}}}}"#)).contains("'basic' credential")
    );
    assert!(refusal(&format!(r#"{{{REQUEST}, {AUTH}, "settings": {{}}}}"#)).contains("settings"));
    assert_eq!(runs.load(Ordering::Relaxed), 0);

    let raised = error(&acme, "get_last_activity", &format!("{{{REQUEST}, {AUTH}, {SETTINGS}}}"));
    assert_eq!((&raised["error_code"], &raised["raised_by"]), (&json!("not_found"), &json!("NotFoundError")));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_refusal_has_the_whole_error_envelope() {
    let (acme, _) = acme();
    let mut answer = answer(&acme, "get_last_activity", "{");
    assert!(answer["error"]["message"].take().is_string());
    let expected = json!({
        "is_error": true,
        "error": {
            "message": null, "status_code": null, "app_error_code": null, "error_code": "bad_request",
            "app_id": "acme", "raised_by": null, "raised_in": null,
            "error_metadata": {
                "fault": "caller", "category": "client", "hint": null, "retryable": false, "throttled": false,
                "refreshable": false, "retry_after_seconds": null,
            },
        },
        "raw_data": null,
        "page": null,
    });
    assert_eq!(answer.to_string(), expected.to_string());
}

#[test]
fn an_unknown_capability_is_an_unsupported_operation() {
    let (acme, _) = acme();
    for name in
        ["info", "connected_info", "list_accounts", "get-last-activity", "GET_LAST_ACTIVITY", "", "no_such"]
    {
        let error = error(&acme, name, "{");
        assert_eq!(error["error_code"], "unsupported_operation", "{name}");
        assert_eq!((&error["raised_by"], &error["raised_in"]), (&Value::Null, &Value::Null));
        assert_eq!(error["error_metadata"]["fault"], "connector");
    }
}

#[test]
fn a_request_that_is_no_object_or_lacks_its_payload_is_refused() {
    let (acme, _) = acme();
    for request in ["", "null", "[]", "5", "\"{}\"", "{}", r#"{"request": null}"#, r#"{"request": []}"#] {
        refusal(&acme, "get_last_activity", request);
    }
}

#[test]
fn the_code_of_an_answer_can_be_asked_without_writing_it() {
    let (acme, _) = acme();
    assert_eq!(dispatch(&acme, "get_last_activity", "{").error_code(), Some(ConnectorErrorCode::BadRequest));
    assert_eq!(dispatch(&acme, "unheard", "{").error_code(), Some(ConnectorErrorCode::UnsupportedOperation));
}

#[test]
fn missing_settings_are_named_by_their_titles_in_order() {
    let (acme, _) = acme();
    let with =
        |settings: &str| refusal(&acme, "get_last_activity", &format!("{{{REQUEST}, {AUTH}, {settings}}}"));
    assert!(with(r#""settings": {"batch": "x"}"#).ends_with(": Workspace, API Secret"));
    assert!(with(r#""settings": {"workspace": "w"}"#).ends_with(": API Secret"));
    assert!(with(r#""settings": null"#).contains("settings"));
    assert!(with(r#""unheard": 1"#).contains("settings"));
    let wrong_type = with(r#""settings": {"workspace": "w", "api_secret": "s", "batch": "hunter2"}"#);
    assert!(wrong_type.contains("batch") && !wrong_type.contains("hunter2"), "{wrong_type}");
}

#[test]
fn settings_that_are_no_object_are_an_invalid_request() {
    let (acme, _) = acme();
    for settings in ["[]", "5", "\"x\"", "true", "NaN"] {
        let request = format!(r#"{{{REQUEST}, "auth": {{}}, "settings": {settings}}}"#);
        assert!(refusal(&acme, "get_last_activity", &request).starts_with("Invalid request: settings"));
    }
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct OptionalSettings {
    note: Option<String>,
}

#[test]
fn settings_without_a_required_field_must_still_be_given() {
    let acme = builder().requires_authentication(false).settings::<OptionalSettings>();
    let acme = acme.capability(marker::ValidateCredentials, crate::acme::validate).build().unwrap();
    for request in [r#"{"request": {}}"#, r#"{"request": {}, "settings": null}"#] {
        refusal(&acme, "validate_credentials", request);
    }
    let accepted = answer(&acme, "validate_credentials", r#"{"request": {}, "settings": {}}"#);
    assert_eq!(accepted["response"]["valid"], true);
}

#[test]
fn a_connector_without_settings_ignores_them() {
    let acme = builder().requires_authentication(false);
    let acme = acme.capability(marker::ValidateCredentials, crate::acme::validate).build().unwrap();
    for settings in ["null", "{}", r#"{"any": ["thing"]}"#] {
        let request = format!(r#"{{"request": {{}}, "settings": {settings}}}"#);
        assert_eq!(answer(&acme, "validate_credentials", &request)["response"]["valid"], true);
    }
}

#[test]
fn a_capability_without_credentials_still_checks_its_settings() {
    async fn check(_: (), _: ValidateCredentialConfig) -> Result<ValidatedCredentialConfig> {
        Ok(ValidatedCredentialConfig { valid: true, validation_errors: None })
    }
    let acme = builder().auth::<BasicCredential>().settings::<AcmeSettings>();
    let acme = acme.capability(marker::ValidateCredentialConfig, check).build().unwrap();
    let refusal = refusal(&acme, "validate_credential_config", r#"{"request": {"credential": {}}}"#);
    assert!(refusal.contains("settings"), "{refusal}");
    // `auth` and `credentials` are unknown keys there.
    let request =
        format!(r#"{{"request": {{"credential": {{}}}}, "auth": 5, "credentials": {{}}, {SETTINGS}}}"#);
    assert_eq!(answer(&acme, "validate_credential_config", &request)["response"]["valid"], true);
}

#[test]
fn app_info_checks_neither_credentials_nor_settings() {
    let (acme, _) = acme();
    for request in [r#"{"request": {}}"#, r#"{"request": {}, "auth": {}, "credentials": [], "settings": {}}"#]
    {
        assert_eq!(answer(&acme, "app_info", request)["response"]["app_id"], "acme");
    }
}

struct Rotate;

#[derive(Deserialize, JsonSchema)]
struct RotateRequest {
    copies: i64,
}

#[derive(Serialize, JsonSchema)]
struct Rotated {
    copies: i64,
}

impl Capability for Rotate {
    const NAME: &'static str = "rotate";
    type Request = RotateRequest;
    type Response = Rotated;
}

#[test]
fn a_custom_request_must_have_settings_though_they_may_be_null() {
    async fn rotate(_: (), request: RotateRequest) -> Result<Rotated> {
        Ok(Rotated { copies: request.copies })
    }
    let acme = builder().requires_authentication(false).capability(Rotate, rotate).build().unwrap();
    let refusal = refusal(&acme, "rotate", r#"{"request": {"copies": 1}}"#);
    assert!(refusal.starts_with("Invalid request: settings"), "{refusal}");
    for settings in ["null", "{}"] {
        // A payload of the connector's own is read with coercion.
        let request = format!(r#"{{"request": {{"copies": "1"}}, "settings": {settings}}}"#);
        assert_eq!(answer(&acme, "rotate", &request)["response"]["copies"], 1);
    }
}

#[test]
fn handlers_may_be_functions_or_closures() {
    let acme = builder()
        .requires_authentication(false)
        .capability(marker::ValidateCredentials, async |_: (), _: ValidateCredentials| Ok(valid()))
        .build()
        .unwrap();
    assert_eq!(
        answer(&acme, "validate_credentials", r#"{"request": {}}"#)["response"]["unique_tenant_id"],
        "acme"
    );
}
