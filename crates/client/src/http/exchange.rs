//! From a request to its answer: waiting, sending, trying again.

use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, Result, TransportError, TransportFailure};
use reqwest::{Request, Response};

use super::answer::{GivenUp, HttpAnswer};
use super::client::{HttpClient, Inner};
use crate::failure::transport_error;
use crate::limit::{Limiter, whole_seconds};
use crate::log::Upstream;
use crate::retry::{self, Failed, Retryable};

/// A request, and what is known of it.
pub(super) struct Outgoing {
    pub(super) request: Request,
    /// Whether the author says that it may be sent twice.
    pub(super) idempotent: bool,
    /// Whether an answer that is none of HTTP's refusals is one.
    pub(super) is_refusal: Option<fn(&HttpAnswer) -> bool>,
    /// Whether it is sent once, whatever the client says.
    pub(super) once: bool,
}

/// Sends a request within the caller's time, as often as it takes.
pub(super) async fn send(client: HttpClient, outgoing: Outgoing) -> Result<HttpAnswer> {
    let inner = client.inner();
    let Outgoing { request, idempotent, is_refusal, once: only_once } = outgoing;
    let most = if only_once { 0 } else { inner.retries.most };
    let repeatable = idempotent || retry::is_idempotent(request.method());
    let limiter = inner.limiter.as_deref();
    let _slot = match limiter {
        Some(limiter) => limiter.slot().await,
        None => None,
    };
    let mut delay = limiter.map_or(Duration::ZERO, Limiter::delay);
    let mut retries = 0;
    loop {
        let entered = match limiter {
            Some(limiter) => Some(limiter.enter().await?),
            None => None,
        };
        // A body is bytes, which can be sent again; what cannot is sent once.
        let (attempt, last) = match request.try_clone() {
            Some(attempt) => (attempt, retries >= most),
            None => return once(&client, request).await,
        };
        let outcome = once(&client, attempt).await;
        let mut resets_in = None;
        if let (Some(limiter), Some(entered), Ok(answer)) = (limiter, entered, &outcome) {
            resets_in = limiter.observe(entered, answer.headers());
        }
        let failed = retry::failed(&outcome, repeatable, is_refusal, inner.budget.clock.unix());
        let Some(Failed { retryable, retry_after }) = failed.filter(|_| most > 0) else {
            if let Some(limiter) = limiter.filter(|_| !delay.is_zero()) {
                limiter.set_delay(Duration::ZERO);
            }
            return outcome;
        };
        let refused = retryable == Retryable::Throttled;
        let told = retry_after.or(resets_in.filter(|_| refused));
        let first_refusal = || limiter.filter(|_| refused && retries == 0).and_then(Limiter::refusal_wait);
        let wait = if let Some(wait) = told.or_else(first_refusal) {
            wait
        } else {
            delay = inner.retries.after(delay);
            if let Some(limiter) = limiter {
                limiter.set_delay(delay);
            }
            retry::jittered(delay)
        };
        if last {
            return give_up(outcome, GivenUp { retryable, retry_after: wait, limited: limiter.is_some() });
        }
        retries += 1;
        inner.budget.wait(wait, "to ask the app again").await?;
    }
}

fn give_up(outcome: Result<HttpAnswer>, given_up: GivenUp) -> Result<HttpAnswer> {
    match outcome {
        Ok(mut answer) => {
            answer.given_up = Some(given_up);
            Ok(answer)
        }
        Err(error) if given_up.limited => Err(given_up.error(error.text())),
        Err(error) => Err(error.retry_after_seconds(given_up.seconds())),
    }
}

impl GivenUp {
    /// What a client with a rate limit says after its last retry (contract §12).
    pub(super) fn error(self, message: String) -> ConnectorError {
        let error = match self.retryable {
            Retryable::Throttled => ConnectorError::rate_limit(message),
            Retryable::Transient => ConnectorError::upstream(message),
        };
        error.retry_after_seconds(self.seconds())
    }

    pub(super) fn seconds(self) -> i64 {
        i64::try_from(whole_seconds(self.retry_after)).unwrap_or(i64::MAX)
    }
}

/// One attempt.
async fn once(client: &HttpClient, mut request: Request) -> Result<HttpAnswer> {
    let inner = client.inner();
    *request.timeout_mut() = Some(inner.timeout.min(inner.budget.left()?));
    let method = request.method().clone();
    let url = request.url().clone();
    let log = Upstream::begin(&request);
    if let Some(login) = &inner.login {
        login.authorize(&mut request)?;
    }
    let answered = async {
        let response = inner.route.send(&inner.reqwest, request).await?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = body(inner, response).await?;
        Ok(HttpAnswer { client: client.clone(), method, url, status, headers, body, given_up: None })
    };
    let answered: Result<HttpAnswer> = answered.await;
    match &answered {
        Ok(answer) => log.answered(answer.status, &answer.headers, &answer.body),
        Err(error) => log.failed(error),
    }
    answered
}

/// The body, within its bound. Of an error only as much is read as can be of interest.
async fn body(inner: &Inner, mut response: Response) -> Result<Vec<u8>> {
    const MAX_ERROR_BYTES: usize = 256 * 1024;
    let bound = inner.max_answer_bytes;
    let is_error = !response.status().is_success();
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > bound && !is_error {
        return Err(too_large(bound));
    }
    let mut body = Vec::with_capacity(announced.min(bound));
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > bound && !is_error {
            return Err(too_large(bound));
        }
        body.extend_from_slice(&chunk);
        if is_error && body.len() >= MAX_ERROR_BYTES {
            body.truncate(MAX_ERROR_BYTES);
            break;
        }
    }
    Ok(body)
}

fn too_large(bound: usize) -> ConnectorError {
    TransportError::new(TransportFailure::TooLarge, format!("the app answered more than {bound} bytes"))
        .into()
}
