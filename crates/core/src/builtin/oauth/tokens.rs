//! What a token endpoint answers (RFC 6749 §5; contract §15.3).

use lumos_connector_types::json::{Document, Json};
use lumos_connector_types::oauth::OauthCredentials;
use serde_json::{Map, Value};

use super::settings::TokenAnswers;
use crate::call::token_exchange::TokenAnswer;
use crate::declaration::error::{ConnectorError, ErrorClass, Result};

/// Error codes of RFC 6749 §5.2 and §4.1.2.1 that a message may repeat; anything else a provider says may hold what it
/// was sent.
const KNOWN_ERRORS: [&str; 10] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "unsupported_response_type",
    "server_error",
    "temporarily_unavailable",
];

/// Errors that say that a code or refresh token is used up, in the words of the standard, GitHub, Slack and others.
const USED_UP: [&str; 11] = [
    "invalid_grant",
    "bad_verification_code",
    "bad_refresh_token",
    "invalid_code",
    "invalid_auth_code",
    "code_already_used",
    "code_expired",
    "invalid_refresh_token",
    "expired_token",
    "token_expired",
    "token_revoked",
];

/// The tokens of an answer, and the answer itself with its token type normalised. `sent` is what no message may repeat.
pub(super) fn read(
    answer: &TokenAnswer,
    answers: &TokenAnswers,
    sent: &[&str],
) -> Result<(OauthCredentials, Json)> {
    if answer.status >= 300 {
        return Err(refusal(answer));
    }
    let body = answer.body.trim_start_matches('\u{feff}');
    if let TokenAnswers::Custom(read) = answers {
        let credentials = read(answer)?;
        let raw =
            Json::from_text(body.to_owned()).or_else(|_| Json::from_text(Value::from(body).to_string()))?;
        return Ok((credentials, raw));
    }
    let problem = |problem: &str| {
        ConnectorError::of(ErrorClass::Internal).with_message(format!("The token endpoint {problem}"))
    };
    let mut tokens: Map<String, Value> = match (Document::parse(body), form(body)) {
        (Ok(document), _) => document.read().map_err(|_| problem("answered JSON that is not an object"))?,
        (Err(_), Some(form)) if matches!(answers, TokenAnswers::JsonOrForm) => form,
        (Err(_), _) => {
            return Err(ConnectorError::invalid_response(
                "The token endpoint answered something that is not JSON",
            ));
        }
    };
    if let Some(error) = error_of_success(&tokens, sent) {
        return Err(error);
    }
    let token_type = match tokens.get("token_type") {
        None => "bearer".to_owned(),
        Some(Value::String(token_type)) => token_type.to_lowercase(),
        Some(_) => return Err(problem("answered a token_type that is not text")),
    };
    tokens.insert("token_type".to_owned(), token_type.into());
    let text = Value::Object(tokens).to_string();
    // The reading error names the field and what it must be, never its value.
    let credentials = Document::parse(&text)?
        .read()
        .map_err(|error| problem(&format!("answered tokens that cannot be read: {error}")))?;
    Ok((credentials, Json::from_text(text)?))
}

/// The fields of a form-encoded body that has tokens or an error.
fn form(body: &str) -> Option<Map<String, Value>> {
    let fields: Map<_, _> = form_urlencoded::parse(body.trim().as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    (fields.contains_key("access_token") || fields.contains_key("error")).then_some(fields)
}

/// The error of a success that has one in place of tokens: GitHub, Slack and others answer 200 to everything.
fn error_of_success(tokens: &Map<String, Value>, sent: &[&str]) -> Option<ConnectorError> {
    let is_there = |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && value != "";
    let has_token = tokens.get("access_token").is_some_and(is_there);
    let error = tokens.get("error").filter(|error| is_there(error) && !has_token)?;
    let code = match error {
        Value::Object(error) => {
            ["code", "error", "type"].into_iter().find_map(|name| error.get(name)?.as_str())
        }
        Value::String(code) => Some(code.as_str()),
        _ => tokens.get("error_code").and_then(Value::as_str),
    };
    let code = code.unwrap_or_default();
    let class = match code {
        "access_denied" | "unauthorized_client" => ErrorClass::Authorization,
        "temporarily_unavailable" | "server_error" => ErrorClass::Upstream,
        "rate_limited" | "ratelimited" | "too_many_requests" | "slow_down" => ErrorClass::RateLimit,
        code if USED_UP.contains(&code) => ErrorClass::AuthenticationExpired,
        _ => ErrorClass::Authentication,
    };
    let error = final_error(class);
    Some(if is_code(code, sent) {
        error
            .with_message(format!("The token endpoint answered with an error ({code})"))
            .with_app_error_code(code)
    } else {
        error.with_message("The token endpoint answered with an error")
    })
}

/// Whether a text is an error code, and not something that was sent and came back.
fn is_code(text: &str, sent: &[&str]) -> bool {
    /// Characters below which a text says nothing about whether it came back.
    const SHORT: usize = 4;
    let is_word = (3..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-.".contains(&byte));
    is_word && !sent.iter().any(|sent| sent.len() >= SHORT && text.contains(sent) || sent.contains(text))
}

/// The error of a callback that says that access was not granted (RFC 6749 §4.1.2.1).
pub(super) fn denied(error: &str) -> ConnectorError {
    let class = match error {
        "access_denied" | "unauthorized_client" => ErrorClass::Authorization,
        "temporarily_unavailable" | "server_error" => ErrorClass::Upstream,
        _ => ErrorClass::Authentication,
    };
    let detail = if KNOWN_ERRORS.contains(&error) { format!(" ({error})") } else { String::new() };
    final_error(class).with_message(format!("The provider sent the browser back with an error{detail}"))
}

/// An error that is not worth a retry: a code or a refresh token is used up.
fn final_error(class: ErrorClass) -> ConnectorError {
    ConnectorError::of(class).with_retryable(false).with_throttled(false).with_refreshable(false)
}

/// The error of a status of 300 or more. None of them is worth a retry: a code or a refresh token is used up.
fn refusal(answer: &TokenAnswer) -> ConnectorError {
    let body = answer.body.trim_start_matches('\u{feff}');
    let body: Option<Map<String, Value>> = serde_json::from_str(body).ok();
    let error = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str).unwrap_or_default();
    let class = match (answer.status, error) {
        (429, _) => ErrorClass::RateLimit,
        (500.., _) => ErrorClass::Upstream,
        (403, _) | (_, "access_denied" | "unauthorized_client") => ErrorClass::Authorization,
        (_, "invalid_grant") => ErrorClass::AuthenticationExpired,
        _ => ErrorClass::Authentication,
    };
    let detail = if KNOWN_ERRORS.contains(&error) { format!(" ({error})") } else { String::new() };
    final_error(class)
        .with_message(format!("The token endpoint answered with status {}{detail}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_repeats_nothing_but_standard_words() {
        for (body, message) in [
            (r#"{"error":"invalid_grant","error_description":"hunter2"}"#, "status 400 (invalid_grant)"),
            (r#"{"error":"bad secret hunter2"}"#, "status 400"),
            ("hunter2", "status 400"),
        ] {
            let error = read(&TokenAnswer::new(400, body.to_owned()), &TokenAnswers::Json, &[]).unwrap_err();
            assert!(error.message().ends_with(message), "{}", error.message());
        }
    }

    /// Answers of token endpoints that were seen in the wild, or broke a reader once.
    const CORPUS: &str = include_str!("../../../tests/corpus/token_answers.txt");

    fn is_read_without_surprise(body: &str) {
        for answers in [TokenAnswers::Json, TokenAnswers::JsonOrForm] {
            for status in [200, 400, 500] {
                let outcome = read(&TokenAnswer::new(status, body.to_owned()), &answers, &["hunter2"]);
                assert!(status == 200 || outcome.is_err(), "{status} {body}");
                if let Err(error) = outcome {
                    assert!(!error.message().contains("hunter2"), "{}", error.message());
                }
            }
        }
    }

    #[test]
    fn the_kept_answers_are_read_without_surprise() {
        CORPUS.lines().for_each(is_read_without_surprise);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]

        #[test]
        fn any_answer_is_read_without_surprise(
            body in "(\\PC{0,20}|([{}\\[\\],:=&]|\"(access_token|refresh_token|token_type|error|state|hunter2|invalid_grant)\"|null|1e999|true|\u{feff}){0,16})",
        ) {
            is_read_without_surprise(&body);
        }
    }
}
