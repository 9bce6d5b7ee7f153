//! The time that a call has.

use std::time::Duration;

use lumos_connector_core::Call;
use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_core::rate_limit::RateLimitReport;
use tokio::time::Instant;

use crate::clock::SharedClock;
use crate::limit::whole_seconds;

/// The time that a call has, and by which clock; where it notes its rate limits.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    pub(crate) clock: SharedClock,
    pub(crate) report: RateLimitReport,
    deadline: Instant,
}

impl Budget {
    pub(crate) fn of(call: &Call) -> Self {
        Self {
            clock: call.host().clock().clone(),
            report: call.rate_limit_report(),
            deadline: call.rate_limit().deadline,
        }
    }

    /// The time that is left.
    ///
    /// # Errors
    /// `budget_exhausted` when none is.
    pub(crate) fn left(&self) -> Result<Duration> {
        let left = self.deadline.saturating_duration_since(self.clock.now());
        if left.is_zero() {
            return Err(ConnectorError::budget_exhausted(
                "The time of this call was over before the app could be asked",
            )
            .with_retry_after_seconds(0));
        }
        Ok(left)
    }

    /// Waits, when the wait ends within the call's time.
    ///
    /// # Errors
    /// `budget_exhausted` at once when it would not.
    pub(crate) async fn wait(&self, time: Duration, for_what: &str) -> Result<()> {
        let left = self.left()?;
        let seconds = whole_seconds(time);
        if time >= left {
            return Err(ConnectorError::budget_exhausted(format!(
                "The call would wait {seconds} s {for_what}, but has {} s left",
                left.as_secs()
            ))
            .with_retry_after_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)));
        }
        if !time.is_zero() {
            tracing::debug!("waiting {:.1} s {for_what}", time.as_secs_f64());
            self.clock.sleep(time).await;
        }
        Ok(())
    }
}
