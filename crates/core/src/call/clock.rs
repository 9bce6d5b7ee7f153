//! The time by which a call counts and waits.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// Tells the time and waits.
///
/// ```
/// use std::time::Duration;
/// use lumos_connector_core::clock::{Clock, SharedClock};
/// use tokio::time::Instant;
///
/// /// A clock on which nobody ever waits.
/// struct Impatient;
///
/// impl Clock for Impatient {
///     fn now(&self) -> Instant { Instant::now() }
///     fn unix(&self) -> Duration { Duration::from_secs(1_700_000_000) }
///     fn sleep(&self, _: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
///         Box::pin(async {})
///     }
/// }
///
/// let clock = SharedClock::of(Impatient);
/// assert_eq!(clock.unix().as_secs(), 1_700_000_000);
/// ```
pub trait Clock: Send + Sync {
    /// The time now, on a clock that is never set.
    fn now(&self) -> Instant;

    /// The time now, since the beginning of 1970 in UTC.
    fn unix(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// A clock that all parts of a process share.
#[derive(Clone)]
pub struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    /// Shares a clock.
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

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
