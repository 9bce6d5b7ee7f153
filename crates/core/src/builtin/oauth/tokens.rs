//! What a token endpoint answers (RFC 6749 §5; contract §15.3).

use lumos_connector_types::json::{Document, Json};
use lumos_connector_types::oauth::OauthCredentials;
use serde_json::Value;

use super::exchange::TokenAnswer;
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

/// The tokens of an answer, and the answer itself with its token type normalised.
pub(super) fn read(answer: &TokenAnswer) -> Result<(OauthCredentials, Json)> {
    if answer.status >= 300 {
        return Err(refusal(answer));
    }
    let problem = |problem: &str| {
        ConnectorError::of(ErrorClass::Internal).message(format!("The token endpoint {problem}"))
    };
    let document = Document::parse(&answer.body).map_err(|_| {
        ConnectorError::invalid_response("The token endpoint answered something that is not JSON")
    })?;
    let mut tokens: serde_json::Map<String, Value> =
        document.read().map_err(|_| problem("answered JSON that is no object"))?;
    let token_type = match tokens.get("token_type") {
        None => "bearer".to_owned(),
        Some(Value::String(token_type)) => token_type.to_lowercase(),
        Some(_) => return Err(problem("answered a token_type that is no text")),
    };
    tokens.insert("token_type".to_owned(), token_type.into());
    let text = Value::Object(tokens).to_string();
    // The reading error names the field and what it must be, never its value.
    let credentials = Document::parse(&text)?
        .read()
        .map_err(|error| problem(&format!("answered tokens that cannot be read: {error}")))?;
    Ok((credentials, Json::from_text(text)?))
}

/// The error of a status of 300 or more. None of them is worth a retry: a code or a refresh token is used up.
fn refusal(answer: &TokenAnswer) -> ConnectorError {
    let body: Option<serde_json::Map<String, Value>> = serde_json::from_str(&answer.body).ok();
    let error = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str).unwrap_or_default();
    let class = match (answer.status, error) {
        (429, _) => ErrorClass::RateLimit,
        (500.., _) => ErrorClass::Upstream,
        (403, _) | (_, "access_denied" | "unauthorized_client") => ErrorClass::Authorization,
        (_, "invalid_grant") => ErrorClass::AuthenticationExpired,
        _ => ErrorClass::Authentication,
    };
    let detail = if KNOWN_ERRORS.contains(&error) { format!(" ({error})") } else { String::new() };
    ConnectorError::of(class)
        .message(format!("The token endpoint answered with status {}{detail}", answer.status))
        .retryable(false)
        .throttled(false)
        .refreshable(false)
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
            let error = read(&TokenAnswer::new(400, body.to_owned())).unwrap_err();
            assert!(error.text().ends_with(message), "{}", error.text());
        }
    }
}
