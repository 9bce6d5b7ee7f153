//! What an app allows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::extractor::Extractor;

/// What an app allows: so many requests in so much time.
///
/// ```
/// use std::time::Duration;
/// use lumos_connector_client::limit::{RateLimit, extractor};
///
/// let counted = RateLimit::new("acme", 100, Duration::from_secs(60));
/// let advertised = RateLimit::new("acme", 100, Duration::from_secs(60)).adaptive(extractor::x_rate_limit).max_concurrent(4);
/// # drop((counted, advertised));
/// ```
#[derive(Clone)]
#[must_use = "it limits a client that is given it with `rate_limit()`"]
pub struct RateLimit {
    pub(super) id: String,
    pub(super) requests: u64,
    pub(super) window: Duration,
    pub(super) extractor: Option<Arc<dyn Extractor>>,
    pub(super) max_concurrent: usize,
}

impl RateLimit {
    /// So many requests in any window of this length, counted by the client, one at a time.
    ///
    /// The id names the limit in the `rate_limit` of requests and answers; an app with one limit uses its own name. State is
    /// kept for a call: concurrent calls of a server count each on their own, and the caller passes the state from one call
    /// to the next.
    /// No requests, or no time, count as one request or one second.
    pub fn new(id: impl Into<String>, requests: u64, window: Duration) -> Self {
        Self {
            id: id.into(),
            requests: requests.max(1),
            window: if window.is_zero() { Duration::from_secs(1) } else { window },
            extractor: None,
            max_concurrent: 1,
        }
    }

    /// A careful limit for an app that publishes none: 30 requests a minute.
    pub fn stock(id: impl Into<String>) -> Self {
        Self::new(id, 30, Duration::from_secs(60))
    }

    /// Follows the limits that the app's answers advertise; the configured figures count until an answer has some.
    pub fn adaptive(mut self, extractor: impl Extractor + 'static) -> Self {
        self.extractor = Some(Arc::new(extractor));
        self
    }

    /// Sets how many requests may be under way at once; one by default.
    pub fn max_concurrent(mut self, requests: usize) -> Self {
        self.max_concurrent = requests.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, requests, window, extractor, max_concurrent } = self;
        f.debug_struct("RateLimit")
            .field("id", id)
            .field("requests", requests)
            .field("window", window)
            .field("adaptive", &extractor.is_some())
            .field("max_concurrent", max_concurrent)
            .finish()
    }
}
