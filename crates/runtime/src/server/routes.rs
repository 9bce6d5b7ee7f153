//! Which path and method is what (contract §11.1).

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;

use super::Server;
#[cfg(feature = "swagger")]
use super::docs;
use super::outgoing::Outgoing;
use super::{admission, call, identity, refusal};
use crate::observability::context::CallContext;
use crate::observability::prometheus;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a path and a method are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Call(&'static str),
    OpenApi,
    #[cfg(feature = "swagger")]
    Docs(docs::File),
    /// Whether the process answers at all.
    Health,
    /// Whether it wants more requests.
    Ready,
    Metrics,
    NotFound,
    MethodNotAllowed,
}

impl Route {
    fn of(server: &Server, method: &Method, path: &str) -> Self {
        match path {
            "/openapi.json" if method == Method::GET => return Self::OpenApi,
            "/metrics" if method == Method::GET => return Self::Metrics,
            "/healthz" if method == Method::GET || method == Method::HEAD => return Self::Health,
            "/readyz" if method == Method::GET || method == Method::HEAD => return Self::Ready,
            #[cfg(feature = "swagger")]
            path if method == Method::GET => {
                if let Some(file) = docs::file(path) {
                    return Self::Docs(file);
                }
            }
            _ => {}
        }
        let name = percent_decode_str(path.strip_prefix('/').unwrap_or(path)).decode_utf8();
        match name.ok().and_then(|name| server.capabilities.get(name.as_ref())) {
            Some(capability) if method == Method::POST => Self::Call(capability),
            Some(_) => Self::MethodNotAllowed,
            None => Self::NotFound,
        }
    }

    /// Whether a request needs the bearer token. Probes of an orchestrator have none and learn nothing.
    fn is_guarded(self) -> bool {
        !matches!(self, Self::Health | Self::Ready)
    }
}

/// Answers one request.
pub(super) async fn answer(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    let (head, body) = request.into_parts();
    let route = Route::of(&server, &head.method, head.uri.path());
    let request_id = identity::request_id(&head.headers);
    let refused = if route.is_guarded() { admission::refused(server.trust, &head) } else { None };
    let mut response = match (refused, &server.token) {
        (Some(refusal), _) => refusal,
        (None, Some(token)) if route.is_guarded() && !token.is_in(&head.headers) => refusal::unauthorized(),
        _ => match route {
            Route::Call(capability) => {
                let context = CallContext::new(server.integration.app_id(), capability)
                    .request_id(request_id.to_str().unwrap_or_default())
                    .given(identity::given(&head.headers));
                call::answer(&server, capability, context, body).await
            }
            Route::Metrics => metrics(&server),
            Route::OpenApi => openapi(&server).await,
            #[cfg(feature = "swagger")]
            Route::Docs(file) => docs::answer(file, &head.headers),
            Route::Health => text(StatusCode::OK, "ok\n"),
            Route::Ready if server.draining.load(Ordering::Relaxed) => {
                text(StatusCode::SERVICE_UNAVAILABLE, "ending\n")
            }
            Route::Ready => text(StatusCode::OK, "ok\n"),
            Route::NotFound => refusal::not_found(),
            Route::MethodNotAllowed => refusal::method_not_allowed(),
        },
    };
    let status = response.status();
    if let (true, Some(metrics)) = (status.as_u16() >= 400, &server.observability.metrics) {
        metrics.refused(status.as_u16());
    }
    response.headers_mut().insert(identity::REQUEST_ID, request_id);
    if server.draining.load(Ordering::Relaxed) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

async fn openapi(server: &Server) -> Response<Outgoing> {
    match server.openapi.get_or_try_init(|| super::openapi::document(&server.integration, &server.host)).await
    {
        Ok(document) => json(Outgoing::Whole(document.clone())),
        Err(problem) => {
            tracing::error!("the OpenAPI document cannot be made: {problem}");
            refusal::internal()
        }
    }
}

fn metrics(server: &Server) -> Response<Outgoing> {
    let taken = |places: &Semaphore, all: usize| all.saturating_sub(places.available_permits());
    let running = taken(&server.calls, server.options.max_calls);
    let connections = taken(&server.connections, server.options.max_connections);
    let text = server.observability.metrics.as_ref().map(|metrics| metrics.text(running, connections));
    match text {
        Some(Ok(text)) => {
            let mut response = Response::new(Outgoing::Whole(Bytes::from(text)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus::CONTENT_TYPE));
            response
        }
        _ => refusal::internal(),
    }
}

/// An answer in JSON with status 200.
pub(super) fn json(body: Outgoing) -> Response<Outgoing> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn text(status: StatusCode, text: &'static str) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::Whole(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
