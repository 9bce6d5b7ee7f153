//! A sync from its begin to its verdicts.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::caller::Caller;
use super::error::SyncError;
use super::event::{Event, Observer};
use super::lanes::{Lanes, with_store};
use super::options::SyncOptions;
use super::prepare::{Prepared, prepare};
use crate::frontier::{Claim, Frontier, PageJob};
use crate::plan::{RequestValues, Walk};
use crate::store::{Finding, ListingRecord, ListingState, SqliteFrontier, Store, StoreError};
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
    let prepared = prepare(caller, store, options).await?;
    let Prepared { sync, page_size, since, is_resumed, left, mut limits } = prepared;
    let listings = store.listings(sync)?;
    let expected: Vec<Option<u64>> = listings
        .iter()
        .map(|listing| Ok(store.last_complete(sync, &listing.capability)?.map(|before| before.rows)))
        .collect::<Result<_, StoreError>>()?;
    observer.observe(&Event::Begun {
        sync,
        is_resumed,
        left: left.as_deref(),
        listings: &listings,
        expected: &expected,
    });
    let frontier = SqliteFrontier::new(Arc::clone(store), sync, options.connection.clone());
    for state in frontier.rate_limits()? {
        limits.restore(Some(&state));
    }
    let accounts = listings.iter().find(|it| it.label == "accounts" && it.reading == 1).map(|it| it.id);
    let lanes =
        Lanes { caller, observer, options, frontier, page_size, limits: Mutex::new(limits), accounts };
    Reading { lanes: &lanes, store, sync, values: RequestValues { attributes: Vec::new(), since } }
        .read_all()
        .await?;
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
    observer.observe(&Event::Ended { sync });
    end_of(store, sync, outcome, is_resumed)
}

fn end_of(store: &Store, sync: i64, outcome: Verdict, is_resumed: bool) -> Result<SyncEnd, SyncError> {
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
    sync: i64,
    values: RequestValues,
}

impl<'a, C: Caller, O: Observer + ?Sized> Reading<'a, C, O> {
    /// Reads every listing to its end, and indexes it.
    async fn read_all(mut self) -> Result<(), SyncError> {
        let mut steps: Steps<'a> = FuturesUnordered::new();
        let mut indexing: Vec<i64> = Vec::new();
        let mut pages = 0;
        let mut has_changed = true;
        loop {
            if std::mem::take(&mut has_changed) {
                for listing in self.advance().await? {
                    if !indexing.contains(&listing) {
                        indexing.push(listing);
                        steps.push(Box::pin(index(self.store, listing)));
                    }
                }
            }
            let mut wait: Option<Duration> = None;
            while pages < self.lanes.width() {
                match self.lanes.frontier.claim().await? {
                    Claim::Job(head) => {
                        pages += 1;
                        let lanes = self.lanes;
                        steps.push(Box::pin(async move { lanes.run(*head).await.map(Step::Page) }));
                    }
                    Claim::Wait(time) => {
                        wait = Some(time);
                        break;
                    }
                    Claim::Nothing => break,
                }
            }
            let ended = match (steps.is_empty(), wait) {
                (true, None) => return Ok(()),
                (true, Some(time)) => {
                    tokio::time::sleep(time).await;
                    continue;
                }
                (false, None) => steps.next().await,
                (false, Some(time)) => match tokio::time::timeout(time, steps.next()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
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

    /// Starts the listings that waited for something that is there now. Returns those that can be indexed.
    async fn advance(&mut self) -> Result<Vec<i64>, SyncError> {
        let sync = self.sync;
        let mut to_index = Vec::new();
        // What is skipped may be what another one waits for.
        loop {
            let listings = with_store(self.store, move |store| store.listings(sync)).await?;
            let mut has_skipped = false;
            for listing in &listings {
                match listing.state {
                    ListingState::Read if !to_index.contains(&listing.id) => to_index.push(listing.id),
                    ListingState::Waiting if self.may_start(listing, &listings).await? => {
                        has_skipped |= self.start(listing, &listings).await?;
                    }
                    _ => {}
                }
            }
            if !has_skipped {
                return Ok(to_index);
            }
        }
    }

    async fn may_start(&mut self, listing: &ListingRecord, all: &[ListingRecord]) -> Result<bool, SyncError> {
        let is_indexed = |label: &str| {
            let other = all.iter().find(|other| other.label == label && other.reading == 1);
            other.is_none_or(|other| matches!(other.state, ListingState::Indexed | ListingState::Ended))
        };
        let is_read =
            |other: &ListingRecord| !matches!(other.state, ListingState::Waiting | ListingState::Reading);
        if listing.reading > 1 {
            let is_first =
                |other: &&ListingRecord| other.reading == 1 && other.capability == listing.capability;
            return Ok(all.iter().find(is_first).is_none_or(is_read));
        }
        if listing.label == ATTRIBUTES {
            return Ok(true);
        }
        if !is_indexed(ATTRIBUTES) {
            return Ok(false);
        }
        let by_account = listing.kind().is_some_and(|kind| matches!(kind.walk, Walk::Accounts { .. }));
        Ok(!by_account || is_indexed("accounts"))
    }

    /// Starts a listing, or skips it. Returns whether it was skipped.
    async fn start(&mut self, listing: &ListingRecord, all: &[ListingRecord]) -> Result<bool, SyncError> {
        let Some(kind) = listing.kind() else { return Ok(false) };
        self.read_attributes(all).await?;
        let id = listing.id;
        let job = match kind.walk {
            Walk::Pages | Walk::Objects(_) => {
                Some(PageJob { request: self.values.payload(kind, &[]), ..PageJob::default() })
            }
            Walk::Accounts { batch } => {
                let accounts = all.iter().find(|other| Some(other.id) == self.lanes.accounts);
                let cut = match accounts {
                    None => Some("accounts were not read, and this goes through them"),
                    Some(accounts) if accounts.cut.is_some() => {
                        Some("accounts were not read to their end, and this goes through them")
                    }
                    Some(_) => None,
                };
                if let Some(cut) = cut {
                    with_store(self.store, move |store| store.skip_listing(id, Some(cut))).await?;
                    return Ok(true);
                }
                self.lanes.next_accounts(kind, batch, None).await?
            }
        };
        match job {
            Some(job) => {
                with_store(self.store, move |store| store.start_listing(id, &job)).await?;
                Ok(false)
            }
            None => {
                with_store(self.store, move |store| store.skip_listing(id, None)).await?;
                Ok(true)
            }
        }
    }

    /// The custom attributes that the app has, once they are read.
    async fn read_attributes(&mut self, all: &[ListingRecord]) -> Result<(), SyncError> {
        let attributes = all.iter().find(|other| other.label == ATTRIBUTES && other.reading == 1);
        let Some(attributes) = attributes.filter(|it| it.is_indexed() && self.values.attributes.is_empty())
        else {
            return Ok(());
        };
        let id = attributes.id;
        self.values.attributes = with_store(self.store, move |store| store.custom_attributes(id)).await?;
        Ok(())
    }
}

const ATTRIBUTES: &str = "custom_attributes";

async fn index(store: &Arc<Store>, listing: i64) -> Result<Step, SyncError> {
    with_store(store, move |store| store.index_listing(listing)).await?;
    Ok(Step::Indexed(listing))
}
