//! The time by which the client waits.
//!
//! It is the system's, unless the process [provides](lumos_connector_core::Integration::provide) another [`SharedClock`]:
//! tests do, and then waiting for a rate limit takes no time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// Now, on a clock that is never set.
    fn now(&self) -> Instant;

    /// Now, since the beginning of 1970 in UTC.
    fn unix(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A clock as a process provides it: `integration.provide(SharedClock::of(VirtualClock::default()))`.
#[derive(Clone)]
pub struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    /// This clock.
    pub fn of(clock: impl Clock + 'static) -> Self {
        Self(Arc::new(clock))
    }

    /// The system's clock, or tokio's own when that is paused.
    #[must_use]
    pub fn system() -> Self {
        Self::of(SystemClock)
    }
}

impl std::ops::Deref for SharedClock {
    type Target = dyn Clock;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedClock").field("unix", &self.unix()).finish()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn unix(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// A clock that stands still until somebody waits, and then is there at once.
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
