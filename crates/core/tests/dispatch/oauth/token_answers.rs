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

#[test]
fn a_success_that_holds_an_error_is_that_error_and_final() {
    for (body, expected, named) in [
        (
            r#"{"error":"bad_verification_code","error_description":"s&cret"}"#,
            "authentication_expired",
            Some("bad_verification_code"),
        ),
        (r#"{"error":"invalid_grant"}"#, "authentication_expired", Some("invalid_grant")),
        (r#"{"error":"invalid_client"}"#, "unauthorized", Some("invalid_client")),
        (r#"{"error":"incorrect_client_credentials"}"#, "unauthorized", Some("incorrect_client_credentials")),
        (r#"{"error":"access_denied"}"#, "permission_denied", Some("access_denied")),
        (r#"{"error":"temporarily_unavailable"}"#, "bad_gateway", Some("temporarily_unavailable")),
        (r#"{"ok":false,"error":"invalid_code"}"#, "authentication_expired", Some("invalid_code")),
        (r#"{"ok":false,"error":"ratelimited"}"#, "rate_limit", Some("ratelimited")),
        (
            r#"{"error":{"code":"invalid_grant","message":"s&cret"}}"#,
            "authentication_expired",
            Some("invalid_grant"),
        ),
        (r#"{"error":true,"error_code":"E1"}"#, "unauthorized", None),
        (r#"{"access_token":null,"error":"the secret is s&cret"}"#, "unauthorized", None),
    ] {
        let answer = refreshed(200, body, true);
        let error = &answer["error"];
        assert_eq!(error["error_code"], expected, "{body}");
        assert_eq!(error["error_metadata"]["retryable"], false, "{body}");
        assert_eq!(error["app_error_code"], json!(named), "{body}");
        assert!(error["message"].as_str().unwrap().contains(named.unwrap_or_default()), "{answer}");
        assert!(!answer.to_string().contains("s&cret"), "{answer}");
    }
    // Tokens count, whatever stands beside them.
    assert_eq!(
        refreshed(200, r#"{"access_token":"at","error":""}"#, false)["response"]["access_token"],
        "at"
    );
    assert_eq!(
        refreshed(200, r#"{"access_token":"at","error":"x"}"#, false)["response"]["access_token"],
        "at"
    );
}

#[test]
fn a_byte_order_mark_is_skipped_and_expires_in_may_be_text() {
    let tokens = format!("\u{feff}{TOKENS}");
    assert_eq!(refreshed(200, &tokens, false)["response"]["access_token"], "at");
    let text = r#"{"access_token":"at","expires_in":"3599"}"#;
    assert_eq!(refreshed(200, text, false)["response"]["access_token"], "at");
    assert_eq!(code(400, "\u{feff}{\"error\":\"invalid_grant\"}"), "authentication_expired");
}

#[test]
fn form_encoded_tokens_are_read_when_that_is_asked_for() {
    let form = "access_token=a%20t&refresh_token=rt&token_type=Bearer&scope=";
    assert_eq!(code(200, form), "invalid_response");
    let refreshed = |body: &str| {
        let flow = OAuthSettings::client_credentials(TOKEN).form_token_answers();
        let request = json!({"request": client(json!({"refresh_token": "r"})), "include_raw_data": true});
        call(
            &with_flow::<OAuthClientCredential>(flow),
            &Provider::answering(200, body),
            "refresh_access_token",
            &request,
        )
    };
    let answer = refreshed(form);
    assert_eq!(answer["response"]["access_token"], "a t");
    assert_eq!(answer["raw_data"]["refresh_token"], "rt");
    assert_eq!(refreshed(TOKENS)["response"]["access_token"], "at");
    assert_eq!(refreshed("error=bad_verification_code")["error"]["error_code"], "authentication_expired");
    assert_eq!(refreshed("<html></html>")["error"]["error_code"], "invalid_response");
}

#[test]
fn tokens_that_stand_elsewhere_are_read_by_the_connector() {
    let read = |answer: &lumos_connector_core::oauth::TokenAnswer| {
        let body: Value = serde_json::from_str(&answer.body)?;
        Ok(OauthCredentials {
            access_token: body["data"]["token"].as_str().unwrap_or_default().into(),
            refresh_token: None,
            token_type: TokenType::Bearer,
            state: None,
        })
    };
    let flow = OAuthSettings::client_credentials(TOKEN).read_token_answer(read);
    let acme = with_flow::<OAuthClientCredential>(flow);
    let request = json!({"request": client(json!({"refresh_token": "r"})), "include_raw_data": true});
    let answer = call(
        &acme,
        &Provider::answering(200, r#"{"data":{"token":"at"}}"#),
        "refresh_access_token",
        &request,
    );
    assert_eq!(answer["response"]["access_token"], "at");
    assert_eq!(answer["raw_data"], json!({"data": {"token": "at"}}));
    let refused = call(&acme, &Provider::answering(400, "{}"), "refresh_access_token", &request);
    assert_eq!(refused["error"]["error_code"], "unauthorized");
}
