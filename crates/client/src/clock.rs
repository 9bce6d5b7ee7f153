//! The time by which the client waits: that of the [host](lumos_connector_core::host::Host).
//!
//! A host with a [`VirtualClock`] lets tests wait for a rate limit without taking time.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

pub use lumos_connector_core::clock::{Clock, SharedClock};
use tokio::time::Instant;

/// A clock for tests: it stands still until a task waits, and then moves on at once to the end of the wait.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    start: Instant,
    unix_start: Duration,
    state: Arc<Mutex<Waited>>,
}

#[derive(Debug, Default)]
struct Waited {
    elapsed: Duration,
    waits: Vec<Duration>,
}

impl VirtualClock {
    /// A clock that shows this time since the beginning of 1970.
    #[must_use]
    pub fn at_unix(time: Duration) -> Self {
        Self { start: Instant::now(), unix_start: time, state: Arc::default() }
    }

    /// Every wait so far.
    #[must_use]
    pub fn waits(&self) -> Vec<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).waits.clone()
    }

    /// The time since the clock was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).elapsed
    }

    /// Lets time go by.
    pub fn advance(&self, time: Duration) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).elapsed += time;
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::at_unix(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    fn unix(&self) -> Duration {
        self.unix_start + self.elapsed()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.elapsed += time;
        state.waits.push(time);
        drop(state);
        Box::pin(tokio::task::yield_now())
    }
}
