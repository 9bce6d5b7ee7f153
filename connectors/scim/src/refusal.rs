//! What the service says when it refuses something (RFC 7644 §3.12, RFC 9865 §3), in the terms of the platform.

use lumos_connector::error::of_http_status;
use lumos_connector::prelude::*;

/// The body of an error answer.
#[derive(Deserialize)]
struct ScimError {
    #[serde(rename = "scimType")]
    scim_type: Option<String>,
    detail: Option<String>,
}

/// The error that an answer is. Its code is that of the SCIM error type or, without one, that of the status.
pub(crate) fn refusal(answer: &HttpAnswer) -> ConnectorError {
    let status = answer.status();
    let error = match status {
        // The resource changed between reading and writing it; reading again helps.
        412 => answer.error().with_code(ConnectorErrorCode::Conflict).with_retryable(true),
        _ => answer.error().with_code(of_http_status(status)),
    };
    let Ok(ScimError { scim_type, detail }) = answer.json() else { return error };
    let error = match detail.as_deref().map(str::trim).filter(|detail| !detail.is_empty()) {
        Some(detail) => error.with_message(format!("The SCIM service refused: {detail} (status {status})")),
        None => error,
    };
    let Some(scim_type) = scim_type.filter(|scim_type| !scim_type.is_empty()) else { return error };
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

/// Whether the answer says that the service does not understand the filter.
pub(crate) fn is_filter_refused(answer: &HttpAnswer) -> bool {
    let is_invalid = || {
        let scim_type = answer.json::<ScimError>().ok().and_then(|error| error.scim_type);
        scim_type.is_none_or(|scim_type| {
            matches!(scim_type.as_str(), "invalidFilter" | "invalidPath" | "invalidValue")
        })
    };
    is_not_supported(answer) || answer.status() == 400 && is_invalid()
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
