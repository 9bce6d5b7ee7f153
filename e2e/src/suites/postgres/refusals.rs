//! What the connector refuses to do, and what it says of what it cannot do.

use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::{PASSWORD, change, login, oid};
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

pub(super) fn run(
    stage: &mut Stage,
    cluster: &Cluster,
    lumos: &Connection,
    superuser: &Connection,
) -> Result<()> {
    stage.check("F13: a superuser's connection does not lock itself out", |_| {
        let own = oid(cluster, "super")?;
        let bootstrap = oid(cluster, "postgres")?;
        let own_role = "own role";
        let attribute = |account: &str| change(account, "attribute", "SUPERUSER", "");
        for (capability, request, says) in [
            ("unassign_entitlement", attribute(&own), own_role),
            ("unassign_entitlement", attribute(&bootstrap), "bootstrap superuser"),
            ("update_account", json!({"id": own, "password": "another"}), own_role),
            ("update_account", json!({"id": own, "name": "another"}), own_role),
            ("update_account", json!({"id": own, "connection_limit": 0}), own_role),
            ("update_account", json!({"id": own, "valid_until": "2001-01-01T00:00:00Z"}), own_role),
            ("deactivate_account", json!({"account_id": own}), own_role),
            ("deactivate_account", json!({"account_id": bootstrap}), "bootstrap superuser"),
            ("delete_account", json!({"account_id": bootstrap}), "bootstrap superuser"),
        ] {
            superuser.refuses(capability, request, "conflict", says)?;
        }
        superuser.response("update_account", json!({"id": own, "comment": "the connector"}))?;
        superuser.response("validate_credentials", json!({}))?;
        Ok(())
    });
    stage.check(
        "P21: a rename that would clear an MD5 password is refused, unless a new one comes with it",
        |_| {
            cluster.sql(
                "postgres",
                "SET password_encryption = 'md5'; CREATE ROLE old21 LOGIN PASSWORD 'geheim'",
            )?;
            let stored = || {
                cluster.value(
                    "postgres",
                    "SELECT left(rolpassword, 3) FROM pg_authid WHERE rolname IN ('old21', 'new21')",
                )
            };
            let account = oid(cluster, "old21")?;
            superuser.refuses(
                "update_account",
                json!({"id": account, "name": "new21"}),
                "conflict",
                "MD5",
            )?;
            ensure!(oid(cluster, "old21")? == account && stored()? == "md5", "{}", stored()?);
            superuser
                .response("update_account", json!({"id": account, "name": "new21", "password": "neu"}))?;
            superuser.auth(login("new21", "neu")).response("validate_credentials", json!({}))?;
            ensure!(stored()? == "SCR", "{}", stored()?);
            superuser.response("update_account", json!({"id": account, "name": "old21"}))?;
            superuser.auth(login("old21", "neu")).response("validate_credentials", json!({}))?;
            Ok(())
        },
    );
    stage.check("activating an account whose password has expired says so", |_| {
        cluster.sql("postgres", "CREATE ROLE expired NOLOGIN VALID UNTIL '2001-01-01'")?;
        let answer = superuser.answer("activate_account", json!({"account_id": oid(cluster, "expired")?}))?;
        let said = answer["execution_summary"]["description"].as_str().unwrap_or_default();
        ensure!(said.contains("expired"), "{answer}");
        Ok(())
    });
    stage.check("changes are not read back when the settings say so", |_| {
        let unverified = superuser.setting("verify_changes", false);
        let answer = unverified.response("create_account", json!({"name": "unverified"}))?;
        unverified.response("deactivate_account", json!({"account_id": answer["id"]}))?;
        unverified.response("delete_account", json!({"account_id": answer["id"]}))?;
        Ok(())
    });
    stage.check("an account that has all its sessions: service_error, retryable", |_| {
        cluster
            .sql("postgres", &format!("CREATE ROLE busy LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0"))?;
        let busy = superuser.auth(login("busy", PASSWORD));
        let answer = busy.envelope("validate_credentials", json!({}), Value::Null)?;
        ensure!(answer["error"]["error_code"] == "service_error", "{answer}");
        ensure!(answer["error"]["error_metadata"]["retryable"] == true, "{answer}");
        ensure!(answer["error"]["app_error_code"] == "53300", "{answer}");
        Ok(())
    });
    stage.check("P27: a host with blanks and a port is understood, several are not", |_| {
        let port = cluster.port();
        for host in
            [" localhost ".to_owned(), format!("localhost:{port}"), format!("postgresql://localhost:{port}/")]
        {
            lumos.setting("host", host).response("validate_credentials", json!({}))?;
        }
        for (host, says) in
            [("localhost,127.0.0.1", "several hosts"), ("ada:pw@localhost", "holds more than")]
        {
            lumos.setting("host", host).refuses("validate_credentials", json!({}), "invalid_value", says)?;
        }
        Ok(())
    });
    stage.check(
        "F7: the server's socket is open to the connector only where its environment says so",
        |stage| {
            let socket = superuser.setting("host", cluster.socket_folder());
            socket.refuses("validate_credentials", json!({}), "invalid_value", "socket")?;
            let mut call = Command::new(stage.binary("postgres-connector"));
            call.env("POSTGRES_CONNECTOR_SOCKET_FOLDERS", format!("/no/such:{}", cluster.socket_folder()));
            call.env("LUMOS_LOG_DIRECTORY", stage.cache("logs")?);
            call.args([
                "validate_credentials",
                "--json",
                &socket.request(json!({}), Value::Null).to_string(),
            ]);
            let answer: Value = serde_json::from_slice(&crate::harness::install::output(&mut call)?.stdout)?;
            ensure!(answer["response"]["valid"] == true, "{answer}");
            Ok(())
        },
    );
    stage.check("F7: paths that are no certificates get one answer, at once", |_| {
        let mut answers = Vec::new();
        for path in ["/dev/zero", "/etc/shadow", "/no/such/file", "/tmp"] {
            let with = lumos.setting("ca_certificate", path);
            answers.push(
                with.envelope("validate_credentials", json!({}), Value::Null)?["error"]["message"].take(),
            );
        }
        answers.dedup();
        ensure!(answers.len() == 1 && answers[0].is_string(), "{answers:?}");
        Ok(())
    });
    Ok(())
}
