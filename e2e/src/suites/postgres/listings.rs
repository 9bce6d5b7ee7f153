//! Every listing, row by row, against what SQL says of the same; and while rows come and go.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;
use crate::harness::synced::{MODES, SyncedTenant};

/// Roles, grants and schemas of every kind, in two databases.
const TENANT: &str = r#"
    CREATE ROLE readers; CREATE ROLE writers; CREATE ROLE "Über-Leser"; CREATE ROLE managers CREATEDB;
    GRANT readers TO writers; GRANT "Über-Leser" TO readers; GRANT writers TO managers;
    CREATE ROLE ada LOGIN; CREATE ROLE grace LOGIN CREATEROLE; CREATE ROLE "a@b.test" LOGIN VALID UNTIL '2999-01-01Z';
    CREATE ROLE gone NOLOGIN VALID UNTIL 'infinity'; CREATE ROLE alone LOGIN;
    GRANT managers TO ada; GRANT readers TO ada; GRANT writers TO grace; GRANT "Über-Leser" TO gone; GRANT ada TO grace;
    GRANT CONNECT, TEMPORARY ON DATABASE app TO readers; GRANT CREATE ON DATABASE app TO ada, managers;
    GRANT CONNECT ON DATABASE postgres TO "Über-Leser", gone;
"#;
const SCHEMAS: &str = r#"
    CREATE SCHEMA "Lager""haus"; CREATE SCHEMA reports AUTHORIZATION grace;
    GRANT USAGE ON SCHEMA "Lager""haus" TO readers, alone; GRANT CREATE ON SCHEMA "Lager""haus" TO writers;
    GRANT USAGE ON SCHEMA reports TO PUBLIC, gone; GRANT CREATE ON SCHEMA public TO ada;
"#;

const ACCOUNTS: &str = "SELECT oid::text AS id, rolname AS name, rolcanlogin AS active FROM pg_roles
    WHERE rolcanlogin OR rolvaliduntil IS NOT NULL";

const DATABASES: &str =
    "SELECT oid::text AS id, datname AS name FROM pg_database WHERE datallowconn AND NOT datistemplate";

/// In each database, with its OID in place of `{}`.
const SCHEMAS_OF: &str =
    "SELECT '{}/' || oid AS id, current_database() || '.' || nspname AS name FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'";

/// All pairs of a role and a role that it can act for, with the number of steps, without any of the connector's SQL.
const STEPS: &str = "WITH RECURSIVE members AS (SELECT member, roleid FROM pg_auth_members m
        WHERE coalesce((to_jsonb(m)->>'inherit_option')::bool, true) OR coalesce((to_jsonb(m)->>'set_option')::bool, true)),
    steps (member, role, far) AS (
        SELECT member, roleid, false FROM members
        UNION SELECT s.member, m.roleid, true FROM steps s, members m WHERE m.member = s.role)";

const SHARED_ASSOCIATIONS: &str = "SELECT a.oid::text AS account, h.id, h.resource FROM accounts a, LATERAL (
        SELECT upper(substr(key, 4)) AS id, '' AS resource FROM jsonb_each(a.attributes) WHERE value = 'true'
        UNION SELECT CASE WHEN far THEN 'inherited:' ELSE '' END || role, '' FROM steps WHERE member = a.oid
        UNION SELECT x.privilege_type, d.oid::text FROM databases d, aclexplode(d.acl) x WHERE x.grantee = a.oid
        UNION SELECT 'inherited:' || x.privilege_type, d.oid::text FROM databases d, aclexplode(d.acl) x, steps s
            WHERE s.member = a.oid AND x.grantee = s.role
    ) h";

const SCHEMA_ASSOCIATIONS: &str = "SELECT a.oid::text AS account, h.id, h.resource FROM accounts a, LATERAL (
        SELECT x.privilege_type AS id, s.id AS resource FROM schemas s, aclexplode(s.acl) x WHERE x.grantee = a.oid
        UNION SELECT 'inherited:' || x.privilege_type, s.id FROM schemas s, aclexplode(s.acl) x, steps t
            WHERE t.member = a.oid AND x.grantee = t.role
    ) h";

/// A row as text, of which no two in a listing may be equal.
type Rows = BTreeSet<String>;

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection, sizes: &[usize]) -> Result<()> {
    cluster.sql("postgres", TENANT)?;
    cluster.sql("app", SCHEMAS)?;
    for &size in sizes {
        stage.check(format!("every listing is what SQL says, in pages of {size}"), |_| {
            compare(cluster, |listing| lumos.list(listing, size))?;
            each_account(cluster, lumos)
        });
    }
    for mode in MODES {
        stage.check(
            format!("synced whole through a {mode}: every listing is complete and what SQL says"),
            |stage| {
                let tenant = SyncedTenant::of(stage, lumos, mode, 1000)?;
                compare(cluster, |listing| tenant.list(listing))
            },
        );
    }
    stage.check("what is listed as held is listed as an entitlement", |_| {
        let key = |row: &Value| {
            format!("{} {}", row["integration_specific_id"], row["integration_specific_resource_id"])
        };
        let entitlements: Rows = lumos.list("list_entitlements", 5000)?.iter().map(key).collect();
        for row in lumos.list("find_entitlement_associations", 5000)? {
            let key = format!(
                "{} {}",
                row["integration_specific_entitlement_id"], row["integration_specific_resource_id"]
            );
            ensure!(entitlements.contains(&key), "{row}");
        }
        Ok(())
    });
    stage.check("only the databases of the settings are governed", |_| {
        let resources = lumos.setting("databases", json!(["app"])).list("list_resources", 100)?;
        let labels: Vec<_> = resources.iter().filter_map(|row| row["label"].as_str()).collect();
        ensure!(labels.contains(&"app") && labels.contains(&"app.reports"), "{labels:?}");
        ensure!(!labels.iter().any(|label| label.starts_with("postgres")), "{labels:?}");
        Ok(())
    });
    for listing in ["list_accounts", "find_entitlement_associations"] {
        stage.check(format!("{listing} ends on a changing tenant and misses nothing that stays"), |_| {
            changing(cluster, lumos, listing)
        });
    }
    Ok(())
}

/// Compares the rows that `list` gives for each listing with what SQL says.
fn compare(cluster: &Cluster, list: impl Fn(&str) -> Result<Vec<Value>>) -> Result<()> {
    let found = rows(&list("list_accounts")?, |row| {
        json!([row["integration_specific_id"], row["username"], row["user_status"] == "ACTIVE"])
    })?;
    same("accounts", &found, &expected(cluster, "postgres", ACCOUNTS, &["id", "name", "active"])?)?;

    let mut resources = expected(cluster, "postgres", DATABASES, &["id", "name"])?;
    for database in &cluster.rows("postgres", DATABASES)? {
        let (name, id) = (text(&database["name"]), text(&database["id"]));
        resources.extend(expected(cluster, name, &SCHEMAS_OF.replace("{}", id), &["id", "name"])?);
    }
    let found = rows(&list("list_resources")?, |row| json!([row["integration_specific_id"], row["label"]]))?;
    same("resources", &found, &resources)?;

    let found = rows(&list("list_entitlements")?, |row| {
        json!([
            row["entitlement_type"],
            row["integration_specific_id"],
            row["integration_specific_resource_id"]
        ])
    })?;
    same("entitlements", &found, &entitlements(cluster, &resources)?)?;

    let found = rows(&list("find_entitlement_associations")?, association)?;
    same("associations", &found, &associations(cluster)?)
}

/// Compares what is listed for each account by itself with what SQL says.
fn each_account(cluster: &Cluster, lumos: &Connection) -> Result<()> {
    let mut one_by_one = Rows::new();
    for account in lumos.list("list_accounts", 5000)? {
        let request = json!({"account_id": account["integration_specific_id"]});
        let held = lumos.response("get_account_entitlement_associations", request)?;
        one_by_one.extend(rows(held.as_array().map_or(&[][..], Vec::as_slice), association)?);
    }
    same("associations of each account", &one_by_one, &associations(cluster)?)
}

fn association(row: &Value) -> Value {
    json!([
        row["account_id"],
        row["integration_specific_entitlement_id"],
        row["integration_specific_resource_id"]
    ])
}

/// What accounts hold, as SQL says.
fn associations(cluster: &Cluster) -> Result<Rows> {
    const COLUMNS: [&str; 3] = ["account", "id", "resource"];
    let mut associations = expected(cluster, "postgres", &with_shared(SHARED_ASSOCIATIONS), &COLUMNS)?;
    for database in &cluster.rows("postgres", DATABASES)? {
        let query = with_schemas(SCHEMA_ASSOCIATIONS, text(&database["id"]));
        associations.extend(expected(cluster, text(&database["name"]), &query, &COLUMNS)?);
    }
    Ok(associations)
}

/// What the listing of entitlements must hold: it follows from the resources and the roles.
fn entitlements(cluster: &Cluster, resources: &Rows) -> Result<Rows> {
    let mut all: Rows = ["BYPASSRLS", "CREATEDB", "CREATEROLE", "REPLICATION", "SUPERUSER"]
        .map(|attribute| json!(["attribute", attribute, ""]).to_string())
        .into();
    let groups = "SELECT oid::text AS id FROM pg_roles WHERE NOT rolcanlogin AND rolvaliduntil IS NULL
        UNION SELECT roleid::text FROM pg_auth_members m
            WHERE coalesce((to_jsonb(m)->>'inherit_option')::bool, true) OR coalesce((to_jsonb(m)->>'set_option')::bool, true)";
    for group in cluster.rows("postgres", groups)? {
        let id = text(&group["id"]);
        all.insert(json!(["membership", id, ""]).to_string());
        all.insert(json!(["inherited_membership", format!("inherited:{id}"), ""]).to_string());
    }
    for resource in resources {
        let resource: Value = serde_json::from_str(resource)?;
        let id = text(&resource[0]);
        let (class, privileges): (_, &[&str]) = match id.contains('/') {
            true => ("schema_privilege", &["CREATE", "USAGE"]),
            false => ("database_privilege", &["CONNECT", "CREATE", "TEMPORARY"]),
        };
        for privilege in privileges {
            all.insert(json!([class, privilege, id]).to_string());
            all.insert(
                json!([format!("inherited_{class}"), format!("inherited:{privilege}"), id]).to_string(),
            );
        }
    }
    Ok(all)
}

const ACCOUNTS_WITH_ATTRIBUTES: &str = "accounts AS (SELECT oid, jsonb_build_object('rolsuper', rolsuper) AS super,
        jsonb_build_object('rolcreatedb', rolcreatedb, 'rolcreaterole', rolcreaterole, 'rolbypassrls', rolbypassrls,
            'rolreplication', rolreplication, 'rolsuperuser', rolsuper) AS attributes
        FROM pg_roles WHERE rolcanlogin OR rolvaliduntil IS NOT NULL)";

fn with_shared(query: &str) -> String {
    format!(
        "{STEPS}, {ACCOUNTS_WITH_ATTRIBUTES},
        databases AS (SELECT oid, coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database
            WHERE datallowconn AND NOT datistemplate) {query}"
    )
}

fn with_schemas(query: &str, database: &str) -> String {
    format!(
        "{STEPS}, {ACCOUNTS_WITH_ATTRIBUTES},
        schemas AS (SELECT '{database}/' || oid AS id, coalesce(nspacl, acldefault('n', nspowner)) AS acl
            FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema') {query}"
    )
}

/// Lists in small pages while roles come, go and change between them.
fn changing(cluster: &Cluster, lumos: &Connection, listing: &str) -> Result<()> {
    let before = lumos.list(listing, 5000)?;
    cluster.sql("postgres", "CREATE ROLE passing0 LOGIN; GRANT readers TO passing0")?;
    let seen = lumos.listing(listing, 3, |page| {
        if page > 40 {
            return Ok(());
        }
        let last = page - 1;
        cluster.sql(
            "postgres",
            &format!(
                "CREATE ROLE passing{page} LOGIN; GRANT readers TO passing{page}; DROP ROLE passing{last};
                ALTER ROLE alone RENAME TO alone_; ALTER ROLE alone_ RENAME TO alone"
            ),
        )
    })?;
    cluster.sql(
        "postgres",
        "DO $$ DECLARE r name; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'passing%'
            LOOP EXECUTE format('DROP ROLE %I', r); END LOOP; END $$",
    )?;
    let seen_rows = rows(&seen, Value::clone)?;
    for row in before {
        ensure!(seen_rows.contains(&row.to_string()), "missed {row}");
    }
    Ok(())
}

fn expected(cluster: &Cluster, database: &str, query: &str, columns: &[&str]) -> Result<Rows> {
    let found = cluster.rows(database, query)?;
    Ok(found
        .iter()
        .map(|row| columns.iter().map(|column| row[*column].clone()).collect::<Value>().to_string())
        .collect())
}

fn rows(found: &[Value], row: impl Fn(&Value) -> Value) -> Result<Rows> {
    let rows: Rows = found.iter().map(|one| row(one).to_string()).collect();
    ensure!(
        rows.len() == found.len(),
        "{} of {} rows are there twice",
        found.len() - rows.len(),
        found.len()
    );
    Ok(rows)
}

fn same(what: &str, found: &Rows, expected: &Rows) -> Result<()> {
    let missing: Vec<_> = expected.difference(found).take(5).collect();
    let invented: Vec<_> = found.difference(expected).take(5).collect();
    ensure!(missing.is_empty() && invented.is_empty(), "{what}: missing {missing:?}, invented {invented:?}");
    ensure!(!expected.is_empty(), "there are no {what}, so this proves nothing");
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
