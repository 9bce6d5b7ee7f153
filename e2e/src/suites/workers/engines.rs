//! One suite, three engines: what a frontier promises, asked of each in the same words.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lumos_sync::execute::page::PageRows;
use lumos_sync::frontier::{Claim, Deferral, Fenced, Frontier, Head, Next, PageJob, PageRead};
use lumos_sync::plan::{ListingKind, Plan, Selection};
use lumos_sync::store::{NewSync, Store, StoreFrontier};
use lumos_sync_workers::metrics::WorkerMetrics;
use lumos_sync_workers::names::DEFAULT_POOL;
use lumos_sync_workers::record::Wanted;
use lumos_sync_workers::{NatsFrontier, Setup};

use super::machines::{Postgres, Process};
use super::nonce::{Kind, Tenant};
use super::site::{Random, Site};
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let postgres = stage.step("a PostgreSQL server", |_| Postgres::start())?;
    frontiers(stage, &postgres);
    kills(stage, &postgres);
    Ok(())
}

/// What a frontier promises, with a head to begin with.
fn frontiers(stage: &mut Stage, postgres: &Postgres) {
    stage.check("SQLite: two claims, two commits, late workers, deferrals", |_| {
        let folder = tempfile::tempdir()?;
        in_store(&folder.path().join("fence.db"))
    });
    stage.check("PostgreSQL: two claims, two commits, late workers, deferrals", |_| {
        in_store(&postgres.database("fence")?)
    });
    stage.check("NATS: two claims, two commits, late workers, deferrals", |stage| {
        let setup = Setup { ack_wait: Duration::from_secs(1), ..Setup::default() };
        let site = Site::new(stage, setup, None)?;
        let tenant = Tenant::new("fence", 3, 2);
        site.submit(&[tenant], &Wanted::default())?;
        site.block_on(async {
            let metrics = Arc::new(WorkerMetrics::default());
            let open = || NatsFrontier::open(site.broker().clone(), DEFAULT_POOL, Arc::clone(&metrics));
            promises(&open().await?, &open().await?).await
        })
    });
}

fn in_store(path: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let store = Arc::new(Store::open(path)?);
    let plan = Plan::new(&["list_accounts".to_owned()], &Selection::default(), false)?;
    let sync = NewSync {
        connection: "fence",
        fingerprint: "",
        app_id: "fence",
        connector_version: "1",
        page_size: None,
        options: "{}",
        since: "",
    };
    let sync = store.begin(&sync, &plan.listings)?;
    let listing = store.listings(sync)?[0].id;
    store.start_listing(listing, &PageJob { request: "{}".to_owned(), ..PageJob::default() })?;
    let open = || {
        StoreFrontier::new(Arc::clone(&store), sync, "fence".to_owned()).with_lease(Duration::from_secs(1))
    };
    runtime.block_on(promises(&open(), &open()))?;
    let record = store.listings(sync)?.remove(0);
    ensure!(record.rows == 4 && record.pages == 2, "{record:?}");
    Ok(())
}

/// Two workers and one chain: `slow` is believed dead, `quick` takes its head over.
async fn promises<F: Frontier>(slow: &F, quick: &F) -> Result<()> {
    let first = claim(slow).await?;
    // Nobody else gets it at once; later somebody does, for it may be that its worker is gone.
    let second = claim(quick).await?;
    ensure!(first.chain == second.chain && first.sequence == second.sequence, "{first:?} {second:?}");
    let next = |head: &Head, token: &str| {
        Next::Page(PageJob { page: head.job.page + 1, token: Some(token.to_owned()), ..head.job.clone() })
    };
    let fenced = quick.commit(&second, &mut page(0, next(&second, "t1"))?).await?;
    ensure!(fenced == Fenced::Done, "the first commit is {fenced:?}");
    // What came late changes nothing, whether it is the same again or another one.
    let late = Deferral {
        delay: Duration::from_secs(60),
        reason: "late".to_owned(),
        is_failure: true,
        connector: Duration::ZERO,
    };
    let fenced = slow.commit(&first, &mut page(0, next(&first, "fork"))?).await?;
    ensure!(fenced == Fenced::Late, "a fork is {fenced:?}");
    let fenced = slow.defer(&first, late.clone()).await?;
    ensure!(fenced == Fenced::Late, "a late deferral is {fenced:?}");
    let fenced = quick.commit(&second, &mut page(0, next(&second, "t1"))?).await?;
    ensure!(fenced == Fenced::Late, "the same commit again is {fenced:?}");
    // The chain goes on where the first commit left it.
    let head = claim(quick).await?;
    ensure!((head.job.page, head.job.token.as_deref()) == (1, Some("t1")), "{head:?}");
    let soon = Deferral { delay: Duration::from_millis(700), is_failure: true, ..late };
    let start = std::time::Instant::now();
    ensure!(quick.defer(&head, soon).await? == Fenced::Done, "a deferral is late");
    let head = claim(slow).await?;
    ensure!(start.elapsed() >= Duration::from_millis(650), "it came after {:?}", start.elapsed());
    ensure!((head.job.page, head.attempt, head.waits) == (1, 1, 0), "{head:?}");
    ensure!(slow.commit(&head, &mut page(1, Next::End)?).await? == Fenced::Done, "the last page is late");
    for _ in 0..3 {
        match quick.claim().await? {
            Claim::Job(head) => bail!("a chain that has ended goes on: {head:?}"),
            Claim::Wait(_) | Claim::Nothing => {}
        }
    }
    Ok(())
}

async fn claim<F: Frontier>(frontier: &F) -> Result<Head> {
    for _ in 0..100 {
        match frontier.claim().await? {
            Claim::Job(head) => return Ok(*head),
            Claim::Wait(time) => tokio::time::sleep(time.min(Duration::from_millis(100))).await,
            Claim::Nothing => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    bail!("no head came")
}

fn page(number: u64, next: Next) -> Result<PageRead> {
    let mut rows = PageRows::new(ListingKind::labelled("accounts"), 1024);
    for row in 0..2 {
        rows.push(None, &format!(r#"{{"integration_specific_id":"a-{number}-{row}"}}"#))?;
    }
    let (rows, facts) = rows.into_parts();
    Ok(PageRead { rows: Some(rows), next, facts })
}

/// Processes that are killed with SIGKILL while they read and store.
fn kills(stage: &mut Stage, postgres: &Postgres) {
    let (times, tenants) = if stage.is_full() { (50, 40) } else { (8, 6) };
    let tenants = |name: &str| -> Vec<Tenant> {
        let kinds = [Kind::Plain, Kind::Waits, Kind::Accounts, Kind::Plain];
        (0..tenants)
            .map(|number| {
                let kind = kinds[number % kinds.len()];
                Tenant::new(&format!("{name}{number}"), 20, 25).takes(5).kind(kind)
            })
            .collect()
    };
    stage.check(format!("SQLite: a process that is killed {times} times"), |_| {
        let folder = tempfile::tempdir()?;
        let mut random = Random::new();
        let mut killed = 0;
        // A file belongs to one process: each tenant has its own, and several kills.
        for tenant in tenants("sqlite") {
            let store = folder.path().join(format!("{}.db", tenant.name));
            loop {
                let mut process = sync_process(&store, std::slice::from_ref(&tenant), folder.path())?;
                if killed < times {
                    std::thread::sleep(Duration::from_millis(30 + random.below(250)));
                    if process.is_running() {
                        killed += 1;
                        process.kill();
                        continue;
                    }
                }
                let status = process.wait(Duration::from_secs(60))?;
                ensure!(status.success(), "{}", process.output());
                break;
            }
            tenant.check(&store).with_context(|| tenant.connection())?;
        }
        println!("      {killed} kills");
        Ok(())
    });
    stage.check(format!("PostgreSQL: workers of which {times} are killed, and the server once"), |_| {
        let folder = tempfile::tempdir()?;
        let mut random = Random::new();
        let tenants = tenants("pg");
        let store = postgres.database("kills")?;
        let mut leader = sync_process(&store, &tenants, folder.path())?;
        let mut workers = Vec::new();
        for _ in 0..3 {
            workers.push(store_worker(&store, &tenants, folder.path())?);
        }
        for number in 0..times {
            std::thread::sleep(Duration::from_millis(30 + random.below(200)));
            if number == times / 2 {
                postgres.kill()?;
                std::thread::sleep(Duration::from_secs(1));
                postgres.resume()?;
            }
            let place = random.place(workers.len() + 1);
            if place == workers.len() {
                leader.kill();
                leader = sync_process(&store, &tenants, folder.path())?;
            } else {
                workers[place].kill();
                workers[place] = store_worker(&store, &tenants, folder.path())?;
            }
        }
        let mut status = leader.wait(Duration::from_secs(180))?;
        if !status.success() {
            // It said that the server was gone; the same command goes on.
            leader = sync_process(&store, &tenants, folder.path())?;
            status = leader.wait(Duration::from_secs(180))?;
        }
        ensure!(status.success(), "{}", leader.output());
        tenants.iter().try_for_each(|tenant| tenant.check(&store).with_context(|| tenant.connection()))
    });
    stage.check(
        format!("NATS: workers and collectors of which {times} and {} are killed", times / 4),
        |stage| {
            let setup = Setup { ack_wait: Duration::from_secs(2), ..Setup::default() };
            let mut site = Site::new(stage, setup, None)?;
            let tenants = tenants("nats");
            site.submit(&tenants, &Wanted::default())?;
            site.staff(3, 4)?;
            let mut random = Random::new();
            for number in 0..times {
                std::thread::sleep(Duration::from_millis(30 + random.below(200)));
                let place = random.place(site.workers.len());
                site.workers.remove(place).kill();
                site.add_worker(4)?;
                if number % 4 == 3 {
                    site.collectors.remove(0).kill();
                    site.add_collector()?;
                }
            }
            site.finish(&tenants, Duration::from_secs(180))
        },
    );
}

fn sync_process(store: &Path, tenants: &[Tenant], folder: &Path) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("nonce-sync").arg(store).args(tenants.iter().map(Tenant::connection));
    Process::start(command, &folder.join("sync.log"))
}

fn store_worker(store: &Path, tenants: &[Tenant], folder: &Path) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("nonce-worker").arg(store).arg("4").args(tenants.iter().map(Tenant::connection));
    Process::start(command, &folder.join("worker.log"))
}
