//! What the service says when it refuses something (RFC 7644 §3.12, RFC 9865 §3), in the terms of the platform.

use lumos_connector::error::of_http_status;
use lumos_connector::prelude::*;
use serde_json::{Map, Value};

use crate::value::{as_number, attribute_of, parse, text_of};

/// The error that an answer is. Its code is that of the SCIM error type or, without one, that of the status: the one in
/// the body, when the service answers an error with a good status.
pub(crate) fn refusal(answer: &HttpAnswer) -> ConnectorError {
    let body: Map<String, Value> = parse(answer).unwrap_or_default();
    let said =
        attribute_of(&body, "status").and_then(as_number).and_then(|status| u16::try_from(status).ok());
    let status = match answer.status() {
        200..=299 => said.filter(|status| *status >= 400).unwrap_or(500),
        status => status,
    };
    if (300..400).contains(&status) {
        let target =
            answer.header("location").unwrap_or("nowhere").split(['?', '#']).next().unwrap_or_default();
        let message = format!("{} redirects to {target} (status {status})", answer.url().path());
        return ConnectorError::invalid_response(message)
            .with_status_code(status)
            .with_hint("Set the SCIM base URL to where the service is.");
    }
    let error = match status {
        // The resource changed between reading and writing it; reading again helps.
        412 => answer.error().with_code(ConnectorErrorCode::Conflict).with_retryable(true),
        _ if answer.is_success() => ConnectorError::client("The SCIM service refused")
            .with_status_code(status)
            .with_code(of_http_status(status)),
        410 => answer.error().with_code(ConnectorErrorCode::NotFound),
        _ => answer.error().with_code(of_http_status(status)),
    };
    let error = match text_of(&body, "detail").as_deref().map(str::trim).filter(|detail| !detail.is_empty()) {
        Some(detail) => error.with_message(format!("The SCIM service refused: {detail} (status {status})")),
        None => error,
    };
    let Some(scim_type) = text_of(&body, "scimType") else { return error };
    let error = match code_of(&scim_type) {
        Some(code) => error.with_code(code),
        None => error,
    };
    error.with_app_error_code(format!("scim.{scim_type}"))
}

/// The code of a SCIM error type. Others, such as `invalidSyntax`, mean what their status means.
fn code_of(scim_type: &str) -> Option<ConnectorErrorCode> {
    Some(match scim_type {
        "uniqueness" => ConnectorErrorCode::Conflict,
        "invalidValue" | "invalidPath" | "invalidFilter" | "invalidCount" | "tooMany" | "mutability" => {
            ConnectorErrorCode::InvalidValue
        }
        "noTarget" => ConnectorErrorCode::UnknownValue,
        "sensitive" => ConnectorErrorCode::PermissionDenied,
        "invalidVers" => ConnectorErrorCode::UnsupportedOperation,
        "invalidCursor" | "expiredCursor" => ConnectorErrorCode::InvalidPageToken,
        _ => return None,
    })
}

/// Whether the answer says that the service cannot do this at all, rather than that something is wrong with it.
pub(crate) fn is_not_supported(answer: &HttpAnswer) -> bool {
    matches!(answer.status(), 405 | 501)
}

/// Whether the answer refuses an optional part of a request: how it is asked, and not who asks or what for. Services
/// that do not know filters say so with any of these; some even fail.
pub(crate) fn is_refused(answer: &HttpAnswer, is_filtered: bool) -> bool {
    matches!(answer.status(), 400 | 405 | 406 | 413 | 414 | 422 | 501)
        || is_filtered && matches!(answer.status(), 403 | 404 | 500 | 502)
}

/// Whether the error of a query with a filter is one that the query without it may not have.
pub(crate) fn is_about_filter(error: &ConnectorError) -> bool {
    matches!(
        error.code(),
        ConnectorErrorCode::InvalidValue
            | ConnectorErrorCode::BadRequest
            | ConnectorErrorCode::UnsupportedOperation
            | ConnectorErrorCode::NotFound
            | ConnectorErrorCode::PermissionDenied
            | ConnectorErrorCode::BadGateway
            | ConnectorErrorCode::InternalError
    )
}

/// The error of a change that set a password. SCIM has no error type for password policies: services answer
/// `invalidValue` and speak of the password.
pub(crate) fn of_password(error: ConnectorError) -> ConnectorError {
    let is_about_password = error.message().to_lowercase().contains("password");
    if !is_about_password || error.code() == ConnectorErrorCode::Conflict {
        return error;
    }
    error
        .with_code(ConnectorErrorCode::InvalidValue)
        .with_app_error_code("scim.passwordPolicy")
        .with_hint("Choose a password that the app's password policy allows.")
}

/// The error of a change that the service accepted, and that cannot be seen afterwards.
pub(crate) fn unseen(what: &str) -> ConnectorError {
    ConnectorError::invalid_response(format!("The SCIM service accepted the change, but {what}")).with_hint(
        "Try other settings for PATCH and removal. Where the service does not show its changes, set `read_back` to `never`.",
    )
}
