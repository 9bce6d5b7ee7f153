//! The collector: pages from the broker into the store, and syncs to their verdicts.

mod group;
mod run;
mod stores;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{AckKind, Message};
use futures_util::{StreamExt, stream};
use lumos_sync::frontier::{Next, PageRead};

pub use stores::Stores;

use crate::broker::{Broker, now};
use crate::error::ClusterError;
use crate::message::{Body, Found, HeadForm, PART, Rows, What};
use crate::metrics::CollectorMetrics;
use crate::stop::Stop;
use group::{Group, Member};
use run::Run;

/// Messages that are stored in one step, at the most.
const BATCH: usize = 200;
/// Bytes of them, at the most.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// How long a fetch waits for a message before it looks whether it is to stop.
const FETCH: Duration = Duration::from_millis(500);
/// Stores that are written at the same time, and syncs whose state is.
const LANES: usize = 8;
/// How long a broker may take with the next of the messages that it has.
const ANSWER: Duration = Duration::from_secs(5);
/// How often syncs are looked for that have lost their heads.
const LOOK: Duration = Duration::from_secs(60);
/// Bytes of a page that are held in memory while it is stored.
const PAGE_MEMORY: usize = 2 * 1024 * 1024;

/// A collector. Several may work on one store on PostgreSQL; a folder of files has one.
#[derive(Debug)]
pub struct Collector {
    shared: Shared,
    consumer: PullConsumer,
    runs: HashMap<String, Run>,
    stop: Stop,
}

/// What all that a collector does at the same time has in common.
#[derive(Debug)]
struct Shared {
    broker: Broker,
    stores: Stores,
    metrics: Arc<CollectorMetrics>,
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
        Ok(Self { shared: Shared { broker, stores, metrics }, consumer, runs: HashMap::new(), stop })
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
                    self.shared.metrics.retries.inc();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Takes some messages, stores their pages, and does what follows from them: each store in one step, and several
    /// stores at the same time. What goes wrong with one store holds up no other; its messages come again.
    async fn step(&mut self) -> Result<(), ClusterError> {
        let messages = self.fetch().await?;
        self.write_records().await;
        if messages.is_empty() {
            return Ok(());
        }
        let shared = &self.shared;
        let mut taken = Vec::with_capacity(messages.len());
        let mut reading = stream::iter(messages).map(|message| shared.take_apart(message)).buffered(LANES);
        while let Some(message) = reading.next().await {
            taken.extend(message?);
        }
        drop(reading);
        // What comes again after a crash may come in another order.
        taken.sort_by_key(|taken| taken.sequence);
        let (groups, mut first) = self.groups(taken).await;
        let shared = &self.shared;
        let mut working = stream::iter(groups)
            .map(|mut group| async move {
                let done = group.work(shared).await;
                (group, done)
            })
            .buffer_unordered(LANES);
        while let Some((group, done)) = working.next().await {
            for member in group.members {
                if member.run.is_over {
                    shared.stores.close(&member.run.record.connection);
                } else {
                    self.runs.insert(member.run.record.run.clone(), member.run);
                }
            }
            if let Err(error) = done {
                first.get_or_insert(error);
            }
        }
        drop(working);
        self.count_runs();
        first.map_or(Ok(()), Err)
    }

    /// The messages by run, and the runs by store. Also gives the first error of a run that could not be taken up.
    async fn groups(&mut self, taken: Vec<Taken>) -> (Vec<Group>, Option<ClusterError>) {
        let mut by_run: Vec<(String, Vec<Taken>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for message in taken {
            let run = message.body.run.clone();
            let place = *places.entry(run.clone()).or_insert(by_run.len());
            if place == by_run.len() {
                by_run.push((run, Vec::new()));
            }
            by_run[place].1.push(message);
        }
        let known: Vec<_> = by_run
            .into_iter()
            .map(|(name, messages)| {
                let run = self.runs.remove(&name);
                (name, messages, run)
            })
            .collect();
        let shared = &self.shared;
        let mut knowing = stream::iter(known)
            .map(|(name, messages, run)| async move {
                let run = match run {
                    Some(run) => Ok(Some(run)),
                    None => shared.know(&name, &messages).await,
                };
                (messages, run)
            })
            .buffered(LANES);
        let (mut groups, mut first): (Vec<Group>, _) = (Vec::new(), None);
        while let Some((messages, run)) = knowing.next().await {
            match run {
                Ok(Some(run)) => {
                    let member = Member::new(run, messages);
                    match groups.iter_mut().find(|group| Arc::ptr_eq(&group.store, &member.run.store)) {
                        Some(group) => group.members.push(member),
                        None => {
                            groups
                                .push(Group { store: Arc::clone(&member.run.store), members: vec![member] });
                        }
                    }
                }
                // Nobody wanted them any more.
                Ok(None) => {}
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        (groups, first)
    }

    fn count_runs(&self) {
        self.shared.metrics.reading.set(i64::try_from(self.runs.len()).unwrap_or(i64::MAX));
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
        // A broker that ends between the question and its answer leaves the stream without an end.
        while let Ok(Some(message)) = tokio::time::timeout(ANSWER, batch.next()).await {
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
}

impl Shared {
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
}

/// Lost, it brings the message again, and the store knows it.
async fn acknowledge(message: &Message) {
    let _ = message.ack().await;
}
