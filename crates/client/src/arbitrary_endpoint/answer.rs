//! What a call became, for the caller.

use std::time::{Duration, SystemTime};

use indexmap::IndexMap;
use lumos_connector_core::error::{ConnectorError, ErrorClass, Result, TransportError, TransportFailure};
use lumos_connector_types::arbitrary_endpoint::ArbitraryResponse;
use reqwest::header::{DATE, RETRY_AFTER};

use super::policy::RateLimitReset;
use crate::http::HttpAnswer;

/// A call without an answer of the app, and the reason.
pub(super) fn none(reason: String, resolved_url: String) -> ArbitraryResponse {
    ArbitraryResponse { error: Some(reason), resolved_url, ..ArbitraryResponse::default() }
}

/// The answer of the app, whatever it is.
pub(super) fn of(
    answer: &HttpAnswer,
    resolved_url: String,
    reset: Option<RateLimitReset>,
) -> ArbitraryResponse {
    let mut headers: IndexMap<String, String> = IndexMap::new();
    for (name, value) in answer.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let joined = headers.entry(name.as_str().to_owned()).or_default();
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(&value);
    }
    let ok = answer.is_success();
    ArbitraryResponse {
        ok,
        status_code: Some(answer.status().into()),
        content_type: headers.get("content-type").cloned(),
        headers,
        body: Some(answer.text().into_owned()),
        error: None,
        retry_after_seconds: if ok { None } else { retry_after(answer, reset).map(Into::into) },
        resolved_url,
    }
}

/// A call without an answer.
///
/// # Errors
/// When the failure is the connector's, not one of the way to the app.
pub(super) fn of_failure(error: ConnectorError, resolved_url: String) -> Result<ArbitraryResponse> {
    let reason = match error.source_as::<TransportError>().map(|error| error.failure) {
        Some(TransportFailure::ReadTimeout | TransportFailure::WriteTimeout) => {
            "The app did not answer in time."
        }
        Some(TransportFailure::TooLarge) => "The app answered more than can be taken.",
        Some(_) => "The app could not be reached.",
        None if error.class() == Some(ErrorClass::BudgetExhausted) => "The time of this call was over.",
        None => return Err(error),
    };
    Ok(none(reason.to_owned(), resolved_url))
}

/// The seconds after which another call makes sense: of `Retry-After`, else of the app's rate limit.
fn retry_after(answer: &HttpAnswer, reset: Option<RateLimitReset>) -> Option<f64> {
    let header = |name: &str| answer.header(name).map(str::trim);
    let number = |text: &str| text.parse().ok().filter(|seconds: &f64| seconds.is_finite());
    let now = header(DATE.as_str())
        .and_then(since_1970)
        .or_else(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok())
        .unwrap_or_default();
    let left = |until: Duration| until.saturating_sub(now).as_secs_f64();
    if let Some(given) = header(RETRY_AFTER.as_str())
        && let Some(seconds) = number(given).or_else(|| since_1970(given).map(left))
    {
        return Some(seconds.max(0.0));
    }
    let exhausted = header("x-ratelimit-remaining").is_none_or(|remaining| number(remaining) == Some(0.0));
    if !matches!(answer.status(), 403 | 429) || !exhausted {
        return None;
    }
    let given = header("x-ratelimit-reset").and_then(number)?;
    let seconds = match reset? {
        RateLimitReset::Seconds => given,
        RateLimitReset::Epoch => given - now.as_secs_f64(),
    };
    Some(seconds.max(0.0))
}

/// The time that a date of HTTP names.
fn since_1970(date: &str) -> Option<Duration> {
    httpdate::parse_http_date(date).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()
}
