//! A directory of 100,000 users with groups of 1 and of 50,000 members: every row, the requests it takes, and memory.
//! CI takes a fiftieth of it.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::bearer;
use super::service::{ADMIN, Api};
use crate::harness::connection::Connection;
use crate::harness::large_listing::LargeListing;
use crate::harness::server::{Server, free_port, listens};
use crate::harness::stage::Stage;
use crate::harness::synced::{MODES, SyncedTenant};

const USERS: usize = 100_000;
/// Members of each of two groups; the other groups have one.
const LARGE: usize = 50_000;
const SMALL: usize = 1000;
/// Rows of a page, which is also the most that the service gives.
const PAGE: usize = 1000;

/// How the service pages, as its paths have it.
const WAYS: [&str; 2] = ["keyset", "index"];

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let part = if stage.is_full() { 1 } else { 50 };
    let (users, large, small) = (USERS / part, LARGE / part, SMALL / part);
    let port = free_port()?;
    let server = stage.step(
        format!("started a directory of {users} users, two groups of {large} and {small} groups of one"),
        |stage| {
            let mut python = Command::new("python3");
            python.arg(stage.root().join("connectors/scim/e2e/walk_server.py"));
            python.args([users, large, small, port.into()].map(|number| number.to_string()));
            Server::start(&mut python, &stage.cache("logs")?.join("walk-server.log"), || listens(port))
        },
    )?;
    for way in WAYS {
        let base = format!("http://127.0.0.1:{port}/{way}");
        let connector = stage.connector("scim-connector")?;
        let lumos = Connection::new(connector, bearer(ADMIN), json!({"base_url": base}));
        let requests = || Api::at(format!("http://127.0.0.1:{port}")).get("requests");
        for listing in ["list_accounts", "list_entitlements", "find_entitlement_associations"] {
            let before = requests()?.as_u64().unwrap_or_default();
            let large = LargeListing::of(&stage.binary("scim-connector"), &lumos, listing, PAGE)?;
            let made = requests()?.as_u64().unwrap_or_default() - before - 1;
            stage.check(format!("{way}: {large}, {made} requests"), |_| {
                // Each page is a process of its own, which asks for the configuration, for its rows, and at the end
                // what follows them. Without filters all users are read for those who have a role.
                let most = 4 * u64::from(large.pages) + 20 + (users / PAGE) as u64;
                ensure!(made <= most, "more than {most}");
                Ok(())
            });
        }
        stage.check(format!("{way}: synced whole, every row is what the directory holds"), |stage| {
            let tenant = SyncedTenant::of(stage, &lumos, MODES[1], PAGE)?;
            compare(&tenant, users, large, small)
        });
    }
    drop(server);
    Ok(())
}

fn compare(tenant: &SyncedTenant, users: usize, large: usize, small: usize) -> Result<()> {
    let user = |number: usize| format!("u{number:07}");
    let accounts = tenant.list("list_accounts")?;
    ensure!(accounts.len() == users, "{} accounts", accounts.len());
    for (number, row) in accounts.iter().enumerate() {
        let status = if number % 7 == 0 { "INACTIVE" } else { "ACTIVE" };
        ensure!(
            row["integration_specific_id"] == user(number)
                && row["username"] == format!("user{number}")
                && row["email"] == format!("user{number}@acme.test")
                && row["family_name"] == format!("Family {number}")
                && row["user_status"] == status,
            "{row} is not number {number}"
        );
    }
    let entitlements = tenant.list("list_entitlements")?;
    let ids: BTreeSet<&str> =
        entitlements.iter().filter_map(|row| row["integration_specific_id"].as_str()).collect();
    ensure!(entitlements.len() == small + 2 && ids.len() == small + 2, "{} entitlements", entitlements.len());
    let groups = (0..small + 2).flat_map(|group| {
        let members = match group {
            0 => 0..large,
            1 => users - large..users,
            _ => group - 2..group - 1,
        };
        members.map(move |member| (format!("u{member:07}"), format!("g{group:07}")))
    });
    let expected: BTreeSet<(String, String)> = groups.collect();
    let associations = tenant.list("find_entitlement_associations")?;
    ensure!(
        associations.len() == expected.len(),
        "{} associations of {}",
        associations.len(),
        expected.len()
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for row in &associations {
        let pair = (text(&row["account_id"]), text(&row["integration_specific_entitlement_id"]));
        ensure!(expected.contains(&pair), "{row} does not exist");
    }
    let found: BTreeSet<_> = associations
        .iter()
        .map(|row| (text(&row["account_id"]), text(&row["integration_specific_entitlement_id"])))
        .collect();
    ensure!(
        found.len() == expected.len(),
        "{} of {} are there twice",
        expected.len() - found.len(),
        expected.len()
    );
    Ok(())
}
