//! One run of a probe: the declared checks, one after the other.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use lumos_connector_types::probe::{ProbeCheck, ProbeCheckName, ProbeCheckSource, ProbeIntegration};
use tokio::time::timeout;

use super::inner_call::InnerCalls;
use super::settings::{BASELINE, ProbeCheckSpec, ProbeSettings};
use super::{accounts, associations, entitlements, outcome};
use crate::call::Call;
use crate::declaration::error::{ConnectorError, Result};

pub(super) struct Run<'a> {
    pub(super) call: &'a Call,
    pub(super) request: &'a ProbeIntegration,
    pub(super) settings: &'a ProbeSettings,
}

impl Run<'_> {
    /// The outcomes of the declared checks in their order, then the checks that every probe reports on.
    pub(super) async fn checks(&self) -> Vec<ProbeCheck> {
        let mut outcomes = Vec::new();
        // One at a time: a probe should not be what drives an app into its rate limit.
        for spec in self.settings.checks() {
            let outcome = if self.asks_for(spec.check) {
                self.performed(spec).await
            } else {
                outcome::skipped(spec.check)
            };
            outcomes.push(ProbeCheck {
                check: spec.check,
                source: spec.reported_source(),
                capability: outcome.capability.or_else(|| spec.capability.clone()),
                ..outcome
            });
        }
        let undeclared = BASELINE.into_iter().filter(|check| !self.settings.has(*check));
        outcomes.extend(undeclared.map(|check| ProbeCheck {
            // To leave it out is the connector's decision.
            source: ProbeCheckSource::Native,
            ..outcome::not_declared(check)
        }));
        outcomes
    }

    fn asks_for(&self, check: ProbeCheckName) -> bool {
        self.request.checks.as_ref().is_none_or(|checks| checks.contains(&check))
    }

    /// Performs a check within its time. Whatever goes wrong is its outcome.
    async fn performed(&self, spec: &ProbeCheckSpec) -> ProbeCheck {
        let started = Instant::now();
        let limit = self.settings.per_check_timeout;
        let outcome = timeout(limit, self.perform(spec)).await.unwrap_or_else(|_| {
            let message = format!("The check of {} did not end within {limit:?}", spec.check);
            Err(ConnectorError::request_timeout(message))
        });
        let outcome = outcome.unwrap_or_else(|error| {
            let error = self.call.declaration().mapped(error);
            tracing::error!(check = spec.check.as_str(), code = %error.code(), "{error:?}");
            outcome::failed(spec.check, self.call.wire_error(error))
        });
        ProbeCheck {
            duration_ms: outcome.duration_ms.or_else(|| Some(milliseconds_since(started))),
            ..outcome
        }
    }

    async fn perform(&self, spec: &ProbeCheckSpec) -> Result<ProbeCheck> {
        if let Some(run) = &spec.run {
            let running = async { run(self.call.clone(), self.request.clone()).await };
            // The other checks do not suffer from one that panics.
            return AssertUnwindSafe(running).catch_unwind().await.unwrap_or_else(|_| {
                Err(ConnectorError::internal("The check stopped unexpectedly; the log says where"))
            });
        }
        let inner = InnerCalls { call: self.call, page_size: self.settings.page_size };
        Ok(match spec.check {
            ProbeCheckName::Accounts => accounts::check(&inner, self.request).await,
            ProbeCheckName::Entitlements => {
                entitlements::check(&inner, self.settings.max_entitlement_pages).await
            }
            ProbeCheckName::EntitlementAssociations => associations::check(&inner).await,
            // Only connectors can make other checks: a declaration that leaves one to the SDK is refused.
            _ => outcome::not_declared(spec.check),
        })
    }
}

pub(super) fn milliseconds_since(start: Instant) -> i64 {
    i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX)
}
