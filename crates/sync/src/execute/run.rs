//! A sync from its begin to its verdicts.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::caller::Caller;
use super::coordinator::Coordinator;
use super::error::SyncError;
use super::event::{Event, Observer};
use super::lanes::{Lanes, with_store};
use super::options::SyncOptions;
use super::prepare::{Prepared, begin, learn};
use crate::frontier::{Claim, Frontier, PageJob};
use crate::store::{Finding, ListingRecord, Store, StoreError, StoreFrontier};
use crate::verdict::{Verdict, judge};

/// What came of a sync.
#[derive(Clone, Debug)]
pub struct SyncEnd {
    /// Its number in the store.
    pub sync: i64,
    /// The worst verdict of its listings.
    pub outcome: Verdict,
    /// Whether it was stopped before and went on.
    pub is_resumed: bool,
    /// Its listings, first readings only, with what was found about each.
    pub listings: Vec<(ListingRecord, Vec<Finding>)>,
}

/// Reads a whole tenant into a store, and judges what was read. A sync of the connection that was stopped goes on.
///
/// # Errors
/// When the sync cannot be run at all, or the store not be written. What was stored is kept, and the next run goes on.
pub async fn run<C: Caller, O: Observer + ?Sized>(
    caller: &C,
    store: &Arc<Store>,
    options: &SyncOptions,
    observer: &O,
) -> Result<SyncEnd, SyncError> {
    let learned = learn(caller, &options.retry).await?;
    let (shared, wanted) = (Arc::clone(store), options.clone());
    let prepared = tokio::task::spawn_blocking(move || begin(&shared, &wanted, &learned));
    let prepared = prepared.await.map_err(|error| StoreError::File {
        path: store.path().to_owned(),
        source: std::io::Error::other(error),
    })??;
    let Prepared { sync, page_size, since, is_resumed, left, mut limits } = prepared;
    let (listings, expected) = with_store(store, move |store| expectations(store, sync)).await?;
    observer.observe(&Event::Begun {
        sync,
        is_resumed,
        left: left.as_deref(),
        listings: &listings,
        expected: &expected,
    });
    let frontier = StoreFrontier::new(Arc::clone(store), sync, options.connection.clone());
    for state in frontier.rate_limits()? {
        limits.restore(Some(&state));
    }
    let lanes = Lanes { caller, observer, options, frontier, limits: Mutex::new(limits) };
    let template = PageJob { page_size, ..PageJob::default() };
    let coordinator = Coordinator::new(Arc::clone(store), sync, since, template);
    Reading { lanes: &lanes, store, coordinator }.read_all().await?;
    finish(store, sync, options, observer).await?;
    observer.observe(&Event::Ended { sync });
    with_store(store, move |store| end_of(store, sync, is_resumed)).await.map_err(SyncError::from)
}

/// The listings of a sync, with the rows of each when it was last complete.
fn expectations(store: &Store, sync: i64) -> Result<(Vec<ListingRecord>, Vec<Option<u64>>), StoreError> {
    let listings = store.listings(sync)?;
    let before =
        |listing: &ListingRecord| Ok(store.last_complete(sync, &listing.capability)?.map(|it| it.rows));
    let expected = listings.iter().map(before).collect::<Result<_, StoreError>>()?;
    Ok((listings, expected))
}

/// Judges a sync of which every listing was read and indexed, and ends it. Doing it twice does no harm.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn finish<O: Observer + ?Sized>(
    store: &Arc<Store>,
    sync: i64,
    options: &SyncOptions,
    observer: &O,
) -> Result<Verdict, StoreError> {
    let thresholds = options.thresholds;
    let outcome = with_store(store, move |store| judge(store, sync, &thresholds)).await?;
    observer.observe(&Event::Judged { sync, outcome });
    let (keep, connection) = (options.keep, options.connection.clone());
    with_store(store, move |store| {
        store.show(sync)?;
        store.end_sync(sync, outcome)?;
        if let Some(keep) = keep {
            store.keep(&connection, keep)?;
        }
        Ok(())
    })
    .await?;
    Ok(outcome)
}

/// What came of a sync that has ended.
///
/// # Errors
/// When the store cannot be read, or holds no such sync.
pub fn end_of(store: &Store, sync: i64, is_resumed: bool) -> Result<SyncEnd, StoreError> {
    let outcome = store.sync(sync)?.outcome.unwrap_or(Verdict::Incomplete);
    let mut listings = Vec::new();
    for listing in store.listings(sync)?.into_iter().filter(|listing| listing.reading == 1) {
        let findings = store.findings(listing.id)?;
        listings.push((listing, findings));
    }
    Ok(SyncEnd { sync, outcome, is_resumed, listings })
}

/// A step that has ended.
enum Step {
    /// A page was read or put off; `true` when it was the last of its listing.
    Page(bool),
    /// A listing was indexed.
    Indexed(i64),
}

type Steps<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = Result<Step, SyncError>> + Send + 'a>>>;

struct Reading<'a, C, O: ?Sized> {
    lanes: &'a Lanes<'a, C, O>,
    store: &'a Arc<Store>,
    coordinator: Coordinator,
}

impl<'a, C: Caller, O: Observer + ?Sized> Reading<'a, C, O> {
    /// Reads every listing to its end, and indexes it.
    async fn read_all(mut self) -> Result<(), SyncError> {
        let mut steps: Steps<'a> = FuturesUnordered::new();
        let mut indexing: Vec<i64> = Vec::new();
        let mut pages = 0;
        let mut has_changed = true;
        // With so many pages being read no other head was free, and none will be until then unless something changes.
        let mut full: Option<(usize, Option<Instant>)> = None;
        loop {
            if std::mem::take(&mut has_changed) {
                full = None;
                for listing in self.coordinator.advance().await?.to_index {
                    if !indexing.contains(&listing) {
                        indexing.push(listing);
                        steps.push(Box::pin(index(self.store, listing)));
                    }
                }
            }
            let is_passed = |until: Option<Instant>| until.is_some_and(|until| until <= Instant::now());
            while pages < self.lanes.width()
                && full.is_none_or(|(most, until)| pages < most || is_passed(until))
            {
                full = match self.lanes.frontier.claim().await? {
                    Claim::Job(head) => {
                        pages += 1;
                        let lanes = self.lanes;
                        steps.push(Box::pin(async move { lanes.run(*head).await.map(Step::Page) }));
                        full
                    }
                    Claim::Wait(time) => Some((pages, Some(Instant::now() + time))),
                    Claim::Nothing => Some((pages, None)),
                }
            }
            let until = full.filter(|_| pages < self.lanes.width()).and_then(|(_, until)| until);
            let wait = until.map(|until| until.duration_since(Instant::now()));
            let ended = match (steps.is_empty(), wait) {
                (true, None) => return Ok(()),
                (true, Some(time)) => {
                    tokio::time::sleep(time).await;
                    // Others may have read what a listing waits for.
                    has_changed = self.store.is_on_server();
                    continue;
                }
                (false, None) => steps.next().await,
                (false, Some(time)) => match tokio::time::timeout(time, steps.next()).await {
                    Ok(ended) => ended,
                    Err(_) => {
                        has_changed = self.store.is_on_server();
                        continue;
                    }
                },
            };
            match ended.transpose()? {
                Some(Step::Page(is_last)) => {
                    pages -= 1;
                    has_changed = is_last;
                }
                Some(Step::Indexed(listing)) => {
                    self.lanes.observer.observe(&Event::Indexed { listing });
                    has_changed = true;
                }
                None => {}
            }
        }
    }
}

async fn index(store: &Arc<Store>, listing: i64) -> Result<Step, SyncError> {
    with_store(store, move |store| store.index_listing(listing)).await?;
    Ok(Step::Indexed(listing))
}
