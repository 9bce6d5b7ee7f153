//! Which requests are repeated, and when.
//!
//! | the app | is a refusal | a `GET`, `PUT`, `DELETE`… | a `POST`, `PATCH` |
//! | --- | --- | --- | --- |
//! | 429, or an error that says "rate limit exceeded" or the like | yes | repeated | repeated |
//! | what [`refused_when`](crate::HttpBuilder::refused_when) names | yes | repeated | repeated |
//! | no connection | | repeated, but not by `validate_credentials` | the same |
//! | 503 with `Retry-After` | | repeated | repeated |
//! | 408, 502, 503, 504; no answer in time; a broken connection | | repeated | only when [`idempotent`](crate::HttpRequest::idempotent) |
//! | anything else | | | |
//!
//! A retry waits as long as `Retry-After` says; else, when the client has a [`RateLimit`](crate::limit::RateLimit), for
//! its window; else longer each time. A wait that the caller's time does not allow is `budget_exhausted` at once.

use std::error::Error;
use std::future::Future;
use std::io;
use std::time::Duration;

use lumos_connector_core::Call;
use lumos_connector_core::error::{ConnectorError, Result, TransportError, TransportFailure};
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::budget::Budget;
use crate::http::HttpAnswer;
use crate::moment;

/// What an error says when it is about a rate limit, in lower case (contract §12).
const REFUSALS: [&str; 5] = [
    "rate limit exceeded",
    "too many requests",
    "quota exceeded",
    "exceeded your rate limit",
    "request limit reached",
];

/// How often a request is repeated, and after how long: 5 times, after 1 s, then 1.5 times as long each time up to
/// 60 s; each wait is up to a quarter shorter or longer, so that clients do not come back together.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use = "they are the retries of a client that is given them with `retries()`"]
pub struct Retries {
    pub(crate) most: u32,
    first: Duration,
    factor: f64,
    longest: Duration,
}

impl Retries {
    /// No retries.
    pub fn none() -> Self {
        Self { most: 0, ..Self::default() }
    }

    /// Sets how many retries there are at most.
    pub fn most(mut self, retries: u32) -> Self {
        self.most = retries;
        self
    }

    /// Sets the first wait.
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// Sets how much longer each wait is than the one before; less than 1 counts as 1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = if factor >= 1.0 { factor } else { 1.0 };
        self
    }

    /// Sets the longest wait.
    pub fn longest_delay(mut self, delay: Duration) -> Self {
        self.longest = delay;
        self
    }

    /// Makes an attempt, and after a wait another, while its errors are of those that may pass: for what is no request of
    /// an [`HttpClient`](crate::HttpClient), such as a change that another transaction is in the way of.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use lumos_connector_client::retry::Retries;
    /// use lumos_connector_core::Call;
    /// use lumos_connector_core::error::{ConnectorError, ErrorClass, Result};
    ///
    /// # async fn set(_: &str) -> Result<()> { Ok(()) }
    /// async fn grant(call: &Call, role: &str) -> Result<()> {
    ///     let retries = Retries::default().most(20).first_delay(Duration::from_millis(10));
    ///     let is_in_the_way = |error: &ConnectorError| error.class() == Some(ErrorClass::Conflict);
    ///     retries.run(call, is_in_the_way, || set(role)).await
    /// }
    /// ```
    ///
    /// # Errors
    /// That of the last attempt; of one after which the call has no time to wait, too.
    pub async fn run<T, Fut>(
        &self,
        call: &Call,
        may_pass: impl Fn(&ConnectorError) -> bool,
        mut attempt: impl FnMut() -> Fut,
    ) -> Result<T>
    where
        Fut: Future<Output = Result<T>>,
    {
        let budget = Budget::of(call);
        let mut delay = Duration::ZERO;
        for _ in 0..self.most {
            match attempt().await {
                Err(error) if may_pass(&error) => {
                    delay = self.after(delay);
                    if budget.wait(jittered(delay), "before the next attempt").await.is_err() {
                        return Err(error);
                    }
                }
                done => return done,
            }
        }
        attempt().await
    }

    /// The wait after one of this length, without chance.
    pub(crate) fn after(&self, delay: Duration) -> Duration {
        let next = if delay.is_zero() { self.first.as_secs_f64() } else { delay.as_secs_f64() * self.factor };
        Duration::try_from_secs_f64(next).unwrap_or(self.longest).min(self.longest)
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self { most: 5, first: Duration::from_secs(1), factor: 1.5, longest: Duration::from_secs(60) }
    }
}

/// A wait of this length, a quarter more or less at random.
pub(crate) fn jittered(delay: Duration) -> Duration {
    // Without chance the wait is still right.
    let chance = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    delay.mul_f64(0.75 + chance / 2.0)
}

/// Why an attempt failed, when another may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retryable {
    /// The app refuses requests for now.
    Throttled,
    /// The app or the way to it does not work for now.
    Transient,
}

/// A failed attempt that may be repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed {
    pub(crate) retryable: Retryable,
    /// How long the app says to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// Whether the request of this outcome may be repeated, and why.
pub(crate) fn failed(outcome: &Result<HttpAnswer>, repeatable: bool, unix_now: Duration) -> Option<Failed> {
    let (retryable, unprocessed, retry_after) = match outcome {
        Ok(answer) => {
            let retry_after = retry_after(answer.headers(), unix_now);
            let (retryable, unprocessed) = of_answer(answer)?;
            (retryable, unprocessed || answer.status() == 503 && retry_after.is_some(), retry_after)
        }
        Err(error) => (Retryable::Transient, of_failure(error)?, None),
    };
    (repeatable || unprocessed).then_some(Failed { retryable, retry_after })
}

/// What kind of passing failure an answer reports, and whether the request was certainly not processed.
fn of_answer(answer: &HttpAnswer) -> Option<(Retryable, bool)> {
    if answer.is_refused() {
        return Some((Retryable::Throttled, true));
    }
    match answer.status() {
        429 => Some((Retryable::Throttled, true)),
        400.. if speaks_of_a_limit(answer) => Some((Retryable::Throttled, true)),
        408 | 502 | 503 | 504 => Some((Retryable::Transient, false)),
        _ => None,
    }
}

fn speaks_of_a_limit(answer: &HttpAnswer) -> bool {
    is_refusal(&answer.text())
}

/// Whether a text of the app says that it refuses requests for now.
pub(crate) fn is_refusal(text: &str) -> bool {
    let text = text.to_lowercase();
    REFUSALS.iter().any(|refusal| text.contains(refusal))
}

/// Whether the request was certainly not processed; `None` when the failure does not pass.
fn of_failure(error: &ConnectorError) -> Option<bool> {
    let error = error.source_as::<TransportError>()?;
    match error.failure {
        TransportFailure::Connect => may_pass(error).then_some(true),
        TransportFailure::ConnectTimeout | TransportFailure::PoolTimeout => Some(true),
        TransportFailure::ReadTimeout
        | TransportFailure::WriteTimeout
        | TransportFailure::Read
        | TransportFailure::Write
        | TransportFailure::Close
        | TransportFailure::RemoteProtocol => Some(false),
        _ => None,
    }
}

/// Whether nothing listens where the app should be, or the way there leads nowhere.
pub(crate) fn is_unreachable(error: &ConnectorError) -> bool {
    let error = error.source_as::<TransportError>();
    error.is_some_and(|error| {
        matches!(error.failure, TransportFailure::Connect | TransportFailure::ConnectTimeout)
    })
}

/// Whether a failure to connect may pass: a host that is not known or not trusted stays so.
fn may_pass(error: &TransportError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            use io::ErrorKind::{
                ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkDown,
                NetworkUnreachable, TimedOut,
            };
            return matches!(
                io.kind(),
                ConnectionAborted
                    | ConnectionRefused
                    | ConnectionReset
                    | HostUnreachable
                    | NetworkDown
                    | NetworkUnreachable
                    | TimedOut
            );
        }
        cause = error.source();
    }
    true
}

/// Whether sending a request twice does what sending it once does (RFC 9110 §9.2.2).
pub(crate) fn is_idempotent(method: &Method) -> bool {
    ![Method::POST, Method::PATCH, Method::CONNECT].contains(method)
        && [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::PUT, Method::DELETE]
            .contains(method)
}

/// What `Retry-After` says: seconds, or a date, which is compared with the answer's own `Date` when there is one.
///
/// `None` when there is no such header, or it is neither. No wait is longer than 366 days.
#[must_use]
pub fn retry_after(headers: &HeaderMap, unix_now: Duration) -> Option<Duration> {
    moment::retry_after(headers, unix_now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest() {
        let retries = Retries::default();
        let mut delay = Duration::ZERO;
        let mut waits = Vec::new();
        for _ in 0..12 {
            delay = retries.after(delay);
            waits.push(delay.as_secs_f64());
        }
        assert_eq!(waits[..4], [1.0, 1.5, 2.25, 3.375]);
        assert_eq!(waits[11], 60.0);
        assert_eq!(Retries::default().factor(f64::NAN).after(Duration::from_secs(2)), Duration::from_secs(2));
    }

    #[test]
    fn a_wait_is_at_most_a_quarter_off() {
        for _ in 0..1000 {
            let wait = jittered(Duration::from_secs(4)).as_secs_f64();
            assert!((3.0..=5.0).contains(&wait), "{wait}");
        }
    }
}
