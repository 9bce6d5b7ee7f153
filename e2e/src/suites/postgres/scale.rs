//! Large tenants: time, and memory that does not grow with them.

use anyhow::{Result, ensure};
use serde_json::json;

use super::cluster::Cluster;
use crate::harness::connection::Connection;
use crate::harness::large_listing::{LargeListing, check_growth};
use crate::harness::stage::Stage;

/// Accounts of the full size, each with [`MEMBERSHIPS`] memberships.
const ACCOUNTS: u32 = 100_000;
const MEMBERSHIPS: u32 = 5;
const GROUPS: u32 = 200;

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection) -> Result<()> {
    let full = if stage.is_full() { ACCOUNTS } else { ACCOUNTS / 10 };
    let lumos = &lumos.setting("databases", json!(["app", "postgres"]));
    let binary = stage.binary("postgres-connector");
    // Small enough for several pages of the smaller tenant: a page is what takes memory.
    let page = full as usize / 20;
    let mut listed = Vec::new();
    let mut made = 0;
    for accounts in [full / 10, full] {
        stage.step(format!("{accounts} accounts with {} associations", accounts * MEMBERSHIPS), |_| {
            make(cluster, made + 1, accounts)
        })?;
        made = accounts;
        for (listing, at_least) in
            [("list_accounts", accounts), ("find_entitlement_associations", accounts * MEMBERSHIPS)]
        {
            let large = LargeListing::of(&binary, lumos, listing, page)?;
            stage.check(&large, |_| {
                ensure!(large.rows >= at_least as usize, "fewer than the {at_least} there are");
                Ok(())
            });
            listed.push(large);
        }
    }
    check_growth(stage, &listed);
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
