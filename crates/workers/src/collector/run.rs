//! A sync under way, as its collector sees it: what follows from a page.

use std::sync::Arc;
use std::time::Duration;

use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use lumos_sync::execute::rate_limit::LimitState;
use lumos_sync::execute::{Coordinator, Learned, SyncError, finish, prepare};
use lumos_sync::frontier::{Next, PageJob};
use lumos_sync::store::{ListingState, Store, StoreError};
use tokio::time::Instant;

use super::{Collector, Taken};
use crate::broker::now;
use crate::error::ClusterError;
use crate::message::What;
use crate::record::{ListingProgress, Record, Stage};

/// How often the state of a sync is written while it is read.
const WRITE: Duration = Duration::from_secs(1);

/// A sync under way.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) record: Record,
    sequence: u64,
    store: Arc<Store>,
    coordinator: Option<Coordinator>,
    limits: LimitState,
    /// When the state was written last, and whether it has changed since.
    written: Instant,
    has_changed: bool,
}

impl Run {
    /// Takes note of a page that was stored.
    pub(super) fn note(&mut self, rate_limit: Option<RateLimitRequestInfo>) {
        self.has_changed = true;
        if let Some(state) = rate_limit {
            self.limits = LimitState::default();
            self.limits.restore(Some(&state));
        }
    }
}

/// Does something with a store outside of the threads that serve connections.
async fn with_store<T: Send + 'static>(
    store: &Arc<Store>,
    action: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ClusterError> {
    let store = Arc::clone(store);
    let done = tokio::task::spawn_blocking(move || action(&store)).await;
    Ok(done.map_err(|error| ClusterError::broker("using the store", &error))??)
}

impl Collector {
    /// The store of a run, which is looked up on the broker when it is not known here; `None` when it is not the latest of
    /// its connection, or over.
    pub(super) async fn know(
        &mut self,
        run: &str,
        messages: &[Taken],
    ) -> Result<Option<Arc<Store>>, ClusterError> {
        if let Some(known) = self.runs.get(run) {
            return Ok(Some(Arc::clone(&known.store)));
        }
        let Some(first) = messages.first() else { return Ok(None) };
        let Some((record, sequence)) = self.broker.record(&first.body.connection).await? else {
            return Ok(None);
        };
        if record.run != run || record.is_over() {
            return Ok(None);
        }
        self.take_up(record, sequence).await.map(Some)
    }

    /// Takes up a run that this collector does not know yet.
    async fn take_up(&mut self, record: Record, sequence: u64) -> Result<Arc<Store>, ClusterError> {
        let store = self.stores.of(&record.connection)?;
        let mut run = Run {
            sequence,
            store: Arc::clone(&store),
            coordinator: None,
            limits: LimitState::default(),
            written: Instant::now(),
            has_changed: false,
            record,
        };
        if let Some(sync) = run.record.sync {
            let since = with_store(&store, move |store| Ok(store.sync(sync)?.since)).await?;
            run.coordinator = Some(coordinator(&run.record, &store, sync, since));
        }
        let name = run.record.run.clone();
        self.runs.insert(name, run);
        self.metrics.reading.set(i64::try_from(self.runs.len()).unwrap_or(i64::MAX));
        Ok(store)
    }

    /// Takes up every run that is under way, and puts back heads that are missing on the broker: their collector ended
    /// between the store and the broker, or the broker has lost them.
    pub(super) async fn look_after_runs(&mut self) -> Result<(), ClusterError> {
        for (record, sequence) in self.broker.records().await? {
            if record.is_over() {
                continue;
            }
            let run = record.run.clone();
            if !self.runs.contains_key(&run) {
                self.take_up(record, sequence).await?;
            }
            self.advance(&run, true).await?;
        }
        Ok(())
    }

    /// Does what follows from a message whose page is stored. Doing it twice does no harm.
    ///
    /// `goes_on` says that the page was stored just now and the store goes on with its chain.
    pub(super) async fn follow(&mut self, taken: &Taken, goes_on: bool) -> Result<(), ClusterError> {
        let body = &taken.body;
        match &body.what {
            What::First => Ok(()),
            What::Deferred(deferral) => {
                let (Some(run), deferral, listing) =
                    (self.runs.get(&body.run), deferral.clone(), body.listing)
                else {
                    return Ok(());
                };
                if listing == crate::worker::LEARN {
                    return Ok(());
                }
                with_store(&run.store, move |store| store.note_deferral(listing, &deferral)).await
            }
            What::Learned(learned) => self.begin(&body.run, learned.clone()).await,
            What::Page(form) => {
                let Some(run) = self.runs.get(&body.run) else { return Ok(()) };
                let listing = body.listing;
                match &form.next {
                    None if goes_on => Ok(()),
                    // The next head is in the message. Where the store has cut the chain, it is there in vain.
                    None => {
                        let is_reading =
                            with_store(&run.store, move |store| store.is_reading(listing)).await?;
                        if is_reading { Ok(()) } else { self.advance(&body.run, false).await }
                    }
                    Some(Next::Accounts(_)) => {
                        let head = with_store(&run.store, move |store| store.head(listing)).await?;
                        match head {
                            Some(head) => {
                                let record = run.record.clone();
                                self.broker.follow_head(&record, head.chain, head.job, taken.sequence).await
                            }
                            None => self.advance(&body.run, false).await,
                        }
                    }
                    Some(Next::End | Next::Cut(_) | Next::Page(_)) => self.advance(&body.run, false).await,
                }
            }
        }
    }

    /// Begins a sync in the store with what a worker learned.
    async fn begin(&mut self, name: &str, learned: Result<Learned, String>) -> Result<(), ClusterError> {
        let Some(run) = self.runs.get_mut(name) else { return Ok(()) };
        if run.coordinator.is_some() {
            return self.advance(name, false).await;
        }
        let begun = match learned {
            Err(message) => Err(message),
            Ok(learned) => {
                let options = run.record.wanted.options(&run.record.connection);
                let store = Arc::clone(&run.store);
                let begun =
                    tokio::task::spawn_blocking(move || prepare::begin(&store, &options, &learned)).await;
                match begun.map_err(|error| ClusterError::broker("using the store", &error))? {
                    Ok(prepared) => Ok(prepared),
                    Err(SyncError::Store(error)) => return Err(error.into()),
                    Err(error) => Err(error.to_string()),
                }
            }
        };
        match begun {
            Err(message) => {
                run.record.stage = Stage::Failed;
                run.record.message = Some(message);
                self.end(name).await
            }
            Ok(prepared) => {
                run.record.stage = Stage::Reading;
                run.record.sync = Some(prepared.sync);
                run.record.wanted.page_size = prepared.page_size;
                run.record.message = prepared.left;
                run.limits = prepared.limits;
                run.coordinator = Some(coordinator(&run.record, &run.store, prepared.sync, prepared.since));
                self.write(name).await?;
                // One that goes on has heads in the store already.
                self.advance(name, true).await
            }
        }
    }

    /// Indexes what was read, starts what waited for it, and ends the sync when nothing is left. With `all`, heads are put
    /// on the broker for all listings that are being read, not only for those that start.
    pub(super) async fn advance(&mut self, name: &str, all: bool) -> Result<(), ClusterError> {
        loop {
            let Some(run) = self.runs.get_mut(name) else { return Ok(()) };
            let Some(coordinator) = &mut run.coordinator else {
                // Nobody has asked the connector yet, or its answer is on its way.
                return self.broker.put_first_head(&run.record.clone()).await;
            };
            coordinator.set_rate_limit(run.limits.for_call(0, 1));
            let advance = coordinator.advance().await?;
            run.has_changed = true;
            let store = Arc::clone(&run.store);
            let record = run.record.clone();
            let mut to_put = advance.started;
            if all && let Some(sync) = record.sync {
                let listings = with_store(&store, move |store| store.listings(sync)).await?;
                let reading = listings.iter().filter(|listing| listing.state == ListingState::Reading);
                to_put.extend(reading.map(|listing| listing.id));
                to_put.dedup();
            }
            for listing in to_put {
                let head = with_store(&store, move |store| store.head(listing)).await?;
                if let Some(head) = head {
                    self.broker.put_head(&record, head.chain, head.job).await?;
                }
            }
            if advance.is_read {
                return self.judge(name).await;
            }
            if advance.to_index.is_empty() {
                return Ok(());
            }
            for listing in advance.to_index {
                with_store(&store, move |store| store.index_listing(listing)).await?;
            }
        }
    }

    async fn judge(&mut self, name: &str) -> Result<(), ClusterError> {
        let Some(run) = self.runs.get_mut(name) else { return Ok(()) };
        let Some(sync) = run.record.sync else { return Ok(()) };
        let options = run.record.wanted.options(&run.record.connection);
        let outcome = finish(&run.store, sync, &options, &()).await?;
        run.record.stage = Stage::Ended;
        run.record.outcome = Some(outcome.as_str().to_owned());
        self.end(name).await
    }

    /// Writes the last state of a run, and removes it from the broker.
    async fn end(&mut self, name: &str) -> Result<(), ClusterError> {
        self.write(name).await?;
        let Some(run) = self.runs.remove(name) else { return Ok(()) };
        self.metrics.syncs.inc();
        self.metrics.reading.set(i64::try_from(self.runs.len()).unwrap_or(i64::MAX));
        let record = &run.record;
        let filter = self.broker.names().run(&record.wanted.pool, &record.connection, &record.run);
        let connection = record.connection.clone();
        drop(run);
        self.stores.close(&connection);
        self.broker.purge(&filter).await
    }

    /// Writes the states that have changed, each once a second at the most.
    pub(super) async fn write_records(&mut self) {
        let due: Vec<String> = self
            .runs
            .iter()
            .filter(|(_, run)| run.has_changed && run.written.elapsed() >= WRITE)
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            // The next time will do, too.
            let _ = self.write(&name).await;
        }
    }

    async fn write(&mut self, name: &str) -> Result<(), ClusterError> {
        let Some(run) = self.runs.get_mut(name) else { return Ok(()) };
        if let Some(sync) = run.record.sync {
            let listings = with_store(&run.store, move |store| store.listings(sync)).await?;
            run.record.listings = listings
                .into_iter()
                .filter(|listing| listing.reading == 1)
                .map(|listing| ListingProgress {
                    verdict: listing.verdict.map(|verdict| verdict.as_str().to_owned()),
                    label: listing.label,
                    pages: listing.pages,
                    rows: listing.rows,
                    reason: listing.reason,
                })
                .collect();
        }
        run.record.updated_at = now();
        run.written = Instant::now();
        run.has_changed = false;
        match self.broker.write_record(&run.record, run.sequence).await? {
            Some(sequence) => run.sequence = sequence,
            None => {
                // Another collector has written it, or another run has taken its place.
                let found = self.broker.record(&run.record.connection).await?;
                match found {
                    Some((record, sequence)) if record.run == run.record.run => {
                        run.sequence = sequence;
                        if !record.is_over() && run.record.is_over() {
                            let written = self.broker.write_record(&run.record, sequence).await?;
                            run.sequence = written.unwrap_or(sequence);
                        }
                    }
                    _ => {
                        self.runs.remove(name);
                    }
                }
            }
        }
        Ok(())
    }
}

fn coordinator(record: &Record, store: &Arc<Store>, sync: i64, since: String) -> Coordinator {
    let lanes = record.wanted.lanes.max(1);
    let template = PageJob {
        page_size: record.wanted.page_size,
        lanes: if lanes > 1 { lanes } else { 0 },
        trace: record.trace.clone(),
        ..PageJob::default()
    };
    let width = usize::try_from(lanes).unwrap_or(1);
    Coordinator::new(Arc::clone(store), sync, since, template).with_width(width)
}
