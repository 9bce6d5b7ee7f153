//! A lane: it reads one page, and stores it or puts it off.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::caller::Caller;
use super::error::SyncError;
use super::event::{Event, Observer};
use super::options::SyncOptions;
use super::rate_limit::LimitState;
use super::reader::{PageOutcome, PageReader};
use crate::frontier::{Fenced, Frontier, Head, KEEP_EVERY, PageRead};
use crate::store::{Store, StoreError, StoreFrontier};

/// What the lanes of a sync share.
pub(super) struct Lanes<'a, C, O: ?Sized> {
    pub(super) caller: &'a C,
    pub(super) observer: &'a O,
    pub(super) options: &'a SyncOptions,
    pub(super) frontier: StoreFrontier,
    pub(super) limits: Mutex<LimitState>,
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
        self.observer.observe(&Event::Called { listing, page });
        let width = self.width();
        let told = self.limits().for_call(head.attempt, width);
        let options = self.options;
        let reader =
            PageReader { caller: self.caller, retry: options.retry, page_memory: options.page_memory };
        let reading = reader.read_with(&head, told, |answer| {
            let mut limits = self.limits();
            limits.observe(answer);
            limits.for_call(0, 1)
        });
        let outcome = self.keep_while(&head, reading).await?;
        match outcome {
            PageOutcome::Read(read) => {
                if read.rows.is_some() {
                    self.observer.observe(&Event::Arrived { listing, page });
                }
                self.store(&head, *read).await
            }
            PageOutcome::Deferred(deferral) => {
                let (delay, is_failure) = (deferral.delay, deferral.is_failure);
                let reason = &deferral.reason;
                self.observer.observe(&Event::Deferred { listing, page, delay, reason, is_failure });
                match self.frontier.defer(&head, deferral).await? {
                    Fenced::Done | Fenced::Late => Ok(false),
                }
            }
        }
    }

    /// Waits for a page, and says meanwhile that it is being read.
    async fn keep_while<T>(&self, head: &Head, reading: impl Future<Output = T>) -> Result<T, StoreError> {
        let mut reading = std::pin::pin!(reading);
        if !self.frontier.store().is_on_server() {
            return Ok(reading.await);
        }
        loop {
            match tokio::time::timeout(KEEP_EVERY, reading.as_mut()).await {
                Ok(read) => return Ok(read),
                Err(_) => self.frontier.keep(head).await?,
            }
        }
    }

    async fn store(&self, head: &Head, mut read: PageRead) -> Result<bool, SyncError> {
        let (listing, page) = (head.chain.listing, head.job.page);
        let committed = self.frontier.commit_page(head, &mut read).await?;
        if let (Some(_), Some(rows)) = (committed, &read.rows) {
            let (rows, connector) = (rows.rows(), read.facts.connector);
            self.observer.observe(&Event::Stored { listing, page, rows, connector });
        }
        // A commit may also cut the chain; the store knows.
        let is_last = match committed {
            Some(committed) => committed.is_last,
            None => !with_store(self.frontier.store(), move |store| store.is_reading(listing)).await?,
        };
        if is_last {
            self.observer.observe(&Event::Read { listing });
        }
        Ok(is_last)
    }
}
