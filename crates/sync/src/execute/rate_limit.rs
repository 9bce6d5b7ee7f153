//! What answers say about the app's limits: it goes into the next call, and decides how much runs at the same time.

use indexmap::IndexMap;
use lumos_connector_types::rate_limit::{
    RateLimitRequestInfo, RateLimitResponseInfo, RateLimitStateSnapshot,
};

/// The latest state of the app's limits, by the name of the limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitState {
    latest: IndexMap<String, RateLimitStateSnapshot>,
}

impl LimitState {
    /// Takes what an answer says.
    pub fn observe(&mut self, answer: Option<&RateLimitResponseInfo>) {
        let Some(state) = answer.and_then(|answer| answer.current_state.as_ref()) else { return };
        self.latest.extend(state.iter().map(|(name, snapshot)| (name.clone(), snapshot.clone())));
    }

    /// Takes what a head says that a stopped sync left.
    pub fn restore(&mut self, head: Option<&RateLimitRequestInfo>) {
        let state = head.and_then(|head| head.last_known_state.as_ref());
        for (name, snapshot) in state.into_iter().flatten() {
            self.latest.entry(name.clone()).or_insert_with(|| snapshot.clone());
        }
    }

    /// How many of `lanes` may run at the same time: connectors count their own requests, so two of them at once would
    /// take twice what the app allows, unless each is told its share.
    #[must_use]
    pub fn lanes(&self, lanes: usize, split: bool) -> usize {
        if self.latest.is_empty() || split { lanes.max(1) } else { 1 }
    }

    /// What the next call is told, when `lanes` calls share the limit.
    #[must_use]
    pub fn for_call(&self, attempt: u32, lanes: usize) -> Option<RateLimitRequestInfo> {
        if self.latest.is_empty() && attempt == 0 {
            return None;
        }
        let lanes = i64::try_from(lanes.max(1)).unwrap_or(1);
        let share = |snapshot: &RateLimitStateSnapshot| RateLimitStateSnapshot {
            remaining: snapshot.remaining.map(|remaining| remaining / lanes),
            limit: snapshot.limit.map(|limit| (limit / lanes).max(1)),
            ..snapshot.clone()
        };
        let state: IndexMap<_, _> =
            self.latest.iter().map(|(name, state)| (name.clone(), share(state))).collect();
        Some(RateLimitRequestInfo {
            caller_retry_attempt: (attempt > 0).then(|| attempt.into()),
            last_known_state: (!state.is_empty()).then_some(state),
            ..RateLimitRequestInfo::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(remaining: i64) -> RateLimitResponseInfo {
        let snapshot = RateLimitStateSnapshot {
            remaining: Some(remaining),
            limit: Some(30),
            ..RateLimitStateSnapshot::default()
        };
        RateLimitResponseInfo { current_state: Some(IndexMap::from([("acme".to_owned(), snapshot)])) }
    }

    #[test]
    fn the_state_of_an_answer_goes_into_the_next_call() {
        let mut state = LimitState::default();
        assert_eq!(state.for_call(0, 1), None);
        state.observe(Some(&told(7)));
        state.observe(None);
        let sent = state.for_call(0, 1).unwrap().last_known_state.unwrap();
        assert_eq!((sent["acme"].remaining, sent["acme"].limit), (Some(7), Some(30)));
        assert_eq!(state.for_call(2, 1).unwrap().caller_retry_attempt, Some(2));
    }

    #[test]
    fn a_known_limit_leaves_one_lane_or_is_split() {
        let mut state = LimitState::default();
        assert_eq!(state.lanes(4, false), 4);
        state.observe(Some(&told(8)));
        assert_eq!((state.lanes(4, false), state.lanes(4, true)), (1, 4));
        let sent = state.for_call(0, 4).unwrap().last_known_state.unwrap();
        assert_eq!((sent["acme"].remaining, sent["acme"].limit), (Some(2), Some(7)));
    }
}
