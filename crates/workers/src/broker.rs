//! The few things that are asked of the broker.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{ConsumerErrorKind, DirectGetErrorKind, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use serde::Deserialize;

use crate::error::{ClusterError, chain};
use crate::message::{PART, PART_BYTES};
use crate::names::Names;

/// The pause after the first failure of something that is tried again, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often brokers are asked for a consumer that none of them knows of.
const CONSUMER_ATTEMPTS: u32 = 8;

/// `JSStreamWrongLastSequence`, alone and inside of a batch.
const WRONG_LAST: [u64; 2] = [10071, 10164];

/// A connection to the broker, and the names that are used there.
#[derive(Clone, Debug)]
pub struct Broker {
    context: Context,
    names: Names,
}

/// What became of a message that may follow one other message only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is in the stream, with this sequence.
    At(u64),
    /// The message that it was to follow is not the last any more.
    Late,
}

/// A message that is published behind the fence.
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The sequence that the last message of the subject must have; 0 when there must be none.
    pub(crate) expected: u64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl Broker {
    /// Uses a connection.
    #[must_use]
    pub fn new(client: Client, names: Names) -> Self {
        Self { context: jetstream::new(client), names }
    }

    /// The names on the broker.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The broker's streams.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether the connection is up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.context.client().connection_state() == async_nats::connection::State::Connected
    }

    /// Bytes that one message may hold.
    pub(crate) fn max_payload(&self) -> usize {
        self.context.client().server_info().max_payload
    }

    /// A durable consumer, which an administrator has made. While brokers elect a leader nobody knows of it: they are
    /// asked again for some time.
    pub(crate) async fn consumer(&self, name: &str) -> Result<PullConsumer, ClusterError> {
        let mut pauses = Pauses::default();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.context.get_consumer_from_stream(name, self.names.stream()).await {
                Ok(consumer) => return Ok(consumer),
                Err(error) => error,
            };
            let may_pass = match error.kind() {
                ConsumerErrorKind::TimedOut | ConsumerErrorKind::Request | ConsumerErrorKind::Other => true,
                ConsumerErrorKind::JetStream(error) => error.code() == 503,
                ConsumerErrorKind::InvalidConsumerType | ConsumerErrorKind::InvalidName => false,
            };
            if !may_pass || attempt == CONSUMER_ATTEMPTS {
                let message = format!("{name}: {} (`connector cluster init` makes it)", chain(&error));
                return Err(ClusterError::Broker { what: "looking for the consumer", message });
            }
            pauses.pause().await;
        }
    }

    async fn stream(&self, name: &str) -> Result<Stream<()>, ClusterError> {
        self.context
            .get_stream_no_info(name)
            .await
            .map_err(|error| ClusterError::broker("looking for the stream", &error))
    }

    /// The last message of a subject of the stream of jobs, or of that of records.
    pub(crate) async fn last(
        &self,
        stream: &str,
        subject: &str,
    ) -> Result<Option<StreamMessage>, ClusterError> {
        match self.stream(stream).await?.direct_get_last_for_subject(subject).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(ClusterError::broker("reading the last message of a subject", &error)),
        }
    }

    /// A message of the stream of jobs.
    pub(crate) async fn message(&self, sequence: u64) -> Result<Option<StreamMessage>, ClusterError> {
        match self.stream(self.names.stream()).await?.direct_get(sequence).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(ClusterError::broker("reading a message", &error)),
        }
    }

    /// Removes every message of a run.
    pub(crate) async fn purge(&self, filter: &str) -> Result<(), ClusterError> {
        let stream = self.stream(self.names.stream()).await?;
        stream.purge().filter(filter).await.map(drop).map_err(|error| ClusterError::broker("purging", &error))
    }

    /// Publishes one message behind the fence, once.
    pub(crate) async fn publish(&self, outgoing: &Outgoing) -> Result<Published, ClusterError> {
        let mut headers = outgoing.headers.clone();
        headers.insert("Nats-Expected-Last-Subject-Sequence", outgoing.expected.to_string());
        self.request(&outgoing.subject, headers, outgoing.body.clone()).await
    }

    /// Publishes rows in parts and after them one message behind the fence, all or nothing.
    pub(crate) async fn publish_batch(
        &self,
        batch: &str,
        rows_subject: &str,
        rows: &Bytes,
        outgoing: &Outgoing,
    ) -> Result<Published, ClusterError> {
        let client = self.context.client();
        let mut number = 0_u64;
        let mut rest = rows.clone();
        while !rest.is_empty() {
            let part = rest.split_to(rest.len().min(PART_BYTES));
            number += 1;
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Batch-Id", batch);
            headers.insert("Nats-Batch-Sequence", number.to_string());
            headers.insert(PART, format!("{batch}.{number}"));
            client
                .publish_with_headers(rows_subject.to_owned(), headers, part)
                .await
                .map_err(|error| ClusterError::broker("publishing rows", &error))?;
        }
        let mut headers = outgoing.headers.clone();
        headers.insert("Nats-Batch-Id", batch);
        headers.insert("Nats-Batch-Sequence", (number + 1).to_string());
        headers.insert("Nats-Batch-Commit", "1");
        headers.insert("Nats-Expected-Last-Subject-Sequence", outgoing.expected.to_string());
        self.request(&outgoing.subject, headers, outgoing.body.clone()).await
    }

    async fn request(
        &self,
        subject: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Published, ClusterError> {
        let client = self.context.client();
        let answer = client
            .request_with_headers(subject.to_owned(), headers, body)
            .await
            .map_err(|error| ClusterError::broker("publishing", &error))?;
        let answer: Answer =
            serde_json::from_slice(&answer.payload).map_err(|error| ClusterError::Message {
                subject: subject.to_owned(),
                message: format!("the broker's answer: {error}"),
            })?;
        match answer.error {
            None => Ok(Published::At(answer.seq)),
            Some(error) if WRONG_LAST.contains(&error.err_code) => Ok(Published::Late),
            Some(error) => Err(ClusterError::Broker { what: "publishing", message: error.description }),
        }
    }
}

/// Pauses that double, up to a limit.
#[derive(Debug)]
pub(crate) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(PAUSE.0)
    }
}

impl Pauses {
    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSE.1);
    }
}

/// A name that nobody else takes.
pub(crate) fn unique() -> String {
    let mut bytes = [0; 12];
    // Without random numbers from the system nothing works; the time tells runs apart all the same.
    if getrandom::fill(&mut bytes).is_err() {
        bytes[..8].copy_from_slice(&jiff::Timestamp::now().as_microsecond().to_le_bytes());
    }
    hex::encode(bytes)
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
