//! Answers that are not a capability's: `{"detail":…}` with a status.

use std::fmt;

use bytes::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::outgoing::Outgoing;
use super::routes::JSON;

type Refusal = Response<Outgoing>;

fn refuse(status: StatusCode, detail: impl fmt::Display) -> Refusal {
    let body = json!({ "detail": detail.to_string() }).to_string();
    let mut response = Response::new(Outgoing::Whole(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn with(mut refusal: Refusal, name: HeaderName, value: &'static str) -> Refusal {
    refusal.headers_mut().insert(name, HeaderValue::from_static(value));
    refusal
}

pub(super) fn not_found() -> Refusal {
    refuse(StatusCode::NOT_FOUND, "Not Found")
}

pub(super) fn method_not_allowed() -> Refusal {
    with(refuse(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"), ALLOW, "POST")
}

pub(super) fn unauthorized() -> Refusal {
    let refusal = refuse(StatusCode::UNAUTHORIZED, "This server wants its token in Authorization: Bearer");
    with(refusal, WWW_AUTHENTICATE, "Bearer")
}

pub(super) fn body_too_large(limit: usize) -> Refusal {
    refuse(StatusCode::PAYLOAD_TOO_LARGE, format_args!("The body is larger than {limit} bytes"))
}

pub(super) fn body_too_slow() -> Refusal {
    refuse(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time")
}

pub(super) fn body_broken() -> Refusal {
    refuse(StatusCode::BAD_REQUEST, "The body ended too early or is framed wrongly")
}

/// The reference fails where it decodes the body, with a 500; the fault is the caller's all the same (docs/compatibility.md).
pub(super) fn body_not_text() -> Refusal {
    refuse(StatusCode::BAD_REQUEST, "The body is not UTF-8")
}

/// RFC 9112 §3.2.
pub(super) fn wrong_host_header() -> Refusal {
    refuse(StatusCode::BAD_REQUEST, "The request must have one Host header")
}

/// A request that a page of another site made.
pub(super) fn foreign(header: &str) -> Refusal {
    refuse(
        StatusCode::FORBIDDEN,
        format_args!(
            "The {header} header names another site; without a token this server answers its own machine only"
        ),
    )
}

pub(super) fn unsupported_type() -> Refusal {
    refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Expected Content-Type: application/json")
}

pub(super) fn busy() -> Refusal {
    let refusal = refuse(StatusCode::SERVICE_UNAVAILABLE, "Too many calls at once");
    with(refusal, RETRY_AFTER, "1")
}

pub(super) fn internal() -> Refusal {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}
