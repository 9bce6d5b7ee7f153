//! The classes of errors that an author raises, against the contract's facts about each.

use lumos_connector_core::error::{ConnectorError, ErrorClass, HttpStatusError, http_status};
use lumos_connector_types::error::{ConnectorErrorCode, ErrorCode};
use serde_json::{Value, json};

use crate::acme::{builder, contract_errors, raised, raised_by};

/// What the contract says follows from a code.
fn meaning<'a>(contract: &'a Value, code: &Value) -> &'a Value {
    &contract["connector_error_codes"][code.as_str().expect("a code")]
}

fn check_metadata(error: &Value, expected: &Value, place: &str) {
    for key in ["fault", "category", "retryable", "throttled", "refreshable"] {
        assert_eq!(error["error_metadata"][key], expected[key], "{place}: {key}");
    }
}

#[test]
fn there_are_the_24_classes_of_the_contract() {
    let contract = contract_errors();
    let mut expected: Vec<_> =
        contract["exception_classes"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut own: Vec<_> = ErrorClass::ALL.iter().map(|class| class.as_str()).collect();
    expected.sort_unstable();
    own.sort_unstable();
    assert_eq!(own, expected);
    assert_eq!(own.len(), 24);
}

#[test]
fn a_class_brings_the_code_the_flags_and_the_hint_of_the_contract() {
    let contract = contract_errors();
    for &class in ErrorClass::ALL {
        let expected = &contract["exception_classes"][class.as_str()];
        let error = raised(move || ConnectorError::of(class).with_message("m"));
        assert_eq!(error["error_code"], expected["default_code"], "{class}");
        assert_eq!(error["raised_by"], class.as_str());
        assert_eq!(
            error["error_metadata"]["hint"].is_string(),
            expected["default_hint_present"] == true,
            "{class}"
        );
        assert_eq!(error["error_metadata"]["retry_after_seconds"], Value::Null);
        assert_eq!((&error["status_code"], &error["app_error_code"]), (&Value::Null, &Value::Null));
        assert_eq!((&error["message"], &error["app_id"]), (&json!("m"), &json!("acme")));
        check_metadata(&error, &expected["default_metadata"], class.as_str());
    }
}

#[test]
fn a_class_without_a_message_brings_one() {
    for &class in ErrorClass::ALL {
        let error = raised(move || ConnectorError::of(class));
        assert_eq!(error["message"], class.default_message());
    }
}

#[test]
fn another_code_brings_its_own_flags_and_leaves_hint_and_retry_time() {
    let contract = contract_errors();
    for &code in ConnectorErrorCode::ALL {
        let error =
            raised(move || ConnectorError::transient("m").with_code(code).with_retry_after_seconds(7));
        assert_eq!(
            (&error["error_code"], &error["raised_by"]),
            (&json!(code.as_str()), &json!("TransientError"))
        );
        assert_eq!(error["error_metadata"]["retry_after_seconds"], 7);
        assert_eq!(error["error_metadata"]["hint"], ErrorClass::Transient.hint().unwrap());
        check_metadata(&error, meaning(&contract, &error["error_code"]), code.as_str());
    }
}

#[test]
fn a_deprecated_code_becomes_the_one_that_replaced_it() {
    let contract = contract_errors();
    for &deprecated in ErrorCode::ALL {
        let error = raised(move || ConnectorError::new("m").with_code(deprecated));
        assert_eq!(error["error_code"], contract["redirect_table"][deprecated.as_str()], "{deprecated}");
        check_metadata(&error, meaning(&contract, &error["error_code"]), deprecated.as_str());
    }
}

#[test]
fn a_flag_that_is_set_counts_more_than_the_codes() {
    let error = raised(|| {
        ConnectorError::not_found("m").with_retryable(true).with_throttled(true).with_refreshable(true)
    });
    let expected = json!({"fault": "caller", "category": "client", "retryable": true, "throttled": true, "refreshable": true});
    check_metadata(&error, &expected, "set");
    let error = raised(|| ConnectorError::rate_limit("m").with_retryable(false).with_throttled(false));
    let expected = json!({
        "fault": "upstream", "category": "transient", "retryable": false, "throttled": false, "refreshable": false
    });
    check_metadata(&error, &expected, "unset");
}

#[test]
fn messages_are_trimmed_and_never_empty() {
    for blank in ["", " ", "\t\n"] {
        assert_eq!(raised(move || ConnectorError::conflict(blank))["message"], "ConflictError: (no message)");
    }
    assert_eq!(raised(|| ConnectorError::conflict(" padded \n"))["message"], "padded");
    assert_eq!(raised(|| ConnectorError::conflict("one\ntwo"))["message"], "one\ntwo");
}

#[test]
fn an_empty_code_of_the_app_is_none_but_an_empty_hint_stays() {
    let error = raised(|| ConnectorError::conflict("m").with_app_error_code("").with_hint(""));
    assert_eq!((&error["app_error_code"], &error["error_metadata"]["hint"]), (&Value::Null, &json!("")));
    let error = raised(|| {
        ConnectorError::conflict("m").with_app_error_code("acme.taken").with_hint("Choose another.")
    });
    assert_eq!(
        (&error["app_error_code"], &error["error_metadata"]["hint"]),
        (&json!("acme.taken"), &json!("Choose another."))
    );
}

#[test]
fn a_status_is_reported_without_changing_the_code() {
    let error = raised(|| ConnectorError::conflict("m").with_status_code(503));
    assert_eq!((&error["status_code"], &error["error_code"]), (&json!(503), &json!("conflict")));
}

#[test]
fn the_error_beneath_a_class_does_not_change_it() {
    let beneath = || HttpStatusError::new(429, "https://acme.test/a", None, "slow down");
    let acme = builder().on_error(http_status);
    let error = raised_by(acme, move || ConnectorError::not_found("m").with_source(beneath()));
    assert_eq!((&error["error_code"], &error["raised_by"]), (&json!("not_found"), &json!("NotFoundError")));
    assert_eq!(error["status_code"], Value::Null);
}

#[test]
fn each_constructor_makes_its_own_class() {
    type Construct = fn(&'static str) -> ConnectorError;
    let constructors: [(Construct, ErrorClass); 24] = [
        (|text| ConnectorError::new(text), ErrorClass::Connector),
        (|text| ConnectorError::authentication(text), ErrorClass::Authentication),
        (|text| ConnectorError::authentication_expired(text), ErrorClass::AuthenticationExpired),
        (|text| ConnectorError::credentials_revoked(text), ErrorClass::CredentialsRevoked),
        (|text| ConnectorError::authorization(text), ErrorClass::Authorization),
        (|text| ConnectorError::transient(text), ErrorClass::Transient),
        (|text| ConnectorError::rate_limit(text), ErrorClass::RateLimit),
        (|text| ConnectorError::budget_exhausted(text), ErrorClass::BudgetExhausted),
        (|text| ConnectorError::upstream(text), ErrorClass::Upstream),
        (|text| ConnectorError::network(text), ErrorClass::Network),
        (|text| ConnectorError::connection_rejected(text), ErrorClass::ConnectionRejected),
        (|text| ConnectorError::connection_closed(text), ErrorClass::ConnectionClosed),
        (|text| ConnectorError::request_timeout(text), ErrorClass::RequestTimeout),
        (|text| ConnectorError::client(text), ErrorClass::Client),
        (|text| ConnectorError::not_found(text), ErrorClass::NotFound),
        (|text| ConnectorError::invalid_value(text), ErrorClass::InvalidValue),
        (|text| ConnectorError::unknown_value(text), ErrorClass::UnknownValue),
        (|text| ConnectorError::invalid_page_token(text), ErrorClass::InvalidPageToken),
        (|text| ConnectorError::missing_parameter(text), ErrorClass::MissingParameter),
        (|text| ConnectorError::conflict(text), ErrorClass::Conflict),
        (|text| ConnectorError::invalid_configuration(text), ErrorClass::InvalidConfiguration),
        (|text| ConnectorError::internal(text), ErrorClass::Internal),
        (|text| ConnectorError::invalid_response(text), ErrorClass::InvalidResponse),
        (|text| ConnectorError::unsupported_operation(text), ErrorClass::UnsupportedOperation),
    ];
    for (make, class) in constructors {
        let error = make("m");
        assert_eq!(
            (error.class(), error.raised_by(), error.message()),
            (Some(class), class.as_str(), "m".to_owned())
        );
        assert_eq!(error.code(), class.code());
        assert_eq!(error.hint(), class.hint());
    }
}
