//! A worker: slots that each take a head, read its page, and commit it or put it off.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use lumos_sync::execute::policy::RetryPolicy;
use lumos_sync::execute::prepare::learn;
use lumos_sync::execute::{Learned, PageOutcome, PageReader};
use lumos_sync::frontier::{Claim, Deferral, Fenced, Frontier, Head, KEEP_EVERY, Next, PageFacts, PageRead};
use lumos_sync::store::StoreFrontier;

use crate::connections::Connections;
use crate::error::chain;
use crate::frontier::NatsFrontier;
use crate::metrics::WorkerMetrics;
use crate::stop::Stop;
use crate::telemetry::{PageResult, Telemetry};

/// The listing of heads that ask for what a connector offers, before there are listings.
pub(crate) const LEARN: i64 = 0;

/// A frontier that workers far from the store can use: a sync begins with a head that asks what the connector offers.
pub trait Jobs: Frontier {
    /// Says what was learned of a connector, or why nothing was.
    fn learned(
        &self,
        head: &Head,
        learned: Result<Learned, String>,
    ) -> impl Future<Output = Result<Fenced, Self::Error>> + Send;
}

impl Jobs for NatsFrontier {
    async fn learned(&self, head: &Head, learned: Result<Learned, String>) -> Result<Fenced, Self::Error> {
        Self::learned(self, head, learned).await
    }
}

/// Whoever begins a sync in a store has asked the connector before.
impl Jobs for StoreFrontier {
    async fn learned(&self, _: &Head, _: Result<Learned, String>) -> Result<Fenced, Self::Error> {
        Ok(Fenced::Late)
    }
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// Pages that are read at the same time.
    pub slots: usize,
    /// Which failures are tried again.
    pub retry: RetryPolicy,
    /// Bytes of a page that are held in memory; more goes to a file.
    pub page_memory: usize,
}

impl Default for WorkerOptions {
    /// Eight slots.
    fn default() -> Self {
        Self { slots: 8, retry: RetryPolicy::default(), page_memory: 2 * 1024 * 1024 }
    }
}

/// How long a head waits for a worker that knows its connection, and how often.
const UNKNOWN: (Duration, u32) = (Duration::from_secs(5), 24);
/// The pause after the broker or the store could not be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// A worker.
#[derive(Debug)]
pub struct Worker<F, C> {
    frontier: F,
    connections: C,
    options: WorkerOptions,
    metrics: Arc<WorkerMetrics>,
    telemetry: Telemetry,
    stop: Stop,
}

impl<F: Jobs, C: Connections> Worker<F, C> {
    /// A worker for the heads of a frontier, with these connections.
    pub fn new(
        frontier: F,
        connections: C,
        options: WorkerOptions,
        metrics: Arc<WorkerMetrics>,
        stop: Stop,
    ) -> Self {
        Self { frontier, connections, options, metrics, telemetry: Telemetry::default(), stop }
    }

    /// Sets where the spans of pages are sent; without it, nowhere.
    #[must_use]
    pub fn with_telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    /// The connections.
    pub fn connections(&self) -> &C {
        &self.connections
    }

    /// Works until it is asked to stop. Pages under way are finished first; asked twice, they are left, and somebody else
    /// reads them again. `report` is given what went wrong, without secrets.
    pub async fn run(&self, report: &(dyn Fn(&str) + Send + Sync)) {
        let slots = join_all((0..self.options.slots.max(1)).map(|_| self.slot(report)));
        tokio::select! {
            _ = slots => {}
            () = self.stop.at_once() => {}
        }
    }

    async fn slot(&self, report: &(dyn Fn(&str) + Send + Sync)) {
        let mut last = String::new();
        while !self.stop.is_asked() {
            self.metrics.waiting_for_work.inc();
            let claim = self.frontier.claim().await;
            self.metrics.waiting_for_work.dec();
            let pause = match claim {
                Ok(Claim::Job(head)) => {
                    last.clear();
                    let span = self.telemetry.page(&head);
                    match Box::pin(self.work(&head)).await {
                        Ok(result) => {
                            span.end(result);
                            continue;
                        }
                        Err(error) => {
                            span.end(PageResult::Failed);
                            report(&format!("{}: {}", head.chain.connection, chain(&error)));
                            PAUSE
                        }
                    }
                }
                Ok(Claim::Wait(time)) => time.min(PAUSE),
                Ok(Claim::Nothing) => PAUSE / 4,
                Err(error) => {
                    let text = chain(&error);
                    if text != last {
                        report(&text);
                    }
                    last = text;
                    PAUSE
                }
            };
            if !pause.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.stop.asked() => {}
                }
            }
        }
    }

    async fn work(&self, head: &Head) -> Result<PageResult, F::Error> {
        let caller = match self.connections.open(&head.chain.connection).await {
            Ok(Some(caller)) => caller,
            Ok(None) => {
                self.metrics.unknown_connections.inc();
                let reason =
                    format!("no worker that was asked knows the connection {}", head.chain.connection);
                return self.give_back(head, reason).await;
            }
            Err(reason) => return self.give_back(head, reason).await,
        };
        if head.chain.listing == LEARN {
            let learning =
                async { learn(&*caller, &self.options.retry).await.map_err(|error| error.to_string()) };
            let learned = self.keep_while(head, Box::pin(learning)).await?;
            return Ok(match self.frontier.learned(head, learned).await? {
                Fenced::Done => PageResult::Committed(0),
                Fenced::Late => PageResult::Late,
            });
        }
        let reader =
            PageReader { caller: &*caller, retry: self.options.retry, page_memory: self.options.page_memory };
        self.metrics.waiting_for_connector.inc();
        let outcome = self.keep_while(head, Box::pin(reader.read(head))).await;
        self.metrics.waiting_for_connector.dec();
        match outcome? {
            PageOutcome::Deferred(deferral) => self.put_off(head, deferral).await,
            PageOutcome::Read(mut page) => {
                self.metrics.connector_seconds.observe(page.facts.connector);
                self.metrics.waiting_for_commit.inc();
                let committed = self.frontier.commit(head, &mut page).await;
                self.metrics.waiting_for_commit.dec();
                if committed? == Fenced::Late {
                    return Ok(PageResult::Late);
                }
                self.metrics.pages.inc();
                let (rows, bytes) = page.rows.map_or((0, 0), |rows| (rows.rows(), rows.bytes()));
                self.metrics.rows.inc_by(rows);
                self.metrics.bytes.inc_by(bytes);
                Ok(PageResult::Committed(rows))
            }
        }
    }

    async fn put_off(&self, head: &Head, deferral: Deferral) -> Result<PageResult, F::Error> {
        let counter = if deferral.is_failure { &self.metrics.failures } else { &self.metrics.waits };
        counter.inc();
        Ok(match self.frontier.defer(head, deferral).await? {
            Fenced::Done => PageResult::PutOff,
            Fenced::Late => PageResult::Late,
        })
    }

    /// Lets somebody else have a head, and ends its chain when nobody could run it.
    async fn give_back(&self, head: &Head, reason: String) -> Result<PageResult, F::Error> {
        let (delay, times) = UNKNOWN;
        if head.waits < times {
            let deferral = Deferral { delay, reason, is_failure: false, connector: Duration::ZERO };
            return self.put_off(head, deferral).await;
        }
        if head.chain.listing == LEARN {
            let _: Fenced = self.frontier.learned(head, Err(reason)).await?;
            return Ok(PageResult::Failed);
        }
        let mut page = PageRead { rows: None, next: Next::Cut(reason), facts: PageFacts::default() };
        let _: Fenced = self.frontier.commit(head, &mut page).await?;
        Ok(PageResult::Failed)
    }

    /// Waits for something, and says meanwhile that the head is being worked on.
    async fn keep_while<T>(&self, head: &Head, work: impl Future<Output = T>) -> Result<T, F::Error> {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(KEEP_EVERY, work.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) => self.frontier.keep(head).await?,
            }
        }
    }
}
