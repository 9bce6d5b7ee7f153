//! `validate_credential_config`: a credential's form, checked by the SDK and then by the connector.

use std::future::ready;

use lumos_connector_core::Integration;
use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::error::ConnectorError;
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::acme::{answer, builder};

const CAPABILITY: &str = "validate_credential_config";

fn login() -> CredentialConfig<BasicCredential> {
    CredentialConfig::new("login", "Name and password.")
}

fn validate(acme: &Integration, credential: &Value) -> Value {
    answer(acme, CAPABILITY, &json!({"request": {"credential": credential}}).to_string())
}

/// The answer of a connector with one credential to a name and a password.
fn validated(config: CredentialConfig<BasicCredential>, username: &str, password: &str) -> Value {
    let acme = builder().credential(config).build().unwrap();
    let basic = json!({"username": username, "password": password});
    validate(&acme, &json!({"id": "login", "basic": basic}))
}

fn errors(answer: &Value) -> usize {
    assert_eq!(answer["response"]["valid"], false, "{answer}");
    answer["response"]["validation_errors"].as_array().expect("a list of errors").len()
}

#[test]
fn a_complete_credential_is_valid() {
    let answer = validated(login(), "ada", "a word");
    assert_eq!(answer["response"], json!({"valid": true, "validation_errors": []}));
}

#[test]
fn an_empty_field_and_outer_blanks_are_one_error_each_time() {
    for (username, password) in
        [("", "p"), ("", ""), (" u", "p"), ("u", "p\t"), ("u\u{a0}", "p "), ("", " p")]
    {
        assert_eq!(errors(&validated(login(), username, password)), 1, "{username:?} {password:?}");
    }
    assert_eq!(validated(login(), "u v", "p\u{200b}")["response"]["valid"], true);
}

#[test]
fn blanks_count_inside_objects_but_not_in_lists_or_private_keys() {
    let acme = builder()
        .credential(CredentialConfig::<ServiceAccountCredential>::new("file", ""))
        .credential(CredentialConfig::<KeyPairCredential>::new("keys", ""))
        .build()
        .unwrap();
    let file = |key: Value, scopes: Value| {
        let part = json!({"key": key, "impersonation_email": "a", "tenant_id": "t", "scopes": scopes});
        validate(&acme, &json!({"id": "file", "service_account": part}))
    };
    assert_eq!(errors(&file(json!({"deep": {"k": "v "}}), json!([]))), 1);
    assert_eq!(
        file(json!({"private_key_pem": "v\n", "l": [" v"]}), json!([" s"]))["response"]["valid"],
        true
    );
    let keys = json!({"id": "keys", "key_pair": {"key_identifier": "k", "private_key": "-----\n"}});
    assert_eq!(validate(&acme, &keys)["response"]["valid"], true);
}

#[test]
fn what_names_no_declared_credential_is_an_error() {
    let acme = builder().credential(login()).build().unwrap();
    let basic = json!({"username": "u", "password": "p"});
    for (credential, code) in [
        (json!({"basic": basic}), "integration_missing_parameter"),
        (json!({"id": "", "basic": basic}), "integration_missing_parameter"),
        (json!({"id": "other", "basic": basic}), "invalid_value"),
        (json!({"id": "login"}), "invalid_value"),
        (json!({"id": "login", "token": {"token": "t"}}), "invalid_value"),
        (json!({"id": "login", "basic": {"username": "u"}}), "bad_request"),
    ] {
        assert_eq!(validate(&acme, &credential)["error"]["error_code"], code, "{credential}");
    }
}

#[test]
fn the_empty_credential_needs_its_id_alone() {
    let acme = builder().credential(CredentialConfig::<EmptyCredential>::new("ambient", "")).build().unwrap();
    assert_eq!(validate(&acme, &json!({"id": "ambient"}))["response"]["valid"], true);
}

#[test]
fn the_connectors_check_runs_after_the_sdks_and_its_errors_are_the_answer() {
    let strict = |allowed: &'static str| {
        login().validate(move |_, login: BasicCredential| {
            let valid = login.username == allowed;
            ready(Ok(if valid {
                ValidatedCredentialConfig::valid()
            } else {
                ValidatedCredentialConfig::invalid(["not ada", "not at all"])
            }))
        })
    };
    assert_eq!(validated(strict("ada"), "ada", "p")["response"]["valid"], true);
    let refused = validated(strict("ada"), "bob", "p");
    assert_eq!(refused["response"]["validation_errors"], json!(["not ada", "not at all"]));
    assert_eq!(errors(&validated(strict(" "), " ", "p")), 1, "the SDK's check comes first");
}

#[test]
fn the_connectors_check_may_wait() {
    let slow = login().validate(async |_, _| {
        tokio::task::yield_now().await;
        Ok(ValidatedCredentialConfig::invalid(["late"]))
    });
    assert_eq!(validated(slow, "u", "p")["response"]["validation_errors"], json!(["late"]));
}

#[test]
fn invalid_without_errors_gets_one_and_errors_make_it_invalid() {
    let answering = |valid, errors: Option<Vec<String>>| {
        login().validate(move |_, _| {
            ready(Ok(ValidatedCredentialConfig { valid, validation_errors: errors.clone() }))
        })
    };
    assert_eq!(errors(&validated(answering(false, None), "u", "p")), 1);
    assert_eq!(errors(&validated(answering(false, Some(Vec::new())), "u", "p")), 1);
    assert_eq!(errors(&validated(answering(true, Some(vec!["but".to_owned()])), "u", "p")), 1);
    let valid = validated(answering(true, None), "u", "p");
    assert_eq!(valid["response"], json!({"valid": true, "validation_errors": []}));
}

#[test]
fn an_error_of_the_connectors_check_is_the_answer() {
    let failing = login().validate(async |_, _| Err(ConnectorError::conflict("twice")));
    let answer = validated(failing, "u", "p");
    assert_eq!(answer["error"]["error_code"], "conflict", "{answer}");
}

#[test]
fn a_form_of_the_connectors_own_changes_the_schema_and_not_what_is_read() {
    /// A form.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Form {
        username: String,
        password: String,
        zone: Option<String>,
    }
    let acme = builder().credential(login().input_model::<Form>()).build().unwrap();
    let schema = acme.info();
    assert!(schema.contains("\"zone\""), "{schema}");
    let credential = json!({"id": "login", "basic": {"username": "u", "password": "p", "zone": " z"}});
    assert_eq!(validate(&acme, &credential)["response"]["valid"], true);
}

#[test]
fn it_is_there_with_credentials_unless_it_is_switched_off() {
    let has = |acme: &Integration| acme.has_capability(CAPABILITY);
    assert!(has(&builder().credential(login()).build().unwrap()));
    assert!(!has(&builder().credential(login()).without_credential_validation().build().unwrap()));
    assert!(!has(&builder().auth::<BasicCredential>().build().unwrap()));
}
