//! What a connector says about errors of libraries: `on_error`.

use std::fmt;

use lumos_connector_core::error::{
    ConnectorError, ErrorClass, HttpStatusError, TransportError, TransportFailure, http_status,
};
use lumos_connector_core::integration::Builder;
use lumos_connector_types::error::{ConnectorErrorCode as Code, ErrorCode};
use serde_json::{Value, json};

use crate::acme::{builder, raised, raised_by};

#[derive(Debug)]
struct AcmeError(&'static str);

impl fmt::Display for AcmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for AcmeError {}

fn code(builder: Builder, make: impl Fn() -> ConnectorError + Send + Sync + 'static) -> Value {
    raised_by(builder, make)["error_code"].take()
}

#[test]
fn a_mapping_gives_its_type_of_error_a_code() {
    let acme = || builder().on_error(|_: &AcmeError| ConnectorError::of_code(Code::Conflict));
    let error = raised_by(acme(), || AcmeError("taken").into());
    assert_eq!((&error["error_code"], &error["raised_by"]), (&json!("conflict"), &json!("AcmeError")));
    assert_eq!(error["error_metadata"]["fault"], "caller");
    assert_eq!(code(acme(), || "x".parse::<i64>().unwrap_err().into()), "internal_error");
}

#[test]
fn a_mapping_sees_the_error() {
    let by_text = |error: &AcmeError| {
        ConnectorError::of_code(if error.0 == "taken" { Code::Conflict } else { Code::NotFound })
    };
    assert_eq!(code(builder().on_error(by_text), || AcmeError("taken").into()), "conflict");
    assert_eq!(code(builder().on_error(by_text), || AcmeError("gone").into()), "not_found");
}

#[test]
fn of_several_mappings_of_a_type_the_last_one_counts() {
    let acme = builder()
        .on_error(|_: &AcmeError| ConnectorError::of_code(Code::Conflict))
        .on_error(|_: &std::num::ParseIntError| ConnectorError::of_code(Code::InvalidValue))
        .on_error(|_: &AcmeError| ConnectorError::of_code(Code::NotFound));
    assert_eq!(code(acme, || AcmeError("x").into()), "not_found");
}

#[test]
fn the_last_mapping_of_a_type_counts_alone() {
    let patient = |error: &HttpStatusError| http_status(error).with_retryable(true).with_hint("Wait.");
    let make = || HttpStatusError::new(404, "https://acme.test", None, "").into();
    let conflict = |_: &HttpStatusError| ConnectorError::of_code(Code::Conflict);
    let error = raised_by(builder().on_error(patient).on_error(conflict), make);
    // The status is the error's own.
    assert_eq!((&error["error_code"], &error["status_code"]), (&json!("conflict"), &json!(404)));
    let metadata = &error["error_metadata"];
    assert_eq!((&metadata["retryable"], &metadata["hint"]), (&json!(false), &Value::Null));
    let error = raised_by(builder().on_error(conflict).on_error(patient), make);
    assert_eq!(
        (&error["error_code"], &error["error_metadata"]["retryable"]),
        (&json!("not_found"), &json!(true))
    );
}

#[test]
fn a_mapping_without_a_message_keeps_the_errors_own_and_one_with_a_class_brings_its_own() {
    let error =
        raised_by(builder().on_error(|_: &AcmeError| ConnectorError::of_code(Code::Conflict)), || {
            AcmeError("taken").into()
        });
    assert_eq!((&error["message"], &error["error_metadata"]["hint"]), (&json!("taken"), &Value::Null));
    let error = raised_by(
        builder().on_error(|_: &AcmeError| ConnectorError::authentication("Log in again.")),
        || AcmeError("taken").into(),
    );
    assert_eq!((&error["message"], &error["raised_by"]), (&json!("Log in again."), &json!("AcmeError")));
    assert!(error["error_metadata"]["hint"].is_string(), "{error}");
}

#[test]
fn a_mapping_sets_every_field_that_an_error_has() {
    let mapping = |_: &AcmeError| {
        ConnectorError::transient("m")
            .with_status_code(503)
            .with_retry_after_seconds(7)
            .with_retryable(false)
            .with_throttled(true)
            .with_refreshable(true)
    };
    let error = raised_by(builder().on_error(mapping), || AcmeError("x").into());
    let metadata = &error["error_metadata"];
    assert_eq!((&error["status_code"], &metadata["retry_after_seconds"]), (&json!(503), &json!(7)));
    let flags = ["retryable", "throttled", "refreshable"].map(|flag| metadata[flag].clone());
    assert_eq!(flags, [json!(false), json!(true), json!(true)]);
}

#[test]
fn what_names_a_code_becomes_one() {
    let status = HttpStatusError::new(409, "https://acme.test", None, "");
    assert_eq!(Code::from(&status), Code::Conflict);
    assert_eq!(Code::from(ErrorClass::NotFound), Code::NotFound);
    assert_eq!(Code::from(TransportFailure::Read), Code::ConnectionClosed);
    assert_eq!(ConnectorError::of_code(ErrorClass::RateLimit).code(), Code::RateLimit);
}

#[test]
fn a_mapping_overrides_what_the_sdk_knows() {
    let make = || TransportError::new(TransportFailure::ReadTimeout, "late").into();
    assert_eq!(code(builder(), make), "request_timeout");
    assert_eq!(
        code(builder().on_error(|_: &TransportError| ConnectorError::of_code(Code::ServiceError)), make),
        "service_error"
    );
}

#[test]
fn a_deprecated_code_of_a_mapping_is_replaced() {
    let acme = builder().on_error(|_: &AcmeError| ConnectorError::of_code(ErrorCode::ApiError));
    assert_eq!(code(acme, || AcmeError("x").into()), "invalid_response");
}

#[test]
fn an_error_of_a_class_is_not_mapped() {
    let acme =
        builder().on_error(|_: &AcmeError| -> ConnectorError { panic!("asked about an error of a class") });
    assert_eq!(code(acme, || ConnectorError::not_found("m").with_source(AcmeError("x"))), "not_found");
}

#[test]
fn a_librarys_error_that_was_given_a_code_keeps_it() {
    let acme = builder().on_error(|_: &AcmeError| ConnectorError::of_code(Code::Conflict));
    let error = raised_by(acme, || {
        ConnectorError::from(AcmeError("x")).with_code(Code::NotFound).with_hint("Look again.")
    });
    assert_eq!((&error["error_code"], &error["raised_by"]), (&json!("not_found"), &json!("AcmeError")));
    assert_eq!(error["error_metadata"]["hint"], "Look again.");
}

#[test]
fn a_librarys_error_is_reported_under_its_own_name_and_words() {
    let error = raised(|| AcmeError("  spaced  ").into());
    assert_eq!((&error["raised_by"], &error["message"]), (&json!("AcmeError"), &json!("spaced")));
    assert_eq!(error["error_metadata"]["hint"], Value::Null);
    assert_eq!(raised(|| AcmeError(" ").into())["message"], "AcmeError: (no message)");
}

#[test]
fn the_original_error_can_be_asked_for() {
    let error = ConnectorError::from(AcmeError("x"));
    assert_eq!(error.source_as::<AcmeError>().map(|error| error.0), Some("x"));
    assert!(error.source_as::<TransportError>().is_none());
    assert_eq!(error.class(), None);
    assert_eq!(error.to_string(), "internal_error (AcmeError): x");
}

#[test]
fn a_log_line_names_the_whole_chain_of_causes() {
    let beneath = TransportError::new(TransportFailure::Read, "it broke").with_source(AcmeError("no cable"));
    let line = format!("{:?}", ConnectorError::from(beneath));
    assert_eq!(line, "connection_closed (TransportError): it broke\ncaused by: no cable");
    let line = format!("{:?}", ConnectorError::not_found("m").with_source(AcmeError("no cable")));
    assert_eq!(line, "not_found (NotFoundError): m\ncaused by: no cable");
}

#[test]
fn a_mapping_gives_message_app_code_and_hint() {
    let acme = || {
        builder().on_error(|error: &AcmeError| {
            ConnectorError::of_code(Code::Conflict)
                .with_message(format!("Acme says: {}", error.0))
                .with_app_error_code("23505")
                .with_hint("Choose another name.")
        })
    };
    let error = raised_by(acme(), || AcmeError("taken").into());
    assert_eq!((&error["message"], &error["app_error_code"]), (&json!("Acme says: taken"), &json!("23505")));
    assert_eq!(error["error_metadata"]["hint"], "Choose another name.");
    let raised = || {
        ConnectorError::from(AcmeError("taken"))
            .with_message("Mine")
            .with_app_error_code("mine")
            .with_hint("My own.")
    };
    let error = raised_by(acme(), raised);
    assert_eq!((&error["message"], &error["app_error_code"]), (&json!("Mine"), &json!("mine")));
    assert_eq!(error["error_metadata"]["hint"], "My own.");
}

#[test]
fn an_error_that_is_only_called_error_says_whose_it_is() {
    let error = raised_by(builder(), || std::io::Error::other("full").into());
    assert_eq!(error["raised_by"], "std::io::error::Error");
}
