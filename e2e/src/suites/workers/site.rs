//! A cluster at work: brokers, workers with connectors of their own, and collectors, each of which can be killed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use lumos_sync_workers::record::{Record, Stage as SyncStage, Wanted};
use lumos_sync_workers::{Access, Broker, Names, Setup};

use super::machines::{Nats, Process};
use super::nonce::Tenant;
use crate::harness::stage::Stage;

/// A cluster on NATS.
pub(super) struct Site {
    pub(super) brokers: Vec<Nats>,
    pub(super) workers: Vec<Process>,
    pub(super) collectors: Vec<Process>,
    pub(super) store: PathBuf,
    pub(super) folder: tempfile::TempDir,
    tool: PathBuf,
    runtime: tokio::runtime::Runtime,
    broker: Broker,
}

impl Site {
    /// One broker, without workers and collectors. The store is a folder unless it is given.
    pub(super) fn new(stage: &Stage, setup: Setup, store: Option<PathBuf>) -> Result<Self> {
        Self::on(stage, vec![Nats::start(stage, "")?], setup, store)
    }

    /// The same on these brokers.
    pub(super) fn on(
        stage: &Stage,
        brokers: Vec<Nats>,
        setup: Setup,
        store: Option<PathBuf>,
    ) -> Result<Self> {
        // Servers of a suite do not reserve the disk.
        let setup = Setup { max_bytes: setup.max_bytes.min(256 * 1024 * 1024), ..setup };
        let folder = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let url = url_of(&brokers);
        let deadline = Instant::now() + Duration::from_secs(30);
        let broker = loop {
            let made = runtime.block_on(async {
                let broker = Broker::new(Access::to(&url).connect("suite").await?, Names::default());
                setup.apply(broker.context()).await?;
                Ok::<_, lumos_sync_workers::ClusterError>(broker)
            });
            match made {
                Ok(broker) => break broker,
                // Servers of a cluster take a moment to find each other.
                Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(200)),
                Err(error) => bail!("{error}"),
            }
        };
        let store = store.unwrap_or_else(|| folder.path().join("stores"));
        let tool = stage.binary("connector");
        Ok(Self {
            brokers,
            workers: Vec::new(),
            collectors: Vec::new(),
            store,
            folder,
            tool,
            runtime,
            broker,
        })
    }

    pub(super) fn url(&self) -> String {
        url_of(&self.brokers)
    }

    pub(super) fn broker(&self) -> &Broker {
        &self.broker
    }

    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Starts a worker with the connectors of the suite.
    pub(super) fn add_worker(&mut self, slots: usize) -> Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["nonce-worker", &self.url(), &slots.to_string()]);
        self.workers.push(Process::start(command, &self.folder.path().join("worker.log"))?);
        Ok(())
    }

    pub(super) fn add_collector(&mut self) -> Result<()> {
        let mut command = Command::new(&self.tool);
        command.args(["collect", "--nats", &self.url(), "--store"]).arg(&self.store);
        self.collectors.push(Process::start(command, &self.folder.path().join("collector.log"))?);
        Ok(())
    }

    /// Workers and one collector.
    pub(super) fn staff(&mut self, workers: usize, slots: usize) -> Result<()> {
        for _ in 0..workers {
            self.add_worker(slots)?;
        }
        self.add_collector()
    }

    /// Asks for a sync of each tenant.
    pub(super) fn submit(&self, tenants: &[Tenant], wanted: &Wanted) -> Result<()> {
        for tenant in tenants {
            self.block_on(self.broker.submit(&tenant.connection(), wanted))?;
        }
        Ok(())
    }

    pub(super) fn record(&self, tenant: &Tenant) -> Result<Record> {
        let found = self.block_on(self.broker.record(&tenant.connection()))?;
        Ok(found.context("no state")?.0)
    }

    /// Pages that are stored so far.
    pub(super) fn pages(&self, tenants: &[Tenant]) -> u64 {
        let pages = |tenant| {
            let record = self.record(tenant).ok()?;
            Some(record.listings.iter().map(|listing| listing.pages).sum::<u64>())
        };
        tenants.iter().filter_map(pages).sum()
    }

    /// Waits until every sync has ended, and checks the rows of each.
    pub(super) fn finish(&self, tenants: &[Tenant], limit: Duration) -> Result<()> {
        self.wait(tenants, limit)?;
        tenants
            .iter()
            .try_for_each(|tenant| tenant.check(&self.store_of(tenant)).context(tenant.connection()))
    }

    /// Waits until every sync has ended.
    pub(super) fn wait(&self, tenants: &[Tenant], limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        for tenant in tenants {
            loop {
                match self.record(tenant) {
                    Ok(record) if record.is_over() => {
                        ensure!(record.stage == SyncStage::Ended, "{:?}", record.message);
                        break;
                    }
                    found if Instant::now() > deadline => {
                        let status = self.block_on(self.broker.status(&["default".to_owned()]));
                        bail!(
                            "not ended within {} s: {found:?}\n{}\nworkers: {}\ncollectors: {}",
                            limit.as_secs(),
                            status.map(|status| status.table(false)).unwrap_or_default(),
                            tail(&self.folder.path().join("worker.log")),
                            tail(&self.folder.path().join("collector.log"))
                        );
                    }
                    _ => std::thread::sleep(Duration::from_millis(50)),
                }
            }
        }
        Ok(())
    }

    fn store_of(&self, tenant: &Tenant) -> PathBuf {
        let is_server = self.store.to_string_lossy().starts_with("postgres");
        if is_server { self.store.clone() } else { self.store.join(format!("{}.db", tenant.connection())) }
    }
}

fn url_of(brokers: &[Nats]) -> String {
    brokers.iter().filter(|broker| broker.is_here()).map(Nats::url).collect::<Vec<_>>().join(",")
}

/// The last lines of a log.
pub(super) fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

/// Numbers that look random and come again with the same seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let seed = now.map_or(1, |now| u64::from(now.subsec_nanos()) | 1);
        println!("      seed {seed}");
        Self(seed)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub(super) fn place(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap_or_default()
    }
}
