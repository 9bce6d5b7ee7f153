//! A page read by whoever has its head and the connection: nothing else is asked.

use std::time::Duration;

use lumos_connector_types::rate_limit::RateLimitRequestInfo;

use super::caller::{CallFailure, Caller, PageCall};
use super::page::PageRows;
use super::policy::{Decision, RetryPolicy};
use super::rate_limit::LimitState;
use crate::frontier::{Deferral, Head, Next, PageFacts, PageJob, PageRead};
use crate::plan::{ListingKind, Walk};

/// Reads pages of a connection.
#[derive(Debug)]
pub struct PageReader<'a, C> {
    /// The connector.
    pub caller: &'a C,
    /// Which failures are tried again.
    pub retry: RetryPolicy,
    /// Bytes of a page that are held in memory; more goes to a file.
    pub page_memory: usize,
}

/// What is to be done with a head after its page was asked for.
#[derive(Debug)]
pub enum PageOutcome {
    /// Commit this.
    Read(Box<PageRead>),
    /// Defer the head.
    Deferred(Deferral),
}

impl<C: Caller> PageReader<'_, C> {
    /// Reads the page of a head with the rate-limit state that the head itself holds.
    pub async fn read(&self, head: &Head) -> PageOutcome {
        let mut limits = LimitState::default();
        limits.restore(head.job.rate_limit.as_ref());
        let lanes = usize::try_from(head.job.lanes.max(1)).unwrap_or(1);
        let told = limits.for_call(head.attempt, lanes);
        self.read_with(head, told, |answer| {
            limits.observe(answer);
            limits.for_call(0, 1)
        })
        .await
    }

    /// Reads the page of a head. `told` is what the connector is told about the app's limits; `learn` takes what it says
    /// about them, and gives the state for the next head.
    pub(super) async fn read_with(
        &self,
        head: &Head,
        told: Option<RateLimitRequestInfo>,
        learn: impl FnOnce(
            Option<&lumos_connector_types::rate_limit::RateLimitResponseInfo>,
        ) -> Option<RateLimitRequestInfo>,
    ) -> PageOutcome {
        let kind = ListingKind::of(&head.chain.capability);
        let mut rows = PageRows::new(kind, self.page_memory);
        let call = PageCall {
            capability: head.chain.capability.clone(),
            request: head.job.request.clone(),
            token: head.job.token.clone(),
            size: head.job.page_size,
            rate_limit: told,
        };
        let start = tokio::time::Instant::now();
        match self.caller.page(call, &mut rows).await {
            Ok(answer) => {
                let rate_limit = learn(answer.rate_limit.as_ref());
                let (buffer, mut facts) = rows.into_parts();
                facts.connector = answer.elapsed;
                facts.rate_limit.clone_from(&rate_limit);
                let next = next_job(kind, head, answer.next, rate_limit);
                PageOutcome::Read(Box::new(PageRead { rows: Some(buffer), next, facts }))
            }
            Err(failure) => {
                // What came before the failure is not a page.
                drop(rows);
                self.fail(head, failure, start.elapsed()).await
            }
        }
    }

    async fn fail(&self, head: &Head, failure: CallFailure, connector: Duration) -> PageOutcome {
        let decision = if failure.is_unauthorized && head.attempt == 0 {
            self.caller.reload_secrets().await;
            Decision::Again { delay: Duration::ZERO, is_failure: true }
        } else {
            self.retry.decide(&failure, head.attempt, head.waits)
        };
        match decision {
            Decision::Again { delay, is_failure } => {
                PageOutcome::Deferred(Deferral { delay, reason: failure.message, is_failure, connector })
            }
            Decision::GiveUp(reason) => {
                let facts = PageFacts { connector, ..PageFacts::default() };
                let reason = format!("page {}: {reason}", head.job.page);
                PageOutcome::Read(Box::new(PageRead { rows: None, next: Next::Cut(reason), facts }))
            }
        }
    }
}

/// The job after a page: the next one of the listing, or the first one of the next accounts.
fn next_job(
    kind: Option<&'static ListingKind>,
    head: &Head,
    token: Option<String>,
    rate_limit: Option<RateLimitRequestInfo>,
) -> Next {
    let page = head.job.page + 1;
    if token.is_some() {
        return Next::Page(PageJob { page, token, rate_limit, ..head.job.clone() });
    }
    match kind.map(|kind| kind.walk) {
        Some(Walk::Accounts { .. }) => {
            Next::Accounts(PageJob { page, token: None, rate_limit, ..head.job.clone() })
        }
        _ => Next::End,
    }
}
