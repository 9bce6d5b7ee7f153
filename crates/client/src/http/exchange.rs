//! From a request to its answer: waiting, sending, trying again.

use std::sync::Arc;
use std::time::Duration;

use lumos_connector_core::error::{ConnectorError, Result, TransportError, TransportFailure};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use reqwest::{Request, Response};

use super::answer::{GivenUp, HttpAnswer};
use super::client::{HttpClient, Inner};
use crate::content_coding::{self, Problem};
use crate::failure::transport_error;
use crate::limit::{Limiter, whole_seconds};
use crate::log::Upstream;
use crate::retry::{self, Failed, Retryable};

/// Whether an answer refuses the request for now.
pub(super) type IsRefusal = Arc<dyn Fn(&HttpAnswer) -> bool + Send + Sync>;

/// A request, and what is known of it.
pub(super) struct Outgoing {
    pub(super) request: Request,
    /// Whether the author says that it may be sent twice.
    pub(super) idempotent: bool,
    /// Whether an answer is a refusal for now, beside what HTTP and the client say.
    pub(super) is_refusal: Option<IsRefusal>,
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
            None => return once(&client, request, is_refusal.as_ref()).await,
        };
        let outcome = once(&client, attempt, is_refusal.as_ref()).await;
        let mut resets_in = None;
        if let (Some(limiter), Some(entered), Ok(answer)) = (limiter, entered, &outcome) {
            resets_in = limiter.observe(entered, answer.headers());
        }
        let failed = retry::failed(&outcome, repeatable, inner.budget.clock.unix());
        let is_over = |error: &ConnectorError| !inner.retries_connecting && retry::is_unreachable(error);
        let Some(Failed { retryable, retry_after }) =
            failed.filter(|_| most > 0 && !outcome.as_ref().is_err_and(is_over))
        else {
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
        Err(error) if given_up.limited => Err(given_up.error(error.message())),
        Err(error) => Err(error.with_retry_after_seconds(given_up.seconds())),
    }
}

impl GivenUp {
    pub(super) fn is_refusal(self) -> bool {
        self.retryable == Retryable::Throttled
    }

    /// What a client with a rate limit says after its last retry (contract §12).
    pub(super) fn error(self, message: String) -> ConnectorError {
        let error = match self.retryable {
            Retryable::Throttled => ConnectorError::rate_limit(message),
            Retryable::Transient => ConnectorError::upstream(message),
        };
        error.with_retry_after_seconds(self.seconds())
    }

    pub(super) fn seconds(self) -> i64 {
        i64::try_from(whole_seconds(self.retry_after)).unwrap_or(i64::MAX)
    }
}

/// One attempt, and a second one with a new login when the app no longer accepts the one it gave.
async fn once(client: &HttpClient, request: Request, is_refusal: Option<&IsRefusal>) -> Result<HttpAnswer> {
    let Some(login) = &client.inner().login else { return attempt(client, request, is_refusal).await };
    let Some(number) = login.prepare().await? else { return attempt(client, request, is_refusal).await };
    let again = request.try_clone();
    let answer = attempt(client, request, is_refusal).await?;
    match again {
        Some(again) if answer.status() == 401 => {
            login.renew(number).await?;
            attempt(client, again, is_refusal).await
        }
        _ => Ok(answer),
    }
}

/// One attempt.
async fn attempt(
    client: &HttpClient,
    mut request: Request,
    is_refusal: Option<&IsRefusal>,
) -> Result<HttpAnswer> {
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
        let mut headers = response.headers().clone();
        let packed = packed_body(inner, response).await?;
        let mut answer = HttpAnswer {
            client: client.clone(),
            method,
            url,
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
            refused: false,
            given_up: None,
        };
        answer.body = unpacked(&answer, &mut headers, packed, inner.max_answer_bytes).await?;
        answer.headers = headers;
        answer.refused = inner.refusals.iter().chain(is_refusal).any(|is_refusal| is_refusal(&answer));
        Ok(answer)
    };
    let answered: Result<HttpAnswer> = answered.await;
    match &answered {
        Ok(answer) => log.answered(answer.status, &answer.headers, &answer.body),
        Err(error) => log.failed(error),
    }
    answered
}

/// Bytes of an error that are of interest.
const MAX_ERROR_BYTES: usize = 256 * 1024;

/// The body as it came, within its bound. Of an error only as much is read as can be of interest.
async fn packed_body(inner: &Inner, mut response: Response) -> Result<Vec<u8>> {
    // What does not get smaller when it is packed gets a little larger.
    let is_packed = response.headers().contains_key(CONTENT_ENCODING);
    let slack = if is_packed { inner.max_answer_bytes / 1000 + 1024 } else { 0 };
    let bound = inner.max_answer_bytes.saturating_add(slack);
    let is_error = !response.status().is_success();
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > bound && !is_error {
        return Err(too_large(inner.max_answer_bytes));
    }
    let mut body = Vec::with_capacity(announced.min(bound).min(MAX_ERROR_BYTES));
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > bound && !is_error {
            return Err(too_large(inner.max_answer_bytes));
        }
        body.extend_from_slice(&chunk);
        if is_error && body.len() >= MAX_ERROR_BYTES {
            body.truncate(MAX_ERROR_BYTES);
            break;
        }
    }
    Ok(body)
}

/// The body without its codings, which leave the headers with it.
///
/// A success that cannot be unpacked is an `invalid_response`. Of an error, whose status says more than its body, what can
/// be read counts.
async fn unpacked(
    answer: &HttpAnswer,
    headers: &mut HeaderMap,
    body: Vec<u8>,
    bound: usize,
) -> Result<Vec<u8>> {
    /// Bytes that take so long to unpack that other calls would wait.
    const LONG: usize = 256 * 1024;
    if !headers.contains_key(CONTENT_ENCODING) {
        return Ok(body);
    }
    let is_error = !answer.status.is_success();
    let bound = if is_error { bound.min(MAX_ERROR_BYTES) } else { bound };
    let unpacked = match content_coding::codings(headers) {
        Ok(codings) if body.len() <= LONG => content_coding::unpack(body, &codings, bound),
        Ok(codings) => {
            let unpack = move || Ok::<_, ConnectorError>(content_coding::unpack(body, &codings, bound));
            crate::blocking(unpack).await?
        }
        Err(problem) => Err(problem),
    };
    let unreadable = |problem: String| {
        ConnectorError::invalid_response(format!("{} the answer {problem}", answer.summary()))
    };
    match unpacked {
        Ok(body) => {
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
            Ok(body)
        }
        Err(Problem::Damaged(_, part)) if is_error => Ok(part),
        Err(Problem::NotUnderstood(_) | Problem::TooLarge) if is_error => Ok(Vec::new()),
        Err(Problem::Damaged(coding, _)) => Err(unreadable(format!(
            "is not the {} data that its header Content-Encoding announces",
            coding.name()
        ))),
        Err(Problem::NotUnderstood(coding)) => {
            Err(unreadable(format!("is encoded with {coding}; requests accept {}", content_coding::ACCEPTED)))
        }
        Err(Problem::TooLarge) => Err(too_large(bound)),
    }
}

fn too_large(bound: usize) -> ConnectorError {
    TransportError::new(TransportFailure::TooLarge, format!("the app answered more than {bound} bytes"))
        .into()
}
