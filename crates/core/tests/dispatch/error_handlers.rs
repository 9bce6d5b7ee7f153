//! What a connector knows about errors of libraries: `on_error`.

use std::fmt;

use lumos_connector_core::error::{
    Classification, ConnectorError, HttpStatusError, TransportError, TransportFailure, http_status,
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
fn a_handler_gives_its_type_of_error_a_code() {
    let acme = || builder().on_error(|_: &AcmeError| Code::Conflict);
    let error = raised_by(acme(), || AcmeError("taken").into());
    assert_eq!((&error["error_code"], &error["raised_by"]), (&json!("conflict"), &json!("AcmeError")));
    assert_eq!(error["error_metadata"]["fault"], "caller");
    assert_eq!(code(acme(), || "x".parse::<i64>().unwrap_err().into()), "internal_error");
}

#[test]
fn a_handler_sees_the_error() {
    let by_text = |error: &AcmeError| if error.0 == "taken" { Code::Conflict } else { Code::NotFound };
    assert_eq!(code(builder().on_error(by_text), || AcmeError("taken").into()), "conflict");
    assert_eq!(code(builder().on_error(by_text), || AcmeError("gone").into()), "not_found");
}

#[test]
fn of_several_handlers_for_a_type_the_last_one_counts() {
    let acme = builder()
        .on_error(|_: &AcmeError| Code::Conflict)
        .on_error(|_: &std::num::ParseIntError| Code::InvalidValue)
        .on_error(|_: &AcmeError| Code::NotFound);
    assert_eq!(code(acme, || AcmeError("x").into()), "not_found");
}

#[test]
fn what_an_earlier_handler_knew_stays_unless_a_later_one_knows_better() {
    let patient = |error: &HttpStatusError| http_status(error).retryable(true);
    let make = || HttpStatusError::new(404, "https://acme.test", None, "").into();
    let error = raised_by(builder().on_error(patient).on_error(|_: &HttpStatusError| Code::Conflict), make);
    assert_eq!((&error["error_code"], &error["status_code"]), (&json!("conflict"), &json!(404)));
    assert_eq!(error["error_metadata"]["retryable"], true);
    let error = raised_by(
        builder().on_error(patient).on_error(|error: &HttpStatusError| http_status(error).retryable(false)),
        make,
    );
    assert_eq!(error["error_metadata"]["retryable"], false);
}

#[test]
fn a_handler_overrides_what_the_sdk_knows() {
    let make = || TransportError::new(TransportFailure::ReadTimeout, "late").into();
    assert_eq!(code(builder(), make), "request_timeout");
    assert_eq!(code(builder().on_error(|_: &TransportError| Code::ServiceError), make), "service_error");
}

#[test]
fn a_deprecated_code_of_a_handler_is_replaced() {
    let acme = builder().on_error(|_: &AcmeError| Code::from(ErrorCode::ApiError));
    assert_eq!(code(acme, || AcmeError("x").into()), "invalid_response");
}

#[test]
fn an_error_of_a_class_asks_no_handler() {
    let acme =
        builder().on_error(|_: &AcmeError| -> Classification { panic!("asked about an error of a class") });
    assert_eq!(code(acme, || ConnectorError::not_found("m").caused_by(AcmeError("x"))), "not_found");
}

#[test]
fn a_librarys_error_that_was_given_a_code_keeps_it() {
    let acme = builder().on_error(|_: &AcmeError| Code::Conflict);
    let error =
        raised_by(acme, || ConnectorError::from(AcmeError("x")).code(Code::NotFound).hint("Look again."));
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
    let beneath = TransportError::new(TransportFailure::Read, "it broke").caused_by(AcmeError("no cable"));
    let line = format!("{:?}", ConnectorError::from(beneath));
    assert_eq!(line, "connection_closed (TransportError): it broke\ncaused by: no cable");
    let line = format!("{:?}", ConnectorError::not_found("m").caused_by(AcmeError("no cable")));
    assert_eq!(line, "not_found (NotFoundError): m\ncaused by: no cable");
}

#[test]
fn a_handler_gives_message_app_code_and_hint() {
    let acme = || {
        builder().on_error(|error: &AcmeError| {
            Classification::from(Code::Conflict)
                .message(format!("Acme says: {}", error.0))
                .app_error_code("23505")
                .hint("Choose another name.")
        })
    };
    let error = raised_by(acme(), || AcmeError("taken").into());
    assert_eq!((&error["message"], &error["app_error_code"]), (&json!("Acme says: taken"), &json!("23505")));
    assert_eq!(error["error_metadata"]["hint"], "Choose another name.");
    let raised =
        || ConnectorError::from(AcmeError("taken")).message("Mine").app_error_code("mine").hint("My own.");
    let error = raised_by(acme(), raised);
    assert_eq!((&error["message"], &error["app_error_code"]), (&json!("Mine"), &json!("mine")));
    assert_eq!(error["error_metadata"]["hint"], "My own.");
}

#[test]
fn an_error_that_is_only_called_error_says_whose_it_is() {
    let error = raised_by(builder(), || std::io::Error::other("full").into());
    assert_eq!(error["raised_by"], "std::io::error::Error");
}
