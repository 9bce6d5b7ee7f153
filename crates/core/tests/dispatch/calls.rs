//! What a handler takes from a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lumos_connector_core::auth::CredentialConfig;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::page::PageRequest;
use lumos_connector_core::{Auth, Call, FromCall, Integration, Reply, Settings};
use lumos_connector_types::capability::{Capability as _, marker};
use lumos_connector_types::payload::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::acme::{answer, builder, error, valid};

#[derive(Debug, Deserialize, JsonSchema)]
struct AcmeSettings {
    workspace: String,
    batch: Option<i64>,
}

/// Acme's client, made from every part of a call.
struct AcmeClient {
    user: String,
    workspace: String,
}

impl FromCall for AcmeClient {
    async fn from_call(call: &Call) -> Result<Self> {
        let settings: AcmeSettings = call.settings()?;
        let login: BasicCredential = call.auth()?;
        Ok(Self { user: login.username, workspace: settings.workspace })
    }
}

fn tenant(tenant: impl Into<String>) -> ValidatedCredentials {
    ValidatedCredentials { valid: true, unique_tenant_id: tenant.into() }
}

const REQUEST: &str = r#"{
    "request": {}, "auth": {"basic": {"username": "u", "password": "p"}}, "page": {"token": "t", "size": 5},
    "settings": {"workspace": "w", "batch": "7", "extra": [1.0]}, "include_raw_data": true
}"#;

#[test]
fn a_handler_takes_one_thing_or_a_tuple_of_them() {
    async fn one(client: AcmeClient, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        Ok(tenant(format!("{}@{}", client.user, client.workspace)))
    }
    async fn many(
        (call, page, Settings(settings), Auth(login), client, ()): (
            Call,
            PageRequest,
            Settings<AcmeSettings>,
            Auth<BasicCredential>,
            AcmeClient,
            (),
        ),
        _: GetAccount,
    ) -> Result<FoundAccountData> {
        assert_eq!(
            (call.app_id(), call.capability(), call.include_raw_data()),
            ("acme", "get_account", true)
        );
        assert_eq!((page.token.as_deref(), page.size), (Some("t"), Some(5)));
        assert_eq!((settings.workspace.as_str(), settings.batch), ("w", Some(7)));
        assert_eq!((login.username.as_str(), login.password.expose()), ("u", "p"));
        Ok(FoundAccountData { integration_specific_id: client.user, ..FoundAccountData::default() })
    }
    let acme = builder()
        .auth::<BasicCredential>()
        .settings::<AcmeSettings>()
        .capability(marker::ValidateCredentials, one)
        .capability(marker::GetAccount, many)
        .build()
        .unwrap();
    assert_eq!(answer(&acme, "validate_credentials", REQUEST)["response"]["unique_tenant_id"], "u@w");
    let request = REQUEST.replacen("{}", r#"{"account_id": "a"}"#, 1);
    assert_eq!(answer(&acme, "get_account", &request)["response"]["integration_specific_id"], "u");
}

#[test]
fn what_cannot_be_taken_from_a_call_is_the_answer() {
    struct Refused;
    impl FromCall for Refused {
        async fn from_call(_: &Call) -> Result<Self> {
            Err(ConnectorError::missing_parameter("No region").with_app_error_code("acme.region"))
        }
    }
    async fn handler(_: (Call, Refused), _: ValidateCredentials) -> Result<ValidatedCredentials> {
        panic!("the handler ran")
    }
    let acme =
        builder().auth::<BasicCredential>().capability(marker::ValidateCredentials, handler).build().unwrap();
    let error = error(&acme, "validate_credentials", REQUEST);
    assert_eq!(error["error_code"], "integration_missing_parameter");
    assert_eq!(
        (&error["raised_by"], &error["app_error_code"]),
        (&json!("MissingParameterError"), &json!("acme.region"))
    );
}

#[test]
fn settings_reach_the_handler_unchanged_beside_their_type() {
    async fn handler(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        for _ in 0..2 {
            let settings: AcmeSettings = call.settings()?;
            assert_eq!((settings.workspace.as_str(), settings.batch), ("w", Some(7)));
        }
        Ok(tenant(call.raw_settings().expect("settings").text()))
    }
    let acme = builder().auth::<BasicCredential>().settings::<AcmeSettings>();
    let acme = acme.capability(marker::ValidateCredentials, handler).build().unwrap();
    let answer = answer(&acme, "validate_credentials", REQUEST);
    assert_eq!(answer["response"]["unique_tenant_id"], r#"{"workspace":"w","batch":"7","extra":[1.0]}"#);
}

#[test]
fn settings_may_hold_numbers_that_json_does_not_have() {
    #[derive(Deserialize, JsonSchema)]
    struct Ratio {
        ratio: f64,
        name: Option<String>,
    }
    async fn taken_twice(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        let settings: Ratio = call.settings()?;
        let again: Ratio = call.settings()?;
        Ok(tenant(format!("{} {} {:?}", settings.ratio, again.ratio, settings.name)))
    }
    let acme = builder()
        .requires_authentication(false)
        .settings::<Ratio>()
        .capability(marker::ValidateCredentials, taken_twice)
        .build()
        .unwrap();
    let validate = |settings: &str| {
        answer(&acme, "validate_credentials", &format!(r#"{{"request":{{}},"settings":{settings}}}"#))
    };
    assert_eq!(validate(r#"{"ratio":NaN}"#)["response"]["unique_tenant_id"], "NaN NaN None");
    assert_eq!(validate(r#"{"ratio":1,"name":Infinity}"#)["error"]["error_code"], "bad_request");
}

#[test]
fn undeclared_settings_and_credentials_are_refused_when_they_are_taken() {
    async fn settings(_: Settings<AcmeSettings>, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        Ok(valid())
    }
    async fn token(_: Auth<TokenCredential>, _: GetDataRecency) -> Result<DataRecency> {
        Ok(DataRecency::default())
    }
    let acme = builder()
        .requires_authentication(false)
        .capability(marker::ValidateCredentials, settings)
        .capability(marker::GetDataRecency, token)
        .build()
        .unwrap();
    for request in [r#"{"request": {}}"#, r#"{"request": {}, "settings": {"workspace": 5}}"#] {
        assert_eq!(error(&acme, "validate_credentials", request)["error_code"], "bad_request");
    }
    let missing = error(&acme, "get_data_recency", REQUEST);
    assert_eq!(missing["error_code"], "integration_missing_parameter");
}

async fn describe_credentials(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
    let spare: Option<TokenCredential> = call.optional_credential("spare");
    let login: BasicCredential = call.credential("login")?;
    assert!(call.optional_credential::<BasicCredential>("nope").is_none());
    assert!(call.raw_auth().is_none());
    Ok(tenant(format!("{} {}", login.username, spare.is_some())))
}

fn with_two_credentials() -> Integration {
    builder()
        .credential(CredentialConfig::<BasicCredential>::new("login", "A login."))
        .credential(CredentialConfig::<TokenCredential>::new("spare", "A key.").optional())
        .capability(marker::ValidateCredentials, describe_credentials)
        .build()
        .unwrap()
}

#[test]
fn of_several_credentials_with_an_id_the_first_counts() {
    let acme = with_two_credentials();
    let ask = |credentials: Value| json!({"request": {}, "credentials": credentials}).to_string();
    let whole = json!({"id": "login", "basic": {"username": "u", "password": "p"}});
    let first = ask(json!([whole, {"id": "login"}, {"id": "spare"}]));
    assert_eq!(answer(&acme, "validate_credentials", &first)["response"]["unique_tenant_id"], "u false");
    let later = ask(json!([{"id": "login"}, whole]));
    assert_eq!(error(&acme, "validate_credentials", &later)["error_code"], "invalid_value");
}

#[test]
fn a_credential_that_the_request_did_not_bring_is_told_from_a_request_of_the_other_form() {
    let acme = with_two_credentials();
    let other_id = json!({"request": {}, "credentials": [{"id": "spare", "token": {"token": "t"}}]});
    let missing = error(&acme, "validate_credentials", &other_id.to_string());
    assert_eq!(missing["error_code"], "integration_missing_parameter");
    assert_eq!(missing["raised_by"], "MissingParameterError");

    async fn read_only(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        let login: BasicCredential = call.credential("login")?;
        Ok(tenant(login.username))
    }
    let acme = builder()
        .credential(CredentialConfig::<BasicCredential>::new("login", "A login."))
        .capability(marker::ValidateCredentials, read_only)
        .build()
        .unwrap();
    let login = json!({"basic": {"username": "u", "password": "p"}});
    for auth in [json!({}), login] {
        let other_form = json!({"request": {}, "auth": auth}).to_string();
        let refused = error(&acme, "validate_credentials", &other_form);
        assert_eq!(refused["error_code"], "invalid_value");
        assert_eq!(refused["raised_by"], "InvalidConfigurationError");
        assert!(refused["error_metadata"]["hint"].is_string());
    }
}

#[test]
fn parts_of_a_call_share_what_they_make() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    struct Cache(String);
    fn cache(call: &Call) -> Arc<Cache> {
        call.share_with(|| {
            MADE.fetch_add(1, Ordering::Relaxed);
            Cache(call.capability().to_owned())
        })
    }
    struct First(Arc<Cache>);
    impl FromCall for First {
        async fn from_call(call: &Call) -> Result<Self> {
            Ok(Self(cache(call)))
        }
    }
    async fn handler(
        (First(first), call): (First, Call),
        _: ValidateCredentials,
    ) -> Result<ValidatedCredentials> {
        assert!(Arc::ptr_eq(&first, &cache(&call)));
        Ok(tenant(first.0.clone()))
    }
    let acme = builder()
        .requires_authentication(false)
        .capability(marker::ValidateCredentials, handler)
        .build()
        .unwrap();
    for _ in 0..2 {
        answer(&acme, "validate_credentials", r#"{"request": {}}"#);
    }
    assert_eq!(MADE.load(Ordering::Relaxed), 2, "once for each call");
}

#[test]
fn a_reported_rate_limit_is_part_of_the_answer_unless_the_reply_has_its_own() {
    fn state(remaining: i64) -> RateLimitStateSnapshot {
        RateLimitStateSnapshot { remaining: Some(remaining), ..RateLimitStateSnapshot::default() }
    }
    async fn reported(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        call.report_rate_limit("acme", state(1));
        call.report_rate_limit("acme", state(2));
        Ok(valid())
    }
    async fn own(call: Call, _: GetDataRecency) -> Result<Reply<DataRecency>> {
        call.report_rate_limit("acme", state(1));
        Ok(Reply::new(DataRecency::default()).rate_limit(RateLimitResponseInfo::default()))
    }
    let acme = builder()
        .requires_authentication(false)
        .capability(marker::ValidateCredentials, reported)
        .capability(marker::GetDataRecency, own)
        .build()
        .unwrap();
    let request = r#"{"request": {}}"#;
    let reported = answer(&acme, "validate_credentials", request);
    assert_eq!(reported["rate_limit"]["current_state"]["acme"]["remaining"], 2);
    assert_eq!(answer(&acme, "get_data_recency", request)["rate_limit"]["current_state"], Value::Null);
}

#[test]
fn the_mode_of_the_rate_limit_is_the_capabilitys_then_the_connectors() {
    async fn handler(call: Call, _: ValidateCredentials) -> Result<ValidatedCredentials> {
        Ok(tenant(call.rate_limit().mode.as_str()))
    }
    async fn recency(call: Call, _: GetDataRecency) -> Result<DataRecency> {
        assert_eq!(call.rate_limit().mode, RateLimitMode::EnforceNoRetry);
        Ok(DataRecency::default())
    }
    let acme = builder()
        .requires_authentication(false)
        .rate_limit_mode(RateLimitMode::RetryOnly)
        .capability(marker::ValidateCredentials, handler)
        .capability(marker::GetDataRecency.rate_limit_mode(RateLimitMode::EnforceNoRetry), recency)
        .build()
        .unwrap();
    let request = r#"{"request": {}, "rate_limit": {"caller_override_mode": "bypass"}}"#;
    assert_eq!(answer(&acme, "validate_credentials", request)["response"]["unique_tenant_id"], "retry_only");
    assert_eq!(answer(&acme, "get_data_recency", request)["response"]["data"], json!({}));
}
