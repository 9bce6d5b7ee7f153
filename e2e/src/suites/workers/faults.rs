//! What can go wrong on NATS, one after the other; the rows are exact in each case.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use lumos_sync_workers::Setup;
use lumos_sync_workers::record::Wanted;

use super::machines::{Cable, Nats};
use super::nonce::{Kind, Tenant};
use super::site::Site;
use crate::harness::stage::Stage;

const LIMIT: Duration = Duration::from_secs(120);

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    slow_workers(stage);
    outages(stage);
    large_things(stage);
    many_deferred(stage);
    cluster(stage);
    if stage.is_full() {
        partition(stage);
    }
    Ok(())
}

fn quick() -> Setup {
    Setup { ack_wait: Duration::from_secs(1), ..Setup::default() }
}

/// Waits until so many pages are stored.
fn until(site: &Site, tenants: &[Tenant], pages: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while site.pages(tenants) < pages {
        ensure!(Instant::now() < deadline, "{} pages after 30 s", site.pages(tenants));
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn slow_workers(stage: &mut Stage) {
    stage.check("a worker that is frozen for longer than its claim holds, and then goes on", |stage| {
        let mut site = Site::new(stage, quick(), None)?;
        let tenants: Vec<Tenant> =
            (0..4).map(|number| Tenant::new(&format!("frozen{number}"), 12, 10).takes(400)).collect();
        site.submit(&tenants, &Wanted::default())?;
        site.staff(1, 4)?;
        until(&site, &tenants, 4)?;
        // In the middle of pages: what it has read and not yet said is late when it wakes up.
        site.workers[0].signal("STOP")?;
        site.add_worker(4)?;
        std::thread::sleep(Duration::from_millis(4500));
        site.workers[0].signal("CONT")?;
        site.finish(&tenants, LIMIT)?;
        site.workers[0].signal("TERM")?;
        site.workers[0].wait(Duration::from_secs(20))?;
        let log = site.workers[0].output();
        ensure!(!log.contains("fenced 0"), "nothing came late: {log}");
        Ok(())
    });
    stage.check("a claim that ends before its page does", |stage| {
        let mut site = Site::new(stage, quick(), None)?;
        // A worker says only every 10 s that it is alive, and the page takes longer than its claim.
        let tenants = [Tenant::new("short", 3, 10).takes(2500)];
        site.submit(&tenants, &Wanted::default())?;
        site.staff(3, 2)?;
        site.finish(&tenants, LIMIT)
    });
    stage.check("a run that is purged while its worker reads, and another one after it", |stage| {
        let mut site = Site::new(stage, quick(), None)?;
        let tenants = [Tenant::new("purged", 6, 10).takes(400)];
        site.submit(&tenants, &Wanted::default())?;
        site.staff(2, 2)?;
        until(&site, &tenants, 2)?;
        let context = site.broker().context().clone();
        site.block_on(async {
            let stream = context.get_stream("CHAIN").await.map_err(|error| anyhow!("{error}"))?;
            stream.purge().await.map_err(|error| anyhow!("{error}"))
        })?;
        // What was purged is put back from the store: by the collector that starts here, or the next look of the other.
        site.collectors.remove(0).kill();
        site.add_collector()?;
        site.finish(&tenants, LIMIT)
    });
    stage.check("a page that kills its connector every time, among innocent neighbours", |stage| {
        let mut site = Site::new(stage, Setup::default(), None)?;
        let mut tenants = vec![Tenant::new("poison", 10, 5).kind(Kind::Poison)];
        tenants.extend((0..6).map(|number| Tenant::new(&format!("innocent{number}"), 10, 5)));
        site.submit(&tenants, &Wanted::default())?;
        site.staff(2, 2)?;
        site.finish(&tenants, LIMIT)
    });
}

fn outages(stage: &mut Stage) {
    let seconds = if stage.is_full() { 20 } else { 4 };
    stage.check(format!("the broker is killed, and away for {seconds} s"), |stage| {
        let mut site =
            Site::new(stage, Setup { ack_wait: Duration::from_secs(2), ..Setup::default() }, None)?;
        let tenants: Vec<Tenant> =
            (0..6).map(|number| Tenant::new(&format!("outage{number}"), 30, 10).takes(20)).collect();
        site.submit(&tenants, &Wanted::default())?;
        site.staff(2, 4)?;
        until(&site, &tenants, 20)?;
        site.brokers[0].kill();
        std::thread::sleep(Duration::from_secs(seconds));
        site.brokers[0].resume()?;
        site.finish(&tenants, LIMIT)
    });
    stage.check("a stream that is full until the collector comes", |stage| {
        let setup = Setup { max_bytes: 1024 * 1024, ..quick() };
        let mut site = Site::new(stage, setup, None)?;
        let tenants: Vec<Tenant> =
            (0..4).map(|number| Tenant::new(&format!("full{number}"), 8, 100).row_bytes(1000)).collect();
        let wanted = Wanted::default();
        site.submit(&tenants, &wanted)?;
        site.staff(2, 4)?;
        // 3.2 MB of rows do not fit into 1 MiB: the workers hold theirs until somebody makes room.
        std::thread::sleep(Duration::from_secs(3));
        let status = site.block_on(site.broker().status(&["default".to_owned()]))?;
        ensure!(status.bytes <= 1024 * 1024, "{} bytes", status.bytes);
        let larger = Setup { max_bytes: 64 * 1024 * 1024, ..quick() };
        site.block_on(larger.apply(site.broker().context()))?;
        site.finish(&tenants, LIMIT)
    });
}

fn large_things(stage: &mut Stage) {
    let large = [
        ("pages of 10 MB", Tenant::new("pages", 3, 10_000).row_bytes(1000)),
        ("a row above 1 MB", Tenant::new("row", 3, 1).row_bytes(3_000_000)),
        ("page tokens of 100 KB", Tenant::new("tokens", 6, 10).token_bytes(100_000)),
    ];
    for (what, tenant) in large {
        stage.check(format!("{what}, whose worker is killed"), |stage| {
            let setup = Setup { ack_wait: Duration::from_secs(3), ..Setup::default() };
            let mut site = Site::new(stage, setup, None)?;
            let tenants = [tenant.clone().takes(100)];
            site.submit(&tenants, &Wanted::default())?;
            site.staff(2, 2)?;
            for _ in 0..3 {
                std::thread::sleep(Duration::from_millis(450));
                site.workers.remove(0).kill();
                site.add_worker(2)?;
            }
            site.finish(&tenants, LIMIT)
        });
    }
    stage.check("a page token longer than a message ends its listing with a reason", |stage| {
        let mut site = Site::new(stage, Setup::default(), None)?;
        let tenants = [Tenant::new("token", 3, 2).token_bytes(2_000_000)];
        site.submit(&tenants, &Wanted::default())?;
        site.staff(1, 1)?;
        site.wait(&tenants, LIMIT)?;
        let record = site.record(&tenants[0])?;
        ensure!(record.outcome.as_deref() == Some("incomplete"), "{record:?}");
        let reason = record.listings[0].reason.clone().context("no reason")?;
        ensure!(reason.contains("a token of 2000"), "{reason}");
        Ok(())
    });
}

fn many_deferred(stage: &mut Stage) {
    // More than the broker lets be handed out by default, which is 1,000.
    let deferred = if stage.is_full() { 3000 } else { 1100 };
    stage.check(format!("{deferred} heads that wait do not hold up one that need not"), |stage| {
        let postgres = super::machines::Postgres::start()?;
        let mut site = Site::new(stage, Setup::default(), Some(postgres.database("waits")?))?;
        let tenants: Vec<Tenant> = (0..deferred)
            .map(|number| Tenant::new(&format!("late{number}"), 1, 1).kind(Kind::Late))
            .collect();
        site.submit(&tenants, &Wanted::default())?;
        site.staff(1, 16)?;
        let deadline = Instant::now() + 2 * LIMIT;
        loop {
            let status = site.block_on(site.broker().status(&["default".to_owned()]))?;
            if status.consumers[0].handed_out >= deferred {
                break;
            }
            ensure!(Instant::now() < deadline, "{} heads wait", status.consumers[0].handed_out);
            std::thread::sleep(Duration::from_millis(100));
        }
        let start = Instant::now();
        let prompt = [Tenant::new("prompt", 5, 5)];
        site.submit(&prompt, &Wanted::default())?;
        site.finish(&prompt, Duration::from_secs(30))?;
        println!("      done after {} ms", start.elapsed().as_millis());
        Ok(())
    });
}

/// Three brokers that keep every message three times.
fn cluster(stage: &mut Stage) {
    stage.check("three brokers: the leader is killed, then another one, then workers", |stage| {
        let setup = Setup { replicas: 3, ack_wait: Duration::from_secs(2), ..Setup::default() };
        let mut site = Site::on(stage, Nats::cluster(stage)?, setup, None)?;
        let tenants: Vec<Tenant> =
            (0..6).map(|number| Tenant::new(&format!("three{number}"), 40, 10).takes(20)).collect();
        site.submit(&tenants, &Wanted::default())?;
        site.staff(2, 4)?;
        until(&site, &tenants, 20)?;
        let leader = site.block_on(site.broker().status(&["default".to_owned()]))?.leader;
        let leader = leader.context("nobody leads")?;
        let place: usize = leader.trim_start_matches('n').parse()?;
        site.brokers[place].kill();
        until(&site, &tenants, 60)?;
        site.brokers[place].resume()?;
        std::thread::sleep(Duration::from_secs(2));
        let other = (place + 1) % 3;
        site.brokers[other].kill();
        until(&site, &tenants, 100)?;
        site.brokers[other].resume()?;
        site.workers.remove(0).kill();
        site.add_worker(4)?;
        site.finish(&tenants, LIMIT)
    });
}

/// One of three brokers is cut off while it leads: the cable is cut, and nobody is told.
fn partition(stage: &mut Stage) {
    let cable = match Cable::lay() {
        Ok(cable) => cable,
        Err(error) => {
            println!(
                "      SKIPPED: a broker that is cut off: this machine makes no network namespace: {error:#}"
            );
            return;
        }
    };
    stage.check("three brokers: the leader is cut off from the others, and comes back", |stage| {
        let setup = Setup { replicas: 3, ack_wait: Duration::from_secs(2), ..Setup::default() };
        let mut site = Site::on(stage, Nats::cluster_over(stage, &cable)?, setup, None)?;
        let tenants: Vec<Tenant> =
            (0..6).map(|number| Tenant::new(&format!("cut{number}"), 60, 10).takes(40)).collect();
        site.submit(&tenants, &Wanted::default())?;
        site.staff(2, 4)?;
        until(&site, &tenants, 20)?;
        lead(&site, "n2")?;
        cable.cut()?;
        let before = site.pages(&tenants);
        until(&site, &tenants, before + 40)?;
        ensure!(leader(&site)?.as_deref() != Some("n2"), "n2 leads from behind the cut");
        cable.mend()?;
        until(&site, &tenants, before + 80)?;
        // With what it missed in its log, it may lead again.
        lead(&site, "n2")?;
        site.finish(&tenants, LIMIT)
    });
}

/// Who leads the stream. What was asked of a broker that has gone is asked again.
fn leader(site: &Site) -> Result<Option<String>> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match site.block_on(site.broker().status(&["default".to_owned()])) {
            Ok(status) => return Ok(status.leader),
            Err(error) => ensure!(Instant::now() < deadline, "nobody answers for 30 s: {error:#}"),
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Makes a broker lead the stream.
fn lead(site: &Site, name: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if leader(site)?.as_deref() == Some(name) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{name} does not lead after 30 s");
        let wanted = format!(r#"{{"placement":{{"preferred":"{name}"}}}}"#);
        let client = site.broker().context().client();
        // It refuses while the one that is wanted has not caught up.
        drop(site.block_on(client.request("$JS.API.STREAM.LEADER.STEPDOWN.CHAIN", wanted.into())));
        std::thread::sleep(Duration::from_millis(500));
    }
}
