//! Error statuses of the app and broken connections, against the contract's tables.

use lumos_connector_core::error::{
    ConnectorError, HttpStatusError, TransportError, TransportFailure, http_status, of_http_status,
};
use serde_json::{Value, json};

use crate::acme::{builder, contract_errors, raised, raised_by};

fn status_error(status: u16) -> HttpStatusError {
    HttpStatusError::new(status, "https://acme.test/users?token=hunter2#top", Some("text/plain"), "no")
}

#[test]
fn every_status_has_the_code_of_the_contract() {
    let contract = contract_errors();
    let table = &contract["http_status_to_code"];
    for status in 300..600 {
        let expected = table["explicit"].get(status.to_string()).unwrap_or(&table["otherwise_HTTPHandler"]);
        assert_eq!(of_http_status(status).as_str(), expected, "{status}");
    }
}

#[test]
fn with_the_handler_a_status_decides_the_code_and_without_it_none_does() {
    let contract = contract_errors();
    for (name, row) in contract["transport_failures"].as_object().unwrap() {
        let Some(status) = name.strip_prefix("httpx.HTTPStatusError(") else { continue };
        let status: u16 = status.trim_end_matches(')').parse().unwrap();
        let make = move || ConnectorError::from(status_error(status));
        let (without, with) = (raised(make), raised_by(builder().on_error(http_status), make));
        assert_eq!(without["error_code"], row["no_handlers"], "{name}");
        assert_eq!(with["error_code"], row["with_HTTPHandler"], "{name}");
        for error in [without, with] {
            assert_eq!(
                (&error["status_code"], &error["raised_by"]),
                (&row["status_code"], &json!("HttpStatusError"))
            );
            assert_eq!(error["error_metadata"]["retry_after_seconds"], Value::Null);
            assert_eq!(error["error_metadata"]["hint"], Value::Null);
        }
    }
}

#[test]
fn the_flags_follow_the_code_that_the_handler_chose() {
    let contract = contract_errors();
    for status in [400, 401, 403, 404, 418, 429, 500, 503] {
        let error = raised_by(builder().on_error(http_status), move || status_error(status).into());
        let meaning = &contract["connector_error_codes"][error["error_code"].as_str().unwrap()];
        for key in ["fault", "category", "retryable", "throttled", "refreshable"] {
            assert_eq!(error["error_metadata"][key], meaning[key], "{status}: {key}");
        }
    }
}

#[test]
fn broken_connections_have_the_codes_of_the_contract() {
    use TransportFailure::{
        Close, Connect, ConnectTimeout, PoolTimeout, Read, ReadTimeout, RemoteProtocol, Request, Write,
        WriteTimeout,
    };
    let contract = contract_errors();
    let table = [
        (Connect, "ConnectError"),
        (ConnectTimeout, "ConnectTimeout"),
        (PoolTimeout, "PoolTimeout"),
        (ReadTimeout, "ReadTimeout"),
        (WriteTimeout, "WriteTimeout"),
        (Read, "ReadError"),
        (Write, "WriteError"),
        (Close, "CloseError"),
        (RemoteProtocol, "RemoteProtocolError"),
        (Request, "LocalProtocolError"),
        (Request, "ProxyError"),
        (Request, "UnsupportedProtocol"),
        (Request, "TooManyRedirects"),
        (Request, "InvalidURL"),
    ];
    for (failure, name) in table {
        let expected = &contract["transport_failures"][format!("httpx.{name}")]["no_handlers"];
        assert_eq!(failure.code().as_str(), expected, "{name}");
        let error = raised(move || TransportError::new(failure, "it broke").into());
        assert_eq!((&error["error_code"], &error["message"]), (expected, &json!("it broke")), "{name}");
        assert_eq!((&error["status_code"], &error["raised_by"]), (&Value::Null, &json!("TransportError")));
    }
}

#[test]
fn the_cause_of_an_error_decides_when_the_error_itself_is_unknown() {
    #[derive(Debug)]
    struct Wrapped(TransportError);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("could not list")
        }
    }
    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = raised(|| Wrapped(TransportError::new(TransportFailure::ReadTimeout, "late")).into());
    assert_eq!((&error["error_code"], &error["raised_by"]), (&json!("request_timeout"), &json!("Wrapped")));
    assert_eq!(error["message"], "could not list");
}

#[test]
fn the_words_of_an_unknown_error_decide_as_in_the_contract() {
    let contract = contract_errors();
    for (name, row) in contract["transport_failures"].as_object().unwrap() {
        let Some(words) = name.strip_prefix("message contains \"") else { continue };
        let words = words.trim_end_matches('"').to_owned();
        for text in [words.clone(), words.to_uppercase(), format!("[Errno 8] {words}, or so")] {
            let error = raised(move || std::io::Error::other(text.clone()).into());
            assert_eq!(error["error_code"], row["no_handlers"], "{words}");
        }
    }
}

#[test]
fn an_unknown_error_is_an_internal_error_worth_retrying() {
    let error = raised(|| "x".parse::<i64>().unwrap_err().into());
    assert_eq!(
        (&error["error_code"], &error["raised_by"]),
        (&json!("internal_error"), &json!("ParseIntError"))
    );
    assert_eq!(error["error_metadata"]["retryable"], true);
    assert_eq!(error["message"], "invalid digit found in string");
}

#[test]
fn text_that_is_not_json_is_an_invalid_response_but_another_shape_is_not() {
    let expected = &contract_errors()["transport_failures"]["json.JSONDecodeError"]["no_handlers"];
    for text in ["<html>", "", "{\"a\":", "[1,]"] {
        let error = raised(move || serde_json::from_str::<Value>(text).unwrap_err().into());
        assert_eq!(error["error_code"], *expected, "{text:?}");
    }
    let error = raised(|| serde_json::from_str::<i64>("\"x\"").unwrap_err().into());
    assert_eq!(error["error_code"], "internal_error");
}

#[test]
fn the_message_of_a_status_names_status_address_and_body_but_no_query() {
    let message = |kind: Option<&str>, body: &str| {
        HttpStatusError::new(404, "https://acme.test/users?token=hunter2#top", kind, body).to_string()
    };
    let start = "[404][https://acme.test/users] ";
    assert_eq!(
        message(Some("application/json"), "{ \"error\" :\n 1.0 }"),
        format!("{start}{{\"error\":1.0}}")
    );
    assert_eq!(message(None, "  no \n\n such\tuser "), format!("{start}no such user"));
    assert_eq!(message(None, ""), start);
    let long = message(Some("text/plain"), &"é ".repeat(2000));
    assert!(long.chars().count() <= start.len() + 801, "{} characters", long.chars().count());
    for (kind, body) in [
        (Some("text/html; charset=utf-8"), "hunter2"),
        (None, "<!doctype html><html>hunter2</html>"),
        (Some("text/plain"), "  <HTML>hunter2"),
    ] {
        assert!(!message(kind, body).contains("hunter2"), "{body}");
    }
    assert!(
        raised(|| status_error(500).into())["message"]
            .as_str()
            .unwrap()
            .starts_with("[500][https://acme.test/users] ")
    );
}
