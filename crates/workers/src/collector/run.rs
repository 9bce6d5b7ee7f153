//! A sync under way, as its collector sees it: what follows from a page.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use lumos_connector_types::rate_limit::RateLimitRequestInfo;
use lumos_sync::execute::rate_limit::LimitState;
use lumos_sync::execute::{Coordinator, Learned, SyncError, finish, prepare};
use lumos_sync::frontier::{Next, PageJob};
use lumos_sync::store::{ListingState, Store, StoreError};
use tokio::time::Instant;

use super::{Collector, LANES, Shared, Taken, acknowledge};
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
    pub(super) store: Arc<Store>,
    /// Whether nothing is left to do: it has ended, or another run has taken its place.
    pub(super) is_over: bool,
    sequence: u64,
    coordinator: Option<Coordinator>,
    limits: LimitState,
    /// When the state was written last, and whether it has changed since.
    written: Instant,
    has_changed: bool,
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

impl Shared {
    /// The run of these messages, which is looked up on the broker. Messages of a run that is over, or not the latest of
    /// its connection, are acknowledged and removed.
    pub(super) async fn know(&self, name: &str, messages: &[Taken]) -> Result<Option<Run>, ClusterError> {
        let Some(first) = messages.first() else { return Ok(None) };
        let body = &first.body;
        let found = self.broker.record(&body.connection).await?;
        match found.filter(|(record, _)| record.run == name && !record.is_over()) {
            Some((record, sequence)) => self.take_up(record, sequence).await.map(Some),
            None => {
                for message in messages {
                    acknowledge(&message.message).await;
                }
                self.broker.purge(&self.broker.names().run(&body.pool, &body.connection, name)).await?;
                Ok(None)
            }
        }
    }

    /// A run that this collector does not know yet.
    async fn take_up(&self, record: Record, sequence: u64) -> Result<Run, ClusterError> {
        let store = self.stores.of(&record.connection).await?;
        let mut run = Run {
            sequence,
            store: Arc::clone(&store),
            is_over: false,
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
        Ok(run)
    }
}

impl Collector {
    /// Takes up every run that is under way, and puts back heads that are missing on the broker: their collector ended
    /// between the store and the broker, or the broker has lost them.
    pub(super) async fn look_after_runs(&mut self) -> Result<(), ClusterError> {
        let mut under_way = Vec::new();
        for (record, sequence) in self.shared.broker.records().await? {
            if !record.is_over() {
                let run = self.runs.remove(&record.run);
                under_way.push((record, sequence, run));
            }
        }
        let shared = &self.shared;
        let mut looking = stream::iter(under_way)
            .map(|(record, sequence, run)| async move {
                let mut run = match run {
                    Some(run) => run,
                    None => match shared.take_up(record, sequence).await {
                        Ok(run) => run,
                        Err(error) => return (None, Err(error)),
                    },
                };
                let done = run.advance(shared, true).await;
                (Some(run), done)
            })
            .buffer_unordered(LANES);
        let mut first = Ok(());
        while let Some((run, done)) = looking.next().await {
            match run {
                Some(run) if run.is_over => shared.stores.close(&run.record.connection),
                Some(run) => {
                    self.runs.insert(run.record.run.clone(), run);
                }
                None => {}
            }
            first = first.and(done);
        }
        drop(looking);
        self.count_runs();
        first
    }

    /// Writes the states that have changed, each once a second at the most.
    pub(super) async fn write_records(&mut self) {
        let shared = &self.shared;
        let due = self.runs.values_mut().filter(|run| run.has_changed && run.written.elapsed() >= WRITE);
        stream::iter(due)
            .for_each_concurrent(LANES, |run| async move {
                // The next time will do, too.
                let _ = run.write(shared).await;
            })
            .await;
        self.runs.retain(|_, run| !run.is_over);
    }
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

    /// Does what follows from a message whose page is stored. Doing it twice does no harm.
    ///
    /// `goes_on` says that the page was stored just now and the store goes on with its chain.
    pub(super) async fn follow(
        &mut self,
        shared: &Shared,
        taken: &Taken,
        goes_on: bool,
    ) -> Result<(), ClusterError> {
        if self.is_over {
            return Ok(());
        }
        let (body, listing) = (&taken.body, taken.body.listing);
        match &body.what {
            What::First => Ok(()),
            What::Deferred(_) if listing == crate::worker::LEARN => Ok(()),
            What::Deferred(deferral) => {
                let deferral = deferral.clone();
                with_store(&self.store, move |store| store.note_deferral(listing, &deferral)).await
            }
            What::Learned(learned) => self.begin(shared, learned.clone()).await,
            What::Page(form) => match &form.next {
                None if goes_on => Ok(()),
                // The next head is in the message. Where the store has cut the chain, it is there in vain.
                None => {
                    let is_reading = with_store(&self.store, move |store| store.is_reading(listing)).await?;
                    if is_reading { Ok(()) } else { self.advance(shared, false).await }
                }
                Some(Next::Accounts(_)) => {
                    let head = with_store(&self.store, move |store| store.head(listing)).await?;
                    match head {
                        Some(head) => {
                            shared
                                .broker
                                .follow_head(&self.record, head.chain, head.job, taken.sequence)
                                .await
                        }
                        None => self.advance(shared, false).await,
                    }
                }
                Some(Next::End | Next::Cut(_) | Next::Page(_)) => self.advance(shared, false).await,
            },
        }
    }

    /// Begins a sync in the store with what a worker learned.
    async fn begin(&mut self, shared: &Shared, learned: Result<Learned, String>) -> Result<(), ClusterError> {
        if self.coordinator.is_some() {
            return self.advance(shared, false).await;
        }
        let begun = match learned {
            Err(message) => Err(message),
            Ok(learned) => {
                let options = self.record.wanted.options(&self.record.connection);
                let store = Arc::clone(&self.store);
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
                self.record.stage = Stage::Failed;
                self.record.message = Some(message);
                self.end(shared).await
            }
            Ok(prepared) => {
                self.record.stage = Stage::Reading;
                self.record.sync = Some(prepared.sync);
                self.record.wanted.page_size = prepared.page_size;
                self.record.message = prepared.left;
                self.limits = prepared.limits;
                self.coordinator =
                    Some(coordinator(&self.record, &self.store, prepared.sync, prepared.since));
                self.write(shared).await?;
                // One that goes on has heads in the store already.
                self.advance(shared, true).await
            }
        }
    }

    /// Indexes what was read, starts what waited for it, and ends the sync when nothing is left. With `all`, heads are put
    /// on the broker for all listings that are being read, not only for those that start.
    async fn advance(&mut self, shared: &Shared, all: bool) -> Result<(), ClusterError> {
        while !self.is_over {
            let Some(coordinator) = &mut self.coordinator else {
                // Nobody has asked the connector yet, or its answer is on its way.
                return shared.broker.put_first_head(&self.record).await;
            };
            coordinator.set_rate_limit(self.limits.for_call(0, 1));
            let advance = coordinator.advance().await?;
            self.has_changed = true;
            let mut to_put = advance.started;
            if all && let Some(sync) = self.record.sync {
                let listings = with_store(&self.store, move |store| store.listings(sync)).await?;
                let reading = listings.iter().filter(|listing| listing.state == ListingState::Reading);
                to_put.extend(reading.map(|listing| listing.id));
                to_put.sort_unstable();
                to_put.dedup();
            }
            for listing in to_put {
                let head = with_store(&self.store, move |store| store.head(listing)).await?;
                if let Some(head) = head {
                    shared.broker.put_head(&self.record, head.chain, head.job).await?;
                }
            }
            if advance.is_read {
                return self.judge(shared).await;
            }
            if advance.to_index.is_empty() {
                return Ok(());
            }
            for listing in advance.to_index {
                with_store(&self.store, move |store| store.index_listing(listing)).await?;
            }
        }
        Ok(())
    }

    async fn judge(&mut self, shared: &Shared) -> Result<(), ClusterError> {
        let Some(sync) = self.record.sync else { return Ok(()) };
        let options = self.record.wanted.options(&self.record.connection);
        let outcome = finish(&self.store, sync, &options, &()).await?;
        self.record.stage = Stage::Ended;
        self.record.outcome = Some(outcome.as_str().to_owned());
        self.end(shared).await
    }

    /// Writes the last state, and removes the run from the broker.
    async fn end(&mut self, shared: &Shared) -> Result<(), ClusterError> {
        self.write(shared).await?;
        if self.is_over {
            return Ok(());
        }
        self.is_over = true;
        shared.metrics.syncs.inc();
        let record = &self.record;
        let filter = shared.broker.names().run(&record.wanted.pool, &record.connection, &record.run);
        shared.broker.purge(&filter).await
    }

    async fn write(&mut self, shared: &Shared) -> Result<(), ClusterError> {
        if let Some(sync) = self.record.sync {
            let listings = with_store(&self.store, move |store| store.listings(sync)).await?;
            self.record.listings = listings
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
        self.record.updated_at = now();
        self.written = Instant::now();
        self.has_changed = false;
        match shared.broker.write_record(&self.record, self.sequence).await? {
            Some(sequence) => self.sequence = sequence,
            None => {
                // Another collector has written it, or another run has taken its place.
                let found = shared.broker.record(&self.record.connection).await?;
                match found {
                    Some((record, sequence)) if record.run == self.record.run => {
                        self.sequence = sequence;
                        if !record.is_over() && self.record.is_over() {
                            let written = shared.broker.write_record(&self.record, sequence).await?;
                            self.sequence = written.unwrap_or(sequence);
                        }
                    }
                    _ => self.is_over = true,
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
