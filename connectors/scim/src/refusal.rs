//! What the service answers: JSON, or that it refuses something (RFC 7644 §3.12, RFC 9865 §3), in the terms of the
//! platform.

use std::borrow::Cow;

use lumos_connector::error::of_http_status;
use lumos_connector::lenient::{Unread, as_list, as_number, as_text};
use lumos_connector::prelude::*;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The codes of SCIM error types. Others, such as `invalidSyntax`, mean what their status means.
const CODES: [(&[&str], ConnectorErrorCode); 6] = [
    (&["uniqueness"], ConnectorErrorCode::Conflict),
    (
        &["invalidValue", "invalidPath", "invalidFilter", "invalidCount", "tooMany", "mutability"],
        ConnectorErrorCode::InvalidValue,
    ),
    (&["noTarget"], ConnectorErrorCode::UnknownValue),
    (&["sensitive"], ConnectorErrorCode::PermissionDenied),
    (&["invalidVers"], ConnectorErrorCode::UnsupportedOperation),
    (&["invalidCursor", "expiredCursor"], ConnectorErrorCode::InvalidPageToken),
];

/// What the body of an answer says of an error.
#[derive(Default)]
struct Said {
    is_error: bool,
    status: Option<u16>,
    scim_type: Option<String>,
    detail: Option<String>,
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = <&RawValue>::deserialize(deserializer)?;
        let Some(fields) = Unread::of(body) else { return Ok(Self::default()) };
        let schemas = fields.get("schemas");
        let mut schemas = as_list(&schemas).iter().filter_map(Value::as_str);
        let status = as_number(&fields.get("status")).and_then(|status| u16::try_from(status).ok());
        let status = status.filter(|status| (400..600).contains(status));
        // Resources may have a `status`, too.
        let is_other = fields.has("id") || fields.has("Resources");
        let is_error = schemas.any(|schema| schema.ends_with(":Error")) || status.is_some() && !is_other;
        let text = |name| as_text(&fields.get(name)).map(Cow::into_owned);
        Ok(Self { is_error, status, scim_type: text("scimType"), detail: text("detail") })
    }
}

/// The JSON of an answer, whatever its content type says, and whatever in it is not text.
pub(crate) fn parse<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<T> {
    // The error of the client says where the JSON is broken, and does not repeat what stands there.
    serde_json::from_str(answer.text().trim_start_matches('\u{feff}')).or_else(|_| answer.json())
}

/// The answer, unless the service refused: with a bad status, or with an error in its body.
pub(crate) fn success(answer: HttpAnswer) -> Result<HttpAnswer> {
    let said: Said = parse(&answer).unwrap_or_default();
    if answer.is_success() && !said.is_error { Ok(answer) } else { Err(refusal(&answer, said)) }
}

/// The error that an answer is. Its code is that of the SCIM error type or, without one, that of the status: the one in
/// the body, when the service answers an error with a good status.
fn refusal(answer: &HttpAnswer, said: Said) -> ConnectorError {
    let status = if answer.is_success() { said.status.unwrap_or(500) } else { answer.status() };
    let source = {
        let url = answer.url().as_str();
        HttpStatusError::new(status, url, answer.header("content-type"), &answer.text())
    };
    let error = match status {
        300..=399 => {
            let target = answer.header("location").unwrap_or("nowhere").split(['?', '#']).next();
            let (place, target) = (answer.url().path(), target.unwrap_or_default());
            ConnectorError::invalid_response(format!("{place} redirects to {target} (status {status})"))
                .with_hint("Set the SCIM base URL to where the service is.")
        }
        _ if answer.is_success() => ConnectorError::client("The SCIM service refused"),
        _ => answer.error(),
    };
    let error = error.with_status_code(status).with_source(source);
    let error = match status {
        // The resource changed between reading and writing it; reading again helps.
        412 => error.with_code(ConnectorErrorCode::Conflict).with_retryable(true),
        410 => error.with_code(ConnectorErrorCode::NotFound),
        _ => error.with_code(of_http_status(status)),
    };
    let error = match said.detail.as_deref().map(str::trim).filter(|detail| !detail.is_empty()) {
        Some(detail) => error.with_message(format!("The SCIM service refused: {detail} (status {status})")),
        None => error,
    };
    let Some(scim_type) = said.scim_type else { return error };
    let error = match CODES.iter().find(|(names, _)| names.contains(&scim_type.as_str())) {
        Some((_, code)) => error.with_code(*code),
        None => error,
    };
    error.with_app_error_code(format!("scim.{scim_type}"))
}

/// The status with which the service refused; 0 when there was no answer, or one that makes no sense.
pub(crate) fn status_of(error: &ConnectorError) -> u16 {
    error.source_as::<HttpStatusError>().map_or(0, |answer| answer.status)
}

/// Whether an error is an answer of the service, be it one that makes no sense.
pub(crate) fn is_answered(error: &ConnectorError) -> bool {
    status_of(error) > 0 || error.code() == ConnectorErrorCode::InvalidResponse
}

/// Whether the service refuses an optional part of a request: how it is asked, and not who asks or what for.
pub(crate) fn is_refused(error: &ConnectorError) -> bool {
    matches!(status_of(error), 400 | 405 | 406 | 413 | 414 | 422 | 501)
}

/// Whether the error of a query is one that another query may not have. Services that do not know filters say so with any
/// of these; some even fail.
pub(crate) fn is_of_query(error: &ConnectorError) -> bool {
    // Without a status it is an id that no address can have.
    is_refused(error)
        || matches!(status_of(error), 403 | 404 | 410 | 415 | 500 | 502 | 504)
        || error.code() == ConnectorErrorCode::InvalidValue
}

/// Whether the service refuses so many rows.
pub(crate) fn is_too_many(error: &ConnectorError, rows: i64) -> bool {
    let Some(answer) = error.source_as::<HttpStatusError>() else { return false };
    let text = answer.detail.to_lowercase();
    let says_so = ["count", "too many", "toomany", "maxresults", "page size", "limit"];
    matches!(answer.status, 400 | 413 | 422) && (rows > 100 || says_so.iter().any(|word| text.contains(word)))
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
