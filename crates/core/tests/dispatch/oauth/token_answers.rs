//! What becomes of the token endpoint's answer.

use lumos_connector_core::oauth::OAuthSettings;
use lumos_connector_types::payload::*;
use serde_json::{Value, json};

use super::provider::{Provider, TOKEN, TOKENS, call, client, with_flow};

fn refreshed(status: u16, body: &str, raw_data: bool) -> Value {
    let acme = with_flow::<OAuthClientCredential>(OAuthSettings::client_credentials(TOKEN));
    let request = json!({"request": client(json!({"refresh_token": "r"})), "include_raw_data": raw_data});
    call(&acme, &Provider::answering(status, body), "refresh_access_token", &request)
}

fn code(status: u16, body: &str) -> Value {
    let mut answer = refreshed(status, body, false);
    assert_eq!(answer["error"]["error_metadata"]["refreshable"], false, "{answer}");
    assert_eq!(answer["error"]["status_code"], Value::Null, "{answer}");
    answer["error"]["error_code"].take()
}

#[test]
fn tokens_are_answered_with_their_type_in_lower_case() {
    let tokens = json!({"access_token": "at", "refresh_token": "rt", "token_type": "bearer", "state": null});
    assert_eq!(refreshed(200, TOKENS, false)["response"], tokens);
    assert_eq!(refreshed(201, TOKENS, false)["response"], tokens);
}

#[test]
fn a_missing_type_is_bearer_and_any_other_is_refused() {
    assert_eq!(refreshed(200, r#"{"access_token":"at"}"#, false)["response"]["token_type"], "bearer");
    for kind in ["\"mac\"", "null", "7"] {
        let body = format!(r#"{{"access_token":"at","token_type":{kind}}}"#);
        assert_eq!(code(200, &body), "internal_error", "{kind}");
    }
}

#[test]
fn raw_data_is_the_providers_answer_when_it_is_asked_for() {
    let body = r#"{"access_token":"at","expires_in":3600,"token_type":"BEARER","nested":{"a":[1.0]}}"#;
    assert_eq!(refreshed(200, body, false)["raw_data"], Value::Null);
    assert_eq!(
        refreshed(200, body, true)["raw_data"],
        json!({"access_token": "at", "expires_in": 3600, "token_type": "bearer", "nested": {"a": [1.0]}})
    );
}

#[test]
fn an_answer_that_is_no_token_is_an_error_without_its_text() {
    for (body, expected) in [
        ("<html>hunter2</html>", "invalid_response"),
        ("", "invalid_response"),
        ("[\"hunter2\"]", "internal_error"),
        (r#"{"access_token":{"hunter2":1}}"#, "internal_error"),
        (r#"{"refresh_token":"hunter2"}"#, "internal_error"),
    ] {
        let answer = refreshed(200, body, true);
        assert_eq!(answer["error"]["error_code"], expected, "{body}");
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
}

#[test]
fn refusals_are_told_apart_by_status_then_by_error() {
    for (status, error, expected) in [
        (429, "invalid_grant", "rate_limit"),
        (500, "invalid_grant", "bad_gateway"),
        (503, "", "bad_gateway"),
        (403, "invalid_grant", "permission_denied"),
        (400, "access_denied", "permission_denied"),
        (400, "unauthorized_client", "permission_denied"),
        (401, "invalid_grant", "authentication_expired"),
        (400, "invalid_grant", "authentication_expired"),
        (401, "invalid_client", "unauthorized"),
        (400, "invalid_scope", "unauthorized"),
        (302, "", "unauthorized"),
        (418, "", "unauthorized"),
    ] {
        let body = json!({"error": error, "error_description": "hunter2"}).to_string();
        let answer = refreshed(status, &body, true);
        assert_eq!(answer["error"]["error_code"], expected, "{status} {error}");
        assert_eq!(answer["error"]["error_metadata"]["retryable"], false, "{status} {error}");
        assert_eq!(answer["error"]["error_metadata"]["throttled"], false, "{status} {error}");
        assert_eq!(code(status, &body), expected);
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
}
