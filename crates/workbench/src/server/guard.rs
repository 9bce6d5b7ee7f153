//! Refuses other hosts, other origins, and whoever has no session; the headers of every answer.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::session::Sessions;
use crate::page::refusal;

/// Nothing but this server's own files; no script and no style inside of a page; no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

/// The headers of every answer.
const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // With `no-referrer`, browsers do not say where a form comes from either.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// For every request: the host must be this one, and what changes something must come from a page of this server.
pub(crate) async fn every_request(
    State(sessions): State<Arc<Sessions>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match check(&sessions, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, reason)) => (status, refusal(reason)).into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// For every page but the entrance: the browser must have been admitted.
pub(crate) async fn admitted(
    State(sessions): State<Arc<Sessions>>,
    request: Request,
    next: Next,
) -> Response {
    let mut cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    if cookies.any(|cookies| sessions.admits(cookies)) {
        return next.run(request).await;
    }
    let reason = "This browser has no session. Open the address that the workbench printed last.";
    (StatusCode::UNAUTHORIZED, refusal(reason)).into_response()
}

type Refusal = (StatusCode, &'static str);

fn check(sessions: &Sessions, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.get_all(HOST).iter().count() != 1 || !is_own_host(sessions, host) {
        return Err((
            StatusCode::MISDIRECTED_REQUEST,
            "The workbench is asked for by its address alone, not by another name.",
        ));
    }
    let site = headers.get(FETCH_SITE).and_then(|value| value.to_str().ok());
    let is_navigation = headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    let is_reading = matches!(*method, Method::GET | Method::HEAD);
    let from_elsewhere = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    if from_elsewhere && !(is_reading && is_navigation) {
        return Err((StatusCode::FORBIDDEN, "Another site asked for this."));
    }
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    match origin {
        Some(origin) if origin.strip_prefix("http://") != Some(host) => {
            Err((StatusCode::FORBIDDEN, "Another site asked for this."))
        }
        None if !is_reading => Err((StatusCode::FORBIDDEN, "The request does not say where it comes from.")),
        _ => Ok(()),
    }
}

/// An address cannot be rebound by whoever controls a name. `localhost` is this machine's own.
fn is_own_host(sessions: &Sessions, host: &str) -> bool {
    let port = sessions.origin().rsplit(':').next().unwrap_or_default();
    let Some((name, given)) = host.rsplit_once(':') else { return false };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let own = sessions.origin().trim_start_matches("http://");
    given == port
        && (name == "localhost"
            || host == own
            || address.is_ok_and(|address| address.is_loopback() || sessions.listens_everywhere()))
}
