//! What a page costs on each engine, in processor time, beside a sync in one process.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use lumos_sync_workers::Setup;
use lumos_sync_workers::record::Wanted;

use super::machines::{Postgres, Process};
use super::nonce::Tenant;
use super::site::Site;
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let pages = if stage.is_full() { 2000 } else { 200 };
    stage.check(format!("what {pages} pages of 8 tenants cost on each engine"), |stage| {
        println!("      engine        workers rows/page  pages/s   ms: worker  collector  broker  database");
        let postgres = Postgres::start()?;
        for rows in [1, 100] {
            in_process(pages, rows)?;
            on_postgres(&postgres, pages, rows)?;
            for workers in [1, 2, 4] {
                on_nats(stage, pages, rows, workers)?;
            }
        }
        Ok(())
    });
    Ok(())
}

const TENANTS: u64 = 8;

fn tenants(pages: u64, rows: u64) -> Vec<Tenant> {
    (0..TENANTS).map(|number| Tenant::new(&format!("cost{number}"), pages / TENANTS, rows)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
fn line(engine: &str, workers: usize, rows: u64, pages: u64, time: Duration, spent: [u64; 4]) {
    let each = spent.map(|milliseconds| milliseconds as f64 / pages as f64);
    println!(
        "      {engine:<13} {workers:>7} {rows:>9} {:>8.0}   {:>10.3} {:>10.3} {:>7.3} {:>9.3}",
        pages as f64 / time.as_secs_f64(),
        each[0],
        each[1],
        each[2],
        each[3]
    );
}

fn sync_process(store: &Path, tenants: &[Tenant], folder: &Path) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("nonce-sync").arg(store).args(tenants.iter().map(Tenant::connection));
    Process::start(command, &folder.join("sync.log"))
}

/// Waits for the end of a process and gives what it has used.
fn spent(process: &mut Process) -> Result<u64> {
    let mut used = 0;
    let deadline = Instant::now() + Duration::from_secs(300);
    while process.is_running() {
        ensure!(Instant::now() < deadline, "{}", process.output());
        used = used.max(process.processor_time());
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(used)
}

fn in_process(pages: u64, rows: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tenants = tenants(pages, rows);
    let store = folder.path().join("cost.db");
    let start = Instant::now();
    let used = spent(&mut sync_process(&store, &tenants, folder.path())?)?;
    let time = start.elapsed();
    tenants.iter().try_for_each(|tenant| tenant.check(&store))?;
    line("in process", 1, rows, pages, time, [used, 0, 0, 0]);
    Ok(())
}

fn on_postgres(postgres: &Postgres, pages: u64, rows: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tenants = tenants(pages, rows);
    let store = postgres.database(&format!("cost{rows}"))?;
    let before = postgres.processor_time();
    let start = Instant::now();
    let used = spent(&mut sync_process(&store, &tenants, folder.path())?)?;
    let time = start.elapsed();
    let database = postgres.processor_time().saturating_sub(before);
    tenants.iter().try_for_each(|tenant| tenant.check(&store))?;
    line("PostgreSQL", 1, rows, pages, time, [used, 0, 0, database]);
    Ok(())
}

fn on_nats(stage: &Stage, pages: u64, rows: u64, workers: usize) -> Result<()> {
    let mut site = Site::new(stage, Setup::default(), None)?;
    let tenants = tenants(pages, rows);
    site.submit(&tenants, &Wanted::default())?;
    let before = site.brokers[0].processor_time();
    let start = Instant::now();
    site.staff(workers, 8 / workers)?;
    site.wait(&tenants, Duration::from_secs(300))?;
    let time = start.elapsed();
    let worker = site.workers.iter().map(Process::processor_time).sum();
    let collector = site.collectors[0].processor_time();
    let broker = site.brokers[0].processor_time().saturating_sub(before);
    site.finish(&tenants, Duration::from_secs(10))?;
    line("NATS", workers, rows, pages, time, [worker, collector, broker, 0]);
    Ok(())
}
