//! A rate limit at work: it makes requests wait, and keeps what the caller wants to know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lumos_connector_core::Call;
use lumos_connector_core::error::Result;
use lumos_connector_types::rate_limit::{
    RateLimitMode, RateLimitStateSnapshot, RateLimitStateSnapshotSource as Source,
};
use reqwest::header::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::config::RateLimit;
use super::extractor::{Extractor, Quota};
use super::window::Window;
use crate::budget::Budget;
use crate::moment;

/// The limiters of a call, by the ids of their configurations.
#[derive(Default)]
struct OfCall(Mutex<HashMap<String, Arc<Limiter>>>);

/// One rate limit of a call.
pub(crate) struct Limiter {
    id: String,
    extractor: Option<Arc<dyn Extractor>>,
    /// Whether requests wait for room in the window.
    enforcing: bool,
    slots: Semaphore,
    budget: Budget,
    state: Mutex<State>,
}

struct State {
    window: Window,
    delay: Duration,
    /// The end of the window as the app gave it last, since 1970.
    told_reset: Option<Duration>,
    source: Source,
}

impl Limiter {
    /// The limiter of a call for a configuration; `None` when the call's mode knows no limiter.
    pub(crate) fn of(call: &Call, config: &RateLimit, budget: &Budget) -> Option<Arc<Self>> {
        let context = call.rate_limit();
        if context.mode == RateLimitMode::Bypass {
            return None;
        }
        let limiters = call.share_with(OfCall::default);
        let mut limiters = limiters.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters.entry(config.id.clone()).or_insert_with(|| {
            let known = context.last_known_state.get(&config.id);
            Arc::new(Self {
                id: config.id.clone(),
                extractor: config.extractor.clone(),
                enforcing: context.mode != RateLimitMode::RetryOnly,
                slots: Semaphore::new(config.max_concurrent),
                budget: budget.clone(),
                state: Mutex::new(State::new(config, known, budget)),
            })
        });
        let limiter = Arc::clone(limiter);
        limiter.report();
        Some(limiter)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place among the requests that may be under way. They come in the order in which they asked.
    pub(crate) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.slots.acquire().await.ok()
    }

    /// Waits for room in the window where the mode asks for it, and counts one request.
    pub(crate) async fn enter(&self) -> Result<Entered<'_>> {
        loop {
            let now = self.budget.clock.now();
            let wait = match self.state().window.enter(now) {
                Ok(()) => return Ok(Entered(self)),
                Err(wait) => wait,
            };
            if !self.enforcing {
                self.state().window.enter_anyway(now);
                return Ok(Entered(self));
            }
            self.budget.wait(wait, "for room in the app's rate limit").await?;
        }
    }

    /// What the first retry waits for when the app refused a request that the count had let through, and did not say
    /// for how long.
    pub(crate) fn refusal_wait(&self) -> Option<Duration> {
        if !self.enforcing || self.extractor.is_some() {
            return None;
        }
        let now = self.budget.clock.now();
        let mut state = self.state();
        let oldest = state.window.oldest_leaves_at(now);
        Some(oldest.map_or_else(|| state.window.length(), |at| at - now))
    }

    /// The delay that the caller knows of, which retries go on from.
    pub(crate) fn delay(&self) -> Duration {
        self.state().delay
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.state().delay = delay;
        self.report();
    }

    /// Takes in what an answer says; returns the time until the window ends when nothing is left of it.
    pub(crate) fn observe(&self, entered: Entered<'_>, headers: &HeaderMap) -> Option<Duration> {
        drop(entered);
        let Budget { clock, .. } = &self.budget;
        // The app's moments are by the app's clock.
        let now = moment::date(headers).unwrap_or_else(|| clock.unix());
        let quota = self.extractor.as_ref().and_then(|extractor| extractor.extract(headers, now));
        if let Some(quota) = quota {
            let mut state = self.state();
            state.window.observe(quota, clock.now());
            state.source = Source::ApiHeaders;
            state.told_reset =
                quota.resets_in.map(|resets_in| clock.unix().saturating_add(resets_in)).or(state.told_reset);
        }
        self.report();
        match quota {
            Some(Quota { remaining: Some(0), resets_in, .. }) => resets_in,
            _ => None,
        }
    }

    fn report(&self) {
        let now = self.budget.clock.now();
        let unix = self.budget.clock.unix();
        let mut state = self.state();
        let reset = if self.extractor.is_some() {
            state.told_reset
        } else {
            state.window.oldest_leaves_at(now).map(|at| unix.saturating_add(at - now))
        };
        let integer = |number: u64| i64::try_from(number).ok();
        let snapshot = RateLimitStateSnapshot {
            remaining: integer(state.window.remaining(now)),
            limit: integer(state.window.limit()),
            // Rounded up: nobody comes too early.
            reset: reset.and_then(|reset| integer(whole_seconds(reset))),
            window_seconds: integer(state.window.length().as_secs()),
            current_delay: Some(half_to_even(state.delay)),
            source: Some(state.source),
        };
        drop(state);
        self.budget.report.note(self.id.clone(), snapshot);
    }
}

impl State {
    fn new(config: &RateLimit, known: Option<&RateLimitStateSnapshot>, budget: &Budget) -> Self {
        let positive =
            |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).filter(|n| *n > 0);
        let known = known.cloned().unwrap_or_default();
        let limit = positive(known.limit).unwrap_or(config.requests);
        let length = positive(known.window_seconds).map_or(config.window, Duration::from_secs);
        let mut window = Window::new(limit, length);
        let mut delay = positive(known.current_delay).map_or(Duration::ZERO, Duration::from_secs);
        let (now, unix) = (budget.clock.now(), budget.clock.unix());
        let resets_in = match known.reset {
            None => Some(window.length()),
            Some(reset) => u64::try_from(reset)
                .ok()
                .and_then(|reset| Duration::from_secs(reset).checked_sub(unix))
                .filter(|resets_in| !resets_in.is_zero()),
        };
        match (known.remaining, resets_in) {
            (Some(remaining), Some(resets_in)) => {
                let remaining = u64::try_from(remaining).unwrap_or(0);
                window.count_for(resets_in, limit.saturating_sub(remaining), now);
            }
            (_, None) => delay = Duration::ZERO,
            (None, Some(_)) => {}
        }
        Self { window, delay, told_reset: None, source: Source::SdkCounter }
    }
}

/// A request that has been counted and is under way.
pub(crate) struct Entered<'a>(&'a Limiter);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.state().window.leave();
    }
}

/// Seconds, rounded up.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

/// Seconds, rounded to the nearest; halves to the even one.
fn half_to_even(time: Duration) -> i64 {
    let seconds = time.as_secs();
    let up = match time.subsec_nanos().cmp(&500_000_000) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => !seconds.is_multiple_of(2),
        std::cmp::Ordering::Greater => true,
    };
    i64::try_from(seconds.saturating_add(up.into())).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_as_the_contract_rounds() {
        let rounded = |milliseconds| half_to_even(Duration::from_millis(milliseconds));
        assert_eq!([0, 499, 500, 501, 1500, 2500, 2501].map(rounded), [0, 0, 0, 1, 2, 2, 3]);
        assert_eq!(whole_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
    }
}
