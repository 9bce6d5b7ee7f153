//! Listings compared with what `rabbitmqctl` says, row by row.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::broker::Broker;
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

const HOSTS: usize = 5;

pub(super) fn run(stage: &mut Stage, broker: &Broker, lumos: &Connection) -> Result<()> {
    let users = if stage.is_full() { 20_000 } else { 300 };
    stage.step(format!("made {users} users in {HOSTS} virtual hosts"), |_| {
        broker.import(&definitions(users))
    })?;
    for size in [97, 1000] {
        stage.check(format!("users in pages of {size}"), |_| {
            let expected = broker.rows(&["list_users"])?.into_iter().map(|row| row["user"].clone());
            same(&lumos.list("list_accounts", size)?, "integration_specific_id", expected)
        });
        stage.check(format!("tags and permissions in pages of {size}"), |_| {
            let listed = lumos.list("find_entitlement_associations", size)?;
            let columns =
                ["account_id", "integration_specific_entitlement_id", "integration_specific_resource_id"];
            let listed: Vec<_> = listed.iter().map(|row| json!(columns.map(|column| &row[column]))).collect();
            equal(&listed, associations(broker)?.into_iter())
        });
    }
    stage.check("virtual hosts", |_| {
        let expected = broker.rows(&["list_vhosts"])?.into_iter().map(|row| row["name"].clone());
        same(&lumos.list("list_resources", 2)?, "integration_specific_id", expected)
    });
    stage.check("whatever somebody holds is an entitlement that there is", |_| {
        let place =
            |row: &Value, id: &str| json!([row[id], row["integration_specific_resource_id"]]).to_string();
        let there = lumos.list("list_entitlements", 50)?;
        let there: BTreeSet<_> = there.iter().map(|row| place(row, "integration_specific_id")).collect();
        for held in lumos.list("find_entitlement_associations", 1000)? {
            let held = place(&held, "integration_specific_entitlement_id");
            ensure!(there.contains(&held), "{held} is not listed");
        }
        Ok(())
    });
    stage.check("a user whose name is not UTF-8 costs itself, and the answer says so", |_| {
        let before = lumos.list("list_accounts", 1000)?;
        broker.control(&[
            "eval",
            "rabbit_auth_backend_internal:add_user(<<255,254,65>>, <<\"a password\">>, <<\"e2e\">>).",
        ])?;
        ensure!(lumos.list("list_accounts", 1000)? == before, "other users are shown");
        let answer = lumos.raw_data().answer("list_accounts", json!({}))?;
        let left_out = answer["raw_data"]["left_out"].to_string();
        ensure!(left_out.contains("1 of ") && left_out.contains("users are not understood"), "{left_out}");
        broker.control(&["eval", "rabbit_auth_backend_internal:delete_user(<<255,254,65>>, <<\"e2e\">>)."])
    });
    Ok(())
}

/// Users with every third tagged, every second with a permission in one virtual host, some of them with odd patterns.
fn definitions(users: usize) -> Value {
    let hosts: Vec<_> = (0..HOSTS).map(|host| format!("host {host}/x")).collect();
    let name = |user: usize| format!("user-{user:05}@acme.test");
    let tags = |user: usize| {
        if user.is_multiple_of(3) { json!(["monitoring", format!("team-{}", user % 7)]) } else { json!([]) }
    };
    let pattern =
        |user: usize| if user.is_multiple_of(4) { format!("^u{}:", user % 10) } else { ".*".to_owned() };
    json!({
        "users": (0..users).map(|user| json!({
            "name": name(user), "password_hash": "", "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": tags(user), "limits": {},
        })).collect::<Vec<_>>(),
        "vhosts": hosts.iter().map(|host| json!({"name": host})).collect::<Vec<_>>(),
        "permissions": (0..users).step_by(2).map(|user| json!({
            "user": name(user), "vhost": hosts[user % HOSTS], "configure": "", "write": pattern(user), "read": ".*",
        })).collect::<Vec<_>>(),
    })
}

/// What the connector is to show, from what `rabbitmqctl` says.
fn associations(broker: &Broker) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for user in broker.rows(&["list_users"])? {
        for tag in user["tags"].as_array().into_iter().flatten() {
            rows.push(json!([user["user"], tag, ""]));
        }
    }
    for host in broker.rows(&["list_vhosts"])? {
        let name = host["name"].as_str().unwrap_or_default();
        for permission in broker.rows(&["list_permissions", "-p", name])? {
            rows.push(json!([permission["user"], "access", name]));
            for operation in ["configure", "write", "read"] {
                let id = match permission[operation].as_str().unwrap_or_default() {
                    "" => continue,
                    ".*" => operation.to_owned(),
                    pattern => format!("{operation}:{pattern}"),
                };
                rows.push(json!([permission["user"], id, name]));
            }
        }
    }
    Ok(rows)
}

fn same(listed: &[Value], column: &str, expected: impl Iterator<Item = Value>) -> Result<()> {
    let listed: Vec<_> = listed.iter().map(|row| row[column].clone()).collect();
    equal(&listed, expected)
}

/// Each expected row once, and no other.
fn equal(listed: &[Value], expected: impl Iterator<Item = Value>) -> Result<()> {
    let expected: BTreeSet<_> = expected.map(|row| row.to_string()).collect();
    let given: BTreeSet<_> = listed.iter().map(Value::to_string).collect();
    ensure!(given.len() == listed.len(), "{} rows are there twice", listed.len() - given.len());
    let (missing, odd): (Vec<_>, Vec<_>) =
        (expected.difference(&given).take(3).collect(), given.difference(&expected).take(3).collect());
    ensure!(missing.is_empty() && odd.is_empty(), "missing: {missing:?}; not the broker's: {odd:?}");
    Ok(())
}
