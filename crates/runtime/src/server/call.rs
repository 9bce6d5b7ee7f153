//! One call: its place, its deadline, its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Incoming;
use lumos_connector_core::Answer;
use lumos_connector_core::error::ConnectorError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::body::{self, Received};
use super::{Server, refusal, routes};

/// How much longer than the call itself its client waits: it must hear of the deadline even from a call that blocks.
const GRACE: Duration = Duration::from_secs(1);

/// Answers one call.
pub(super) async fn answer(
    server: &Arc<Server>,
    capability: &'static str,
    body: Incoming,
) -> Response<Full<Bytes>> {
    let request = match body::read(server, body).await {
        Ok(request) => request,
        Err(refusal) => return refusal,
    };
    if std::str::from_utf8(&request.bytes).is_err() {
        return refusal::body_not_text();
    }
    let Ok(place) = Arc::clone(&server.calls).try_acquire_owned() else {
        return refusal::busy();
    };
    // A task of its own: it goes on when the client hangs up, and keeps its place until it really ends.
    let task = tokio::spawn(run(Arc::clone(server), capability, request, place));
    match timeout(server.options.call_timeout + GRACE, task).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => refusal::internal(),
        Err(_) => written(late(server), None),
    }
}

async fn run(
    server: Arc<Server>,
    capability: &'static str,
    request: Received,
    place: OwnedSemaphorePermit,
) -> Response<Full<Bytes>> {
    let dispatch = async {
        // It was text a moment ago.
        let text = std::str::from_utf8(&request.bytes).unwrap_or_default();
        server.integration.dispatch(capability, text).await
    };
    let answer = timeout(server.options.call_timeout, server.workers.run(dispatch)).await;
    drop(request);
    let answer = answer.unwrap_or_else(|_| late(&server));
    server.workers.run(async move { written(answer, Some(place)) }).await
}

/// The answer to a call that took too long.
fn late(server: &Server) -> Answer {
    let seconds = server.options.call_timeout.as_secs();
    server
        .integration
        .interrupted(ConnectorError::request_timeout(format!("The call took longer than {seconds} s")))
}

/// The response with an answer. The place of its call becomes free when the last byte is on its way.
fn written(answer: Answer, place: Option<OwnedSemaphorePermit>) -> Response<Full<Bytes>> {
    match answer.to_bytes() {
        Ok(bytes) => routes::json(Bytes::from_owner(Held { bytes, _place: place })),
        Err(error) => {
            tracing::error!("an answer cannot be written as JSON: {error}");
            refusal::internal()
        }
    }
}

/// The bytes of an answer with the place of its call.
struct Held {
    bytes: Vec<u8>,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
