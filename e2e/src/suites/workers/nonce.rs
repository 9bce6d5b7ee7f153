//! A connector inside of the process that reads it, whose page tokens carry a nonce: a page says which token it was asked
//! with and which it gave. Where pages of two runs of one chain were mixed, a join does not fit.
//!
//! It also is the processes of the suite: `lumos-e2e nonce-…` is a worker or a whole sync that can be killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lumos_connector_types::info::Info;
use lumos_sync::execute::page::PageRows;
use lumos_sync::execute::{CallFailure, Caller, PageAnswer, PageCall, SyncOptions};
use lumos_sync::store::{Scope, Store, StoreFrontier};
use lumos_sync::verdict::Verdict;
use lumos_sync_workers::connections::Connections;
use lumos_sync_workers::metrics::WorkerMetrics;
use lumos_sync_workers::names::DEFAULT_POOL;
use lumos_sync_workers::worker::Jobs;
use lumos_sync_workers::{Access, Broker, Names, NatsFrontier, Stop, Worker, WorkerOptions};
use serde_json::Value;

/// What the connector of a connection does; the connection's name says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tenant {
    pub(super) name: String,
    pub(super) pages: u64,
    pub(super) rows: u64,
    /// Bytes of a row's text beside its identity.
    pub(super) row_bytes: usize,
    /// Milliseconds for a page.
    pub(super) takes: u64,
    /// Bytes of a page token beside its nonce.
    pub(super) token_bytes: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// The third page kills its connector every time.
    Poison,
    /// Every other call asks to wait.
    Waits,
    /// Asks to wait for a minute, whatever is asked.
    Late,
    /// Accounts, and then their last activity by accounts.
    Accounts,
}

impl Tenant {
    pub(super) fn new(name: &str, pages: u64, rows: u64) -> Self {
        let name = name.to_owned();
        Self { name, pages, rows, row_bytes: 0, takes: 0, token_bytes: 0, kind: Kind::Plain }
    }

    pub(super) fn takes(mut self, milliseconds: u64) -> Self {
        self.takes = milliseconds;
        self
    }

    pub(super) fn row_bytes(mut self, bytes: usize) -> Self {
        self.row_bytes = bytes;
        self
    }

    pub(super) fn token_bytes(mut self, bytes: usize) -> Self {
        self.token_bytes = bytes;
        self
    }

    pub(super) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The name of the connection.
    pub(super) fn connection(&self) -> String {
        let Self { name, pages, rows, row_bytes, takes, token_bytes, kind } = self;
        let kind = match kind {
            Kind::Plain => "plain",
            Kind::Poison => "poison",
            Kind::Waits => "waits",
            Kind::Late => "late",
            Kind::Accounts => "accounts",
        };
        format!("{name}-{pages}-{rows}-{row_bytes}-{takes}-{token_bytes}-{kind}")
    }

    fn read(connection: &str) -> Option<Self> {
        let mut parts = connection.split('-');
        let name = parts.next()?.to_owned();
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (pages, rows, row_bytes, takes, token_bytes) =
            (number()?, number()?, number()?, number()?, number()?);
        let kind = match parts.next()? {
            "plain" => Kind::Plain,
            "poison" => Kind::Poison,
            "waits" => Kind::Waits,
            "late" => Kind::Late,
            "accounts" => Kind::Accounts,
            _ => return None,
        };
        let (row_bytes, token_bytes) = (row_bytes.try_into().ok()?, token_bytes.try_into().ok()?);
        Some(Self { name, pages, rows, row_bytes, takes, token_bytes, kind })
    }

    fn row(&self, page: u64, number: u64, got: &str, gave: &str) -> String {
        format!(
            r#"{{"integration_specific_id":"a-{page}-{number}","email":"{got}","username":"{gave}","given_name":"{}"}}"#,
            // Text that does not compress to nothing.
            random_text(self.row_bytes)
        )
    }

    /// Whether the rows of the latest sync are all there, each once, and pages fit together.
    pub(super) fn check(&self, store: &Path) -> Result<()> {
        let (rows, verdict, reason) = self.rows_of(store)?;
        if self.kind == Kind::Poison {
            ensure!(verdict == Some(Verdict::Incomplete), "{verdict:?} {reason:?}");
            ensure!(rows.len() as u64 == 2 * self.rows, "{} rows before the page that kills", rows.len());
        } else {
            ensure!(verdict == Some(Verdict::Complete), "{verdict:?} {reason:?}");
            ensure!(rows.len() as u64 == self.pages * self.rows, "{} rows", rows.len());
        }
        let mut pages: BTreeMap<u64, (String, String)> = BTreeMap::new();
        for row in &rows {
            let row: Value = serde_json::from_str(row)?;
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            let id = text("integration_specific_id");
            let page =
                id.split('-').nth(1).and_then(|page| page.parse().ok()).context("an id without a page")?;
            let nonces = (text("email"), text("username"));
            let first = pages.entry(page).or_insert_with(|| nonces.clone());
            ensure!(*first == nonces, "page {page} is of two runs");
        }
        for (page, (got, _)) in pages.iter().skip(1) {
            let before = &pages[&(page - 1)].1;
            ensure!(before == got, "broken join: page {page} was asked with {got}, and {before} was given");
        }
        Ok(())
    }

    fn rows_of(&self, path: &Path) -> Result<(Vec<String>, Option<Verdict>, Option<String>)> {
        let store = Store::read(path)?;
        let connection = self.connection();
        let sync = store.syncs()?.into_iter().rfind(|sync| sync.connection == connection);
        let sync = sync.with_context(|| format!("no sync of {connection}"))?;
        let listings = store.listings(sync.id)?;
        let accounts = listings.iter().find(|it| it.label == "accounts").context("no accounts")?;
        if self.kind == Kind::Accounts {
            let activity = listings.iter().find(|it| it.label == "last_activity").context("no activity")?;
            ensure!(activity.verdict == Some(Verdict::Complete), "{:?}", activity.reason);
            ensure!(activity.rows == self.pages * self.rows, "{} rows of activity", activity.rows);
        }
        let mut rows = Vec::new();
        store.for_each_row(accounts.id, |row| {
            rows.push(row.to_owned());
            Ok::<(), lumos_sync::store::StoreError>(())
        })?;
        let distinct: std::collections::BTreeSet<&String> = rows.iter().collect();
        ensure!(distinct.len() == rows.len(), "{} rows came twice", rows.len() - distinct.len());
        Ok((rows, accounts.verdict, accounts.reason.clone()))
    }
}

/// Letters in which every 16 bytes are random: a name of a page's token, or filling.
fn random_text(bytes: usize) -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        text.push_str(&format!("{:016x}", RandomState::new().build_hasher().finish()));
    }
    text.truncate(bytes);
    text
}

impl Caller for Tenant {
    fn fingerprint(&self) -> String {
        self.name.clone()
    }

    async fn info(&self) -> Result<Info, CallFailure> {
        let mut capabilities = vec!["list_accounts".to_owned()];
        if self.kind == Kind::Accounts {
            capabilities.push("get_last_activity".to_owned());
        }
        Ok(Info { app_id: "nonce".to_owned(), version: "1.0.0".to_owned(), capabilities, ..Info::default() })
    }

    async fn page(&self, call: PageCall, rows: &mut PageRows) -> Result<PageAnswer, CallFailure> {
        if self.takes > 0 {
            tokio::time::sleep(Duration::from_millis(self.takes)).await;
        }
        let failed = |error: std::io::Error| CallFailure::new("rows", error.to_string());
        if call.capability == "get_last_activity" {
            let request: Value = serde_json::from_str(&call.request).unwrap_or_default();
            for id in request["account_ids"].as_array().into_iter().flatten() {
                let row = format!(
                    r#"{{"account_id":{id},"event_type":"last_login","happened_at":"2026-11-01T00:00:00Z"}}"#
                );
                rows.push(None, &row).map_err(failed)?;
            }
            return Ok(PageAnswer::default());
        }
        // A token is its page, its nonce, and filling.
        let token = call.token.clone().unwrap_or_default();
        let mut parts = token.split(':');
        let page: u64 = parts.next().and_then(|page| page.parse().ok()).unwrap_or_default();
        let got = parts.next().unwrap_or_default().to_owned();
        let gave = random_text(16);
        match self.kind {
            Kind::Poison if page == 2 => {
                return Err(CallFailure::new("died", "the connector was killed by signal 9").passing());
            }
            Kind::Late => {
                return Err(CallFailure::new("rate_limit", "later").wait(Duration::from_secs(60)));
            }
            Kind::Waits if gave.as_bytes()[0].is_multiple_of(2) => {
                return Err(CallFailure::new("rate_limit", "later").wait(Duration::from_millis(150)));
            }
            _ => {}
        }
        for number in 0..self.rows {
            rows.push(None, &self.row(page, number, &got, &gave)).map_err(failed)?;
        }
        let next = page + 1;
        let is_last = next >= self.pages;
        let token = format!("{next}:{gave}:{}", random_text(self.token_bytes));
        Ok(PageAnswer { next: (!is_last).then_some(token), ..PageAnswer::default() })
    }

    async fn reload_secrets(&self) {}
}

/// Knows every tenant by its name.
struct Tenants;

impl Connections for Tenants {
    type Caller = Tenant;

    async fn open(&self, name: &str) -> Result<Option<Arc<Tenant>>, String> {
        Ok(Tenant::read(name).map(Arc::new))
    }
}

/// Runs a process of the suite, when the arguments ask for one.
pub(crate) fn process(arguments: &[String]) -> Option<Result<()>> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["nonce-worker", place, slots, more @ ..] => Some(worker(place, slots, more)),
        ["nonce-sync", store, connections @ ..] => Some(sync(store, connections)),
        _ => None,
    }
}

fn worker(place: &str, slots: &str, names: &[&str]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut options = WorkerOptions { slots: slots.parse()?, ..WorkerOptions::default() };
    options.retry.first_delay = Duration::from_millis(50);
    runtime.block_on(async {
        let metrics = Arc::new(WorkerMetrics::default());
        let stop = Stop::default();
        let signals = stop.clone();
        tokio::spawn(async move { signals.at_signals().await });
        if place.starts_with("postgres") {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            let store = Arc::new(Store::open(Path::new(place))?);
            let frontier = StoreFrontier::with_scope(store, Scope::Connections(names))
                .with_lease(Duration::from_secs(2));
            return run(frontier, options, metrics, stop).await;
        }
        let client = Access::to(place).connect("nonce worker").await?;
        let broker = Broker::new(client, Names::default());
        let frontier = NatsFrontier::open(broker, DEFAULT_POOL, Arc::clone(&metrics)).await?;
        run(frontier, options, metrics, stop).await
    })
}

async fn run<F: Jobs>(
    frontier: F,
    options: WorkerOptions,
    metrics: Arc<WorkerMetrics>,
    stop: Stop,
) -> Result<()> {
    let report = |text: &str| eprintln!("{text}");
    Worker::new(frontier, Tenants, options, Arc::clone(&metrics), stop).run(&report).await;
    eprintln!("pages {} fenced {}", metrics.pages.get(), metrics.fenced.get());
    Ok(())
}

fn sync(store: &str, connections: &[&str]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let store = Arc::new(Store::open(Path::new(store))?);
        let runs = connections.iter().map(|&connection| {
            let store = Arc::clone(&store);
            async move {
                let Some(tenant) = Tenant::read(connection) else { bail!("{connection} is not a tenant") };
                let mut options = SyncOptions::new(connection);
                options.retry.first_delay = Duration::from_millis(50);
                lumos_sync::execute::run(&tenant, &store, &options, &()).await?;
                Ok(())
            }
        });
        futures_util::future::try_join_all(runs).await?;
        Ok(())
    })
}
