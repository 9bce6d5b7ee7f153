//! What goes wrong, and what the caller is told.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::thread::{sleep, spawn};
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::{PASSWORD, ROLE, login};
use crate::harness::connection::{Connection, refused};
use crate::harness::server::free_port;
use crate::harness::stage::Stage;

/// Long enough for a statement to wait for a lock.
const A_MOMENT: Duration = Duration::from_millis(500);

pub(super) fn run(stage: &mut Stage, cluster: &mut Cluster, lumos: &Connection) -> Result<()> {
    cluster.sql("postgres", "CREATE ROLE powerless LOGIN PASSWORD 'without any'")?;
    cluster.sql("postgres", "CREATE DATABASE closed")?;
    cluster.sql("postgres", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC")?;
    cluster.sql("postgres", "GRANT CONNECT ON DATABASE postgres TO ada WITH GRANT OPTION; SET ROLE ada; GRANT CONNECT ON DATABASE postgres TO grace")?;
    let governed = lumos.setting("databases", json!(["app", "postgres"]));
    for (what, connection, capability, request, code, says) in cases(cluster, &governed)? {
        stage.check(format!("{what}: {code}"), |_| connection.refuses(capability, request, code, says));
    }
    stage.check("a page token of another listing, and a text that is not one: invalid_page_token", |_| {
        let page = governed.envelope("list_accounts", json!({}), json!({"size": 1}))?["page"]["token"].take();
        for token in [page, json!("no token"), json!("91c0")] {
            let answer = governed.envelope("list_entitlements", json!({}), json!({"token": token}))?;
            refused(&answer, "invalid_page_token", "page token")?;
        }
        Ok(())
    });
    stage.check("a page of size 0, -1 or a million is a page", |_| {
        for size in [0, -1, 1_000_000] {
            let answer = governed.envelope("list_accounts", json!({}), json!({"size": size}))?;
            ensure!(answer["response"].as_array().is_some_and(|rows| !rows.is_empty()), "{answer}");
        }
        Ok(())
    });
    stage.check("a server that accepts and says nothing: connection_timeout", |_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let silent = governed.setting("port", listener.local_addr()?.port()).setting("timeout_seconds", 1);
        silent.refuses("validate_credentials", json!({}), "connection_timeout", "in time")
    });
    stage.check("a server that is too slow: request_timeout", |_| {
        let mut lock = cluster.psql("postgres");
        let lock = lock
            .args(["-c", "BEGIN; LOCK TABLE pg_auth_members IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5)"]);
        let mut holder = lock.stdout(Stdio::null()).spawn()?;
        sleep(A_MOMENT);
        let slow = governed.setting("timeout_seconds", 1);
        let answer =
            slow.refuses("find_entitlement_associations", json!({}), "request_timeout", "statement timeout");
        holder.wait()?;
        answer
    });
    stage.check("a standby: unsupported_operation", |_| {
        cluster.sql("postgres", "ALTER ROLE lumos SET default_transaction_read_only = on")?;
        let answer =
            governed.refuses("create_account", json!({"name": "x"}), "unsupported_operation", "read-only");
        cluster.sql("postgres", "ALTER ROLE lumos RESET default_transaction_read_only")?;
        answer
    });
    stage.check("a foreign search path is not followed", |_| {
        // An owner of a database could otherwise have the connector run functions of the owner's own.
        cluster.sql("app", "CREATE SCHEMA evil; CREATE FUNCTION evil.aclexplode(aclitem[], OUT grantee oid, OUT privilege_type text)
            RETURNS SETOF record LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$; GRANT USAGE ON SCHEMA evil TO PUBLIC;
            ALTER DATABASE app SET search_path = evil, pg_catalog")?;
        let listed = governed.list("find_entitlement_associations", 100);
        cluster.sql("app", "ALTER DATABASE app RESET search_path; DROP SCHEMA evil CASCADE")?;
        listed.map(drop)
    });
    server_stops(stage, cluster, &governed)
}

type Failing = (&'static str, Connection, &'static str, Value, &'static str, &'static str);

fn cases(cluster: &Cluster, lumos: &Connection) -> Result<Vec<Failing>> {
    let oid =
        |role: &str| cluster.value("postgres", &format!("SELECT oid FROM pg_roles WHERE rolname = '{role}'"));
    let database = cluster.value("postgres", "SELECT oid FROM pg_database WHERE datname = 'closed'")?;
    let postgres = cluster.value("postgres", "SELECT oid FROM pg_database WHERE datname = 'postgres'")?;
    let (ada, grace, own, readers) = (oid("ada")?, oid("grace")?, oid(ROLE)?, oid("readers")?);
    let powerless = lumos.auth(login("powerless", "without any"));
    let change = |account: &str, kind: &str, id: &str, resource_type: &str, resource: &str| {
        json!({
            "account_integration_specific_id": account, "resource_integration_specific_id": resource,
            "resource_type": resource_type, "entitlement_type": kind, "entitlement_integration_specific_id": id,
        })
    };
    let none = json!({});
    let wrong = lumos.auth(login(ROLE, "wrong"));
    let unknown = lumos.auth(login("nobody at all", PASSWORD));
    let elsewhere = lumos.setting("port", free_port()?);
    let nowhere = lumos.setting("host", "nowhere.invalid");
    let no_database = lumos.setting("database", "no such database");
    let no_authority = lumos.setting("ssl_mode", "verify-ca").setting("ca_certificate", Value::Null);
    let bad_authority = lumos.setting("ca_certificate", "-----BEGIN nothing");
    let no_file = lumos.setting("ca_certificate", "/no/such/file");
    let too_long = "x".repeat(64);
    Ok(vec![
        ("a wrong password", wrong, "validate_credentials", none.clone(), "unauthorized", "password"),
        ("an unknown role", unknown, "validate_credentials", none.clone(), "unauthorized", "password"),
        (
            "nothing listens",
            elsewhere,
            "validate_credentials",
            none.clone(),
            "connection_rejected",
            "connect",
        ),
        ("no such host", nowhere, "validate_credentials", none.clone(), "connection_timeout", "connect"),
        (
            "no such database",
            no_database,
            "validate_credentials",
            none.clone(),
            "invalid_value",
            "does not exist",
        ),
        (
            "verify-ca without an authority",
            no_authority,
            "validate_credentials",
            none.clone(),
            "invalid_value",
            "verify-ca",
        ),
        (
            "an authority that is not a certificate",
            bad_authority,
            "validate_credentials",
            none.clone(),
            "invalid_value",
            "certificate",
        ),
        (
            "an authority whose file is missing",
            no_file,
            "validate_credentials",
            none.clone(),
            "invalid_value",
            "certificate",
        ),
        (
            "a setting of the wrong kind",
            lumos.setting("port", 0),
            "list_accounts",
            none.clone(),
            "bad_request",
            "port",
        ),
        (
            "creating without CREATEROLE",
            powerless.clone(),
            "create_account",
            json!({"name": "x"}),
            "permission_denied",
            "CREATEROLE",
        ),
        (
            "deactivating without CREATEROLE",
            powerless.clone(),
            "deactivate_account",
            json!({"account_id": ada}),
            "permission_denied",
            "CREATEROLE",
        ),
        (
            "a membership without ADMIN OPTION",
            powerless.clone(),
            "assign_entitlement",
            change(&ada, "membership", &oid("company")?, "", ""),
            "permission_denied",
            "ADMIN OPTION on the role \"company\"",
        ),
        (
            "a privilege on another's database",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "database_privilege", "CREATE", "database", &database),
            "permission_denied",
            "ownership of the database \"closed\"",
        ),
        (
            "an attribute of superusers",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "attribute", "SUPERUSER", "", ""),
            "permission_denied",
            "SUPERUSER",
        ),
        (
            "a grant of another role",
            lumos.clone(),
            "unassign_entitlement",
            change(&grace, "database_privilege", "CONNECT", "database", &postgres),
            "permission_denied",
            "its grant stays",
        ),
        (
            "activity without pg_read_all_stats",
            powerless,
            "get_last_activity",
            json!({"account_ids": [ada]}),
            "permission_denied",
            "pg_read_all_stats",
        ),
        (
            "a name that is taken",
            lumos.clone(),
            "create_account",
            json!({"name": "ada"}),
            "conflict",
            "\"ada\"",
        ),
        (
            "renaming to a name that is taken",
            lumos.clone(),
            "update_account",
            json!({"id": ada, "name": "grace"}),
            "conflict",
            "\"grace\"",
        ),
        (
            "a name of 64 bytes",
            lumos.clone(),
            "create_account",
            json!({"name": too_long}),
            "invalid_value",
            "too long",
        ),
        ("an empty name", lumos.clone(), "create_account", json!({"name": ""}), "invalid_value", "empty"),
        (
            "a name with NUL",
            lumos.clone(),
            "create_account",
            json!({"name": "a\0b"}),
            "invalid_value",
            "0x00",
        ),
        (
            "a reserved name",
            lumos.clone(),
            "create_account",
            json!({"name": "pg_mine"}),
            "invalid_value",
            "reserved",
        ),
        (
            "an empty password",
            lumos.clone(),
            "create_account",
            json!({"name": "x", "password": ""}),
            "invalid_value",
            "password",
        ),
        (
            "a generated password without raw data",
            lumos.clone(),
            "create_account",
            json!({"name": "x", "generate_password": true}),
            "integration_missing_parameter",
            "include_raw_data",
        ),
        (
            "an unknown id",
            lumos.clone(),
            "get_account",
            json!({"account_id": "4294967295"}),
            "not_found",
            "4294967295",
        ),
        (
            "a malformed id",
            lumos.clone(),
            "deactivate_account",
            json!({"account_id": "ada' OR true --"}),
            "not_found",
            "ada' OR true --",
        ),
        (
            "a group is not an account",
            lumos.clone(),
            "get_account",
            json!({"account_id": readers}),
            "not_found",
            "No account",
        ),
        (
            "an unknown type of entitlement",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "wish", "x", "", ""),
            "unknown_value",
            "wish",
        ),
        (
            "an entitlement on nothing",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "membership", "4294967295", "", ""),
            "unknown_value",
            "does not exist",
        ),
        (
            "assigning what is inherited",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "inherited_membership", &format!("inherited:{readers}"), "", ""),
            "unsupported_operation",
            "inherited",
        ),
        (
            "members of each other",
            lumos.clone(),
            "assign_entitlement",
            change(&ada, "membership", &grace, "", ""),
            "bad_request",
            "member",
        ),
        (
            "deactivating the connector itself",
            lumos.clone(),
            "deactivate_account",
            json!({"account_id": own}),
            "conflict",
            "own role",
        ),
        (
            "deleting the connector itself",
            lumos.clone(),
            "delete_account",
            json!({"account_id": own}),
            "conflict",
            "own role",
        ),
        (
            "deleting the owner of a schema",
            lumos.clone(),
            "delete_account",
            json!({"account_id": grace}),
            "conflict",
            "1 in the database \"app\"",
        ),
    ])
}

/// The server stops while a statement runs, and comes back.
fn server_stops(stage: &mut Stage, cluster: &mut Cluster, lumos: &Connection) -> Result<()> {
    stage.check("the server stops in the middle: connection_closed", |_| {
        let mut lock = cluster.psql("postgres");
        let lock = lock
            .args(["-c", "BEGIN; LOCK TABLE pg_auth_members IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"]);
        let mut holder = lock.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        sleep(A_MOMENT);
        let listing = lumos.clone();
        let waiting =
            spawn(move || listing.envelope("find_entitlement_associations", json!({}), Value::Null));
        sleep(A_MOMENT);
        cluster.kill()?;
        holder.wait()?;
        let answer = waiting.join().map_err(|_| anyhow::anyhow!("the call panicked"))??;
        refused(&answer, "connection_closed", "")
    });
    stage.check("while it is down: connection_rejected", |_| {
        lumos.refuses("validate_credentials", json!({}), "connection_rejected", "connect")
    });
    stage.step("the server comes back, and so does the connector", |_| {
        cluster.resume()?;
        lumos.response("validate_credentials", json!({}))
    })?;
    Ok(())
}
