//! The state of a connection's latest sync on the broker, and how a sync begins.
//!
//! There is one message for each connection, and it is rewritten behind the fence like a head: so no two syncs of one
//! connection are under way at the same time, whoever begins them.

use std::time::Duration;

use async_nats::HeaderMap;
use lumos_sync::execute::SyncOptions;
use lumos_sync::frontier::{Chain, PageJob};
use lumos_sync::plan::Selection;
use lumos_sync::verdict::{Thresholds, Verdict};
use serde::{Deserialize, Serialize};

use crate::broker::{Broker, Outgoing, Published, now, unique};
use crate::error::ClusterError;
use crate::message::{Body, HeadForm, What};
use crate::names::DEFAULT_POOL;
use crate::worker::LEARN;

/// What is wanted of a sync that others run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// The pool whose workers know the connection.
    pub pool: String,
    /// Read only these listings.
    pub only: Vec<String>,
    /// Read all but these listings.
    pub without: Vec<String>,
    /// Rows asked for in a page.
    pub page_size: Option<u32>,
    /// The day from which activities and expenses are read.
    pub since: Option<String>,
    /// Read every listing twice and compare.
    pub verify: bool,
    /// Leave a stopped sync and read everything anew.
    pub fresh: bool,
    /// How many hours old the last page of a stopped sync may be.
    pub resume_within: u64,
    /// How many syncs of the connection the store keeps.
    pub keep: Option<u32>,
    /// How many listings are read at the same time; above one, each takes its part of what the app's limits leave.
    pub lanes: u32,
    /// Take a listing that lost many rows since it was last complete.
    pub accept_shrinking: bool,
}

impl Default for Wanted {
    /// Everything once, one listing after the other.
    fn default() -> Self {
        Self {
            pool: DEFAULT_POOL.to_owned(),
            only: Vec::new(),
            without: Vec::new(),
            page_size: None,
            since: None,
            verify: false,
            fresh: false,
            resume_within: 24,
            keep: None,
            lanes: 1,
            accept_shrinking: false,
        }
    }
}

impl Wanted {
    pub(crate) fn options(&self, connection: &str) -> SyncOptions {
        let mut options = SyncOptions::new(connection);
        options.selection = Selection { only: self.only.clone(), without: self.without.clone() };
        options.page_size = self.page_size;
        options.since.clone_from(&self.since);
        options.verify = self.verify;
        options.fresh = self.fresh;
        options.resume_within = Duration::from_secs(self.resume_within.saturating_mul(3600));
        options.keep = self.keep;
        if self.accept_shrinking {
            options.thresholds = Thresholds::accept_shrinking();
        }
        options
    }
}

/// How far a sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A worker is to ask the connector what it offers.
    Submitted,
    /// Its pages are read.
    Reading,
    /// Every listing has its verdict.
    Ended,
    /// It could not begin.
    Failed,
}

/// A listing as the collector sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingProgress {
    /// What its rows are called.
    pub label: String,
    /// Pages stored.
    pub pages: u64,
    /// Rows stored.
    pub rows: u64,
    /// What came out.
    pub verdict: Option<String>,
    /// The verdict in one sentence.
    pub reason: Option<String>,
}

/// The state of a connection's latest sync.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The name of this run, which no other has.
    pub run: String,
    /// The connection.
    pub connection: String,
    /// What is wanted.
    pub wanted: Wanted,
    /// How far it is.
    pub stage: Stage,
    /// When it was asked for, in milliseconds since the Unix epoch.
    pub submitted_at: i64,
    /// When the record was written.
    pub updated_at: i64,
    /// The number of the sync in the store.
    pub sync: Option<i64>,
    /// The worst verdict of its listings.
    pub outcome: Option<String>,
    /// Why it could not begin, or what is worth knowing about its begin.
    pub message: Option<String>,
    /// Its listings.
    pub listings: Vec<ListingProgress>,
    /// The `traceparent` of its trace (W3C Trace Context).
    pub trace: Option<String>,
}

impl Record {
    /// Whether nothing of it is under way any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Ended | Stage::Failed)
    }

    /// The exit status of whoever waited for it: that of its verdict, 1 when it could not begin.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        let verdict = self.outcome.as_deref().and_then(|outcome| outcome.parse::<Verdict>().ok());
        match self.stage {
            Stage::Ended => verdict.map_or(1, Verdict::exit_status),
            Stage::Failed | Stage::Submitted | Stage::Reading => 1,
        }
    }
}

/// What came of asking for a sync.
#[derive(Clone, Debug, PartialEq)]
pub enum Submission {
    /// It begins.
    Begun(Record),
    /// One of the connection was under way already.
    UnderWay(Record),
}

impl Submission {
    /// The sync that is under way now.
    #[must_use]
    pub fn record(&self) -> &Record {
        match self {
            Self::Begun(record) | Self::UnderWay(record) => record,
        }
    }
}

impl Broker {
    /// The state of a connection's latest sync, and the sequence of its message.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub async fn record(&self, connection: &str) -> Result<Option<(Record, u64)>, ClusterError> {
        let subject = self.names().record(connection);
        let Some(message) = self.last(&self.names().records(), &subject).await? else { return Ok(None) };
        let record = serde_json::from_slice(&message.payload)
            .map_err(|error| ClusterError::Message { subject, message: error.to_string() })?;
        Ok(Some((record, message.sequence)))
    }

    /// Writes the state of a connection's sync, unless somebody else has written it meanwhile. Returns the new sequence.
    pub(crate) async fn write_record(
        &self,
        record: &Record,
        sequence: u64,
    ) -> Result<Option<u64>, ClusterError> {
        let body = serde_json::to_vec(record)
            .map_err(|error| ClusterError::broker("writing the state of a sync", &error))?;
        let outgoing = Outgoing {
            subject: self.names().record(&record.connection),
            headers: HeaderMap::new(),
            body: body.into(),
            expected: sequence,
        };
        Ok(match self.publish(&outgoing).await? {
            Published::At(sequence) => Some(sequence),
            Published::Late => None,
        })
    }

    /// Asks for a sync of a connection. One that is under way is left to itself.
    ///
    /// # Errors
    /// When the broker cannot be asked, or does not let this user ask.
    pub async fn submit(&self, connection: &str, wanted: &Wanted) -> Result<Submission, ClusterError> {
        loop {
            let found = self.record(connection).await?;
            let sequence = found.as_ref().map_or(0, |(_, sequence)| *sequence);
            if let Some((record, _)) = found
                && !record.is_over()
            {
                // Whoever asked for it may have gone before the first head was there.
                if record.stage == Stage::Submitted {
                    self.put_first_head(&record).await?;
                }
                return Ok(Submission::UnderWay(record));
            }
            let now = now();
            let record = Record {
                run: unique(),
                connection: connection.to_owned(),
                wanted: wanted.clone(),
                stage: Stage::Submitted,
                submitted_at: now,
                updated_at: now,
                sync: None,
                outcome: None,
                message: None,
                listings: Vec::new(),
                trace: Some(format!("00-{}{}-{}-01", unique(), &unique()[..8], &unique()[..16])),
            };
            if self.write_record(&record, sequence).await?.is_some() {
                self.put_first_head(&record).await?;
                return Ok(Submission::Begun(record));
            }
        }
    }

    /// Puts the head with which a run begins, unless it is there.
    pub(crate) async fn put_first_head(&self, record: &Record) -> Result<(), ClusterError> {
        let chain = Chain {
            sync: 0,
            connection: record.connection.clone(),
            listing: LEARN,
            capability: "info".to_owned(),
        };
        let job = PageJob { request: "{}".to_owned(), trace: record.trace.clone(), ..PageJob::default() };
        self.put_head(record, chain, job).await
    }

    /// Puts the first head of a chain, unless one is there.
    pub(crate) async fn put_head(
        &self,
        record: &Record,
        chain: Chain,
        job: PageJob,
    ) -> Result<(), ClusterError> {
        self.follow_head(record, chain, job, 0).await
    }

    /// Puts a head after the message of that sequence, unless something is there already.
    pub(crate) async fn follow_head(
        &self,
        record: &Record,
        chain: Chain,
        job: PageJob,
        expected: u64,
    ) -> Result<(), ClusterError> {
        let pool = record.wanted.pool.clone();
        let subject = self.names().chain(&pool, &record.connection, &record.run, chain.listing);
        let body = Body {
            run: record.run.clone(),
            connection: record.connection.clone(),
            pool: pool.clone(),
            listing: chain.listing,
            what: What::First,
            head: None,
        };
        let form = HeadForm {
            run: record.run.clone(),
            pool,
            chain,
            job,
            attempt: 0,
            waits: 0,
            not_before: 0,
            delay: 0,
        };
        let placed = form.place().ok_or_else(|| ClusterError::Message {
            subject: subject.clone(),
            message: "the request or the page token is longer than a message has room for".to_owned(),
        })?;
        let body = Body { head: placed.body, ..body };
        let outgoing = Outgoing { subject, headers: placed.headers, body: body.write(&[])?, expected };
        match self.publish(&outgoing).await? {
            Published::At(_) | Published::Late => Ok(()),
        }
    }

    /// Waits until a run is over, and calls `each` whenever its state has changed.
    ///
    /// # Errors
    /// When the state cannot be read for a minute, or another run has taken its place.
    pub async fn wait_for(
        &self,
        submitted: &Record,
        mut each: impl FnMut(&Record),
    ) -> Result<Record, ClusterError> {
        const LOOK: Duration = Duration::from_millis(300);
        let mut last = 0;
        let mut failures = 0;
        loop {
            match self.record(&submitted.connection).await {
                Ok(Some((record, sequence))) => {
                    failures = 0;
                    if record.run != submitted.run {
                        return Err(ClusterError::Broker {
                            what: "waiting for a sync",
                            message: format!("another one of {} was begun after it", record.connection),
                        });
                    }
                    if sequence != last {
                        last = sequence;
                        each(&record);
                    }
                    if record.is_over() {
                        return Ok(record);
                    }
                }
                Ok(None) => {
                    return Err(ClusterError::Broker {
                        what: "waiting for a sync",
                        message: format!("the state of {} was removed", submitted.connection),
                    });
                }
                Err(error) => {
                    failures += 1;
                    if failures > 200 {
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
