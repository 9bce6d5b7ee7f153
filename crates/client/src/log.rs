//! Calls to the app in the log: one line each at `INFO`, headers and bodies at `DEBUG`, without secrets (contract §10).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Instant;

use lumos_connector_core::error::ConnectorError;
use lumos_connector_core::redaction::body::{redacted_json, redacted_parameters, redacted_url};
use lumos_connector_core::redaction::names::{Place, is_secret};
use lumos_connector_core::redaction::text::redacted_text;
use lumos_connector_core::redaction::values;
use lumos_connector_types::secret::REDACTED;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Request, StatusCode};
use tracing::Span;
use tracing::field::Empty;

/// Bytes of an answer's body that are shown: of a good one, and of an error.
const SHOWN: usize = 8192;
const SHOWN_OF_ERROR: usize = 12288;

/// One call to the app that is under way, or nothing when nobody reads the log.
pub(crate) struct Upstream(Option<Call>);

struct Call {
    method: String,
    url: String,
    sent: usize,
    began: Instant,
    /// For exporters of traces.
    span: Span,
}

impl Upstream {
    /// Begins with the request as it is before its login is put on.
    pub(crate) fn begin(request: &Request) -> Self {
        if !tracing::enabled!(tracing::Level::INFO) {
            return Self(None);
        }
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let url = values::redacted(&redacted_url(request.url().as_str())).into_owned();
        let method = request.method().to_string();
        let span = tracing::info_span!(
            "request to the app",
            otel.name = method,
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = method,
            url.full = url,
            http.response.status_code = Empty,
        );
        let call = Call { method, url, span, sent: body.len(), began: Instant::now() };
        if tracing::enabled!(tracing::Level::DEBUG) {
            tracing::debug!(
                "to the app: {} {} {} {}",
                call.method,
                call.url,
                headers(request.headers()),
                preview(request.headers(), body, SHOWN)
            );
        }
        Self(Some(call))
    }

    pub(crate) fn answered(self, status: StatusCode, answer_headers: &HeaderMap, body: &[u8]) {
        let Self(Some(Call { method, url, sent, began, span })) = self else { return };
        span.record("http.response.status_code", status.as_u16());
        if status.is_client_error() || status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
        let milliseconds = began.elapsed().as_millis();
        tracing::info!(status = status.as_u16(), milliseconds, sent, received = body.len(), "{method} {url}");
        if tracing::enabled!(tracing::Level::DEBUG) {
            let shown = if status.is_success() { SHOWN } else { SHOWN_OF_ERROR };
            tracing::debug!(
                "from the app: {method} {url} {} {} {}",
                status.as_u16(),
                headers(answer_headers),
                preview(answer_headers, body, shown)
            );
        }
    }

    pub(crate) fn failed(self, error: &ConnectorError) {
        let Self(Some(Call { method, url, sent, began, span })) = self else { return };
        span.record("otel.status_code", "ERROR");
        let milliseconds = began.elapsed().as_millis();
        tracing::info!(milliseconds, sent, "{method} {url} failed: {}", error.message());
    }
}

fn headers(headers: &HeaderMap) -> String {
    let mut text = String::from("{");
    for (name, value) in headers {
        let value = if value.is_sensitive() || is_secret(Place::Header, name.as_str()) {
            Cow::Borrowed(REDACTED)
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}{name}: {value}", if text.len() > 1 { ", " } else { "" });
    }
    text.push('}');
    text
}

/// Bytes of a body that are looked at: the cost of a log line does not grow with what the app sends.
const LOOKED_AT: usize = 256 * 1024;

/// The body without secrets, its middle left out when it is long. What is not text is only measured.
fn preview(headers: &HeaderMap, body: &[u8], shown: usize) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let looked_at = &body[..body.len().min(LOOKED_AT)];
    let text = match std::str::from_utf8(looked_at) {
        Ok(text) => text,
        // A character may be cut at the end of what is looked at.
        Err(error) if error.error_len().is_none() && looked_at.len() < body.len() => {
            std::str::from_utf8(&looked_at[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return format!("({} bytes)", body.len()),
    };
    let text = if kind.starts_with("application/x-www-form-urlencoded") {
        Cow::Owned(redacted_parameters(text))
    } else {
        redacted_json(text)
    };
    // Names within values (the address in a `Location`), and shapes.
    let text = redacted_text(&text);
    if text.len() <= shown {
        return text.into_owned();
    }
    let boundary = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=shown / 2).rev().find(boundary).unwrap_or(0);
    let end = (text.len() - shown / 2..text.len()).find(boundary).unwrap_or(text.len());
    format!("{} … {} bytes … {}", &text[..start], end - start, &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_headers_are_named_but_not_shown() {
        let mut given = HeaderMap::new();
        given.insert("x-session-id", "hunter2".parse().unwrap());
        given.insert("retry-after", "5".parse().unwrap());
        assert_eq!(headers(&given), "{x-session-id: [REDACTED], retry-after: 5}");
    }

    #[test]
    fn a_long_body_loses_its_middle_and_no_character_is_cut() {
        let body = "é".repeat(100);
        let shown = preview(&HeaderMap::new(), body.as_bytes(), 51);
        assert_eq!(shown, format!("{0} … 152 bytes … {0}", "é".repeat(12)));
    }

    #[test]
    fn bytes_that_are_no_text_are_measured() {
        assert_eq!(preview(&HeaderMap::new(), &[0xff, 0xfe], 10), "(2 bytes)");
    }
}
