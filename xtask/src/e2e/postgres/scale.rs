//! Large tenants: time, and memory that does not grow with them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::e2e::connection::Connection;
use crate::e2e::install::output;
use crate::e2e::stage::Stage;

/// Accounts of the full size, each with [`MEMBERSHIPS`] memberships.
const ACCOUNTS: u32 = 100_000;
const MEMBERSHIPS: u32 = 5;
const GROUPS: u32 = 200;

/// How much more memory the larger tenant may take: what the allocator rounds up.
const SLACK: f64 = 1.10;

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection) -> Result<()> {
    let full = if stage.is_full() { ACCOUNTS } else { ACCOUNTS / 10 };
    let lumos = &lumos.setting("databases", json!(["app", "postgres"]));
    let binary = stage.binary("postgres-connector");
    // Small enough for several pages of the smaller tenant: a page is what takes memory.
    let page = full / 20;
    let mut peaks = Vec::new();
    let mut made = 0;
    for accounts in [full / 10, full] {
        stage.step(format!("{accounts} accounts with {} associations", accounts * MEMBERSHIPS), |_| {
            make(cluster, made + 1, accounts)
        })?;
        made = accounts;
        for (listing, at_least) in
            [("list_accounts", accounts), ("find_entitlement_associations", accounts * MEMBERSHIPS)]
        {
            let listed = list(&binary, lumos, listing, page)?;
            peaks.push((listing, listed.peak));
            stage.check(listed.to_string(), |_| {
                ensure!(listed.rows >= at_least as usize, "fewer than the {at_least} there are");
                Ok(())
            });
        }
    }
    for listing in ["list_accounts", "find_entitlement_associations"] {
        let of: Vec<_> = peaks.iter().filter(|(name, _)| *name == listing).map(|(_, peak)| *peak).collect();
        stage.check(format!("{listing} takes as much memory at the full size as at a tenth"), |_| {
            let growth = of[1] as f64 / of[0] as f64;
            ensure!(growth < SLACK, "{} KiB, then {} KiB", of[0], of[1]);
            Ok(())
        });
    }
    Ok(())
}

/// Makes the accounts with the numbers from `first` to `last`.
fn make(cluster: &Cluster, first: u32, last: u32) -> Result<()> {
    cluster.sql(
        "postgres",
        &format!(
            "DO $$ BEGIN
                FOR i IN 1..{GROUPS} LOOP
                    IF to_regrole('scale_group_' || i) IS NULL THEN EXECUTE format('CREATE ROLE scale_group_%s', i); END IF;
                END LOOP;
                FOR i IN {first}..{last} LOOP EXECUTE format('CREATE ROLE scale_%s LOGIN', i); END LOOP;
                FOR g IN 1..{GROUPS} LOOP
                    EXECUTE (SELECT format('GRANT scale_group_%s TO %s', g, string_agg('scale_' || i, ','))
                        FROM generate_series({first}, {last}) i WHERE (i + g) % ({GROUPS} / {MEMBERSHIPS}) = 0);
                END LOOP;
            END $$"
        ),
    )?;
    cluster.sql("postgres", "VACUUM ANALYZE pg_authid, pg_auth_members")
}

/// One listing to its end.
struct Listed {
    listing: &'static str,
    rows: usize,
    pages: u32,
    seconds: f64,
    /// The largest resident set of all calls, in KiB.
    peak: u64,
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { listing, rows, pages, seconds, peak } = self;
        let rate = *rows as f64 / seconds;
        write!(
            f,
            "{listing}: {rows} rows in {pages} pages, {seconds:.1} s, {rate:.0} rows/s, peak {peak} KiB"
        )
    }
}

/// Each page is a process of its own, as on the command line; `time` says how much memory it took.
fn list(binary: &Path, lumos: &Connection, listing: &'static str, page: u32) -> Result<Listed> {
    let folder = tempfile::tempdir()?;
    let (request, usage) = (folder.path().join("request.json"), folder.path().join("usage"));
    let mut listed = Listed { listing, rows: 0, pages: 0, seconds: 0.0, peak: 0 };
    let started = Instant::now();
    let mut token = Value::Null;
    loop {
        fs::write(&request, lumos.request(json!({}), json!({"token": token, "size": page})).to_string())?;
        let mut call = Command::new("/usr/bin/time");
        call.args(["-f", "%M", "-o"]).arg(&usage).arg(binary).env("LUMOS_LOG_DIRECTORY", folder.path());
        let answer = output(call.args([listing, "--json-file"]).arg(&request))?;
        let mut answer: Value = serde_json::from_slice(&answer.stdout)?;
        let rows = answer["response"].as_array().with_context(|| answer["error"].to_string())?;
        listed.rows += rows.len();
        listed.pages += 1;
        listed.peak = listed.peak.max(fs::read_to_string(&usage)?.trim().parse()?);
        token = answer["page"]["token"].take();
        if token.is_null() {
            listed.seconds = started.elapsed().as_secs_f64();
            return Ok(listed);
        }
    }
}
