//! Databases that cannot be governed, each of which costs itself, and names that are not UTF-8.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

const LISTINGS: [&str; 3] = ["list_resources", "list_entitlements", "find_entitlement_associations"];

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection) -> Result<()> {
    for (name, make, says) in [
        ("broken", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'", "it is invalid"),
        ("shut", "ALTER DATABASE shut ALLOW_CONNECTIONS false", "it accepts no connections"),
        ("full", "ALTER DATABASE \"full\" CONNECTION LIMIT 0", "its connection limit is 0"),
        ("private", "REVOKE CONNECT ON DATABASE private FROM PUBLIC", "permission denied"),
        ("rejecting", "SELECT 'by pg_hba.conf'", "pg_hba.conf"),
        ("lost", "SELECT 'its files'", ""),
    ] {
        cluster.sql("postgres", &format!("CREATE DATABASE \"{name}\""))?;
        cluster.sql(name, "CREATE SCHEMA inside")?;
        cluster.sql("postgres", make)?;
        if name == "lost" {
            cluster.lose_file(name, "PG_VERSION")?;
        }
        for listing in LISTINGS {
            stage.check(
                format!("P13: the database {name} costs itself in {listing}, and is reported"),
                |_| {
                    let rows = lumos.list(listing, 200)?;
                    ensure!(mentions(cluster, &rows, "app")?, "the schemas of app are missing");
                    let answer = lumos.raw_data().envelope(listing, json!({}), json!({"size": 5000}))?;
                    let left_out =
                        answer["raw_data"]["left_out"].as_array().context("nothing is reported")?;
                    let reported =
                        left_out.iter().find(|one| one["database"] == name).context("it is not reported")?;
                    ensure!(
                        reported["reason"].as_str().is_some_and(|reason| reason.contains(says)),
                        "{reported}"
                    );
                    let call = lumos.call(listing, json!({}), json!({"size": 5000}))?;
                    ensure!(
                        call.log.contains(&format!("left out: the database \\\"{name}\\\""))
                            || call.log.contains(&format!("left out: the database \"{name}\"")),
                        "the log does not say it"
                    );
                    Ok(())
                },
            );
        }
        stage.check(format!("P13: one that governs {name} and another lists the other"), |_| {
            let both = lumos.setting("databases", json!(["app", name]));
            ensure!(
                mentions(cluster, &both.list("list_resources", 200)?, "app")?,
                "the schemas of app are missing"
            );
            Ok(())
        });
        cluster.sql("postgres", &format!("DROP DATABASE \"{name}\""))?;
    }
    stage.check("a database of the settings that does not exist: invalid_value, named", |_| {
        let wrong = lumos.setting("databases", json!(["app", "no such"]));
        for capability in
            ["validate_credentials", "list_resources", "list_entitlements", "find_entitlement_associations"]
        {
            wrong.refuses(capability, json!({}), "invalid_value", "\"no such\"")?;
        }
        Ok(())
    });
    stage.check("names that are not UTF-8, of another encoding's database, stay readable", |_| {
        cluster.sql("postgres", "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")?;
        cluster.script("ascii", b"SET client_encoding = 'SQL_ASCII'; CREATE ROLE \"caf\xe9\" LOGIN; CREATE SCHEMA \"caf\xe9\"; COMMENT ON ROLE \"caf\xe9\" IS '\xe9';")?;
        let named = |rows: &[Value], name: &str, text: &str| rows.iter().any(|row| row[name].as_str().is_some_and(|one| one.contains(text)));
        let result = (|| {
            ensure!(named(&lumos.list("list_accounts", 5)?, "username", "caf\u{fffd}"), "the account is missing");
            ensure!(named(&lumos.list("list_resources", 5)?, "label", "ascii.caf\u{fffd}"), "the schema is missing");
            lumos.list("find_entitlement_associations", 5)?;
            lumos.list("list_entitlements", 5).map(drop)
        })();
        cluster.script("ascii", b"SET client_encoding = 'SQL_ASCII'; DROP SCHEMA \"caf\xe9\"; DROP ROLE \"caf\xe9\";")?;
        cluster.sql("postgres", "DROP DATABASE ascii")?;
        result
    });
    stage.check("ends of validity of all kinds are listed", |_| {
        cluster.sql("postgres", "CREATE ROLE until1 LOGIN VALID UNTIL '-infinity'; CREATE ROLE until2 LOGIN VALID UNTIL 'infinity';
            CREATE ROLE until3 LOGIN VALID UNTIL '0044-03-15 BC'; CREATE ROLE until4 LOGIN VALID UNTIL '20000-01-01'")?;
        let names = json!(["valid_until"]);
        let envelope = lumos.envelope("list_accounts", json!({"custom_attributes": names}), json!({"size": 5000}))?;
        let accounts = envelope["response"].as_array().with_context(|| envelope.to_string())?;
        for (name, end) in [("until1", json!("-infinity")), ("until2", json!(null)), ("until3", json!("0044-03-15 00:00:00+00 BC"))] {
            let account = accounts.iter().find(|one| one["username"] == name).context(name)?;
            ensure!(account["extra_data"]["valid_until"] == end, "{account}");
            ensure!(account["custom_attributes"] == json!({}), "{account}");
        }
        cluster.sql("postgres", "DROP ROLE until1, until2, until3, until4")
    });
    Ok(())
}

/// Whether rows are about a schema of a database, or about the privileges on one.
fn mentions(cluster: &Cluster, rows: &[Value], database: &str) -> Result<bool> {
    let oid =
        cluster.value("postgres", &format!("SELECT oid FROM pg_database WHERE datname = '{database}'"))?;
    let prefix = format!("{oid}/");
    let is_in = |row: &Value| {
        ["integration_specific_id", "integration_specific_resource_id"]
            .iter()
            .any(|name| row[*name].as_str().is_some_and(|id| id.starts_with(&prefix)))
    };
    Ok(rows.iter().any(is_in))
}
