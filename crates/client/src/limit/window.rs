//! A rate limit as arithmetic: so many requests in any stretch of so much time. It knows no clock and never waits.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::extractor::Quota;
use crate::moment::LONGEST;

/// Requests that leave the window at one moment.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    at: Instant,
    requests: u64,
}

/// What the app said about its window that is not over yet.
#[derive(Debug, Clone, Copy)]
struct Advertised {
    remaining: u64,
    resets_at: Instant,
}

/// The window of a rate limit.
///
/// Requests are counted from when they are let through until the window has passed; what the app says takes the place
/// of the count until the moment that the app named.
#[derive(Debug)]
pub(super) struct Window {
    limit: u64,
    length: Duration,
    /// In the order in which they leave.
    counted: VecDeque<Leaving>,
    advertised: Option<Advertised>,
    under_way: u64,
}

impl Window {
    pub(super) fn new(limit: u64, length: Duration) -> Self {
        let length = length.min(LONGEST);
        Self { limit: limit.max(1), length, counted: VecDeque::new(), advertised: None, under_way: 0 }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn length(&self) -> Duration {
        self.length
    }

    /// Counts requests that somebody made before, which leave at a moment.
    pub(super) fn count_until(&mut self, at: Instant, requests: u64) {
        if requests > 0 {
            let place = self.counted.partition_point(|leaving| leaving.at <= at);
            self.counted.insert(place, Leaving { at, requests });
        }
    }

    /// Counts requests that somebody made before, which leave together after a time.
    pub(super) fn count_for(&mut self, time: Duration, requests: u64, now: Instant) {
        self.count_until(now + time.min(LONGEST), requests);
    }

    /// Lets one request through, or says how long there is no room.
    pub(super) fn enter(&mut self, now: Instant) -> Result<(), Duration> {
        self.pass(now);
        match &mut self.advertised {
            Some(Advertised { remaining: 0, resets_at }) => return Err(*resets_at - now),
            Some(advertised) => advertised.remaining -= 1,
            None => {
                if let Some(room_at) = self.room_at() {
                    return Err(room_at - now);
                }
            }
        }
        self.enter_anyway(now);
        Ok(())
    }

    /// Counts a request that goes out whether there is room or not.
    pub(super) fn enter_anyway(&mut self, now: Instant) {
        self.under_way += 1;
        self.count_until(now + self.length, 1);
    }

    /// A request has been answered, or never will be.
    pub(super) fn leave(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// What the answer of a request that has left says.
    pub(super) fn observe(&mut self, quota: Quota, now: Instant) {
        self.pass(now);
        if let Some(limit) = quota.limit.filter(|limit| *limit > 0) {
            self.limit = limit;
        }
        if let Some(window) = quota.window.filter(|window| !window.is_zero()) {
            self.length = window.min(LONGEST);
        }
        let Some(remaining) = quota.remaining else { return };
        let resets_at = now + quota.resets_in.unwrap_or(self.length).min(LONGEST);
        // The app has not counted what is still on its way to it.
        let mut remaining = remaining.saturating_sub(self.under_way);
        if let Some(advertised) = self.advertised {
            // Answers may overtake each other: within one window the least is the latest.
            let same_window = resets_at.saturating_duration_since(advertised.resets_at)
                < Duration::from_secs(2)
                && advertised.resets_at.saturating_duration_since(resets_at) < Duration::from_secs(2);
            if same_window {
                remaining = remaining.min(advertised.remaining);
            }
        }
        self.advertised = (resets_at > now).then_some(Advertised { remaining, resets_at });
    }

    /// Requests that there is room for.
    pub(super) fn remaining(&mut self, now: Instant) -> u64 {
        self.pass(now);
        self.advertised
            .map_or_else(|| self.limit.saturating_sub(self.used()), |advertised| advertised.remaining)
    }

    /// When the oldest counted request leaves; `None` when none is counted.
    pub(super) fn oldest_leaves_at(&mut self, now: Instant) -> Option<Instant> {
        self.pass(now);
        self.counted.front().map(|leaving| leaving.at)
    }

    fn used(&self) -> u64 {
        self.counted.iter().map(|leaving| leaving.requests).fold(0, u64::saturating_add)
    }

    /// When so many have left that there is room for one more; `None` when there is room.
    fn room_at(&self) -> Option<Instant> {
        let mut used = self.used();
        let mut at = None;
        for leaving in &self.counted {
            if used < self.limit {
                break;
            }
            used = used.saturating_sub(leaving.requests);
            at = Some(leaving.at);
        }
        at
    }

    /// Forgets what is over.
    fn pass(&mut self, now: Instant) {
        while self.counted.front().is_some_and(|leaving| leaving.at <= now) {
            self.counted.pop_front();
        }
        self.advertised = self.advertised.filter(|advertised| advertised.resets_at > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn quota(remaining: u64, resets_in: u64) -> Quota {
        Quota {
            remaining: Some(remaining),
            resets_in: Some(SECOND * u32::try_from(resets_in).unwrap()),
            ..Quota::default()
        }
    }

    #[test]
    fn the_oldest_request_makes_room_when_it_leaves() {
        let (mut window, start) = (Window::new(2, SECOND * 60), Instant::now());
        assert_eq!(window.enter(start), Ok(()));
        assert_eq!(window.enter(start + SECOND * 10), Ok(()));
        assert_eq!(window.enter(start + SECOND * 20), Err(SECOND * 40));
        assert_eq!(window.enter(start + SECOND * 60), Ok(()));
        assert_eq!(window.enter(start + SECOND * 60), Err(SECOND * 10));
    }

    #[test]
    fn requests_of_an_earlier_call_leave_together() {
        let (mut window, start) = (Window::new(3, SECOND * 60), Instant::now());
        window.count_until(start + SECOND * 5, u64::MAX);
        assert_eq!(window.enter(start), Err(SECOND * 5));
        assert_eq!(window.remaining(start), 0);
        assert_eq!(window.remaining(start + SECOND * 5), 3);
    }

    #[test]
    fn what_the_app_says_takes_the_place_of_the_count_until_its_window_ends() {
        let (mut window, start) = (Window::new(1, SECOND * 60), Instant::now());
        assert_eq!(window.enter(start), Ok(()));
        window.leave();
        window.observe(quota(2, 30), start);
        assert_eq!((window.enter(start), window.enter(start)), (Ok(()), Ok(())));
        assert_eq!(window.enter(start), Err(SECOND * 30));
        // Nothing was heard since: the count holds again.
        assert_eq!(window.enter(start + SECOND * 30), Err(SECOND * 30));
    }

    #[test]
    fn requests_under_way_and_answers_that_were_overtaken_are_not_forgotten() {
        let (mut window, start) = (Window::new(10, SECOND * 60), Instant::now());
        (0..3).for_each(|_| window.enter(start).unwrap());
        window.leave();
        window.observe(quota(5, 30), start);
        assert_eq!(window.remaining(start), 3, "two are under way");
        window.leave();
        window.leave();
        window.observe(quota(7, 30), start);
        assert_eq!(window.remaining(start), 3, "the answer before was later");
        window.observe(quota(7, 90), start);
        assert_eq!(window.remaining(start), 7, "a new window");
    }

    proptest! {
        /// Whatever the order of arrivals, no stretch of the window's length holds more requests than the limit; and
        /// nobody waits who need not.
        #[test]
        fn the_window_agrees_with_counting_every_request(
            limit in 1_u64..6,
            length in 1_u64..50,
            steps in prop::collection::vec(0_u64..20, 1..200),
        ) {
            let length = Duration::from_millis(length);
            let mut window = Window::new(limit, length);
            let mut now = Instant::now();
            let mut let_through: Vec<Instant> = Vec::new();
            for step in steps {
                now += Duration::from_millis(step);
                let inside = |at: Instant| {
                    u64::try_from(let_through.iter().filter(|sent| at < **sent + length).count()).unwrap()
                };
                match window.enter(now) {
                    Ok(()) => {
                        prop_assert!(inside(now) < limit);
                        let_through.push(now);
                    }
                    Err(wait) => {
                        prop_assert!(inside(now) >= limit, "refused though there was room");
                        prop_assert!(inside(now + wait) < limit, "the wait is too short");
                        prop_assert!(inside(now + wait - Duration::from_nanos(1)) >= limit, "the wait is too long");
                    }
                }
            }
        }
    }
}
