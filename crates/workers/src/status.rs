//! What the cluster is doing.

use std::fmt::Write;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use crate::broker::{Broker, now};
use crate::error::ClusterError;
use crate::record::{Record, Stage};

/// Questions to the broker at the same time.
const AT_ONCE: usize = 32;

/// The state of a cluster at a moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Messages in the stream of jobs.
    pub messages: u64,
    /// Bytes in the stream of jobs.
    pub bytes: u64,
    /// Bytes that it may hold.
    pub max_bytes: i64,
    /// The server that leads the stream, where there is a cluster.
    pub leader: Option<String>,
    /// Consumers: pools of workers, and the collectors.
    pub consumers: Vec<ConsumerStatus>,
    /// The latest sync of each connection.
    pub syncs: Vec<Record>,
}

/// What waits for a pool of workers, or for the collectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerStatus {
    /// Its name.
    pub name: String,
    /// Messages that nobody was handed yet.
    pub waiting: u64,
    /// Messages that were handed out: pages that are read, and heads that wait for their time.
    pub handed_out: usize,
    /// Messages that were handed out again.
    pub redelivered: usize,
    /// Requests for messages that wait: slots without work.
    pub idle: usize,
}

impl Broker {
    /// The state of the latest sync of every connection, and the sequence of its message.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub async fn records(&self) -> Result<Vec<(Record, u64)>, ClusterError> {
        let failed = |error: &dyn std::error::Error| ClusterError::broker("listing syncs", error);
        let stream = self
            .context()
            .get_stream_no_info(self.names().records())
            .await
            .map_err(|error| failed(&error))?;
        let mut subjects = Vec::new();
        let mut info = stream.info_with_subjects("syncs.>").await.map_err(|error| failed(&error))?;
        while let Some((subject, _)) = info.try_next().await.map_err(|error| failed(&error))? {
            subjects.push(subject);
        }
        subjects.sort();
        let name = self.names().records();
        let read = |subject: String| {
            let name = name.clone();
            async move {
                let Some(message) = self.last(&name, &subject).await? else { return Ok(None) };
                let record: Record = serde_json::from_slice(&message.payload)
                    .map_err(|error| ClusterError::Message { subject, message: error.to_string() })?;
                Ok::<_, ClusterError>(Some((record, message.sequence)))
            }
        };
        let found: Vec<_> = stream::iter(subjects).map(read).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What the cluster is doing; `pools` are the pools that are looked at.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub async fn status(&self, pools: &[String]) -> Result<Status, ClusterError> {
        let stream = self
            .context()
            .get_stream(self.names().stream())
            .await
            .map_err(|error| ClusterError::broker("looking at the stream", &error))?;
        let info = stream.cached_info();
        let mut consumers = Vec::new();
        let names = pools.iter().map(|pool| self.names().workers(pool));
        for name in names.chain([self.names().collectors()]) {
            let info = stream.consumer_info(&name).await.map_err(|error| ClusterError::Broker {
                what: "looking at the consumer",
                message: format!("{name}: {error}"),
            })?;
            consumers.push(ConsumerStatus {
                name,
                waiting: info.num_pending,
                handed_out: info.num_ack_pending,
                redelivered: info.num_redelivered,
                idle: info.num_waiting,
            });
        }
        let syncs = self.records().await?.into_iter().map(|(record, _)| record).collect();
        Ok(Status {
            messages: info.state.messages,
            bytes: info.state.bytes,
            max_bytes: info.config.max_bytes,
            leader: info.cluster.as_ref().and_then(|cluster| cluster.leader.clone()),
            consumers,
            syncs,
        })
    }
}

impl Status {
    /// As a table for people; `all` shows syncs that are over, too.
    #[must_use]
    pub fn table(&self, all: bool) -> String {
        let mut text = String::new();
        let leader = self.leader.as_ref().map_or(String::new(), |leader| format!(", led by {leader}"));
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "stream: {} messages, {} of {} MiB{leader}",
            self.messages,
            self.bytes / 1_048_576,
            self.max_bytes / 1_048_576
        );
        let _ = writeln!(
            text,
            "\n{:<28}{:>10}{:>12}{:>13}{:>8}",
            "consumer", "waiting", "handed out", "redelivered", "idle"
        );
        for consumer in &self.consumers {
            let ConsumerStatus { name, waiting, handed_out, redelivered, idle } = consumer;
            let _ = writeln!(text, "{name:<28}{waiting:>10}{handed_out:>12}{redelivered:>13}{idle:>8}");
        }
        let _ = writeln!(
            text,
            "\n{:<28}{:<11}{:>10}{:>12}{:>10}  outcome",
            "connection", "state", "pages", "rows", "seen"
        );
        let now = now();
        let shown = self.syncs.iter().filter(|record| all || !record.is_over());
        for record in shown {
            let pages: u64 = record.listings.iter().map(|listing| listing.pages).sum();
            let rows: u64 = record.listings.iter().map(|listing| listing.rows).sum();
            let seen = now.saturating_sub(record.updated_at).max(0) / 1000;
            let stage = match record.stage {
                Stage::Submitted => "submitted",
                Stage::Reading => "reading",
                Stage::Ended => "ended",
                Stage::Failed => "failed",
            };
            let outcome = record.outcome.as_deref().or(record.message.as_deref()).unwrap_or_default();
            let _ = writeln!(
                text,
                "{:<28}{stage:<11}{pages:>10}{rows:>12}{:>9}s  {outcome}",
                record.connection, seen
            );
        }
        let over = self.syncs.iter().filter(|record| record.is_over()).count();
        if !all && over > 0 {
            let _ = writeln!(text, "and {over} that are over (--all)");
        }
        text
    }
}
