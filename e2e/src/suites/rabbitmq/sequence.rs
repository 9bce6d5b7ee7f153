//! The life of a user: created, given and taken entitlements, deleted; after each step `rabbitmqctl` says what is so.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::broker::Broker;
use super::{OWN, PASSWORD};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

/// Names that have to be escaped in an address, or look like something else.
const NAMES: [&str; 5] = ["a/b #?%2F", "ada", "ada@acme.test", "ü \"quoted\"", "..."];

const HOST: &str = "orders/eu";

pub(super) fn run(stage: &mut Stage, broker: &Broker, lumos: &Connection) {
    stage.check("made a virtual host whose name has a slash", |_| broker.control(&["add_vhost", HOST]));
    for name in NAMES {
        // `rabbitmqctl` takes a second each time; one user after each step is enough.
        let every_step = name == NAMES[0];
        stage.check(format!("{name}: from creation to deletion"), |_| life(broker, lumos, name, every_step));
    }
    stage.check("a user that exists is not replaced", |_| {
        lumos.refuses(
            "create_account",
            json!({"name": "monitor", "password": "another"}),
            "conflict",
            "already",
        )?;
        ensure!(broker.signs_in("monitor", PASSWORD), "its password has changed");
        Ok(())
    });
    stage.check("a user without what it was to have is not kept", |_| {
        let impossible = entitlement("permission", "read", "no such host");
        let request = json!({"name": "grace", "password": PASSWORD, "entitlements": [impossible]});
        lumos.refuses("create_account", request, "not_found", "no virtual host")?;
        ensure!(tags(broker, "grace")?.is_none(), "the user is there");
        Ok(())
    });
    stage.check("a pattern that the broker refuses is its error, and changes nothing", |_| {
        let change = change("monitor", "permission", "read:(", HOST);
        lumos.refuses("assign_entitlement", change, "bad_request", "RabbitMQ answers 400")?;
        ensure!(permission(broker, "monitor")?.is_none(), "the user has a permission");
        Ok(())
    });
    stage.check("a user whose name no address can hold is read, and cannot be changed", |_| {
        broker.control(&["add_user", "..", PASSWORD])?;
        let account = lumos.response("get_account", json!({"account_id": ".."}))?;
        ensure!(account["integration_specific_id"] == "..", "{account}");
        let held = lumos.response("get_account_entitlement_associations", json!({"account_id": ".."}))?;
        ensure!(held == json!([]), "{held}");
        lumos.refuses("delete_account", json!({"account_id": ".."}), "invalid_value", "cannot be a part")?;
        lumos.refuses("get_account", json!({"account_id": "."}), "not_found", "no user")?;
        lumos.refuses("get_account", json!({"account_id": ""}), "not_found", "no user")
    });
    stage.check("the connector's own user stays as it is", |_| {
        lumos.refuses("delete_account", json!({"account_id": OWN}), "unsupported_operation", "own user")?;
        let change = change(OWN, "tag", "administrator", "");
        lumos.refuses("unassign_entitlement", change, "unsupported_operation", "own user")
    });
}

fn life(broker: &Broker, lumos: &Connection, name: &str, every_step: bool) -> Result<()> {
    let expect = |tags: &[&str], patterns: Option<[&str; 3]>| {
        if every_step { expect(broker, name, tags, patterns) } else { Ok(()) }
    };
    let first = [entitlement("tag", "management", ""), entitlement("permission", "write", HOST)];
    let request = json!({"name": name, "password": PASSWORD, "entitlements": first});
    let created = lumos.response("create_account", request)?;
    ensure!(created["created"] == json!(true) && created["id"] == json!(name), "{created}");
    expect(&["management"], Some(["", ".*", ""]))?;
    let account = lumos.response("get_account", json!({"account_id": name}))?;
    ensure!(account["username"] == json!(name), "{account}");

    for (id, tags) in [
        ("ops,eu", vec!["management", "ops,eu"]),
        ("policymaker", vec!["management", "ops,eu", "policymaker"]),
    ] {
        assign(lumos, name, "tag", id, "")?;
        expect(&tags, Some(["", ".*", ""]))?;
    }
    unassign(lumos, name, "tag", "management", "")?;
    expect(&["ops,eu", "policymaker"], Some(["", ".*", ""]))?;

    assign(lumos, name, "permission", "read:^a:b|c$", HOST)?;
    expect(&["ops,eu", "policymaker"], Some(["", ".*", "^a:b|c$"]))?;
    let held = lumos.response("get_account_entitlement_associations", json!({"account_id": name}))?;
    let held: Vec<_> = held
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| &row["integration_specific_entitlement_id"])
        .collect();
    ensure!(held == ["ops,eu", "policymaker", "access", "write", "read:^a:b|c$"], "{held:?}");
    unassign(lumos, name, "permission", "write", HOST)?;
    unassign(lumos, name, "permission", "read:^a:b|c$", HOST)?;
    self::expect(broker, name, &["ops,eu", "policymaker"], Some(["", "", ""]))?;
    unassign(lumos, name, "permission", "access", HOST)?;
    expect(&["ops,eu", "policymaker"], None)?;
    // What is so already is no change and no error.
    unassign(lumos, name, "permission", "access", HOST)?;
    assign(lumos, name, "tag", "policymaker", "")?;
    ensure!(broker.signs_in(name, PASSWORD), "its password is another");

    let deleted = lumos.response("delete_account", json!({"account_id": name}))?;
    ensure!(deleted["deleted"] == json!(true), "{deleted}");
    ensure!(tags(broker, name)?.is_none(), "the user is still there");
    lumos.refuses("delete_account", json!({"account_id": name}), "not_found", "no user")
}

fn assign(lumos: &Connection, account: &str, kind: &str, id: &str, host: &str) -> Result<()> {
    let answer = lumos.response("assign_entitlement", change(account, kind, id, host))?;
    ensure!(answer == json!({"assigned": true}), "{answer}");
    Ok(())
}

fn unassign(lumos: &Connection, account: &str, kind: &str, id: &str, host: &str) -> Result<()> {
    let answer = lumos.response("unassign_entitlement", change(account, kind, id, host))?;
    ensure!(answer == json!({"unassigned": true}), "{answer}");
    Ok(())
}

fn change(account: &str, kind: &str, id: &str, host: &str) -> Value {
    json!({
        "account_integration_specific_id": account, "resource_integration_specific_id": host,
        "resource_type": if host.is_empty() { "" } else { "vhost" }, "entitlement_type": kind,
        "entitlement_integration_specific_id": id,
    })
}

fn entitlement(kind: &str, id: &str, host: &str) -> Value {
    json!({"entitlement_type": kind, "integration_specific_id": id, "integration_specific_resource_id": host})
}

/// What `rabbitmqctl` says of a user.
fn expect(broker: &Broker, name: &str, wanted: &[&str], patterns: Option<[&str; 3]>) -> Result<()> {
    let mut tags = tags(broker, name)?.unwrap_or_default();
    tags.sort();
    ensure!(tags == wanted, "expected the tags {wanted:?}, got {tags:?}");
    let permission = permission(broker, name)?;
    let given = permission
        .as_ref()
        .map(|row| ["configure", "write", "read"].map(|name| row[name].as_str().unwrap_or("?")));
    ensure!(given == patterns, "expected the permission {patterns:?}, got {given:?}");
    Ok(())
}

fn tags(broker: &Broker, name: &str) -> Result<Option<Vec<String>>> {
    let rows = broker.rows(&["list_users"])?;
    let user = rows.into_iter().find(|row| row["user"] == name);
    user.map(|user| Ok(serde_json::from_value(user["tags"].clone())?)).transpose()
}

fn permission(broker: &Broker, name: &str) -> Result<Option<Value>> {
    Ok(broker.rows(&["list_permissions", "-p", HOST])?.into_iter().find(|row| row["user"] == name))
}
