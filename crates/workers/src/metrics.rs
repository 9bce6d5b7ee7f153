//! What workers and collectors count, in the text form of Prometheus (OpenMetrics).

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// What a worker counts. None of it has a label: connections are too many for that.
#[derive(Clone, Debug, Default)]
pub struct WorkerMetrics {
    /// Pages that were read and committed.
    pub pages: Counter,
    /// Rows of these pages.
    pub rows: Counter,
    /// Bytes of these rows, as the connector sent them.
    pub bytes: Counter,
    /// Pages that were put off after a failure.
    pub failures: Counter,
    /// Pages that were put off because the app or the connector asked for it.
    pub waits: Counter,
    /// Commits and deferrals that were too late: somebody else had done the same.
    pub fenced: Counter,
    /// Heads that were handed out more than once.
    pub redelivered: Counter,
    /// Publishes that were tried again.
    pub publish_retries: Counter,
    /// Heads of connections that this worker does not know.
    pub unknown_connections: Counter,
    /// Slots that wait for a head.
    pub waiting_for_work: Gauge,
    /// Slots that wait for a connector.
    pub waiting_for_connector: Gauge,
    /// Slots that wait for the broker or the store to take a page.
    pub waiting_for_commit: Gauge,
    /// Seconds that connectors took for a page.
    pub connector_seconds: PageTimes,
}

/// A histogram of page times.
#[derive(Clone, Debug)]
pub struct PageTimes(Histogram);

impl Default for PageTimes {
    fn default() -> Self {
        Self(Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0]))
    }
}

impl PageTimes {
    pub(crate) fn observe(&self, time: std::time::Duration) {
        self.0.observe(time.as_secs_f64());
    }
}

impl WorkerMetrics {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("lumos_worker");
        for (name, help, counter) in [
            ("pages", "Pages that were read and committed", &self.pages),
            ("rows", "Rows of these pages", &self.rows),
            ("row_bytes", "Bytes of these rows, as the connector sent them", &self.bytes),
            ("failures", "Pages that were put off after a failure", &self.failures),
            ("waits", "Pages that were put off because the app or the connector asked for it", &self.waits),
            ("fenced", "Commits and deferrals that came too late and changed nothing", &self.fenced),
            ("redelivered", "Jobs that were handed out more than once", &self.redelivered),
            ("publish_retries", "Publishes that were tried again", &self.publish_retries),
            (
                "unknown_connections",
                "Jobs of connections that this worker does not know",
                &self.unknown_connections,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
        for (name, help, gauge) in [
            ("slots_waiting_for_work", "Slots that wait for a job", &self.waiting_for_work),
            ("slots_waiting_for_connector", "Slots that wait for a connector", &self.waiting_for_connector),
            ("slots_waiting_for_commit", "Slots that wait for a page to be taken", &self.waiting_for_commit),
        ] {
            registry.register(name, help, gauge.clone());
        }
        let help = "Seconds that connectors took for a page";
        registry.register("connector_seconds", help, self.connector_seconds.0.clone());
    }
}

/// What a collector counts.
#[derive(Clone, Debug, Default)]
pub struct CollectorMetrics {
    /// Pages that were stored.
    pub pages: Counter,
    /// Rows of these pages.
    pub rows: Counter,
    /// Pages that came again and were stored before.
    pub known: Counter,
    /// Pages that came before an earlier one of their chain.
    pub early: Counter,
    /// Batches that were tried again because the store or the broker was away.
    pub retries: Counter,
    /// Syncs that have ended, with a verdict or without.
    pub syncs: Counter,
    /// Messages that could not be read.
    pub unreadable: Counter,
    /// Messages that wait for a collector.
    pub lag: Gauge<u64, AtomicU64>,
    /// Seconds between the publish of the latest page and its being stored, in thousandths.
    pub delay_milliseconds: Gauge<u64, AtomicU64>,
    /// Syncs that are being read.
    pub reading: Gauge,
}

impl CollectorMetrics {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("lumos_collector");
        for (name, help, counter) in [
            ("pages", "Pages that were stored", &self.pages),
            ("rows", "Rows of these pages", &self.rows),
            ("known", "Pages that came again and were stored before", &self.known),
            ("early", "Pages that came before an earlier one of their chain", &self.early),
            ("retries", "Batches that were tried again", &self.retries),
            ("syncs", "Syncs that have ended", &self.syncs),
            ("unreadable", "Messages that could not be read", &self.unreadable),
        ] {
            registry.register(name, help, counter.clone());
        }
        registry.register("lag", "Messages that wait for a collector", self.lag.clone());
        let help = "Milliseconds between the publish of the latest page and its being stored";
        registry.register("delay_milliseconds", help, self.delay_milliseconds.clone());
        registry.register("reading", "Syncs that are being read", self.reading.clone());
    }

    pub(crate) fn set_lag(&self, lag: u64) {
        self.lag.inner().store(lag, Ordering::Relaxed);
    }
}

/// Everything that was registered, as text.
pub(crate) fn text(registry: &Registry) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = encode(&mut text, registry);
    text
}
