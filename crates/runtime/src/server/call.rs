//! One call: its place, its deadline, its answer.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;
use lumos_connector_core::Answer;
use lumos_connector_core::error::ConnectorError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::body::{self, Received};
use super::outgoing::Outgoing;
use super::{Server, refusal, routes};

/// How much longer than the call itself its client waits: it must hear of the deadline even from a call that blocks.
const GRACE: Duration = Duration::from_secs(1);

/// Answers one call.
pub(super) async fn answer(
    server: &Arc<Server>,
    capability: &'static str,
    body: Incoming,
) -> Response<Outgoing> {
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
    let deadline = Instant::now() + server.options.call_timeout;
    // A task of its own: it goes on when the client hangs up, and keeps its place until it really ends.
    let task = tokio::spawn(run(Arc::clone(server), capability, request, deadline, place));
    match timeout_at(deadline + GRACE, task).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => refusal::internal(),
        Err(_) => written(late(server), server, deadline, None),
    }
}

async fn run(
    server: Arc<Server>,
    capability: &'static str,
    request: Received,
    deadline: Instant,
    place: OwnedSemaphorePermit,
) -> Response<Outgoing> {
    let dispatch = async {
        // It was text a moment ago.
        let text = std::str::from_utf8(&request.bytes).unwrap_or_default();
        server.integration.dispatch(capability, text).await
    };
    let answer = timeout_at(deadline, server.workers.run(dispatch)).await;
    drop(request);
    let answer = answer.unwrap_or_else(|_| late(&server));
    server.workers.guard(|| written(answer, &server, deadline, Some(place)))
}

/// The answer to a call that took too long.
fn late(server: &Server) -> Answer {
    let seconds = server.options.call_timeout.as_secs();
    let error = ConnectorError::request_timeout(format!("The call took longer than {seconds} s"));
    server.integration.interrupted(error)
}

/// The response with an answer.
fn written(
    answer: Answer,
    server: &Arc<Server>,
    deadline: Instant,
    place: Option<OwnedSemaphorePermit>,
) -> Response<Outgoing> {
    match answer.into_content() {
        Ok(content) => routes::json(Outgoing::of(content, server, deadline, place)),
        Err(error) => {
            tracing::error!("an answer cannot be written as JSON: {error}");
            refusal::internal()
        }
    }
}
