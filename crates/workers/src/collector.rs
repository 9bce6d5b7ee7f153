//! The collector: pages from the broker into the store, and syncs to their verdicts.

mod run;
mod stores;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use lumos_sync::frontier::{Next, PageRead};
use lumos_sync::row::RowBuffer;
use lumos_sync::store::{Collected, ReadElsewhere, Store};

pub use stores::Stores;

use crate::broker::{Broker, Pauses, now};
use crate::error::ClusterError;
use crate::message::{Body, Found, HeadForm, PART, Rows, What};
use crate::metrics::CollectorMetrics;
use crate::stop::Stop;
use run::Run;

/// Messages that are stored in one step, at the most.
const BATCH: usize = 200;
/// Bytes of them, at the most.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// How long a fetch waits for a message before it looks whether it is to stop.
const FETCH: Duration = Duration::from_millis(500);
/// When a page comes again whose predecessor is not stored yet.
const EARLY: Duration = Duration::from_millis(500);
/// How often syncs are looked for that have lost their heads.
const LOOK: Duration = Duration::from_secs(60);
/// Bytes of a page that are held in memory while it is stored.
const PAGE_MEMORY: usize = 2 * 1024 * 1024;

/// A collector. Several may work on one store on PostgreSQL; a folder of files has one.
#[derive(Debug)]
pub struct Collector {
    broker: Broker,
    consumer: PullConsumer,
    stores: Stores,
    runs: HashMap<String, Run>,
    metrics: Arc<CollectorMetrics>,
    stop: Stop,
}

/// A message that was taken apart.
struct Taken {
    message: Message,
    sequence: u64,
    body: Body,
    page: Option<PageRead>,
}

impl Collector {
    /// A collector.
    ///
    /// # Errors
    /// When there is no consumer for collectors, or the broker does not let this user have it.
    pub async fn open(
        broker: Broker,
        stores: Stores,
        metrics: Arc<CollectorMetrics>,
        stop: Stop,
    ) -> Result<Self, ClusterError> {
        let consumer = broker.consumer(&broker.names().collectors()).await?;
        Ok(Self { broker, consumer, stores, runs: HashMap::new(), metrics, stop })
    }

    /// Collects until it is asked to stop. `report` is given what went wrong, without secrets.
    pub async fn run(mut self, report: &(dyn Fn(&str) + Send + Sync)) {
        let stop = self.stop.clone();
        tokio::select! {
            () = self.collect(report) => {}
            () = stop.at_once() => {}
        }
    }

    async fn collect(&mut self, report: &(dyn Fn(&str) + Send + Sync)) {
        let mut looked: Option<tokio::time::Instant> = None;
        let mut last = String::new();
        while !self.stop.is_asked() {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                match self.look_after_runs().await {
                    Ok(()) => looked = Some(tokio::time::Instant::now()),
                    Err(error) => report(&error.to_string()),
                }
            }
            match self.step().await {
                Ok(()) => last.clear(),
                Err(error) => {
                    let text = error.to_string();
                    if text != last {
                        report(&text);
                    }
                    last = text;
                    self.metrics.retries.inc();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Takes some messages, stores their pages in one step for each store, and does what follows from them.
    async fn step(&mut self) -> Result<(), ClusterError> {
        let messages = self.fetch().await?;
        self.write_records().await;
        if messages.is_empty() {
            return Ok(());
        }
        let mut taken = Vec::with_capacity(messages.len());
        for message in messages {
            if let Some(message) = self.take_apart(message).await? {
                taken.push(message);
            }
        }
        // What comes again after a crash may come in another order.
        taken.sort_by_key(|taken| taken.sequence);
        let mut by_run: Vec<(String, Vec<Taken>)> = Vec::new();
        for message in taken {
            match by_run.iter_mut().find(|(run, _)| *run == message.body.run) {
                Some((_, messages)) => messages.push(message),
                None => by_run.push((message.body.run.clone(), vec![message])),
            }
        }
        let mut ready: Vec<(Arc<Store>, Vec<Taken>)> = Vec::new();
        for (run, messages) in by_run {
            let Some(store) = self.know(&run, &messages).await? else {
                // Nobody wants them any more.
                for message in &messages {
                    acknowledge(&message.message).await;
                }
                if let Some(first) = messages.first() {
                    let body = &first.body;
                    self.broker.purge(&self.broker.names().run(&body.pool, &body.connection, &run)).await?;
                }
                continue;
            };
            match ready.iter_mut().find(|(other, _)| Arc::ptr_eq(other, &store)) {
                Some((_, all)) => all.extend(messages),
                None => ready.push((store, messages)),
            }
        }
        for (store, messages) in ready {
            self.store(&store, messages).await?;
        }
        Ok(())
    }

    async fn fetch(&self) -> Result<Vec<Message>, ClusterError> {
        let failed = |error: &dyn std::error::Error| ClusterError::broker("asking for pages", error);
        let mut batch = self
            .consumer
            .fetch()
            .max_messages(BATCH)
            .max_bytes(BATCH_BYTES)
            .messages()
            .await
            .map_err(|error| failed(&error))?;
        let mut messages = Vec::new();
        while let Some(message) = batch.next().await {
            match message {
                Ok(message) => messages.push(message),
                Err(error) => {
                    return Err(ClusterError::Broker {
                        what: "asking for pages",
                        message: error.to_string(),
                    });
                }
            }
        }
        if messages.is_empty() {
            let mut batch = self
                .consumer
                .batch()
                .max_messages(1)
                .expires(FETCH)
                .messages()
                .await
                .map_err(|error| failed(&error))?;
            if let Some(Ok(message)) = batch.next().await {
                messages.push(message);
            }
        }
        Ok(messages)
    }

    /// Reads a message, with the rows that are in messages before it. One that cannot be read is put aside.
    async fn take_apart(&self, message: Message) -> Result<Option<Taken>, ClusterError> {
        let info = message
            .info()
            .map_err(|error| ClusterError::Broker { what: "reading a page", message: error.to_string() })?;
        let sequence = info.stream_sequence;
        self.metrics.set_lag(info.pending);
        let delay =
            now() - i64::try_from(info.published.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        self.metrics
            .delay_milliseconds
            .inner()
            .store(u64::try_from(delay).unwrap_or_default(), std::sync::atomic::Ordering::Relaxed);
        let subject = message.subject.to_string();
        let read = HeadForm::read(&subject, message.headers.as_ref())
            .and_then(|head| Ok((head, Body::read(&subject, &message.payload)?)));
        let (head, body, rest) = match read {
            Ok((Found::Here(head), (body, rest))) => (Some(*head), body, rest.to_vec()),
            Ok((Found::InBody, (body, rest))) => (body.head.as_deref().cloned(), body, rest.to_vec()),
            Ok((Found::None, (body, rest))) => (None, body, rest.to_vec()),
            Err(_) => {
                self.metrics.unreadable.inc();
                let _ = message.ack_with(AckKind::Term).await;
                return Ok(None);
            }
        };
        let mut page = None;
        if let What::Page(form) = &body.what {
            let bytes = match &form.parts {
                None => rest,
                Some((batch, parts)) => match self.parts(batch, *parts, sequence).await? {
                    Some(bytes) => bytes,
                    // Purged meanwhile.
                    None => {
                        acknowledge(&message).await;
                        return Ok(None);
                    }
                },
            };
            let is_compressed = form.is_compressed;
            let rows = if form.has_rows {
                let read =
                    tokio::task::spawn_blocking(move || Rows::read(&bytes, is_compressed, PAGE_MEMORY));
                let read = read.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
                read.map(Some)
            } else {
                Ok(None)
            };
            page = Some(match rows {
                Ok(rows) => form.clone().page(head, rows),
                // It would come like this every time.
                Err(error) => {
                    self.metrics.unreadable.inc();
                    let reason = format!("the rows of page {} cannot be read: {error}", form.page);
                    PageRead { rows: None, next: Next::Cut(reason), facts: form.facts.clone() }
                }
            });
        }
        Ok(Some(Taken { message, sequence, body, page }))
    }

    /// The rows of a page that did not fit into its message: they are in the messages right before it.
    async fn parts(&self, batch: &str, parts: u64, sequence: u64) -> Result<Option<Vec<u8>>, ClusterError> {
        let mut bytes = Vec::new();
        for number in 1..=parts {
            let part = self.broker.message(sequence.saturating_sub(parts + 1 - number)).await?;
            let Some(part) = part else { return Ok(None) };
            let name = part.headers.get(PART).map(|name| name.as_str().to_owned()).unwrap_or_default();
            let is_ours = name.starts_with(batch) && name.ends_with(&format!(".{number}"));
            if !is_ours {
                return Err(ClusterError::Message {
                    subject: part.subject.to_string(),
                    message: format!("part {number} of a page is part {name} of another one"),
                });
            }
            bytes.extend_from_slice(&part.payload);
        }
        Ok(Some(bytes))
    }

    /// Stores the pages of one store in one step, and does what follows from each.
    async fn store(&mut self, store: &Arc<Store>, mut messages: Vec<Taken>) -> Result<(), ClusterError> {
        let mut places = Vec::new();
        let mut pages = Vec::new();
        for (place, taken) in messages.iter_mut().enumerate() {
            if let (Some(page), What::Page(form)) = (taken.page.take(), &taken.body.what) {
                places.push(place);
                pages.push(ReadElsewhere { listing: taken.body.listing, page: form.page, read: page });
            }
        }
        let count = |page: &ReadElsewhere| page.read.rows.as_ref().map_or(0, RowBuffer::rows);
        let counts: Vec<u64> = pages.iter().map(count).collect();
        let limits: Vec<_> = pages.iter().map(|page| page.read.facts.rate_limit.clone()).collect();
        let done =
            if pages.is_empty() { Vec::new() } else { self.collect_pages(store, pages, &messages).await? };
        let mut of_place: HashMap<usize, (Collected, usize)> =
            places.into_iter().zip(done.into_iter().enumerate().map(|(at, done)| (done, at))).collect();
        for (place, taken) in messages.into_iter().enumerate() {
            let mut goes_on = false;
            if let Some((collected, at)) = of_place.remove(&place) {
                match collected {
                    Collected::Early => {
                        self.metrics.early.inc();
                        let _ = taken.message.ack_with(AckKind::Nak(Some(EARLY))).await;
                        continue;
                    }
                    Collected::Known => {
                        self.metrics.known.inc();
                    }
                    Collected::Stored { is_last } => {
                        goes_on = !is_last;
                        self.metrics.pages.inc();
                        self.metrics.rows.inc_by(counts.get(at).copied().unwrap_or_default());
                        if let Some(run) = self.runs.get_mut(&taken.body.run) {
                            run.note(limits.get(at).cloned().flatten());
                        }
                    }
                }
            }
            self.follow(&taken, goes_on).await?;
            acknowledge(&taken.message).await;
        }
        Ok(())
    }

    /// Stores pages, however long the store is away: their messages stay ours meanwhile.
    async fn collect_pages(
        &self,
        store: &Arc<Store>,
        pages: Vec<ReadElsewhere>,
        messages: &[Taken],
    ) -> Result<Vec<Collected>, ClusterError> {
        let mut pauses = Pauses::default();
        let mut pages = pages;
        loop {
            let shared = Arc::clone(store);
            let storing = tokio::task::spawn_blocking(move || {
                let done = shared.collect(&mut pages);
                (pages, done)
            });
            let (back, done) =
                storing.await.map_err(|error| ClusterError::broker("storing pages", &error))?;
            pages = back;
            match done {
                Err(error) if error.may_pass() => {
                    self.metrics.retries.inc();
                    for taken in messages {
                        let _ = taken.message.ack_with(AckKind::Progress).await;
                    }
                    pauses.pause().await;
                }
                done => return Ok(done?),
            }
        }
    }
}

/// Lost, it brings the message again, and the store knows it.
async fn acknowledge(message: &Message) {
    let _ = message.ack().await;
}
