//! The life of a connection: what the connector is, what there is, and one account from its creation to its end.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::{login, settings};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

/// A name of 63 bytes with everything that has to be quoted.
const NAME: &str = r#"O'Brien; "DROP" %I \x $1 ünïcødé 漢字 😀 -- /*63 byte*/"#;
const PASSWORD: &str = "it's a 'pass' word";

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, lumos: &Connection) -> Result<()> {
    stage.check("info and app_info describe the connector", |stage| {
        let connector = stage.connector("postgres-connector")?;
        let info = connector.info()?;
        let capabilities = info["response"]["capabilities"].as_array().context("no capabilities")?;
        ensure!(capabilities.len() >= 16, "{capabilities:?}");
        let app = connector.response("app_info", &json!({"request": {}}))?;
        ensure!(app["app_id"] == "postgres", "{app}");
        Ok(())
    });
    stage.check("the credentials are good, and the tenant is the cluster", |_| {
        let validated = lumos.response("validate_credentials", json!({}))?;
        let cluster_id = cluster.value("postgres", "SELECT system_identifier FROM pg_control_system()")?;
        ensure!(validated == json!({"valid": true, "unique_tenant_id": cluster_id}), "{validated}");
        Ok(())
    });
    for listing in ["list_accounts", "list_resources", "list_entitlements", "find_entitlement_associations"] {
        stage.check(format!("{listing} comes to its end"), |_| {
            ensure!(!lumos.list(listing, 3)?.is_empty(), "it is empty");
            Ok(())
        });
    }
    cluster.sql(
        "postgres",
        "CREATE ROLE team; CREATE ROLE company; GRANT company TO team;
        GRANT team, company TO lumos WITH ADMIN OPTION; ALTER ROLE lumos CREATEDB",
    )?;
    cluster.sql("app", "GRANT USAGE ON SCHEMA public TO team; ALTER SCHEMA public OWNER TO postgres")?;

    let account = stage.step("create_account with an odd name, a password and an entitlement", |_| {
        let group = oid(cluster, "SELECT oid FROM pg_roles WHERE rolname = 'team'")?;
        let request = json!({
            "name": NAME, "password": PASSWORD, "connection_limit": 7, "comment": "It's Brien's",
            "entitlements": [{"entitlement_type": "membership", "integration_specific_id": group, "integration_specific_resource_id": null}],
        });
        let answer = lumos.answer("create_account", request)?;
        ensure!(answer["execution_summary"]["effect"]["kind"] == "created", "{answer}");
        ensure!(answer["response"]["status"] == "ACTIVE", "{answer}");
        Ok(answer["response"]["id"].as_str().context("no id")?.to_owned())
    })?;
    stage.check("get_account reads it back, and SQL says the same", |_| {
        let request =
            json!({"account_id": account, "custom_attributes": ["comment", "connection_limit", "nonsense"]});
        let found = lumos.response("get_account", request)?;
        ensure!(found["username"] == NAME, "{found}");
        let attributes = json!({"comment": "It's Brien's", "connection_limit": "7"});
        ensure!(found["custom_attributes"] == attributes, "{found}");
        let name =
            cluster.value("postgres", &format!("SELECT rolname FROM pg_roles WHERE oid = {account}"))?;
        ensure!(name == NAME, "{name}");
        Ok(())
    });
    let as_account = lumos.auth(login(NAME, PASSWORD));
    stage.check("the new account can log in, and its password is in no log of the server", |_| {
        as_account.response("validate_credentials", json!({}))?;
        let log = cluster.log();
        ensure!(log.contains("CREATE ROLE"), "the server logs no statements, so this proves nothing");
        ensure!(!log.contains("pass' word") && !log.contains("pass'' word"), "the password is in the log");
        Ok(())
    });
    stage.check("a generated password is in raw_data alone, and good", |_| {
        let answer = lumos
            .raw_data()
            .answer("create_account", json!({"name": "generated", "generate_password": true}))?;
        let password = answer["raw_data"]["generated_password"].as_str().context("no password")?;
        lumos.auth(login("generated", password)).response("validate_credentials", json!({}))?;
        ensure!(!answer["response"].to_string().contains(password), "{answer}");
        lumos.response("delete_account", json!({"account_id": answer["response"]["id"]}))?;
        Ok(())
    });
    entitlements(stage, cluster, lumos, &account)?;
    changes(stage, lumos, &account, &as_account);
    end(stage, cluster, lumos, &account)
}

/// Assigns one entitlement of each kind, reads it back, and takes it away.
fn entitlements(stage: &mut Stage, cluster: &Cluster, lumos: &Connection, account: &str) -> Result<()> {
    let app = oid(cluster, "SELECT oid FROM pg_database WHERE datname = 'app'")?;
    let public = cluster.value("app", "SELECT oid FROM pg_namespace WHERE nspname = 'public'")?;
    let schema = format!("{app}/{public}");
    let company = oid(cluster, "SELECT oid FROM pg_roles WHERE rolname = 'company'")?;
    for (kind, id, resource_type, resource) in [
        ("membership", company.as_str(), "", ""),
        ("database_privilege", "CREATE", "database", app.as_str()),
        ("schema_privilege", "CREATE", "schema", schema.as_str()),
        ("attribute", "CREATEDB", "", ""),
    ] {
        stage.check(format!("{kind}: assigned, read back, unassigned, read back; repeating changes nothing"), |_| {
            let request = json!({
                "account_integration_specific_id": account, "resource_integration_specific_id": resource,
                "resource_type": resource_type, "entitlement_type": kind, "entitlement_integration_specific_id": id,
            });
            for effect in ["updated", "noop"] {
                let answer = lumos.answer("assign_entitlement", request.clone())?;
                ensure!(answer["response"] == json!({"assigned": true}), "{answer}");
                ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
                ensure!(holds(lumos, account, id, resource)?, "it does not hold it");
            }
            for effect in ["updated", "noop"] {
                let answer = lumos.answer("unassign_entitlement", request.clone())?;
                ensure!(answer["response"] == json!({"unassigned": true}), "{answer}");
                ensure!(answer["execution_summary"]["effect"]["kind"] == effect, "{answer}");
                ensure!(!holds(lumos, account, id, resource)?, "it still holds it");
            }
            Ok(())
        });
    }
    stage.check("what is inherited is told apart", |_| {
        ensure!(holds(lumos, account, &format!("inherited:{company}"), "")?, "not through the team");
        ensure!(!holds(lumos, account, &company, "")?, "not itself");
        ensure!(holds(lumos, account, "inherited:USAGE", &schema)?, "not the privilege of the team");
        Ok(())
    });
    Ok(())
}

fn changes(stage: &mut Stage, lumos: &Connection, account: &str, as_account: &Connection) {
    stage.check("update_account renames it and keeps its id; the same again changes nothing", |_| {
        let renamed =
            json!({"id": account, "name": "brien", "valid_until": "2999-01-02T03:04:05Z", "comment": ""});
        let answer = lumos.answer("update_account", renamed)?;
        ensure!(answer["response"] == json!({"id": account}), "{answer}");
        let found = lumos.response("get_account", json!({"account_id": account}))?;
        ensure!(found["username"] == "brien", "{found}");
        ensure!(found["extra_data"]["valid_until"] == "2999-01-02T03:04:05Z", "{found}");
        ensure!(found["extra_data"]["comment"].is_null(), "{found}");
        lumos.response("update_account", json!({"id": account, "name": NAME}))?;
        let answer = lumos.answer("update_account", json!({"id": account, "name": NAME}))?;
        ensure!(answer["execution_summary"]["effect"]["kind"] == "noop", "{answer}");
        Ok(())
    });
    stage.check("get_last_activity sees open sessions", |_| {
        let own = lumos.response("get_last_activity", json!({"account_ids": [account, "10", "nobody"]}))?;
        ensure!(own.is_array(), "{own}");
        Ok(())
    });
    stage.check("a deactivated account cannot log in, is still listed, and can be activated", |_| {
        let answer = lumos.answer("deactivate_account", json!({"account_id": account}))?;
        ensure!(answer["response"] == json!({"status": "INACTIVE", "deactivated": true}), "{answer}");
        as_account.refuses("validate_credentials", json!({}), "unauthorized", "")?;
        let accounts = lumos.list("list_accounts", 50)?;
        let listed = accounts.iter().find(|one| one["integration_specific_id"] == account);
        ensure!(listed.is_some_and(|one| one["user_status"] == "INACTIVE"), "{listed:?}");
        let answer = lumos.answer("deactivate_account", json!({"account_id": account}))?;
        ensure!(answer["execution_summary"]["effect"]["kind"] == "noop", "{answer}");
        lumos.response("activate_account", json!({"account_id": account}))?;
        as_account.response("validate_credentials", json!({}))?;
        Ok(())
    });
}

fn end(stage: &mut Stage, cluster: &Cluster, lumos: &Connection, account: &str) -> Result<()> {
    let quoted =
        cluster.value("app", &format!("SELECT quote_ident(rolname) FROM pg_roles WHERE oid = {account}"))?;
    cluster.sql("app", &format!("CREATE TABLE kept (id int); ALTER TABLE kept OWNER TO {quoted}"))?;
    stage.check("an account that owns something is not deleted, and the error says where", |_| {
        lumos.refuses(
            "delete_account",
            json!({"account_id": account}),
            "conflict",
            "1 in the database \"app\"",
        )
    });
    cluster.sql("postgres", "CREATE ROLE heir; GRANT heir TO lumos")?;
    let deleting = lumos.setting("reassign_owned_to", "heir");
    cluster.sql("app", &format!("GRANT CREATE ON SCHEMA public TO {quoted}"))?;
    stage.check("what another role has granted keeps it: nothing is done, and the error says where", |_| {
        let request = json!({"account_id": account});
        deleting.refuses(
            "delete_account",
            request,
            "permission_denied",
            "granted something in the database \"app\"",
        )?;
        let owner = cluster.value("app", "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'")?;
        ensure!(owner == NAME, "{owner} has the table already");
        Ok(())
    });
    cluster.sql("app", &format!("REVOKE CREATE ON SCHEMA public FROM {quoted}"))?;
    cluster.sql("app", &format!("SET ROLE lumos; GRANT USAGE ON SCHEMA public TO {quoted}"))?;
    stage.check("delete_account hands over what it owns, revokes its grants and drops it", |_| {
        let answer = deleting.answer("delete_account", json!({"account_id": account}))?;
        ensure!(answer["response"] == json!({"status": "DELETED", "deleted": true}), "{answer}");
        let owner = cluster.value("app", "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'")?;
        ensure!(owner == "heir", "{owner}");
        Ok(())
    });
    stage.check("a deleted account is not found, and not listed", |_| {
        lumos.refuses("get_account", json!({"account_id": account}), "not_found", account)?;
        lumos.refuses("delete_account", json!({"account_id": account}), "not_found", account)?;
        let accounts = lumos.list("list_accounts", 50)?;
        ensure!(accounts.iter().all(|one| one["integration_specific_id"] != account), "it is listed");
        Ok(())
    });
    stage.check("verify-full, verify-ca and what each of them refuses", |_| tls(cluster, lumos));
    Ok(())
}

fn tls(cluster: &Cluster, lumos: &Connection) -> Result<()> {
    let by_address = lumos.setting("host", "127.0.0.1");
    by_address.refuses("validate_credentials", json!({}), "connection_rejected", "TLS")?;
    by_address.setting("ssl_mode", "verify-ca").response("validate_credentials", json!({}))?;
    let other = crate::harness::certificates::Certificates::for_host("localhost")?.authority;
    for mode in ["verify-full", "verify-ca"] {
        let wrong = lumos.setting("ca_certificate", other.clone()).setting("ssl_mode", mode);
        wrong.refuses("validate_credentials", json!({}), "connection_rejected", "TLS")?;
    }
    let by_file = tempfile::NamedTempFile::new()?;
    std::fs::write(by_file.path(), cluster.authority())?;
    let path = by_file.path().display().to_string();
    lumos.setting("ca_certificate", path).response("validate_credentials", json!({}))?;
    let system = lumos.setting("ca_certificate", Value::Null);
    system.refuses("validate_credentials", json!({}), "connection_rejected", "TLS")?;
    let mut clear = settings(cluster);
    clear["ssl_mode"] = json!("disable");
    lumos.setting("ssl_mode", "disable").refuses(
        "validate_credentials",
        json!({}),
        "unauthorized",
        "no encryption",
    )
}

fn holds(lumos: &Connection, account: &str, id: &str, resource: &str) -> Result<bool> {
    let held = lumos.response("get_account_entitlement_associations", json!({"account_id": account}))?;
    let wanted = json!({
        "account_id": account, "integration_specific_entitlement_id": id, "integration_specific_resource_id": resource,
    });
    Ok(held.as_array().context("no list")?.contains(&wanted))
}

fn oid(cluster: &Cluster, query: &str) -> Result<String> {
    cluster.value("postgres", query)
}
