//! A lane: it reads one page, and stores it or decides what to do about its failure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::caller::{CallFailure, Caller, PageCall};
use super::error::SyncError;
use super::event::{Event, Observer};
use super::options::SyncOptions;
use super::page::PageRows;
use super::policy::Decision;
use super::rate_limit::LimitState;
use crate::frontier::{Deferral, Fenced, Frontier, Head, Next, PageFacts, PageJob, PageRead};
use crate::plan::{ListingKind, RequestValues, Walk};
use crate::store::{SqliteFrontier, Store, StoreError};

/// What the lanes of a sync share.
pub(super) struct Lanes<'a, C, O: ?Sized> {
    pub(super) caller: &'a C,
    pub(super) observer: &'a O,
    pub(super) options: &'a SyncOptions,
    pub(super) frontier: SqliteFrontier,
    pub(super) page_size: Option<u32>,
    pub(super) limits: Mutex<LimitState>,
    /// The listing of accounts that others go through.
    pub(super) accounts: Option<i64>,
}

/// Runs something that waits for the store outside of the threads that serve connections.
pub(super) async fn with_store<T: Send + 'static>(
    store: &Arc<Store>,
    action: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let shared = Arc::clone(store);
    let path = store.path().to_owned();
    tokio::task::spawn_blocking(move || action(&shared))
        .await
        .unwrap_or_else(|error| Err(StoreError::File { path, source: std::io::Error::other(error) }))
}

impl<C: Caller, O: Observer + ?Sized> Lanes<'_, C, O> {
    pub(super) fn limits(&self) -> MutexGuard<'_, LimitState> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many pages may be read at the same time now.
    pub(super) fn width(&self) -> usize {
        self.limits().lanes(self.options.lanes, self.options.split_limits)
    }

    /// Reads the page of a head. Returns whether its chain is at its end.
    pub(super) async fn run(&self, head: Head) -> Result<bool, SyncError> {
        let (listing, page) = (head.chain.listing, head.job.page);
        let kind = ListingKind::of(&head.chain.capability);
        self.observer.observe(&Event::Called { listing, page });
        let width = self.width();
        let mut rows = PageRows::new(kind, self.options.page_memory);
        let call = PageCall {
            capability: head.chain.capability.clone(),
            request: head.job.request.clone(),
            token: head.job.token.clone(),
            size: self.page_size,
            rate_limit: self.limits().for_call(head.attempt, width),
        };
        let start = tokio::time::Instant::now();
        match self.caller.page(call, &mut rows).await {
            Ok(answer) => {
                self.limits().observe(answer.rate_limit.as_ref());
                let next = self.next(kind, &head, answer.next).await?;
                let (buffer, mut facts) = rows.into_parts();
                facts.connector = answer.elapsed;
                self.observer.observe(&Event::Arrived { listing, page });
                self.store(&head, PageRead { rows: Some(buffer), next, facts }).await
            }
            Err(failure) => {
                // What came before the failure is not a page.
                drop(rows);
                self.fail(&head, failure, start.elapsed()).await
            }
        }
    }

    /// The job after a page: the next one of the listing, or the first one of the next accounts.
    async fn next(
        &self,
        kind: Option<&'static ListingKind>,
        head: &Head,
        token: Option<String>,
    ) -> Result<Next, SyncError> {
        let rate_limit = self.limits().for_call(0, 1);
        let page = head.job.page + 1;
        if token.is_some() {
            return Ok(Next::Page(PageJob { page, token, rate_limit, ..head.job.clone() }));
        }
        match kind.map(|kind| (kind, kind.walk)) {
            Some((kind, Walk::Accounts { batch })) => {
                let job = self.next_accounts(kind, batch, head.job.cursor.clone()).await?;
                Ok(job.map_or(Next::End, |job| Next::Page(PageJob { page, rate_limit, ..job })))
            }
            _ => Ok(Next::End),
        }
    }

    /// The job for the accounts after a key.
    pub(super) async fn next_accounts(
        &self,
        kind: &'static ListingKind,
        batch: usize,
        after: Option<String>,
    ) -> Result<Option<PageJob>, SyncError> {
        let Some(accounts) = self.accounts else { return Ok(None) };
        let keys = with_store(self.frontier.store(), move |store| {
            store.keys_after(accounts, after.as_deref(), batch)
        })
        .await?;
        let request = RequestValues::default().payload(kind, &keys);
        Ok(keys.last().map(|last| PageJob { request, cursor: Some(last.clone()), ..PageJob::default() }))
    }

    async fn store(&self, head: &Head, mut read: PageRead) -> Result<bool, SyncError> {
        let (listing, page) = (head.chain.listing, head.job.page);
        match self.frontier.commit(head, &mut read).await? {
            Fenced::Done | Fenced::Late => {}
        }
        if let Some(rows) = &read.rows {
            let (rows, connector) = (rows.rows(), read.facts.connector);
            self.observer.observe(&Event::Stored { listing, page, rows, connector });
        }
        // A commit may also cut the chain; the store knows.
        let record = with_store(self.frontier.store(), move |store| store.is_reading(listing)).await?;
        if !record {
            self.observer.observe(&Event::Read { listing });
        }
        Ok(!record)
    }

    async fn fail(&self, head: &Head, failure: CallFailure, connector: Duration) -> Result<bool, SyncError> {
        let (listing, page) = (head.chain.listing, head.job.page);
        let decision = if failure.is_unauthorized && head.attempt == 0 {
            self.caller.reload_secrets().await;
            Decision::Again { delay: Duration::ZERO, is_failure: true }
        } else {
            self.options.retry.decide(&failure, head.attempt, head.waits)
        };
        match decision {
            Decision::Again { delay, is_failure } => {
                let reason = failure.message;
                self.observer.observe(&Event::Deferred { listing, page, delay, reason: &reason, is_failure });
                match self.frontier.defer(head, Deferral { delay, reason, is_failure, connector }).await? {
                    Fenced::Done | Fenced::Late => Ok(false),
                }
            }
            Decision::GiveUp(reason) => {
                let facts = PageFacts { connector, ..PageFacts::default() };
                let reason = format!("page {page}: {reason}");
                self.store(head, PageRead { rows: None, next: Next::Cut(reason), facts }).await
            }
        }
    }
}
