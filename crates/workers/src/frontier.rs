//! The frontier on NATS JetStream: the last message of a chain's subject is its head, and one publish is a commit.
//!
//! The fence is `Nats-Expected-Last-Subject-Sequence`: a page is taken only while the head that it was read from is still
//! the last of its subject. So a publish may be repeated, also by a client that sends again what it held while the
//! broker was away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{AckKind, Message};
use bytes::Bytes;
use futures_util::StreamExt;
use lumos_sync::execute::Learned;
use lumos_sync::frontier::{Chain, Claim, Deferral, Fenced, Frontier, Head, Next, PageFacts, PageRead};

use crate::broker::{Broker, Outgoing, Pauses, Published, now, unique};
use crate::error::ClusterError;
use crate::message::{Body, Found, HeadForm, PART_BYTES, PageForm, Placed, Rows, What};
use crate::metrics::WorkerMetrics;

/// How long a slot waits for a head before it looks whether it is to stop.
const CLAIM: Duration = Duration::from_secs(2);

/// The heads of a pool on the broker.
#[derive(Debug)]
pub struct NatsFrontier {
    broker: Broker,
    consumer: PullConsumer,
    claimed: Mutex<HashMap<(Chain, u64), Claimed>>,
    metrics: Arc<WorkerMetrics>,
}

/// A head that is being run, and the message that it came in.
#[derive(Debug)]
struct Claimed {
    form: HeadForm,
    message: Arc<Message>,
}

impl NatsFrontier {
    /// The frontier of a pool.
    ///
    /// # Errors
    /// When the pool has no consumer, or the broker does not let this user have it.
    pub async fn open(broker: Broker, pool: &str, metrics: Arc<WorkerMetrics>) -> Result<Self, ClusterError> {
        let consumer = broker.consumer(&broker.names().workers(pool)).await?;
        Ok(Self { broker, consumer, claimed: Mutex::default(), metrics })
    }

    /// The broker.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Says what was learned of a connector, in place of a page, or why nothing was.
    ///
    /// # Errors
    /// Never, but for a message that cannot be written: what the broker does not take is tried again.
    pub async fn learned(
        &self,
        head: &Head,
        learned: Result<Learned, String>,
    ) -> Result<Fenced, ClusterError> {
        let Some((form, message)) = self.find(head) else { return Ok(Fenced::Late) };
        let body = Self::body(&form, What::Learned(learned), None).write(&[])?;
        let outgoing = self.outgoing(&form, HeaderMap::new(), body, head.sequence);
        self.send(head, &message, &outgoing, None).await
    }

    fn claimed(&self) -> MutexGuard<'_, HashMap<(Chain, u64), Claimed>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, head: &Head) -> Option<(HeadForm, Arc<Message>)> {
        let claimed = self.claimed();
        let found = claimed.get(&(head.chain.clone(), head.sequence))?;
        Some((found.form.clone(), Arc::clone(&found.message)))
    }

    fn body(form: &HeadForm, what: What, head: Option<Box<HeadForm>>) -> Body {
        Body {
            run: form.run.clone(),
            connection: form.chain.connection.clone(),
            pool: form.pool.clone(),
            listing: form.chain.listing,
            what,
            head,
        }
    }

    fn outgoing(&self, form: &HeadForm, headers: HeaderMap, body: Bytes, expected: u64) -> Outgoing {
        let subject =
            self.broker.names().chain(&form.pool, &form.chain.connection, &form.run, form.chain.listing);
        Outgoing { subject, headers, body, expected }
    }

    /// Publishes until the broker has taken it or the fence has: what was read is never thrown away for an outage or an
    /// election. Then the head's own message is done with.
    async fn send(
        &self,
        head: &Head,
        message: &Message,
        outgoing: &Outgoing,
        rows: Option<(&str, &str, &Bytes)>,
    ) -> Result<Fenced, ClusterError> {
        let mut pauses = Pauses::default();
        let published = loop {
            let tried = match rows {
                None => self.broker.publish(outgoing).await,
                Some((batch, subject, rows)) => {
                    // A batch that was given up has to be over before it is begun again: its name is new each time.
                    let batch = format!("{batch}{}", unique());
                    self.broker.publish_batch(&batch, subject, rows, outgoing).await
                }
            };
            match tried {
                Ok(published) => break published,
                Err(_) => {
                    self.metrics.publish_retries.inc();
                    // When this does not arrive either, somebody else runs the page, too, and the fence decides.
                    let _ = message.ack_with(AckKind::Progress).await;
                    pauses.pause().await;
                }
            }
        };
        self.claimed().remove(&(head.chain.clone(), head.sequence));
        // Lost, it only brings the message back, and the fence says that it is old.
        let _ = message.ack().await;
        Ok(match published {
            Published::At(_) => Fenced::Done,
            Published::Late => {
                self.metrics.fenced.inc();
                Fenced::Late
            }
        })
    }

    /// Whether a head that comes again is still the last of its subject.
    async fn is_last(&self, message: &Message, sequence: u64) -> bool {
        let subject = message.subject.as_str();
        match self.broker.last(self.broker.names().stream(), subject).await {
            Ok(Some(last)) => last.sequence <= sequence,
            Ok(None) => false,
            // Running it in vain does no harm.
            Err(_) => true,
        }
    }

    /// A head that is too long for a header: the whole message is read, while it is the last of its subject.
    async fn read_body(&self, message: &Message, sequence: u64) -> Result<Found, ClusterError> {
        let subject = message.subject.as_str();
        let last = self.broker.last(self.broker.names().stream(), subject).await?;
        let Some(last) = last.filter(|last| last.sequence == sequence) else { return Ok(Found::None) };
        let (body, _) = Body::read(subject, &last.payload)?;
        Ok(body.head.map_or(Found::None, Found::Here))
    }

    async fn next_message(&self) -> Result<Option<Message>, ClusterError> {
        let failed = |error: &dyn std::error::Error| ClusterError::broker("asking for a job", error);
        let mut batch = self
            .consumer
            .batch()
            .max_messages(1)
            .expires(CLAIM)
            .messages()
            .await
            .map_err(|error| failed(&error))?;
        match batch.next().await {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(message)),
            Some(Err(error)) => {
                Err(ClusterError::Broker { what: "asking for a job", message: error.to_string() })
            }
        }
    }
}

/// What is left of the time before a head may be run. No clock makes it longer than it was.
fn remaining(form: &HeadForm, now: i64) -> Duration {
    let left = form.not_before.saturating_sub(now).min(form.delay);
    Duration::from_millis(u64::try_from(left).unwrap_or_default())
}

impl Frontier for NatsFrontier {
    type Error = ClusterError;

    async fn claim(&self) -> Result<Claim, ClusterError> {
        let Some(message) = self.next_message().await? else { return Ok(Claim::Wait(Duration::ZERO)) };
        let (sequence, delivered) = match message.info() {
            Ok(info) => (info.stream_sequence, info.delivered),
            Err(error) => {
                return Err(ClusterError::Broker { what: "reading a job", message: error.to_string() });
            }
        };
        let found = match HeadForm::read(&message.subject, message.headers.as_ref()) {
            Ok(Found::InBody) => self.read_body(&message, sequence).await,
            found => found,
        };
        let form = match found {
            Ok(Found::Here(form)) => Some(*form),
            Ok(Found::None | Found::InBody) => None,
            // The broker could not be asked: the message comes again.
            Err(error @ ClusterError::Broker { .. }) => return Err(error),
            Err(error) => {
                // It will not be readable later either; the collector says so of the sync.
                let _ = message.ack_with(AckKind::Term).await;
                return Err(error);
            }
        };
        // The end of a chain, or a page that the store goes on from: nothing to run.
        let Some(form) = form else {
            let _ = message.ack().await;
            return Ok(Claim::Wait(Duration::ZERO));
        };
        let wait = remaining(&form, now());
        if !wait.is_zero() {
            let _ = message.ack_with(AckKind::Nak(Some(wait))).await;
            return Ok(Claim::Wait(Duration::ZERO));
        }
        if delivered > 1 {
            self.metrics.redelivered.inc();
            if !self.is_last(&message, sequence).await {
                let _ = message.ack().await;
                return Ok(Claim::Wait(Duration::ZERO));
            }
        }
        let head = form.head(sequence);
        self.claimed().insert((head.chain.clone(), sequence), Claimed { form, message: Arc::new(message) });
        Ok(Claim::Job(Box::new(head)))
    }

    async fn commit(&self, head: &Head, page: &mut PageRead) -> Result<Fenced, ClusterError> {
        let Some((form, message)) = self.find(head) else { return Ok(Fenced::Late) };
        let mut rows = match &mut page.rows {
            None => None,
            Some(buffer) => Some(
                Rows::of(buffer)
                    .map_err(|error| ClusterError::broker("reading the rows of a page", &error))?,
            ),
        };
        let mut next = page.next.clone();
        let mut placed = match &next {
            Next::Page(job) => {
                let following = HeadForm {
                    job: job.clone(),
                    attempt: 0,
                    waits: 0,
                    not_before: 0,
                    delay: 0,
                    ..form.clone()
                };
                let placed = following.place();
                if placed.is_none() {
                    let length = job.token.as_deref().unwrap_or_default().len();
                    next = Next::Cut(format!(
                        "page {} gave a token of {length} bytes, more than a message of the broker has room for",
                        head.job.page
                    ));
                }
                placed
            }
            Next::Accounts(_) | Next::End | Next::Cut(_) => None,
        };
        if rows.as_ref().is_some_and(Rows::are_too_many) {
            rows = None;
            placed = None;
            next = Next::Cut(format!("page {} is longer than a batch of the broker", head.job.page));
        }
        let goes_on = placed.is_some();
        let Placed { headers, body: following, length } = placed.unwrap_or_else(Placed::none);
        let rest = length + 80 * 1024;
        let room = self.broker.max_payload().saturating_sub(rest).min(PART_BYTES);
        let has_rows = rows.is_some();
        let is_compressed = rows.as_ref().is_some_and(|rows| rows.is_compressed);
        let bytes = rows.map(|rows| Bytes::from(rows.bytes)).unwrap_or_default();
        let is_split = bytes.len() > room;
        let parts = is_split.then(|| (unique(), bytes.len().div_ceil(PART_BYTES) as u64));
        let form_of_page = PageForm {
            page: head.job.page,
            next: if goes_on { None } else { Some(next) },
            facts: PageFacts { ..page.facts.clone() },
            has_rows,
            parts: parts.clone(),
            is_compressed,
        };
        let inline: &[u8] = if is_split { &[] } else { &bytes };
        let body = Self::body(&form, What::Page(Box::new(form_of_page)), following).write(inline)?;
        let outgoing = self.outgoing(&form, headers, body, head.sequence);
        let subject =
            self.broker.names().rows(&form.pool, &form.chain.connection, &form.run, form.chain.listing);
        let batch = parts.as_ref().map(|(batch, _)| (batch.as_str(), subject.as_str(), &bytes));
        self.send(head, &message, &outgoing, batch).await
    }

    async fn defer(&self, head: &Head, deferral: Deferral) -> Result<Fenced, ClusterError> {
        let Some((form, message)) = self.find(head) else { return Ok(Fenced::Late) };
        let delay = i64::try_from(deferral.delay.as_millis()).unwrap_or(i64::MAX);
        let later = HeadForm {
            attempt: head.attempt + u32::from(deferral.is_failure),
            waits: head.waits + u32::from(!deferral.is_failure),
            not_before: now().saturating_add(delay),
            delay,
            ..form.clone()
        };
        // It was placed before, and is not longer now.
        let placed = later.place().unwrap_or_else(Placed::none);
        let body = Self::body(&form, What::Deferred(deferral), placed.body).write(&[])?;
        let outgoing = self.outgoing(&form, placed.headers, body, head.sequence);
        self.send(head, &message, &outgoing, None).await
    }

    async fn keep(&self, head: &Head) -> Result<(), ClusterError> {
        if let Some((_, message)) = self.find(head) {
            // Lost, it only lets somebody else run the page, too.
            let _ = message.ack_with(AckKind::Progress).await;
        }
        Ok(())
    }
}
