//! One call: its place, its deadline, its answer.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;
use lumos_connector_core::Answer;
use lumos_connector_core::answer::Content;
use lumos_connector_core::error::ConnectorError;
use lumos_connector_core::observation::CallHandle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::body::{self, Received};
use super::outgoing::Outgoing;
use super::{Server, refusal, routes};
use crate::observability::context::CallContext;
use crate::observability::traced;

/// How much longer than the call itself its client waits: it must hear of the deadline even from a call that blocks.
const GRACE: Duration = Duration::from_secs(1);

/// Answers one call.
pub(super) async fn answer(
    server: &Arc<Server>,
    capability: &'static str,
    context: CallContext,
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
    let handle = CallHandle::with_deadline(&server.host, capability, deadline.into_std());
    let call = Call {
        server: Arc::clone(server),
        handle: handle.clone(),
        context: Arc::new(context),
        deadline,
        _place: place,
    };
    // A task of its own: it goes on when the client hangs up, and keeps its place until it really ends.
    let task = tokio::spawn(call.run(request));
    match timeout_at(deadline + GRACE, task).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            let error = ConnectorError::internal("The call stopped unexpectedly; the log says where");
            drop(server.integration.interrupt(&handle, error));
            refusal::internal()
        }
        Err(_) => match late(server, &handle).into_content() {
            Ok(Content::Whole(text)) => routes::json(Outgoing::Whole(text.into())),
            _ => refusal::internal(),
        },
    }
}

/// The answer to a call that took too long.
fn late(server: &Server, handle: &CallHandle) -> Answer {
    let seconds = server.options.call_timeout.as_secs();
    let error = ConnectorError::request_timeout(format!("The call took longer than {seconds} s"));
    server.integration.interrupt(handle, error)
}

/// A call that has its place, and keeps it until the end of its answer is on its way.
pub(super) struct Call {
    server: Arc<Server>,
    handle: CallHandle,
    context: Arc<CallContext>,
    pub(super) deadline: Instant,
    _place: OwnedSemaphorePermit,
}

impl Call {
    async fn run(self, request: Received) -> Response<Outgoing> {
        let dispatch = async {
            // It was text a moment ago.
            let text = std::str::from_utf8(&request.bytes).unwrap_or_default();
            let call = self.server.integration.dispatch_with(&self.handle, text);
            traced(self.handle.capability(), call).await
        };
        let work = self.context.scope(self.server.workers.run(dispatch));
        let answer = timeout_at(self.deadline, work).await;
        drop(request);
        let answer = answer.unwrap_or_else(|_| {
            self.context
                .enter(|| tracing::error!("{} was given up at its deadline", self.handle.capability()));
            late(&self.server, &self.handle)
        });
        self.write(answer)
    }

    /// Makes text of the answer, or begins to.
    fn write(self, answer: Answer) -> Response<Outgoing> {
        let started = std::time::Instant::now();
        match self.guard(|| answer.into_content()) {
            Ok(Content::Whole(text)) => {
                self.server.observability.serialised(self.handle.capability(), started.elapsed(), text.len());
                routes::json(Outgoing::answer(text, self))
            }
            Ok(Content::Chunks(chunks)) => routes::json(Outgoing::in_the_making(chunks, self)),
            Err(error) => {
                self.context.enter(|| tracing::error!("an answer cannot be written as JSON: {error}"));
                refusal::internal()
            }
        }
    }

    /// Does what runs the author's code.
    pub(super) fn guard<T>(&self, work: impl FnOnce() -> T) -> T {
        self.context.enter(|| self.server.workers.guard(work))
    }
}
