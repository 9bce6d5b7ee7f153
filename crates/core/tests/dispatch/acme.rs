//! Acme: the connector under test, declared anew by each test, and what it answers.

use std::io;
use std::path::Path;

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::host::Host;
use lumos_connector_core::integration::Builder;
use lumos_connector_core::{Answer, Integration};
use lumos_connector_types::capability::marker::ValidateCredentials as Validate;
use lumos_connector_types::payload::{AppCategory, ValidateCredentials, ValidatedCredentials};
use serde_json::Value;

/// A connector without credentials, settings or capabilities of its own.
pub(crate) fn builder() -> Builder {
    Integration::builder("acme", "1.0.0").about("Acme", [AppCategory::Developers])
}

/// The handler of `validate_credentials` that is always content.
pub(crate) async fn validate(_: (), _: ValidateCredentials) -> Result<ValidatedCredentials> {
    Ok(valid())
}

pub(crate) fn valid() -> ValidatedCredentials {
    ValidatedCredentials { valid: true, unique_tenant_id: "acme".to_owned() }
}

/// Runs a future that waits for nothing outside.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn dispatch(acme: &Integration, capability: &str, request: &str) -> Answer {
    dispatch_in(&Host::default(), acme, capability, request)
}

pub(crate) fn dispatch_in(host: &Host, acme: &Integration, capability: &str, request: &str) -> Answer {
    block_on(acme.dispatch(host, capability, request))
}

/// The text of an answer.
pub(crate) fn bytes(answer: Answer) -> io::Result<Vec<u8>> {
    block_on(answer.into_bytes())
}

/// The answer as JSON.
pub(crate) fn answer(acme: &Integration, capability: &str, request: &str) -> Value {
    serde_json::from_slice(&bytes(dispatch(acme, capability, request)).unwrap()).unwrap()
}

/// The `error` of an answer that is one.
pub(crate) fn error(acme: &Integration, capability: &str, request: &str) -> Value {
    let mut answer = answer(acme, capability, request);
    assert_eq!(answer["is_error"], true, "{answer}");
    answer["error"].take()
}

/// The message of a `bad_request` that nobody raised: a refusal before the handler.
pub(crate) fn refusal(acme: &Integration, capability: &str, request: &str) -> String {
    let error = error(acme, capability, request);
    assert_eq!(error["error_code"], "bad_request", "{error}");
    assert_eq!((&error["raised_by"], &error["raised_in"]), (&Value::Null, &Value::Null), "{error}");
    error["message"].as_str().expect("a message").to_owned()
}

/// The `error` of a connector whose only handler fails.
pub(crate) fn raised(make: impl Fn() -> ConnectorError + Send + Sync + 'static) -> Value {
    raised_by(builder(), make)
}

/// The same, with a declaration such as `on_error` handlers.
pub(crate) fn raised_by(
    builder: Builder,
    make: impl Fn() -> ConnectorError + Send + Sync + 'static,
) -> Value {
    let acme = builder
        .requires_authentication(false)
        .capability(Validate, move |_: (), _: ValidateCredentials| {
            let error = make();
            async move { Err::<ValidatedCredentials, _>(error) }
        })
        .build()
        .unwrap();
    error(&acme, "validate_credentials", r#"{"request": {}}"#)
}

/// The contract's facts about errors.
pub(crate) fn contract_errors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/contract/errors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
