//! Failing on demand: what the setting `fail_with` can ask for.
//!
//! | value | failure |
//! | --- | --- |
//! | `NotFoundError`, or any other class | an error of that class |
//! | `NotFoundError?message=gone&retryable=true` | the same, overridden |
//! | `deprecated:api_error` | an error with a deprecated code |
//! | `http:404`, `http-text:404`, `http-html:404`, `http-empty:404` | an error status of the app, with that kind of body |
//! | `read_timeout` and other words | a failure of transport, or of a library |
//! | anything else | an error that no class stands for |

use lumos_connector::error::{TransportError, TransportFailure};
use lumos_connector::prelude::*;

/// An error of no class, such as a library would raise.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NativeError(String);

/// Fails as `fail_with` says; the empty text asks for nothing.
pub(crate) fn raise(fail_with: &str) -> Result<()> {
    match fail_with {
        "" => Ok(()),
        "ValueError" => native("boom"),
        "empty" => native(""),
        "blank" => native("   "),
        "dns" => native("[Errno -2] Name or service not known"),
        "illegal_header" => native(r"Illegal header value b'x\n'"),
        "json_decode" => {
            let _: Json = serde_json::from_str("this is not json")?;
            Ok(())
        }
        "connect_error" => transport(TransportFailure::Connect),
        "connect_timeout" => transport(TransportFailure::ConnectTimeout),
        "pool_timeout" => transport(TransportFailure::PoolTimeout),
        "read_timeout" => transport(TransportFailure::ReadTimeout),
        "write_timeout" => transport(TransportFailure::WriteTimeout),
        "read_error" => transport(TransportFailure::Read),
        "write_error" => transport(TransportFailure::Write),
        "close_error" => transport(TransportFailure::Close),
        "remote_protocol_error" => transport(TransportFailure::RemoteProtocol),
        _ => raise_compound(fail_with),
    }
}

fn raise_compound(fail_with: &str) -> Result<()> {
    match fail_with.split_once(':') {
        Some(("deprecated", code)) => return deprecated(code),
        Some(("http", status)) => {
            return http_status(status, "application/json", r#"{"error": "upstream said no"}"#);
        }
        Some(("http-text", status)) => return http_status(status, "text/plain", "upstream  said\nno"),
        Some(("http-html", status)) => {
            return http_status(status, "text/html", "<html><body>no</body></html>");
        }
        Some(("http-empty", status)) => return http_status(status, "", ""),
        _ => {}
    }
    let (class, overrides) = fail_with.split_once('?').unwrap_or((fail_with, ""));
    match ErrorClass::from_wire(class) {
        Some(class) => Err(overridden(ConnectorError::of(class), overrides)?),
        None => native(&format!("unknown fault: {fail_with}")),
    }
}

fn native(message: &str) -> Result<()> {
    Err(NativeError(message.to_owned()).into())
}

fn transport(failure: TransportFailure) -> Result<()> {
    Err(TransportError::new(failure, "no connection was ever tried").into())
}

fn http_status(status: &str, content_type: &str, body: &str) -> Result<()> {
    let url = "https://upstream.invalid/api/v1/things?token=hidden";
    Err(HttpStatusError::new(status.parse()?, url, Some(content_type), body).into())
}

fn deprecated(code: &str) -> Result<()> {
    match lumos_connector::payload::ErrorCode::from_wire(code) {
        Some(code) => Err(ConnectorError::new("deprecated code").with_code(code)),
        None => native(&format!("unknown deprecated code: {code}")),
    }
}

/// The error with overrides such as `message=gone&retryable=true`, whose values are taken as they are.
fn overridden(error: ConnectorError, overrides: &str) -> Result<ConnectorError> {
    overrides.split('&').filter(|option| !option.is_empty()).try_fold(error, |error, option| {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        Ok(match key {
            "message" => error.with_message(value),
            "hint" => error.with_hint(value),
            "app_error_code" => error.with_app_error_code(value),
            "error_code" => error.with_code(
                ConnectorErrorCode::from_wire(value)
                    .ok_or_else(|| NativeError(format!("unknown code: {value}")))?,
            ),
            "retryable" => error.with_retryable(value == "true"),
            "throttled" => error.with_throttled(value == "true"),
            "refreshable" => error.with_refreshable(value == "true"),
            "retry_after_seconds" => error.with_retry_after_seconds(value.parse()?),
            _ => return Err(NativeError(format!("unknown option: {key}")).into()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(fail_with: &str) -> ConnectorError {
        raise(fail_with).expect_err(fail_with)
    }

    #[test]
    fn nothing_asked_nothing_raised() {
        assert!(raise("").is_ok());
    }

    #[test]
    fn values_of_overrides_are_taken_verbatim() {
        let error = raised("RateLimitError?message=a=b:c%20d&hint=&error_code=not_found");
        assert_eq!(error.class(), Some(ErrorClass::RateLimit));
        assert_eq!(error.message(), "a=b:c%20d");
        assert_eq!(error.code(), ConnectorErrorCode::NotFound);
    }

    #[test]
    fn deprecated_codes_are_redirected() {
        assert_eq!(raised("deprecated:api_error").code(), ConnectorErrorCode::InvalidResponse);
    }

    #[test]
    fn statuses_of_the_app_keep_their_number() {
        let error = raised("http-text:503");
        assert_eq!(error.source_as::<HttpStatusError>().map(|error| error.status), Some(503));
    }

    #[test]
    fn whatever_the_grammar_does_not_know_has_no_class() {
        for fault in
            ["unheard of", "http:many", "deprecated:x", "NotFoundError?x=1", "NotFoundError?error_code=x"]
        {
            assert_eq!(raised(fault).class(), None, "{fault}");
        }
    }
}
