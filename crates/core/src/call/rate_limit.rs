//! How calls to the app are to be limited during one call (contract §12).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use lumos_connector_types::capability::{Level, StandardCapability};
use lumos_connector_types::rate_limit::{
    RateLimitMode, RateLimitRequestInfo, RateLimitResponseInfo, RateLimitStateSnapshot,
};
use tokio::time::Instant;

/// Seconds that a call may take when the caller names none.
const DEFAULT_EXECUTION_SECONDS: u64 = 1800;

/// Seconds kept back at the end of a call to answer in.
const BUFFER_SECONDS: u64 = 10;

/// What limits the calls to the app.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RateLimitContext {
    /// Whether requests wait for the limit, are retried, or neither.
    pub mode: RateLimitMode,
    /// When the call must have answered, ten seconds kept back, by the clock of the [host](super::host::Host).
    pub deadline: Instant,
    /// Which attempt of the caller this is, as it counts them.
    pub caller_retry_attempt: Option<i64>,
    /// The state of each limit as the last call left it, by the id of its configuration.
    pub last_known_state: IndexMap<String, RateLimitStateSnapshot>,
}

impl RateLimitContext {
    /// The mode of the capability or the connector wins over the caller's, which wins over the default of the level.
    pub(crate) fn new(
        declared: Option<RateLimitMode>,
        request: Option<&RateLimitRequestInfo>,
        standard: Option<StandardCapability>,
        started: Instant,
    ) -> Self {
        let default = match standard.map_or(Level::Write, StandardCapability::level) {
            Level::Read => RateLimitMode::Enforce,
            Level::Write => RateLimitMode::RetryOnly,
        };
        let seconds = request.and_then(|request| request.max_execution_time);
        let seconds = seconds.map_or(DEFAULT_EXECUTION_SECONDS, |seconds| seconds.try_into().unwrap_or(0));
        let budget = Duration::from_secs(seconds.saturating_sub(BUFFER_SECONDS));
        Self {
            mode: declared.or(request.and_then(|request| request.caller_override_mode)).unwrap_or(default),
            // A budget beyond the clock is no limit in practice: a year is not reached.
            deadline: started
                .checked_add(budget)
                .unwrap_or_else(|| started + Duration::from_secs(31_536_000)),
            caller_retry_attempt: request.and_then(|request| request.caller_retry_attempt),
            last_known_state: request
                .and_then(|request| request.last_known_state.clone())
                .unwrap_or_default(),
        }
    }
}

/// The states of rate limits that a call's answer reports. Cheap to clone; it does not keep the call alive.
#[derive(Debug, Clone, Default)]
pub struct RateLimitReport(Arc<Mutex<IndexMap<String, RateLimitStateSnapshot>>>);

impl RateLimitReport {
    /// Notes the state of a rate limit; the last state of a configuration counts.
    pub fn note(&self, config_id: impl Into<String>, state: RateLimitStateSnapshot) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(config_id.into(), state);
    }

    pub(crate) fn take(&self) -> Option<RateLimitResponseInfo> {
        let states = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        (!states.is_empty()).then_some(RateLimitResponseInfo { current_state: Some(states) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(
        declared: Option<RateLimitMode>,
        caller: Option<RateLimitMode>,
        standard: Option<StandardCapability>,
    ) -> RateLimitMode {
        let request =
            RateLimitRequestInfo { caller_override_mode: caller, ..RateLimitRequestInfo::default() };
        RateLimitContext::new(declared, Some(&request), standard, Instant::now()).mode
    }

    #[test]
    fn the_declared_mode_wins_then_the_callers_then_the_levels() {
        use RateLimitMode::{Bypass, Enforce, EnforceNoRetry, RetryOnly};
        use StandardCapability::{AssignEntitlement, ListAccounts, ListExpenses};
        assert_eq!(mode(Some(Bypass), Some(EnforceNoRetry), Some(ListAccounts)), Bypass);
        assert_eq!(mode(None, Some(EnforceNoRetry), Some(ListAccounts)), EnforceNoRetry);
        assert_eq!(mode(None, None, Some(ListAccounts)), Enforce);
        assert_eq!(mode(None, None, Some(AssignEntitlement)), RetryOnly);
        assert_eq!(mode(None, None, Some(ListExpenses)), RetryOnly);
        assert_eq!(mode(None, None, None), RetryOnly);
    }

    #[test]
    fn an_absurd_budget_is_no_error() {
        let now = Instant::now();
        for (given, expected) in [(Some(-5), 0), (Some(5), 0), (Some(30), 20), (None, 1790)] {
            let request =
                RateLimitRequestInfo { max_execution_time: given, ..RateLimitRequestInfo::default() };
            let context = RateLimitContext::new(None, Some(&request), None, now);
            assert_eq!(context.deadline - now, Duration::from_secs(expected));
        }
        let request =
            RateLimitRequestInfo { max_execution_time: Some(i64::MAX), ..RateLimitRequestInfo::default() };
        assert!(RateLimitContext::new(None, Some(&request), None, now).deadline > now);
    }
}
