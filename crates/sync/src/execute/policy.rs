//! Which failures are tried again, when, and how often.

use std::time::Duration;

use super::caller::CallFailure;

/// How failures of a page are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a page is tried that fails.
    pub attempts: u32,
    /// How often in a row a page may ask to be waited for.
    pub waits: u32,
    /// The wait after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest wait after a failure.
    pub longest_delay: Duration,
    /// The longest wait that is granted when the app or the connector asks for one.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts, 1 s after the first failure, a minute at the most; waits of up to an hour.
    fn default() -> Self {
        Self {
            attempts: 5,
            waits: 50,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
            longest_wait: Duration::from_secs(60 * 60),
        }
    }
}

/// What to do about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after so long.
    Again {
        /// How long to wait.
        delay: Duration,
        /// Whether it counts as a failed attempt.
        is_failure: bool,
    },
    /// Read no further, for this reason.
    GiveUp(String),
}

impl RetryPolicy {
    /// What to do about the failure of a page that failed `attempt` times and was waited for `waits` times before.
    #[must_use]
    pub fn decide(&self, failure: &CallFailure, attempt: u32, waits: u32) -> Decision {
        let message = &failure.message;
        if !failure.may_pass {
            return Decision::GiveUp(message.clone());
        }
        if failure.asks_to_wait {
            let delay = failure.retry_after.unwrap_or_else(|| self.backoff(waits));
            if delay > self.longest_wait {
                return Decision::GiveUp(format!("{message}; it asks to wait for {} s", delay.as_secs()));
            }
            if waits >= self.waits {
                return Decision::GiveUp(format!("{message}; waited {waits} times for the same page"));
            }
            return Decision::Again { delay: delay.max(Duration::from_millis(1)), is_failure: false };
        }
        if attempt + 1 >= self.attempts {
            return Decision::GiveUp(format!("{message} (tried {} times)", attempt + 1));
        }
        let delay = failure.retry_after.unwrap_or_else(|| self.backoff(attempt)).min(self.longest_wait);
        Decision::Again { delay, is_failure: true }
    }

    fn backoff(&self, times: u32) -> Duration {
        self.first_delay.saturating_mul(2_u32.saturating_pow(times)).min(self.longest_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing() -> CallFailure {
        CallFailure::new("died", "it died").passing()
    }

    #[test]
    fn what_does_not_pass_is_not_tried_again() {
        let decision = RetryPolicy::default().decide(&CallFailure::new("not_found", "no such thing"), 0, 0);
        assert_eq!(decision, Decision::GiveUp("no such thing".to_owned()));
    }

    #[test]
    fn waits_double_and_attempts_end() {
        let policy = RetryPolicy::default();
        let delays: Vec<_> = (0..5).map(|attempt| policy.decide(&passing(), attempt, 0)).collect();
        let again = |seconds| Decision::Again { delay: Duration::from_secs(seconds), is_failure: true };
        assert_eq!(delays[..4], [again(1), again(2), again(4), again(8)]);
        assert_eq!(delays[4], Decision::GiveUp("it died (tried 5 times)".to_owned()));
    }

    #[test]
    fn what_asks_to_wait_is_waited_for_and_is_no_failure() {
        let policy = RetryPolicy::default();
        let throttled = |seconds| CallFailure::new("rate_limit", "later").wait(Duration::from_secs(seconds));
        let again = Decision::Again { delay: Duration::from_secs(30), is_failure: false };
        assert_eq!(policy.decide(&throttled(30), 4, 7), again);
        assert!(matches!(policy.decide(&throttled(30), 0, 50), Decision::GiveUp(_)));
        assert!(matches!(policy.decide(&throttled(7200), 0, 0), Decision::GiveUp(_)));
    }
}
