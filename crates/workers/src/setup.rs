//! What an administrator makes once: the streams, the consumers, and who may do what.

use std::fmt::Write;
use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self};

use crate::error::ClusterError;
use crate::names::Names;

/// How streams and consumers are made.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The names on the broker.
    pub names: Names,
    /// The pools of workers, each with a consumer of its own.
    pub pools: Vec<String>,
    /// How many servers keep each message: 1, 3 or 5.
    pub replicas: usize,
    /// Bytes that the stream may hold; what is beyond waits with its worker.
    pub max_bytes: i64,
    /// How long messages are kept that nobody purges.
    pub max_age: Duration,
    /// How long a message that was handed out may stay without a word before somebody else gets it.
    pub ack_wait: Duration,
}

impl Default for Setup {
    /// One server, 10 GiB, 7 days, 30 s.
    fn default() -> Self {
        Self {
            names: Names::default(),
            pools: vec![crate::names::DEFAULT_POOL.to_owned()],
            replicas: 1,
            max_bytes: 10 * 1024 * 1024 * 1024,
            max_age: Duration::from_secs(7 * 24 * 60 * 60),
            ack_wait: Duration::from_secs(30),
        }
    }
}

/// Heads that wait count as handed out, so this is above the number of chains of any cluster that was tried.
const WORKER_PENDING: i64 = 20_000;
const COLLECTOR_PENDING: i64 = 2_000;

impl Setup {
    /// Makes the streams and the consumers, or brings them to these settings.
    ///
    /// # Errors
    /// When the broker cannot do it, or does not let this user do it.
    pub async fn apply(&self, context: &jetstream::Context) -> Result<(), ClusterError> {
        let jobs = Config {
            name: self.names.stream().to_owned(),
            description: Some("Page jobs of connector syncs and their rows".to_owned()),
            subjects: vec!["jobs.>".to_owned(), "rows.>".to_owned()],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            num_replicas: self.replicas,
            discard: DiscardPolicy::New,
            max_age: self.max_age,
            max_bytes: self.max_bytes,
            allow_direct: true,
            allow_atomic_publish: true,
            ..Config::default()
        };
        let records = Config {
            name: self.names.records(),
            description: Some("The state of the latest sync of each connection".to_owned()),
            subjects: vec!["syncs.>".to_owned()],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            num_replicas: self.replicas,
            max_messages_per_subject: 1,
            allow_direct: true,
            ..Config::default()
        };
        let failed = |error| ClusterError::broker("making the streams", &error);
        for config in [jobs, records] {
            context.create_or_update_stream(config).await.map_err(failed)?;
        }
        for pool in &self.pools {
            let config = pull::Config {
                filter_subject: self.names.jobs_of(pool),
                headers_only: true,
                max_ack_pending: WORKER_PENDING,
                ..self.consumer(self.names.workers(pool))
            };
            self.consume(context, config).await?;
        }
        let config = pull::Config {
            filter_subject: "jobs.>".to_owned(),
            max_ack_pending: COLLECTOR_PENDING,
            ..self.consumer(self.names.collectors())
        };
        self.consume(context, config).await
    }

    fn consumer(&self, name: String) -> pull::Config {
        pull::Config {
            durable_name: Some(name),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            max_deliver: -1,
            max_waiting: 4096,
            ..pull::Config::default()
        }
    }

    async fn consume(&self, context: &jetstream::Context, config: pull::Config) -> Result<(), ClusterError> {
        context
            .create_consumer_on_stream(config, self.names.stream())
            .await
            .map(drop)
            .map_err(|error| ClusterError::broker("making the consumers", &error))
    }

    /// Users and what each may do, as a piece of `nats.conf`. The passwords are places to fill in.
    #[must_use]
    pub fn permissions(&self) -> String {
        let (stream, records, collectors) =
            (self.names.stream(), self.names.records(), self.names.collectors());
        let mut text = String::from(
            "# Part of nats.conf. A role is a user; give each its own password, nkey or certificate.\n\
             authorization {\n  users = [\n    # Makes streams and consumers: `connector cluster init`.\n    \
             { user: admin, password: $LUMOS_ADMIN_PASSWORD, permissions: {\n        \
             publish: [\"$JS.API.>\"]\n        subscribe: [\"_INBOX.admin.>\"] } }\n",
        );
        for pool in &self.pools {
            let workers = self.names.workers(pool);
            let jobs = self.names.jobs_of(pool);
            let rows = jobs.replacen("jobs.", "rows.", 1);
            let _ = write!(
                text,
                "    # Runs page jobs of the pool {pool}: `connector worker`.\n    \
                 {{ user: {workers}, password: $LUMOS_WORKER_PASSWORD, permissions: {{\n        \
                 publish: [\"{jobs}\", \"{rows}\", \"$JS.API.STREAM.INFO.{stream}\", \
                 \"$JS.API.CONSUMER.INFO.{stream}.{workers}\",\n                  \
                 \"$JS.API.CONSUMER.MSG.NEXT.{stream}.{workers}\", \"$JS.ACK.{stream}.{workers}.>\",\n                  \
                 \"$JS.API.DIRECT.GET.{stream}.{jobs}\"]\n        \
                 subscribe: [\"_INBOX.{workers}.>\"] }} }}\n"
            );
        }
        let _ = write!(
            text,
            "    # Stores pages and ends syncs: `connector collect`.\n    \
             {{ user: collector, password: $LUMOS_COLLECTOR_PASSWORD, permissions: {{\n        \
             publish: [\"jobs.>\", \"syncs.>\", \"$JS.API.STREAM.INFO.{stream}\", \"$JS.API.STREAM.INFO.{records}\",\n                  \
             \"$JS.API.CONSUMER.INFO.{stream}.{collectors}\", \"$JS.API.CONSUMER.MSG.NEXT.{stream}.{collectors}\",\n                  \
             \"$JS.ACK.{stream}.{collectors}.>\", \"$JS.API.STREAM.PURGE.{stream}\", \"$JS.API.DIRECT.GET.{stream}\",\n                  \
             \"$JS.API.DIRECT.GET.{records}.>\"]\n        \
             subscribe: [\"_INBOX.collector.>\"] }} }}\n    \
             # Begins syncs and looks at them: `connector sync --nats`, `connector schedule`, `connector cluster status`.\n    \
             {{ user: operator, password: $LUMOS_OPERATOR_PASSWORD, permissions: {{\n        \
             publish: [\"jobs.*.*.*.0\", \"syncs.>\", \"$JS.API.STREAM.INFO.{stream}\", \"$JS.API.STREAM.INFO.{records}\",\n                  \
             \"$JS.API.CONSUMER.INFO.{stream}.>\", \"$JS.API.DIRECT.GET.{records}.>\"]\n        \
             subscribe: [\"_INBOX.operator.>\"] }} }}\n  ]\n}}\n"
        );
        text
    }
}
